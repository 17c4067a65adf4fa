package fake_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	hubtypes "github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"zesei/internal/fake"
)

func open(t *testing.T) (*world, clients, string) {
	t.Helper()
	w := newWorld(t)
	g := w.AddSecurityGroup(shop, tokyo, fake.SecurityGroup{Name: "web", Rules: []fake.SecurityGroupRule{{Protocol: "tcp", From: 22, To: 22, CIDR4: "0.0.0.0/0"}}})
	return w, newClients(w.as(shop, tokyo)), g
}

func revokeSSH(c clients, g string) error {
	_, err := c.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g, IpPermissions: []ec2types.IpPermission{tcp(22, 22, "0.0.0.0/0")}})
	return err
}

func TestLostAnswerHasItsEffect(t *testing.T) {
	w, c, g := open(t)
	w.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Operation: "RevokeSecurityGroupIngress", Times: 1})
	if err := revokeSSH(c, g); err == nil || !strings.HasPrefix(code(err), "not an API error") {
		t.Fatalf("the answer came: %v", err)
	}
	same(t, ingress(t, c, g))
}

func TestHangHasNoEffect(t *testing.T) {
	w, c, g := open(t)
	w.Faults().Add(fake.Fault{Kind: fake.Hang, Operation: "RevokeSecurityGroupIngress", Delay: time.Millisecond, Times: 1})
	if err := revokeSSH(c, g); err == nil {
		t.Fatal("the answer came")
	}
	same(t, ingress(t, c, g), "tcp 22-22 0.0.0.0/0")
}

func TestStaleReadShowsTheStateBeforeTheLastWrite(t *testing.T) {
	w, c, g := open(t)
	w.Faults().Add(fake.Fault{Kind: fake.Stale, Service: "ec2", Operation: "DescribeSecurityGroupRules", Times: 2})
	if err := revokeSSH(c, g); err != nil {
		t.Fatal(err)
	}
	same(t, ingress(t, c, g), "tcp 22-22 0.0.0.0/0")
	same(t, ingress(t, c, g), "tcp 22-22 0.0.0.0/0")
	same(t, ingress(t, c, g))
}

func TestThrottlesAndRefusalsSpeakAsEachService(t *testing.T) {
	for _, row := range []struct {
		kind          fake.FaultKind
		ec2, hub, sts string
	}{
		{fake.Throttle, "RequestLimitExceeded", "TooManyRequestsException", "Throttling"},
		{fake.Deny, "UnauthorizedOperation", "AccessDeniedException", "AccessDenied"},
		{fake.ServerError, "InternalFailure", "InternalFailure", "InternalFailure"},
	} {
		w, c, g := open(t)
		w.Faults().Add(fake.Fault{Kind: row.kind})
		refused(t, revokeSSH(c, g), row.ec2)
		_, err := w.hub(shop).GetFindings(ctx, nil)
		refused(t, err, row.hub)
		_, err = c.sts.GetCallerIdentity(ctx, nil)
		refused(t, err, row.sts)
		w.Faults().Clear()
		same(t, ingress(t, c, g), "tcp 22-22 0.0.0.0/0")
	}
}

func TestFaultHitsTheCallsThatItNames(t *testing.T) {
	w, c, _ := open(t)
	withdraw := w.Faults().Add(fake.Fault{Kind: fake.Throttle, Operation: "DescribeVpcs", Account: shop, Region: tokyo, Skip: 1, Times: 2})
	var got []string
	for range 4 {
		_, err := c.ec2.DescribeVpcs(ctx, nil)
		got = append(got, code(err))
	}
	same(t, got, "", "RequestLimitExceeded", "RequestLimitExceeded", "")
	_, err := newClients(w.as(bank, tokyo)).ec2.DescribeVpcs(ctx, nil)
	refused(t, err, "")
	withdraw()
	if n := w.Journal().Count(fake.Query{Operation: "DescribeVpcs", Outcome: "RequestLimitExceeded"}); n != 2 {
		t.Fatalf("journal has %d throttles", n)
	}
}

func TestProbabilityRepeatsForTheSameSeed(t *testing.T) {
	draw := func() string {
		f := fake.NewFaults(3)
		f.Add(fake.Fault{Kind: fake.Throttle, Probability: 0.5})
		s := ""
		for range 40 {
			s += string(f.Draw("x", "y", "").Kind) + ","
		}
		return s
	}
	a, b := draw(), draw()
	if a != b || !strings.Contains(a, "throttle") || !strings.Contains(a, ",,") {
		t.Fatalf("%s\n%s", a, b)
	}
}

func TestPartialFailureIsToldInTheAnswer(t *testing.T) {
	w := newWorld(t)
	w.put(t, shop, 1, nil)
	w.put(t, shop, 2, nil)
	w.Faults().Add(fake.Fault{Kind: fake.Partial, Operation: "BatchUpdateFindings", Items: 1, Times: 1})
	in := update("finding/"+shop+"/001", "NOTIFIED")
	in.FindingIdentifiers = append(in.FindingIdentifiers, hubtypes.AwsSecurityFindingIdentifier{Id: aws.String("finding/" + shop + "/002"), ProductArn: aws.String(product)})
	out := must[*securityhub.BatchUpdateFindingsOutput](t)(w.hub(shop).BatchUpdateFindings(ctx, in))
	if len(out.UnprocessedFindings) != 1 || len(out.ProcessedFindings) != 1 || w.workflow(t, shop, 1) != "NEW" || w.workflow(t, shop, 2) != "NOTIFIED" {
		t.Fatalf("%+v", out)
	}
}

func TestRatesThrottleAsDocumented(t *testing.T) {
	c := &clock{at: time.Unix(1e9, 0)}
	w := newWorld(t)
	limited := fake.NewCloud(fake.Options{Now: c.now, Rates: true})
	w.keys["x"] = limited.AddAccount(fake.Account{ID: shop})
	w.serve(t, limited)
	trail := cloudtrail.NewFromConfig(w.as("x", tokyo))
	var got []string
	for range 3 {
		_, err := trail.LookupEvents(ctx, nil)
		got = append(got, code(err))
	}
	c.at = c.at.Add(time.Second)
	_, err := trail.LookupEvents(ctx, nil)
	same(t, append(got, code(err)), "", "", "ThrottlingException", "")
}

func TestCloudTrailTellsWhoDidIt(t *testing.T) {
	w, c, g := open(t)
	var events []fake.Event
	var changes []fake.Change
	w.OnEvent(func(e fake.Event) { events = append(events, e) })
	w.OnChange(func(ch fake.Change) { changes = append(changes, ch) })
	authorize(t, c, g, tcp(3389, 3389, "0.0.0.0/0", "::/0"))
	if err := revokeSSH(c, "sg-0123456789abcdef0"); err == nil {
		t.Fatal("revoked nothing")
	}
	trail := cloudtrail.NewFromConfig(w.as(shop, tokyo))
	out, err := trail.LookupEvents(ctx, &cloudtrail.LookupEventsInput{})
	if err != nil || len(out.Events) != 2 {
		t.Fatalf("%+v %v", out, err)
	}
	if e := out.Events[1]; *e.EventName != "AuthorizeSecurityGroupIngress" || *e.Username != "admin" || *e.Resources[0].ResourceName != g || *e.EventSource != "ec2.amazonaws.com" {
		t.Fatalf("%+v", e)
	}
	var record struct {
		UserIdentity      struct{ Type, Arn string }
		RequestParameters struct {
			GroupID       string `json:"groupId"`
			IPPermissions struct {
				Items []struct {
					IPProtocol string                                      `json:"ipProtocol"`
					FromPort   int                                         `json:"fromPort"`
					IPRanges   struct{ Items []struct{ CidrIP string } }   `json:"ipRanges"`
					IPv6Ranges struct{ Items []struct{ CidrIPv6 string } } `json:"ipv6Ranges"`
				}
			} `json:"ipPermissions"`
		}
		ResponseElements struct {
			SecurityGroupRuleSet struct{ Items []map[string]any } `json:"securityGroupRuleSet"`
		}
	}
	if err := json.Unmarshal([]byte(*out.Events[1].CloudTrailEvent), &record); err != nil {
		t.Fatal(err)
	}
	item := record.RequestParameters.IPPermissions.Items[0]
	if record.UserIdentity.Type != "IAMUser" || record.RequestParameters.GroupID != g || item.FromPort != 3389 || item.IPRanges.Items[0].CidrIP != "0.0.0.0/0" ||
		item.IPv6Ranges.Items[0].CidrIPv6 != "::/0" || len(record.ResponseElements.SecurityGroupRuleSet.Items) != 2 {
		t.Fatalf("%s", *out.Events[1].CloudTrailEvent)
	}
	if !strings.Contains(*out.Events[0].CloudTrailEvent, `"errorCode":"Client.InvalidGroup.NotFound"`) {
		t.Fatalf("%s", *out.Events[0].CloudTrailEvent)
	}
	if len(changes) != 1 || changes[0].Resources[0] != g || len(events) != 2 || events[0].DetailType != "AWS API Call via CloudTrail" || events[0].Source != "aws.ec2" {
		t.Fatalf("changes %+v events %+v", changes, events)
	}
	byName, err := trail.LookupEvents(ctx, &cloudtrail.LookupEventsInput{LookupAttributes: lookup("ResourceName", g)})
	if err != nil || len(byName.Events) != 1 {
		t.Fatalf("%+v %v", byName, err)
	}
}

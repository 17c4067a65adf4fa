package app_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"zesei/internal/casefile"
	"zesei/internal/fake"
	"zesei/internal/store"
)

// opens lets a person open a group to the world, and returns CloudTrail's event.
func (w *town) opens(account, group string) []byte {
	w.t.Helper()
	keys := w.cloud.AddUser(account, "hana")
	client := ec2.New(ec2.Options{Region: region, BaseEndpoint: aws.String(w.opts.Cloud.BaseEndpoint),
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, "")})
	_, err := client.AuthorizeSecurityGroupIngress(w.t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: []types.IpPermission{{
		IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}},
	}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.lastCall("AuthorizeSecurityGroupIngress")
}

func (w *town) lastCall(name string) []byte {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.calls) - 1; i >= 0; i-- {
		if bytes.Contains(w.calls[i], []byte(name)) {
			return w.calls[i]
		}
	}
	w.t.Fatalf("no event of %s", name)
	return nil
}

func TestAChangeOfAGroupIsACaseAtOnceAndSecurityHubJoinsIt(t *testing.T) {
	w := newTown(t, 100)
	sg := w.cloud.AddSecurityGroup(shop, region, fake.SecurityGroup{Name: "web"})
	w.take(w.opens(shop, sg))
	var found *casefile.File
	for _, c := range w.cases() {
		if c.Key.Control == "EC2.19" {
			found = c.File
		}
	}
	if found == nil || found.State != casefile.Open {
		t.Fatalf("no open case of EC2.19: %d cases", len(w.cases()))
	}
	if a := found.Life.Actor; a == nil || !strings.HasSuffix(a.Principal, "user/hana") || a.Address == "" || a.UserAgent == "" {
		t.Errorf("who did it is not in the case: %+v", a)
	}
	n := len(w.cases())
	r := w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"))
	if r.Cases.Opened != 0 || len(w.cases()) != n {
		t.Errorf("Security Hub's finding opened another case: %+v", r.Cases)
	}
}

func TestOurOwnFixComingBackAsAnEventTellsNobody(t *testing.T) {
	w := newTown(t, 100)
	sg := w.cloud.AddSecurityGroup(sandbox, region, fake.SecurityGroup{Name: "web"})
	w.take(w.opens(sandbox, sg))
	if got := w.ingress(sandbox, sg); got != "" {
		t.Fatalf("the group still has %s", got)
	}
	posts := len(w.slack.Messages("shop-sec"))
	w.later(time.Minute)
	r := w.take(w.lastCall("RevokeSecurityGroupIngress"))
	if n := len(w.slack.Messages("shop-sec")); n != posts || r.Cases.Opened+r.Cases.Reopened != 0 {
		t.Errorf("our own call told %d messages, %+v", n-posts, r.Cases)
	}
}

// record is a CloudTrail record of our own making.
func record(id, name, more string) []byte {
	return []byte(`{"eventVersion":"1.08","eventID":"` + id + `","eventTime":"` + time.Now().UTC().Format(time.RFC3339) + `","eventSource":"iam.amazonaws.com","eventName":"` + name +
		`","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2","recipientAccountId":"` + sandbox + `",` + more + `}`)
}

func TestARootSignInIsToldOnceAndDoesNotStayOpenForEver(t *testing.T) {
	w := newTown(t, 100)
	signIn := []byte(`{"eventVersion":"1.08","eventID":"e-1","eventTime":"` + time.Now().UTC().Format(time.RFC3339) + `","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","eventType":"AwsConsoleSignIn","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.7","userAgent":"Mozilla/5.0","recipientAccountId":"` + sandbox +
		`","userIdentity":{"type":"Root","principalId":"` + sandbox + `","arn":"arn:aws:iam::` + sandbox + `:root","accountId":"` + sandbox + `"},"responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{"MFAUsed":"Yes"}}`)
	w.take(signIn)
	cases := len(w.cases())
	if cases == 0 {
		t.Fatal("a root sign-in opened nothing")
	}
	posts := len(w.slack.Messages("shop-sec"))
	if r := w.take(signIn); r.Cases.Opened+r.Cases.Reopened != 0 || len(w.slack.Messages("shop-sec")) != posts {
		t.Error("the same record was told twice")
	}
	w.later(60 * 24 * time.Hour)
	for _, c := range w.cases() {
		if c.Terms.Response == "track" {
			continue // a response is demanded: a person closes it
		}
		if err := w.app.Work.Tick(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range w.cases() {
		if c.Terms.Response != "track" && c.State != casefile.Closed {
			t.Errorf("%s is %s after two months of quiet", c.Key.Control, c.State)
		}
	}
}

func TestANoticeIsToldOnceAndOpensNoCase(t *testing.T) {
	w := newTown(t, 100)
	var rule string
	for _, r := range w.app.Rules() {
		if r.Opens == "notice" && strings.HasPrefix(r.Name(), "baseline.") && strings.Contains(r.Name(), "access-key") {
			rule = r.Name()
		}
	}
	if rule == "" {
		t.Skip("no notice about access keys in the baseline")
	}
	made := record("k-1", "CreateAccessKey", `"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::`+sandbox+`:user/hana","accountId":"`+sandbox+`","userName":"hana"},"requestParameters":{"userName":"build"},"responseElements":{"accessKey":{"userName":"build","status":"Active"}}`)
	w.take(made)
	w.take(made)
	if n := len(w.cases()); n != 0 {
		t.Errorf("a notice opened %d cases", n)
	}
	if n := len(w.heads("shop-sec")); n != 1 {
		t.Fatalf("%d messages, want 1", n)
	}
	if text := w.heads("shop-sec")[0].Text; !strings.Contains(text, "sandbox") {
		t.Errorf("the message does not name the account: %s", text)
	}
	if list, _ := store.NoticesOf(t.Context(), w.app.DB.View(), 1); len(list) != 1 {
		t.Errorf("%d notices kept", len(list))
	}
}

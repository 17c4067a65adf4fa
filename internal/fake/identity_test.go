package fake_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"zesei/internal/fake"
)

const roleARN = "arn:aws:iam::" + bank + ":role/zesei-write"

func (w *world) assume(external, session string) (*sts.AssumeRoleOutput, error) {
	in := &sts.AssumeRoleInput{RoleArn: aws.String(roleARN), RoleSessionName: &session}
	if external != "" {
		in.ExternalId = &external
	}
	return sts.NewFromConfig(w.as(shop, tokyo)).AssumeRole(ctx, in)
}

func keysOf(out *sts.AssumeRoleOutput) fake.Keys {
	return fake.Keys{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken}
}

func TestAssumedRoleActsInItsAccount(t *testing.T) {
	w := newWorld(t)
	w.PutRole(fake.Role{ARN: roleARN, ExternalID: "secret"})
	out := must[*sts.AssumeRoleOutput](t)(w.assume("secret", "zesei-fix-1"))
	c := newClients(config(w.url, tokyo, keysOf(out)))
	who := must[*sts.GetCallerIdentityOutput](t)(c.sts.GetCallerIdentity(ctx, nil))
	if *who.Account != bank || *who.Arn != "arn:aws:sts::"+bank+":assumed-role/zesei-write/zesei-fix-1" {
		t.Fatalf("caller %s in %s", *who.Arn, *who.Account)
	}
	g := w.AddSecurityGroup(bank, tokyo, fake.SecurityGroup{Name: "web"})
	authorize(t, c, g, tcp(80, 80, "10.0.0.0/8"))
	if n := w.Journal().Count(fake.Query{Session: "zesei-fix-1", Operation: "AuthorizeSecurityGroupIngress", Account: bank}); n != 1 {
		t.Fatalf("journal: %d calls of the session", n)
	}
	w.clock.at = w.clock.at.Add(2 * time.Hour)
	_, err := c.ec2.DescribeSecurityGroups(ctx, nil)
	refused(t, err, "RequestExpired")
}

func TestAssumeRoleRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		role              *fake.Role
		external, session string
		want              string
	}{
		"an absent role":          {nil, "", "zesei-1", "AccessDenied"},
		"no external id":          {&fake.Role{ARN: roleARN, ExternalID: "secret"}, "", "zesei-1", "AccessDenied"},
		"a wrong external id":     {&fake.Role{ARN: roleARN, ExternalID: "secret"}, "guess", "zesei-1", "AccessDenied"},
		"an account not trusted":  {&fake.Role{ARN: roleARN, Trusts: []string{audit}}, "", "zesei-1", "AccessDenied"},
		"a role made to refuse":   {&fake.Role{ARN: roleARN, Refuses: true}, "", "zesei-1", "AccessDenied"},
		"a session name too bad":  {&fake.Role{ARN: roleARN}, "", "not a name", "ValidationError"},
		"nothing where all holds": {&fake.Role{ARN: roleARN, ExternalID: "secret", Trusts: []string{shop}}, "secret", "zesei-1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if row.role != nil {
				w.PutRole(*row.role)
			}
			_, err := w.assume(row.external, row.session)
			refused(t, err, row.want)
		})
	}
}

func TestRoleMayOnlyWhatItAllows(t *testing.T) {
	w := newWorld(t)
	w.PutRole(fake.Role{ARN: roleARN, Allow: []string{"ec2:Describe*"}, Deny: []string{"ec2:DescribeVpcs"}})
	c := newClients(config(w.url, tokyo, keysOf(must[*sts.AssumeRoleOutput](t)(w.assume("", "reader")))))
	must[*ec2.DescribeSecurityGroupsOutput](t)(c.ec2.DescribeSecurityGroups(ctx, nil))
	_, err := c.ec2.DescribeVpcs(ctx, nil)
	refused(t, err, "UnauthorizedOperation")
	_, err = c.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	refused(t, err, "UnauthorizedOperation")
	_, err = c.s3.ListBuckets(ctx, nil)
	refused(t, err, "AccessDenied")
}

func TestAccountsAndRegionsAreApart(t *testing.T) {
	w := newWorld(t)
	g := w.AddSecurityGroup(shop, tokyo, fake.SecurityGroup{Name: "web"})
	for _, row := range []struct{ account, region, want string }{{shop, tokyo, ""}, {shop, oregon, "InvalidGroup.NotFound"}, {bank, tokyo, "InvalidGroup.NotFound"}} {
		_, err := ec2.NewFromConfig(w.as(row.account, row.region)).DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{g}})
		refused(t, err, row.want)
	}
}

func TestUnknownKeysAreRefusedInEachServicesWords(t *testing.T) {
	w := newWorld(t)
	c := newClients(config(w.url, tokyo, fake.Keys{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}))
	_, err := c.ec2.DescribeVpcs(ctx, nil)
	refused(t, err, "AuthFailure")
	_, err = c.sts.GetCallerIdentity(ctx, nil)
	refused(t, err, "InvalidClientTokenId")
	_, err = c.s3.ListBuckets(ctx, nil)
	refused(t, err, "InvalidAccessKeyId")
	_, err = c.sqs.ListQueues(ctx, nil)
	refused(t, err, "UnrecognizedClientException")
}

func TestWhatIsNotOfferedSaysSo(t *testing.T) {
	w := newWorld(t)
	c := newClients(w.as(shop, tokyo))
	_, err := c.ec2.DescribeInstances(ctx, nil)
	refused(t, err, "UnknownOperationException")
	_, err = c.sqs.ListQueues(ctx, nil)
	refused(t, err, "UnknownOperationException")
	if n := w.Journal().Count(fake.Query{Outcome: "UnknownOperationException"}); n != 2 {
		t.Fatalf("%d in the journal", n)
	}
}

func TestUnsignedRequestsAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct{ path, contentType, body, want string }{
		{"/", "application/x-www-form-urlencoded", "Action=GetCallerIdentity", "<Code>MissingAuthenticationToken</Code>"},
		{"/findings", "application/json", "{}", `"Code":"MissingAuthenticationToken"`},
		{"/bucket/key?X-Amz-Signature=00", "", "", "<Code>AccessDenied</Code>"},
	} {
		resp, err := http.Post(w.url+row.path, row.contentType, strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusForbidden || !strings.Contains(string(b), row.want) {
			t.Errorf("%s: %d %s", row.path, resp.StatusCode, b)
		}
	}
}

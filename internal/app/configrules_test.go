package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake"
)

// configSaid is the event of a rule of AWS Config about a security group.
func configSaid(account, rule, group, status string, at time.Time) []byte {
	return fmt.Appendf(nil, `{"version":"0","id":"c-%s-%d","detail-type":"Config Rules Compliance Change","source":"aws.config","account":%q,"time":%q,"region":%q,"resources":[],`+
		`"detail":{"messageType":"ComplianceChangeNotification","awsAccountId":%q,"awsRegion":%q,"configRuleName":%q,"resourceType":"AWS::EC2::SecurityGroup","resourceId":%q,"newEvaluationResult":{"complianceType":%q}}}`,
		status, at.UnixNano(), account, at.UTC().Format(time.RFC3339), region, account, region, rule, group, status)
}

func (w *town) controlsOfCases() string {
	var all []string
	for _, c := range w.cases() {
		all = append(all, c.Key.Control)
	}
	return strings.Join(all, " ")
}

func TestAConfigRuleSpeaksAboutTheControlBehindItsIdentifierWhateverItsName(t *testing.T) {
	w := newTown(t, 100)
	for i := range 30 { // more than one page
		w.cloud.AddConfigRule(shop, region, fake.ConfigRule{Name: fmt.Sprintf("filler-%d", i), Owner: "AWS", Identifier: "S3_BUCKET_VERSIONING_ENABLED"})
	}
	w.cloud.AddConfigRule(shop, region, fake.ConfigRule{Name: "keep-the-default-shut", Owner: "AWS", Identifier: "VPC_DEFAULT_SECURITY_GROUP_CLOSED"})
	w.cloud.AddConfigRule(shop, region, fake.ConfigRule{Name: "vpc-default-security-group-closed", Owner: "CUSTOM_LAMBDA", Identifier: "arn:aws:lambda:" + region + ":" + shop + ":function:ours"})
	asked := func() int { return len(w.cloud.Journal().Entries(fake.Query{Operation: "DescribeConfigRules"})) }

	w.take(configSaid(shop, "keep-the-default-shut", "sg-0123456789abcdef0", "NON_COMPLIANT", w.now()))
	if got := w.controlsOfCases(); got != "EC2.2" {
		t.Fatalf("cases of %q, want EC2.2", got)
	}
	if n := asked(); n != 2 {
		t.Errorf("%d calls for two pages of rules", n)
	}
	w.take(configSaid(shop, "keep-the-default-shut", "sg-0123456789abcdef1", "NON_COMPLIANT", w.now()))
	if n := asked(); n != 2 {
		t.Errorf("what is known was asked for again: %d calls", n)
	}
	// A rule of one's own is no managed one, though it has such a name.
	w.take(configSaid(shop, "vpc-default-security-group-closed", "sg-0123456789abcdef2", "NON_COMPLIANT", w.now()))
	if got := w.controlsOfCases(); !strings.Contains(got, "config/vpc-default-security-group-closed") {
		t.Errorf("cases of %q, want one of the rule itself", got)
	}
	if n := asked(); n != 2 {
		t.Errorf("an unknown rule asks again before its time: %d calls", n)
	}
}

func TestConfigRulesThatCannotBeReadStandApart(t *testing.T) {
	w := newTown(t, 100)
	w.cloud.AddConfigRule(shop, region, fake.ConfigRule{Name: "shut", Owner: "AWS", Identifier: "VPC_DEFAULT_SECURITY_GROUP_CLOSED"})
	w.cloud.Faults().Add(fake.Fault{Kind: fake.Deny, Operation: "DescribeConfigRules"})
	w.take(configSaid(shop, "shut", "sg-0123456789abcdef0", "NON_COMPLIANT", w.now()))
	if got := w.controlsOfCases(); got != "config/shut" {
		t.Errorf("cases of %q, want the rule's own", got)
	}
}

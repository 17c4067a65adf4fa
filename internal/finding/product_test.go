package finding

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestAnIncidentIsOneCaseWithAllItsResources(t *testing.T) {
	f := one(t, fixture(t, "guardduty.json").raw(t))
	want := Key{
		Kind: Incident, Partition: "aws", Account: "111122223333", Region: "ap-northeast-1",
		Control:       "guardduty/Backdoor:EC2/C&CActivity.B!DNS",
		Resource:      "arn:aws:ec2:ap-northeast-1:111122223333:instance/i-0aaaaaaaaaaaaaaaa",
		Discriminator: "arn:aws:guardduty:ap-northeast-1:111122223333:detector/12abc34d567e8fa901bc2d34e56789f0/finding/aabbccddeeff00112233445566778899",
	}
	if len(f.Subjects) != 1 || f.Subjects[0].Key != want || f.Status != "" || f.Severity != High || f.Closes ||
		!slices.Equal(f.Subjects[0].Others, []string{"arn:aws:iam::111122223333:access-key/AKIAIOSFODNN7EXAMPLE"}) {
		t.Errorf("%+v", f)
	}
	if want := received.Add(5 * time.Minute); !f.ObservedAt.Equal(want) {
		t.Errorf("a clock that runs ahead is held at %s, want %s", f.ObservedAt, want)
	}
	for _, closing := range []document{
		fixture(t, "guardduty.json").with("RecordState", "ARCHIVED"),
		fixture(t, "guardduty.json").with("ProductFields", map[string]any{"aws/guardduty/service/archived": "true"}),
	} {
		if f := one(t, closing.raw(t)); !f.Closes {
			t.Errorf("%s does not close", closing.raw(t))
		}
	}
}

func TestIncidentsOfAWSProductsAreNamed(t *testing.T) {
	for _, c := range []struct{ product, types, generator, want string }{
		{"guardduty", "TTPs/Discovery/IAMUser-AnomalousBehavior", "arn:aws:guardduty:ap-northeast-1:111122223333:detector/1", "guardduty/Discovery:IAMUser/AnomalousBehavior"},
		{"guardduty", "Effects/Data Exfiltration/IAMUser-AnomalousBehavior", "arn:aws:guardduty:ap-northeast-1:111122223333:detector/1", "guardduty/Exfiltration:IAMUser/AnomalousBehavior"},
		{"guardduty", "Unusual Behaviors/User/UnauthorizedAccess:IAMUser-ConsoleLogin", "x", "guardduty/UnauthorizedAccess:IAMUser/ConsoleLogin"},
		{"guardduty", "Execution:Runtime/NewBinaryExecuted", "x", "guardduty/Execution:Runtime/NewBinaryExecuted"},
		{"macie", "Sensitive Data Identifications/PII/SensitiveData:S3Object-Personal", "aws/macie", "macie/SensitiveData:S3Object/Personal"},
		{"inspector", "Software and Configuration Checks/Vulnerabilities/CVE", "AWSInspector", "inspector/CVE"},
		{"access-analyzer", "Effects/Data Exposure/External Access Granted", "arn:aws:access-analyzer:ap-northeast-1:111122223333:analyzer/a", "access-analyzer/External Access Granted"},
		{"health", "Software and Configuration Checks", "AWS_RISK_CREDENTIALS_EXPOSED", "health/AWS_RISK_CREDENTIALS_EXPOSED"},
	} {
		f := one(t, fixture(t, "guardduty.json").with("ProductArn", "arn:aws:securityhub:ap-northeast-1::product/aws/"+c.product).
			with("Types", []any{c.types}).with("GeneratorId", c.generator).raw(t))
		if got := f.Subjects[0].Key.Control; got != c.want {
			t.Errorf("%s %s: %q, want %q", c.product, c.types, got, c.want)
		}
	}
}

func TestAHealthEventHasOneDiscriminator(t *testing.T) {
	const want = "arn:aws:health:ap-northeast-1::event/IAM/AWS_RISK/AWS_RISK_1"
	for _, id := range []string{want, "arn:aws:health:ap-northeast-1:111122223333:event/IAM/AWS_RISK/AWS_RISK_1/0123abc"} {
		if got := discriminator(id); got != want {
			t.Errorf("%s gives %s", id, got)
		}
	}
}

func TestAConfigRuleIsAState(t *testing.T) {
	f := one(t, fixture(t, "ec2.19-consolidated.json").with("ProductArn", "arn:aws:securityhub:ap-northeast-1::product/aws/config").
		with("Id", "arn:aws:config:ap-northeast-1:111122223333:config-rule/config-rule-abc/finding/1").
		with("GeneratorId", "arn:aws:config:ap-northeast-1:111122223333:config-rule/config-rule-abc").
		with("ProductFields", map[string]any{"aws/config/ConfigRuleName": "restricted-ssh", "n": 1}).raw(t))
	if k := f.Subjects[0].Key; k.Control != "config/restricted-ssh" || k.Kind != State || k.Resource != group {
		t.Errorf("%+v", k)
	}
}

func TestProwlerIsTheSameInBothFormats(t *testing.T) {
	asff := one(t, fixture(t, "ec2.19-consolidated.json").with("ProductArn", "arn:aws:securityhub:ap-northeast-1::product/prowler/prowler").
		with("GeneratorId", "prowler-ec2_open").with("Id", "prowler-ec2_open-111122223333").raw(t))
	ocsf := one(t, fixture(t, "ec2.19-v2.ocsf.json").with("class_uid", 2004).with("status_code", "FAIL").with("compliance", nil).
		with("metadata.product", map[string]any{"name": "Prowler", "uid": "prowler"}).with("metadata.event_code", "ec2_open").
		with("finding_info.uid", "prowler-aws-ec2_open-111122223333").raw(t))
	if a, b := asff.Subjects[0].Key, ocsf.Subjects[0].Key; a != b || a.Control != "prowler/ec2_open" {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func TestDome9(t *testing.T) {
	message := func() document {
		return document{
			"policy": map[string]any{"name": "p"}, "bundle": map[string]any{"name": "b"}, "reportTime": "2026-11-20T03:00:00.5Z",
			"rule":   map[string]any{"name": "SG open", "severity": "High"},
			"status": "Failed", "account": map[string]any{"id": "111122223333", "vendor": "AWS"}, "region": "Tokyo",
			"entity": map[string]any{"id": "sg-0123456789abcdef0", "type": "SecurityGroup", "region": "ap_northeast_1", "accountNumber": "111122223333", "tags": []any{map[string]any{"key": "a", "value": nil}}},
		}
	}
	f := one(t, message().raw(t))
	want := wantKey
	want.Control = "dome9/SG open"
	if f.Subjects[0].Key != want || f.Severity != High || f.Status != Failed {
		t.Errorf("%+v", f)
	}
	passed := one(t, message().with("status", "Passed").raw(t))
	if passed.Source != f.Source || passed.Status != Passed {
		t.Errorf("%+v", passed)
	}
	bucket := one(t, message().with("entity", map[string]any{"id": "b", "type": "S3Bucket", "region": ""}).raw(t))
	if k := bucket.Subjects[0].Key; k.Region != "global" || k.Resource != "arn:aws:s3:::b" {
		t.Errorf("%+v", k)
	}
	dead(t, message().with("status", "Excluded").raw(t), "status", "expected Failed or Passed")
	dead(t, message().with("account.vendor", "Azure").raw(t), "account.vendor", "expected AWS")
	if e := dead(t, message().with("entity.accountNumber", "444455556666").raw(t), "entity.accountNumber", "forged"); !errors.Is(e, ErrForged) {
		t.Error(e)
	}
}

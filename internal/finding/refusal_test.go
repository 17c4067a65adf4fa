package finding

import (
	"errors"
	"strings"
	"testing"

	"zesei/internal/event"
)

func TestOnlySecurityHubSpeaksForItsControls(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:securityhub:ap-northeast-1:111122223333:product/111122223333/default":   "default/security-control/EC2.19",
		"arn:aws:securityhub:ap-northeast-1::product/prowler/prowler":                    "prowler/security-control/EC2.19",
		"arn:aws:securityhub:ap-northeast-1::product/checkpoint/dome9-arc":               "checkpoint-dome9-arc/security-control/EC2.19",
		"arn:aws:securityhub:ap-northeast-1::product/aws/firewall-manager":               "firewall-manager/security-control/EC2.19",
		"arn:aws:securityhub:ap-northeast-1::product/guardduty/guardduty":                "other-guardduty/security-control/EC2.19",
		"arn:aws:securityhub:ap-northeast-1:111122223333:product/111122223333/aws":       "111122223333-aws/security-control/EC2.19",
		"arn:aws:securityhub:ap-northeast-1::product/securityhub/securityhub":            "other-securityhub/security-control/EC2.19",
		"arn:aws:securityhub:ap-northeast-1:111122223333:product/111122223333/something": "111122223333-something/security-control/EC2.19",
	} {
		f := one(t, fixture(t, "ec2.19-consolidated.json").with("ProductArn", arn).raw(t))
		if f.Subjects[0].Key.Control != want || f.Source.IsSecurityHub() || f.Standards != nil {
			t.Errorf("%s: control %q of %v, want %q", arn, f.Subjects[0].Key.Control, f.Standards, want)
		}
	}
	for _, arn := range []string{
		"arn:aws:evil:ap-northeast-1::product/aws/securityhub",
		"arn:aws:securityhub:ap-northeast-1:444455556666:product/aws/securityhub",
		"arn:aws:securityhub:ap-northeast-1:111122223333:product/444455556666/default",
		"arn:aws:securityhub:ap-northeast-1::x/arn:aws:securityhub:ap-northeast-1::product/aws/securityhub",
		"::product/aws/securityhub", "",
	} {
		dead(t, fixture(t, "ec2.19-consolidated.json").with("ProductArn", arn).raw(t), "ProductArn", "expected arn:")
		if (Source{ProductARN: arn}).IsSecurityHub() {
			t.Errorf("%q passes for Security Hub", arn)
		}
	}
	// OCSF: a product named by anything but Security Hub's ARN is another.
	f := one(t, fixture(t, "ec2.19-v2.ocsf.json").with("metadata.product.uid", "securityhub").with("metadata.event_code", "sg_open").raw(t))
	if f.Subjects[0].Key.Control != "other-securityhub/sg_open" {
		t.Errorf("control %q", f.Subjects[0].Key.Control)
	}
}

func TestAForeignAccountIsRefused(t *testing.T) {
	doc := func() document { return fixture(t, "ec2.19-consolidated.json") }
	raw := doc().in(t, "Security Hub Findings - Imported", "444455556666")
	e := dead(t, raw, "AwsAccountId", "account 111122223333, brought by account 444455556666")
	if !errors.Is(e, ErrForged) || e.ID == "" || e.Item != 1 || e.Source != "test" {
		t.Errorf("%+v", e)
	}
	delegated := Trusted(func(envelope, finding string) bool { return envelope == "444455556666" && finding == "111122223333" })
	if f := one(t, raw, delegated); f.Account != "111122223333" {
		t.Errorf("account %s", f.Account)
	}
	dead(t, doc().with("AwsAccountId", "444455556666").raw(t), "AwsAccountId", "is of account 111122223333; refused as forged")
	dead(t, doc().with("Id", "arn:aws-cn:securityhub:ap-northeast-1:111122223333:x/y").raw(t), "Id", "refused as forged")
	dead(t, doc().with("AwsAccountId", nil).raw(t), "AwsAccountId", "expected 12 digits")
	spoofed := strings.Replace(string(doc().in(t, "Security Hub Findings - Imported", "111122223333")), "aws.securityhub", "my.app", 1)
	if e := dead(t, []byte(spoofed), "source", "expected aws.securityhub"); !errors.Is(e, ErrForged) {
		t.Errorf("%+v", e)
	}
}

func TestAControlsFindingWithoutAStatusIsNoIncident(t *testing.T) {
	dead(t, fixture(t, "ec2.19-consolidated.json").with("Compliance.Status", nil).raw(t), "Compliance.Status", "missing")
}

func TestValuesThatTheFormatDoesNotHaveAreDeadLetters(t *testing.T) {
	for _, c := range []struct {
		path   string
		value  any
		reason string
	}{
		{"Compliance.Status", "INFOED", "expected PASSED, FAILED, WARNING or NOT_AVAILABLE"},
		{"RecordState", "GONE", "expected ACTIVE or ARCHIVED"},
		{"Workflow.Status", "DONE", "expected NEW, NOTIFIED, RESOLVED or SUPPRESSED"},
		{"Severity.Label", "SEVERE", "expected INFORMATIONAL"},
		{"LastObservedAt", "yesterday", "expected RFC 3339"},
		{"Region", "mars", "expected a Region"},
		{"AwsAccountId", 111122223333, "number"},
		{"Resources", "none", "string"},
		{"Id", "", "expected the finding's id"},
	} {
		doc := fixture(t, "ec2.19-consolidated.json").with(c.path, c.value)
		dead(t, doc.raw(t), c.path, c.reason)
	}
	dead(t, fixture(t, "ec2.19-v2.ocsf.json").with("compliance.status_id", 99).with("compliance.status", "Perhaps").raw(t), "compliance.status", "expected Pass")
	dead(t, fixture(t, "ec2.19-v2.ocsf.json").with("class_uid", 2004).with("metadata.product.uid", "prowler").with("status_code", "MANUAL").raw(t), "status_code", "expected PASS or FAIL")
}

func TestOneBadFindingOfAnEventDoesNotStopTheOthers(t *testing.T) {
	raw := document{
		"detail-type": "Security Hub Findings - Custom Action", "source": "aws.securityhub", "account": "111122223333", "time": "2026-11-20T03:30:00Z",
		"detail": map[string]any{"findings": []any{
			fixture(t, "ec2.19-consolidated.json"), fixture(t, "ec2.19-separate.json").with("Compliance.Status", "INFOED"), fixture(t, "guardduty.json"),
		}},
	}.raw(t)
	all, err := decode(t, raw)
	var e *Error
	if len(all) != 2 || !errors.As(err, &e) || e.Field != "Compliance.Status" {
		t.Errorf("%d findings, %v", len(all), err)
	}
}

func TestWhatIsNoFindingIsSaidToBeNone(t *testing.T) {
	for in, reason := range map[string]string{
		`{"eventVersion":"1.11","eventSource":"iam.amazonaws.com","eventName":"CreateUser"}`:    "CloudTrail record",
		`{"detail-type":"Security Hub Insight Results","source":"aws.securityhub","detail":{}}`: `"Security Hub Insight Results" holds no finding`,
		`{"detail-type":"GuardDuty Finding","source":"aws.guardduty","detail":{}}`:              `"GuardDuty Finding" holds no finding`,
	} {
		_, err := decode(t, []byte(in))
		if !errors.Is(err, ErrNotFinding) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", in, err)
		}
	}
	_, err := decode(t, []byte(`{"a":1}`))
	var unread *event.Error
	if errors.Is(err, ErrNotFinding) || !errors.As(err, &unread) {
		t.Errorf("%v", err)
	}
	dead(t, document{"detail-type": "Security Hub Findings - Imported", "source": "aws.securityhub", "account": "111122223333", "detail": map[string]any{"findings": []any{}}}.raw(t), "detail.findings", "empty")
}

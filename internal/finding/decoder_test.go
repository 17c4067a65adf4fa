package finding

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/event"
)

var received = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)

// document is a fixture that a test changes before it is decoded.
type document map[string]any

func fixture(t testing.TB, name string) document {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// with sets a member by its path ("Compliance.Status"); nil takes it away.
func (d document) with(path string, value any) document {
	at := map[string]any(d)
	parts := strings.Split(path, ".")
	for _, p := range parts[:len(parts)-1] {
		next, ok := at[p].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[p] = next
		}
		at = next
	}
	if value == nil {
		delete(at, parts[len(parts)-1])
	} else {
		at[parts[len(parts)-1]] = value
	}
	return d
}

func (d document) raw(t testing.TB) []byte {
	t.Helper()
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// in puts the document into an event of Security Hub's.
func (d document) in(t testing.TB, detailType, account string) []byte {
	return document{
		"version": "0", "id": "1", "detail-type": detailType, "source": "aws.securityhub",
		"account": account, "time": "2026-11-20T03:30:00Z", "region": "ap-northeast-1",
		"detail": map[string]any{"findings": []any{d}},
	}.raw(t)
}

// decode reads raw as a user's input is read: recognised, then decoded.
func decode(t testing.TB, raw []byte, opts ...Option) ([]Finding, error) {
	t.Helper()
	item, err := event.NewReader(strings.NewReader(string(raw)), "test").Next()
	if err != nil {
		t.Fatal(err)
	}
	return NewDecoder(newTestCatalogue(), opts...).Decode(item, received)
}

func one(t testing.TB, raw []byte, opts ...Option) Finding {
	t.Helper()
	all, err := decode(t, raw, opts...)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Fatalf("%d findings, want one", len(all))
	}
	return all[0]
}

func dead(t testing.TB, raw []byte, field, reason string) *Error {
	t.Helper()
	all, err := decode(t, raw)
	var e *Error
	if !errors.As(err, &e) || len(all) != 0 {
		t.Fatalf("%d findings, error %v; want a dead letter", len(all), err)
	}
	if e.Field != field || !strings.Contains(e.Reason, reason) {
		t.Errorf("dead letter %q, want field %q and %q", e, field, reason)
	}
	return e
}

func resource(kind, id string) map[string]any {
	return map[string]any{"Type": kind, "Id": id, "Partition": "aws", "Region": "ap-northeast-1"}
}

const group = "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-0123456789abcdef0"

var wantKey = Key{Kind: State, Partition: "aws", Account: "111122223333", Region: "ap-northeast-1", Control: "EC2.19", Resource: group}

func TestOneProblemHasOneKeyByEveryWay(t *testing.T) {
	consolidated := func() document { return fixture(t, "ec2.19-consolidated.json") }
	separate := func() document { return fixture(t, "ec2.19-separate.json") }
	ocsf := func() document { return fixture(t, "ec2.19-v2.ocsf.json") }
	for name, raw := range map[string][]byte{
		"consolidated":                  consolidated().raw(t),
		"separate":                      separate().raw(t),
		"separate, control id":          separate().with("Compliance.SecurityControlId", "ec2.19").raw(t),
		"separate, StandardsControlArn": separate().with("GeneratorId", "unknown").raw(t),
		"separate, ControlId alone": separate().with("GeneratorId", "unknown").with("Id", "x").
			with("ProductFields", map[string]any{"ControlId": "EC2.19", "StandardsArn": "arn:aws:securityhub:::standards/aws-foundational-security-best-practices/v/1.0.0"}).raw(t),
		"OCSF":                 ocsf().raw(t),
		"OCSF without control": ocsf().with("compliance.control", nil).raw(t),
		"imported event":       consolidated().in(t, "Security Hub Findings - Imported", "111122223333"),
		"custom action":        consolidated().in(t, "Security Hub Findings - Custom Action", "111122223333"),
		"OCSF event":           ocsf().in(t, "Findings Imported V2", "111122223333"),
		"bare id":              consolidated().with("Resources", []any{resource("AwsEc2SecurityGroup", "sg-0123456789abcdef0")}).raw(t),
		"capitals in the ARN":  consolidated().with("Resources", []any{resource("AwsEc2SecurityGroup", "arn:AWS:EC2:AP-Northeast-1:111122223333:security-group/sg-0123456789abcdef0")}).raw(t),
	} {
		t.Run(name, func(t *testing.T) {
			f := one(t, raw)
			if len(f.Subjects) != 1 || f.Subjects[0].Key != wantKey || f.Subjects[0].ResourceType != "AWS::EC2::SecurityGroup" {
				t.Errorf("subjects %+v", f.Subjects)
			}
			if f.Status != Failed || f.Severity != Critical || f.RecordState != Active || f.Workflow != New || !slices.Equal(f.Standards, []string{"fsbp"}) {
				t.Errorf("%s %s %s %s %v", f.Status, f.Severity, f.RecordState, f.Workflow, f.Standards)
			}
			if want := time.Date(2026, 11, 20, 3, 4, 5, 678e6, time.UTC); !f.ObservedAt.Equal(want) {
				t.Errorf("observed at %s, want %s", f.ObservedAt, want)
			}
		})
	}
}

func TestTheSameFindingHasOneSourceInBothFormats(t *testing.T) {
	a, b := one(t, fixture(t, "ec2.19-consolidated.json").raw(t)), one(t, fixture(t, "ec2.19-v2.ocsf.json").raw(t))
	if a.Source != b.Source || !a.Source.IsSecurityHub() {
		t.Errorf("sources %+v and %+v", a.Source, b.Source)
	}
	if a.RemediationURL != b.RemediationURL || a.RemediationURL == "" {
		t.Errorf("remediation %q and %q", a.RemediationURL, b.RemediationURL)
	}
	if !slices.Equal(b.StatusReasons, []string{"A_REASON"}) || b.Subjects[0].Tags["Team"] != "shop" || a.Subjects[0].Tags["zesei"] != "off" {
		t.Errorf("%v %v %v", b.StatusReasons, b.Subjects, a.Subjects)
	}
}

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

func TestAControlHasAKeyForEachResourceOfItsTypes(t *testing.T) {
	other := "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-0fedcba9876543210"
	f := one(t, fixture(t, "ec2.19-consolidated.json").with("Resources", []any{
		resource("AwsEc2Vpc", "arn:aws:ec2:ap-northeast-1:111122223333:vpc/vpc-0a"),
		resource("AwsEc2SecurityGroup", group),
		resource("AwsEc2SecurityGroup", "sg-0fedcba9876543210"),
		resource("AwsEc2SecurityGroup", other),
	}).raw(t))
	if len(f.Subjects) != 2 || f.Subjects[0].Key.Resource != group || f.Subjects[1].Key.Resource != other {
		t.Errorf("subjects %+v", f.Subjects)
	}
	f = one(t, fixture(t, "ec2.19-consolidated.json").with("Resources", []any{
		resource("AwsEc2Vpc", "vpc-0a"), resource("AwsEc2Subnet", "subnet-0b"),
	}).raw(t))
	if len(f.Subjects) != 2 {
		t.Errorf("where none is of the control's types all count: %+v", f.Subjects)
	}
	dead(t, fixture(t, "ec2.19-consolidated.json").with("Resources", []any{}).raw(t), "Resources", "empty")
}

func TestTheScopeOfAControlPlacesItsCase(t *testing.T) {
	const account = "arn:aws:iam::111122223333:root"
	for _, c := range []struct {
		control, kind, id, region, resource string
	}{
		{"IAM.9", "AwsAccount", "AWS::::Account:111122223333", "global", account},
		{"EC2.7", "AwsAccount", "AWS::::Account:111122223333", "ap-northeast-1", account},
		{"Config.1", "AwsAccount", "AWS::::Account:111122223333", "ap-northeast-1", account},
		{"IAM.8", "AwsIamUser", "arn:aws:iam::111122223333:user/path/taro", "global", "arn:aws:iam::111122223333:user/path/taro"},
		{"IAM.1", "AwsIamPolicy", "arn:aws:iam::111122223333:policy/all", "global", "arn:aws:iam::111122223333:policy/all"},
		{"S3.8", "AwsS3Bucket", "arn:aws:s3:::a-bucket", "ap-northeast-1", "arn:aws:s3:::a-bucket"},
		// A multi-Region trail is reported in every Region.
		{"CloudTrail.2", "AwsCloudTrailTrail", "arn:aws:cloudtrail:us-east-1:111122223333:trail/all", "us-east-1", "arn:aws:cloudtrail:us-east-1:111122223333:trail/all"},
		// The single PASSED of an account without such resources.
		{"S3.8", "AwsAccount", "AWS::::Account:111122223333", "ap-northeast-1", account},
		// A control that is newer than the catalogue.
		{"Bedrock.77", "AwsAccount", "AWS::::Account:111122223333", "ap-northeast-1", account},
		{"EC2.9999", "AwsEc2Vpc", "vpc-0a", "ap-northeast-1", "arn:aws:ec2:ap-northeast-1:111122223333:vpc/vpc-0a"},
	} {
		f := one(t, fixture(t, "ec2.19-consolidated.json").with("Compliance.SecurityControlId", c.control).
			with("GeneratorId", "security-control/"+c.control).with("Resources", []any{resource(c.kind, c.id)}).raw(t))
		k := f.Subjects[0].Key
		if len(f.Subjects) != 1 || k.Control != c.control || k.Region != c.region || k.Resource != c.resource {
			t.Errorf("%s of %s: %+v", c.control, c.id, f.Subjects)
		}
	}
}

func TestAStandardsOwnIDNamesTheControl(t *testing.T) {
	for _, generator := range []string{
		"pci-dss/v/3.2.1/PCI.EC2.5",
		"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/4.1",
	} {
		f := one(t, fixture(t, "ec2.19-separate.json").with("GeneratorId", generator).raw(t))
		if c := f.Subjects[0].Key.Control; c != "EC2.13" {
			t.Errorf("%s names %s", generator, c)
		}
	}
	dead(t, fixture(t, "ec2.19-separate.json").with("GeneratorId", "pci-dss/v/9/PCI.X.1").with("Id", "x").with("ProductFields", nil).raw(t),
		"Compliance.SecurityControlId", "names no control")
}

func TestAControlsFindingWithoutAStatusIsNoIncident(t *testing.T) {
	dead(t, fixture(t, "ec2.19-consolidated.json").with("Compliance.Status", nil).raw(t), "Compliance.Status", "missing")
}

func TestADeletedResourceKeepsItsKey(t *testing.T) {
	f := one(t, fixture(t, "ec2.19-consolidated.json").with("RecordState", "ARCHIVED").with("Severity.Label", "INFORMATIONAL").
		with("ProductFields.ArchivalReasons:0/ReasonCode", "RESOURCE_GONE").
		with("Compliance.Status", "NOT_AVAILABLE").with("Compliance.StatusReasons", []any{map[string]any{"ReasonCode": "CONFIG_RETURNS_NOT_APPLICABLE"}}).raw(t))
	if f.Subjects[0].Key != wantKey || f.Status != NotAvailable || f.RecordState != Archived || f.ArchivalReason != "RESOURCE_GONE" ||
		!slices.Equal(f.StatusReasons, []string{"CONFIG_RETURNS_NOT_APPLICABLE"}) || f.Severity != Informational {
		t.Errorf("%+v", f)
	}
}

func TestPartitionsAreKept(t *testing.T) {
	for region, partition := range map[string]string{"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "eu-west-1": "aws"} {
		raw := strings.NewReplacer("ap-northeast-1", region, "arn:aws:", "arn:"+partition+":", `"aws"`, `"`+partition+`"`).
			Replace(string(fixture(t, "ec2.19-consolidated.json").with("Resources", []any{resource("AwsEc2SecurityGroup", "sg-0123456789abcdef0")}).raw(t)))
		k := one(t, []byte(raw)).Subjects[0].Key
		if k.Partition != partition || k.Region != region || k.Resource != "arn:"+partition+":ec2:"+region+":111122223333:security-group/sg-0123456789abcdef0" {
			t.Errorf("%s: %+v", region, k)
		}
	}
}

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

func TestTheContentHashMovesWithWhatDecides(t *testing.T) {
	doc := func() document { return fixture(t, "ec2.19-consolidated.json") }
	base := one(t, doc().raw(t)).ContentHash
	for path, value := range map[string]any{
		"UpdatedAt": "2026-11-20T03:59:00Z", "LastObservedAt": "2026-11-20T03:59:00Z", "ProcessedAt": "2026-11-20T03:59:00Z", "FirstObservedAt": "2026-11-20T03:59:00Z",
	} {
		if got := one(t, doc().with(path, value).raw(t)).ContentHash; got != base {
			t.Errorf("%s moves the hash", path)
		}
	}
	for path, value := range map[string]any{
		"Compliance.Status": "PASSED", "RecordState": "ARCHIVED", "Workflow.Status": "NOTIFIED", "Severity.Label": "LOW", "Title": "x",
		"Resources": []any{resource("AwsEc2SecurityGroup", "sg-0a")}, "Compliance.StatusReasons": []any{map[string]any{"ReasonCode": "R"}},
		"Note": map[string]any{"UpdatedBy": "zesei"}, "Compliance.AssociatedStandards": []any{},
	} {
		if got := one(t, doc().with(path, value).raw(t)).ContentHash; got == base {
			t.Errorf("%s does not move the hash", path)
		}
	}
	tagged := doc()
	tagged["Resources"].([]any)[0].(map[string]any)["Tags"] = map[string]any{"Team": "shop"}
	if one(t, tagged.raw(t)).ContentHash == base {
		t.Error("a tag does not move the hash, though it may forbid a fix")
	}
}

func TestTextStaysDataAndLinksGoToAWS(t *testing.T) {
	f := one(t, fixture(t, "ec2.19-consolidated.json").with("Title", "a\x1b[31mred\u202e <!channel>\n"+strings.Repeat("あ", 400)).raw(t))
	if strings.ContainsAny(f.Title, "\x1b\u202e\n") || !strings.HasPrefix(f.Title, "a[31mred <!channel> あ") || len(f.Title) > maxTitle {
		t.Errorf("title %q of %d bytes", f.Title, len(f.Title))
	}
	for address, kept := range map[string]bool{
		"https://docs.aws.amazon.com/console/securityhub/EC2.19/remediation": true,
		"https://docs.amazonaws.cn/x":                                        true,
		"http://docs.aws.amazon.com/x":                                       false,
		"https://docs.aws.amazon.com.evil.test/":                             false,
		"https://evil.test/docs.aws.amazon.com":                              false,
		"https://user@docs.aws.amazon.com/":                                  false,
		"https://docs.aws.amazon.com:8443/":                                  false,
		"javascript:alert(1)//docs.aws.amazon.com":                           false,
		"": false,
	} {
		f := one(t, fixture(t, "ec2.19-consolidated.json").with("Remediation.Recommendation.Url", address).raw(t))
		if (f.RemediationURL != "") != kept {
			t.Errorf("%q is kept as %q", address, f.RemediationURL)
		}
	}
}

func TestAFindingDoesNotReferToTheItemsMemory(t *testing.T) {
	raw := fixture(t, "ec2.19-consolidated.json").in(t, "Security Hub Findings - Imported", "111122223333")
	item := event.Item{Format: event.ImportedEvent, Raw: raw}
	all, err := NewDecoder(newTestCatalogue()).Decode(item, received)
	if err != nil {
		t.Fatal(err)
	}
	before := string(all[0].Raw) + all[0].Title + all[0].Subjects[0].Key.Resource
	for i := range raw {
		raw[i] = 'x'
	}
	if before != string(all[0].Raw)+all[0].Title+all[0].Subjects[0].Key.Resource {
		t.Error("the finding changed with the item")
	}
}

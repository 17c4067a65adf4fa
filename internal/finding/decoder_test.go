package finding

import (
	"slices"
	"strings"
	"testing"
	"time"
)

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

func TestADatabasesResourceIDGivesWayToItsName(t *testing.T) {
	db := resource("AwsRdsDbInstance", "arn:aws:rds:ap-northeast-1:111122223333:dbinstance:db-ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	db["Details"] = map[string]any{"AwsRdsDbInstance": map[string]any{"DBInstanceIdentifier": "orders"}}
	f := one(t, fixture(t, "ec2.19-consolidated.json").with("Compliance.SecurityControlId", "RDS.6").with("Resources", []any{db}).raw(t))
	if got := f.Subjects[0].Key.Resource; got != "arn:aws:rds:ap-northeast-1:111122223333:db:orders" {
		t.Errorf("resource %s", got)
	}
}

func TestATimeIsFoundWhereItIsSaid(t *testing.T) {
	doc := func() document { return fixture(t, "ec2.19-consolidated.json").with("LastObservedAt", nil) }
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 20, hour, minute, 0, 0, time.UTC) }
	if f := one(t, doc().raw(t)); !f.ObservedAt.Equal(at(3, 4)) {
		t.Errorf("UpdatedAt stands in: %s", f.ObservedAt)
	}
	if f := one(t, doc().with("UpdatedAt", nil).in(t, "Security Hub Findings - Imported", "111122223333")); !f.ObservedAt.Equal(at(3, 30)) {
		t.Errorf("the event's time stands in: %s", f.ObservedAt)
	}
	dead(t, doc().with("UpdatedAt", nil).raw(t), "UpdatedAt", "missing")
	if f := one(t, doc().with("UpdatedAt", "2026-11-20T12:04:00+09:00").raw(t)); !f.ObservedAt.Equal(at(3, 4)) || f.UpdatedAt.Location() != time.UTC {
		t.Errorf("zones are honoured: %s", f.ObservedAt)
	}
	f := one(t, fixture(t, "ec2.19-v2.ocsf.json").with("finding_info.last_seen_time", 1795143845).raw(t))
	if want := time.Date(2026, 11, 20, 3, 4, 5, 0, time.UTC); !f.ObservedAt.Equal(want) {
		t.Errorf("seconds, as Prowler writes them: %s, want %s", f.ObservedAt, want)
	}
}

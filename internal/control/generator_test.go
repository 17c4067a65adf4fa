package control_test

import (
	"testing"

	"zesei/internal/control"
)

func TestByGenerator(t *testing.T) {
	tests := []struct{ generator, id, standard string }{
		{"security-control/EC2.19", "EC2.19", ""},
		{"security-control/iam.9", "IAM.9", ""},
		{"aws-foundational-security-best-practices/v/1.0.0/EC2.19", "EC2.19", "fsbp"},
		{"aws-foundational-security-best-practices/v/1.0.0/ELBv2.1", "ELB.1", "fsbp"},
		{"aws-foundational-security-best-practices/v/1.0.0/AutoScaling.5", "Autoscaling.5", "fsbp"},
		{"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/4.1", "EC2.13", "cis-1.2"},
		{"arn:aws-us-gov:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/4.1", "EC2.13", "cis-1.2"},
		{"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/1.1", "CloudWatch.1", "cis-1.2"},
		{"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/1.10", "IAM.16", "cis-1.2"},
		{"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/3.1", "CloudWatch.2", "cis-1.2"},
		{"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/3.10", "CloudWatch.10", "cis-1.2"},
		{"cis-aws-foundations-benchmark/v/1.4.0/2.1.5.2", "S3.8", "cis-1.4"},
		{"cis-aws-foundations-benchmark/v/1.4.0/2.1.5.1", "S3.1", "cis-1.4"},
		{"cis-aws-foundations-benchmark/v/1.4.0/4.10", "CloudWatch.10", "cis-1.4"},
		{"cis-aws-foundations-benchmark/v/1.4.0/4.3", "CloudWatch.1", "cis-1.4"},
		{"cis-aws-foundations-benchmark/v/1.4.0/3.3", "CloudTrail.6", "cis-1.4"},
		{"cis-aws-foundations-benchmark/v/3.0.0/5.2", "EC2.53", "cis-3.0"},
		{"cis-aws-foundations-benchmark/v/5.0.0/5.4", "EC2.54", "cis-5.0"},
		{"pci-dss/v/3.2.1/PCI.EC2.5", "EC2.13", "pci-dss-3.2.1"},
		{"pci-dss/v/3.2.1/PCI.S3.4", "S3.4", "pci-dss-3.2.1"},
		{"pci-dss/v/4.0.1/EC2.13", "EC2.13", "pci-dss-4.0.1"},
		{"nist-800-53/v/5.0.0/EC2.19", "EC2.19", "nist-800-53-r5"},
		{"nist-800-171/v/2.0.0/IAM.15", "IAM.15", "nist-800-171"},
		{"service-managed-aws-control-tower/v/1.0.0/S3.8", "S3.8", "service-managed-ct"},
		{"aws-resource-tagging-standard/v/1.0.0/ACM.3", "ACM.3", "resource-tagging"},
		{"arn:aws:securityhub:ap-northeast-1:111122223333:control/cis-aws-foundations-benchmark/v/1.2.0/4.1", "EC2.13", "cis-1.2"},
		{"arn:aws:securityhub:ap-northeast-1:111122223333:subscription/pci-dss/v/3.2.1/PCI.IAM.5/finding/0f0e", "IAM.9", "pci-dss-3.2.1"},
		{"arn:aws:securityhub:ap-northeast-1:111122223333:security-control/iam.9/finding/0f0e", "IAM.9", ""},
	}
	c := load(t)
	for _, want := range tests {
		got, standard, ok := c.ByGenerator(want.generator)
		if !ok || got.ID != want.id || standard != want.standard {
			t.Errorf("%s: %v of %q, want %s of %q", want.generator, got, standard, want.id, want.standard)
		}
	}
}

func TestByGeneratorDoesNotGuess(t *testing.T) {
	c := load(t)
	for _, generator := range []string{
		"", "security-control/", "security-control/NoSuch.1", "EC2.19", "prowler-securityhub_enabled",
		"pci-dss/v/9.9/EC2.13", "pci-dss/v/3.2.1/", "pci-dss/v/3.2.1/PCI.EC2.99",
		"cis-aws-foundations-benchmark/v/1.4.0/2.1.5", // S3.1 and S3.8 share the number
		"cis-aws-foundations-benchmark/v/1.4.0/4.1",   // not among the rules that Security Hub checks
		"arn:aws:guardduty:us-east-1:111122223333:detector/security-control/EC2.19",
		"arn:aws:securityhub",
	} {
		if got, _, ok := c.ByGenerator(generator); ok || got != nil {
			t.Errorf("%q: found %v", generator, got)
		}
	}
}

func TestByStandardIDKeepsStandardsApart(t *testing.T) {
	tests := []struct{ standard, asked, want string }{
		{"pci-dss-3.2.1", "PCI.EC2.5", "EC2.13"},
		{"PCI-DSS-3.2.1", "pci.ec2.5", "EC2.13"},
		{"cis-1.2", "4.1", "EC2.13"},
		{"cis-1.4", "4.10", "CloudWatch.10"},
		{"cis-1.2", "1.4", "IAM.3"},
		{"cis-1.4", "1.4", "IAM.4"},
		{"fsbp", "EC2.19", "EC2.19"},
		{"cis-1.4", "IAM.4", "IAM.4"},
	}
	c := load(t)
	for _, want := range tests {
		if got, ok := c.ByStandardID(want.standard, want.asked); !ok || got.ID != want.want {
			t.Errorf("%s %s: %v, want %s", want.standard, want.asked, got, want.want)
		}
	}
	for _, none := range [][2]string{{"cis-9", "4.1"}, {"", "EC2.19"}, {"pci-dss-3.2.1", "4.1"}, {"cis-5.0", "2.2.4"}} {
		if got, ok := c.ByStandardID(none[0], none[1]); ok {
			t.Errorf("%v: found %s", none, got.ID)
		}
	}
}

func TestNoTwoControlsClaimAGeneratorID(t *testing.T) {
	c := load(t)
	owner := map[string]string{}
	for _, one := range c.All() {
		for _, id := range one.LegacyGeneratorIDs {
			if other := owner[id]; other != "" {
				t.Errorf("%s: claimed by %s and %s", id, other, one.ID)
			}
			owner[id] = one.ID
			if got, _, ok := c.ByGenerator(id); !ok || got != one {
				t.Errorf("%s of %s leads to %v", id, one.ID, got)
			}
		}
	}
	if len(owner) < 600 {
		t.Errorf("only %d generator ids", len(owner))
	}
}

func FuzzByGenerator(f *testing.F) {
	for _, seed := range []string{
		"security-control/EC2.19", "pci-dss/v/3.2.1/PCI.EC2.5", "cis-aws-foundations-benchmark/v/1.4.0/4.1",
		"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/4.1", "arn:::::", "/finding/", "",
	} {
		f.Add(seed)
	}
	c := load(f)
	f.Fuzz(func(t *testing.T, generator string) {
		got, standard, ok := c.ByGenerator(generator)
		if ok != (got != nil) {
			t.Errorf("ok %t beside %v", ok, got)
		}
		if _, known := control.StandardByID(standard); standard != "" && !known {
			t.Errorf("unknown standard %q", standard)
		}
		control.StandardByARN(generator)
	})
}

func FuzzLookup(f *testing.F) {
	for _, seed := range []string{"S3.8", "s3.8", "Autoscaling.5", "CR.1", "S3.*", "S3.[", "", "."} {
		f.Add(seed)
	}
	c := load(f)
	f.Fuzz(func(t *testing.T, id string) {
		if one, ok := c.Lookup(id); ok {
			if again, _ := c.Lookup(one.ID); again != one {
				t.Errorf("%s leads elsewhere", one.ID)
			}
			if near := c.Nearest(id); near != one.ID {
				t.Errorf("nearest to %q is %q, not itself", id, near)
			}
		}
		if near := c.Nearest(id); near != "" {
			if _, ok := c.Lookup(near); !ok {
				t.Errorf("%q proposed for %q does not exist", near, id)
			}
		}
		c.Match(id)
		control.Compare(id, "S3.8")
	})
}

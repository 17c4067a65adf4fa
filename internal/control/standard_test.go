package control_test

import (
	"testing"

	"zesei/internal/control"
)

func TestStandardByARN(t *testing.T) {
	for name, want := range map[string]string{
		"arn:aws:securityhub:ap-northeast-1::standards/aws-foundational-security-best-practices/v/1.0.0": "fsbp",
		"arn:aws:securityhub:::standards/aws-foundational-security-best-practices/v/1.0.0":               "fsbp",
		"standards/aws-foundational-security-best-practices/v/1.0.0":                                     "fsbp",
		"arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0":                            "cis-1.2",
		"arn:aws-cn:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0":                         "cis-1.2",
		"ruleset/cis-aws-foundations-benchmark/v/1.2.0":                                                  "cis-1.2",
		"arn:aws:securityhub:us-east-1::standards/cis-aws-foundations-benchmark/v/1.4.0":                 "cis-1.4",
		"standards/cis-aws-foundations-benchmark/v/3.0.0":                                                "cis-3.0",
		"standards/cis-aws-foundations-benchmark/v/5.0.0":                                                "cis-5.0",
		"arn:aws:securityhub:::standards/pci-dss/v/3.2.1":                                                "pci-dss-3.2.1",
		"arn:aws-us-gov:securityhub:us-gov-west-1::standards/pci-dss/v/4.0.1":                            "pci-dss-4.0.1",
		"standards/nist-800-53/v/5.0.0":                                                                  "nist-800-53-r5",
		"standards/nist-800-171/v/2.0.0":                                                                 "nist-800-171",
		"standards/service-managed-aws-control-tower/v/1.0.0":                                            "service-managed-ct",
		"standards/aws-resource-tagging-standard/v/1.0.0":                                                "resource-tagging",
		"arn:aws:securityhub:ap-northeast-1:111122223333:subscription/pci-dss/v/3.2.1":                   "pci-dss-3.2.1",
	} {
		if got, ok := control.StandardByARN(name); !ok || got != want {
			t.Errorf("%s: %q, want %s", name, got, want)
		}
	}
	for _, name := range []string{"", "CIS-1.4", "PCI-3.2.1", "standards/", "standards/pci-dss/v/9", "arn:aws:iam::111122223333:standards/pci-dss/v/3.2.1", "standards/pci-dss/v/3.2.1/PCI.EC2.5"} {
		if got, ok := control.StandardByARN(name); ok {
			t.Errorf("%q: %s, want nothing", name, got)
		}
	}
}

func TestAStandardsARNLeadsBackToIt(t *testing.T) {
	for _, s := range control.Standards() {
		for _, partition := range []string{"aws", "aws-cn", "aws-us-gov"} {
			if got, ok := control.StandardByARN(s.ARN(partition, "cn-north-1")); !ok || got != s.ID {
				t.Errorf("%s: %s leads to %q", s.ID, s.ARN(partition, "cn-north-1"), got)
			}
		}
		if s.Title.EN == "" || s.Title.JA == "" {
			t.Errorf("%s: no title", s.ID)
		}
	}
	cis, _ := control.StandardByID("CIS-1.2")
	if got, want := cis.ARN("aws", "us-east-1"), "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	fsbp, _ := control.StandardByID("fsbp")
	if got, want := fsbp.ARN("aws", "us-east-1"), "arn:aws:securityhub:us-east-1::standards/aws-foundational-security-best-practices/v/1.0.0"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if fsbp.Title.JA != "AWS 基礎セキュリティのベストプラクティス v1.0.0" {
		t.Errorf("fsbp in Japanese: %s", fsbp.Title.JA)
	}
}

package control

import "strings"

// Standard is a security standard of Security Hub.
type Standard struct {
	ID      string // ours: fsbp, cis-1.4, …
	Title   Text   // as Security Hub's console names it
	path    string // the part of its ARN after standards/ or ruleset/
	ruleset bool   // CIS 1.2 alone: arn:aws:securityhub:::ruleset/… without a Region
}

// standards follow the standards reference of the Security Hub user guide.
var standards = [...]Standard{
	{ID: "fsbp", path: "aws-foundational-security-best-practices/v/1.0.0", Title: Text{"AWS Foundational Security Best Practices v1.0.0", "AWS 基礎セキュリティのベストプラクティス v1.0.0"}},
	{ID: "cis-1.2", path: "cis-aws-foundations-benchmark/v/1.2.0", ruleset: true, Title: Text{"CIS AWS Foundations Benchmark v1.2.0", "CIS AWS Foundations Benchmark v1.2.0"}},
	{ID: "cis-1.4", path: "cis-aws-foundations-benchmark/v/1.4.0", Title: Text{"CIS AWS Foundations Benchmark v1.4.0", "CIS AWS Foundations Benchmark v1.4.0"}},
	{ID: "cis-3.0", path: "cis-aws-foundations-benchmark/v/3.0.0", Title: Text{"CIS AWS Foundations Benchmark v3.0.0", "CIS AWS Foundations Benchmark v3.0.0"}},
	{ID: "cis-5.0", path: "cis-aws-foundations-benchmark/v/5.0.0", Title: Text{"CIS AWS Foundations Benchmark v5.0.0", "CIS AWS Foundations Benchmark v5.0.0"}},
	{ID: "pci-dss-3.2.1", path: "pci-dss/v/3.2.1", Title: Text{"PCI DSS v3.2.1", "PCI DSS v3.2.1"}},
	{ID: "pci-dss-4.0.1", path: "pci-dss/v/4.0.1", Title: Text{"PCI DSS v4.0.1", "PCI DSS v4.0.1"}},
	{ID: "nist-800-53-r5", path: "nist-800-53/v/5.0.0", Title: Text{"NIST Special Publication 800-53 Revision 5", "NIST Special Publication 800-53 Revision 5"}},
	{ID: "nist-800-171", path: "nist-800-171/v/2.0.0", Title: Text{"NIST Special Publication 800-171 Revision 2", "NIST Special Publication 800-171 Revision 2"}},
	{ID: "service-managed-ct", path: "service-managed-aws-control-tower/v/1.0.0", Title: Text{"Service-Managed Standard: AWS Control Tower", "サービスマネージドスタンダード: AWS Control Tower"}},
	{ID: "resource-tagging", path: "aws-resource-tagging-standard/v/1.0.0", Title: Text{"AWS Resource Tagging Standard v1.0.0", "AWS リソースタグ付け標準 v1.0.0"}},
}

// Standards returns every standard that the catalogue knows, in a fixed order.
func Standards() []Standard { return append([]Standard(nil), standards[:]...) }

// StandardByID finds a standard by our id for it, in any letter case.
func StandardByID(id string) (Standard, bool) {
	for _, s := range standards {
		if strings.EqualFold(s.ID, id) {
			return s, true
		}
	}
	return Standard{}, false
}

// ARN is the standard's StandardsArn in a partition (aws, aws-cn, aws-us-gov)
// and Region. CIS 1.2 has no Region in its ARN.
func (s Standard) ARN(partition, region string) string {
	if s.ruleset {
		return "arn:" + partition + ":securityhub:::ruleset/" + s.path
	}
	return "arn:" + partition + ":securityhub:" + region + "::standards/" + s.path
}

// StandardByARN reads a standard's name in any of AWS's forms: StandardsArn
// with or without a Region, in any partition; StandardsSubscriptionArn; and
// Compliance.AssociatedStandards[].StandardsId (standards/… or ruleset/…). A
// name of another product's standard, such as "CIS-1.4", is not ours.
func StandardByARN(arn string) (id string, ok bool) {
	path, ok := standardPath(arn)
	if !ok {
		return "", false
	}
	for _, s := range standards {
		if strings.EqualFold(s.path, strings.TrimSuffix(path, "/")) {
			return s.ID, true
		}
	}
	return "", false
}

// standardPath drops the ARN's head and the word standards, ruleset, control
// or subscription, which leaves the standard's path and what follows it. ok is
// false for an ARN of another service.
func standardPath(name string) (path string, ok bool) {
	name = strings.TrimSpace(name)
	if len(name) >= 4 && strings.EqualFold(name[:4], "arn:") {
		part := strings.SplitN(name, ":", 6)
		if len(part) != 6 || !strings.EqualFold(part[2], "securityhub") {
			return "", false
		}
		name = part[5]
	}
	for _, word := range [...]string{"standards/", "ruleset/", "control/", "subscription/"} {
		if len(name) > len(word) && strings.EqualFold(name[:len(word)], word) {
			return name[len(word):], true
		}
	}
	return name, true
}

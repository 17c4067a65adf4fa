package fake

import "slices"

// Control is a control of the twin's Security Hub.
type Control struct {
	ID, Title, Description, Severity string
	// Standards are the standards that hold it, by key, with the requirement
	// ids that they relate it to.
	Standards map[string][]string
}

// standardPaths are the ids of standards as findings name them.
var standardPaths = map[string]string{
	"fsbp":           "standards/aws-foundational-security-best-practices/v/1.0.0",
	"cis-1.2":        "ruleset/cis-aws-foundations-benchmark/v/1.2.0",
	"cis-1.4":        "standards/cis-aws-foundations-benchmark/v/1.4.0",
	"cis-3.0":        "standards/cis-aws-foundations-benchmark/v/3.0.0",
	"cis-5.0":        "standards/cis-aws-foundations-benchmark/v/5.0.0",
	"pci-dss-3.2.1":  "standards/pci-dss/v/3.2.1",
	"pci-dss-4.0.1":  "standards/pci-dss/v/4.0.1",
	"nist-800-53-r5": "standards/nist-800-53/v/5.0.0",
}

var standardNames = map[string]string{
	"fsbp":           "AWS Foundational Security Best Practices v1.0.0",
	"cis-1.2":        "CIS AWS Foundations Benchmark v1.2.0",
	"cis-1.4":        "CIS AWS Foundations Benchmark v1.4.0",
	"cis-3.0":        "CIS AWS Foundations Benchmark v3.0.0",
	"cis-5.0":        "CIS AWS Foundations Benchmark v5.0.0",
	"pci-dss-3.2.1":  "PCI DSS v3.2.1",
	"pci-dss-4.0.1":  "PCI DSS v4.0.1",
	"nist-800-53-r5": "NIST Special Publication 800-53 Revision 5",
}

type controlCatalog struct{ list []Control }

func newControlCatalog() *controlCatalog {
	return &controlCatalog{list: slices.Clone(builtInControls)}
}

// control is the definition, or a plain one for an id that is not defined.
func (k *controlCatalog) control(id string) Control {
	for _, c := range k.list {
		if c.ID == id {
			return c
		}
	}
	return Control{ID: id, Title: id, Description: id, Severity: "MEDIUM"}
}

func (k *controlCatalog) has(id string) bool {
	return slices.ContainsFunc(k.list, func(c Control) bool { return c.ID == id })
}

// DefineControls adds controls to the catalogue of Security Hub, or replaces
// them by id.
func (c *Cloud) DefineControls(controls ...Control) {
	c.locked(func() {
		for _, n := range controls {
			i := slices.IndexFunc(c.catalog.list, func(o Control) bool { return o.ID == n.ID })
			if i < 0 {
				c.catalog.list = append(c.catalog.list, n)
			} else {
				c.catalog.list[i] = n
			}
		}
	})
}

var builtInControls = []Control{
	{"CloudTrail.1", "CloudTrail should be enabled with a multi-Region trail", "Checks for a multi-Region trail that records management events.", "HIGH", map[string][]string{"fsbp": nil, "cis-1.2": {"2.1"}, "cis-1.4": {"3.1"}}},
	{"CloudTrail.2", "CloudTrail should encrypt at rest", "Checks whether trails use a KMS key.", "MEDIUM", map[string][]string{"fsbp": nil, "cis-1.2": {"2.7"}, "cis-1.4": {"3.7"}, "pci-dss-3.2.1": {"3.4"}}},
	{"Config.1", "AWS Config should be enabled", "Checks whether the recorder is on.", "CRITICAL", map[string][]string{"fsbp": nil, "cis-1.4": {"3.5"}}},
	{"EC2.2", "Default security groups should allow no traffic", "Checks the rules of the default security group.", "HIGH", map[string][]string{"fsbp": nil, "cis-1.2": {"4.3"}, "cis-1.4": {"5.3"}, "pci-dss-3.2.1": {"1.2.1"}}},
	{"EC2.7", "EBS default encryption should be on", "Checks the account's default for new volumes.", "MEDIUM", map[string][]string{"fsbp": nil, "cis-1.4": {"2.2.1"}}},
	{"EC2.13", "Security groups should not allow port 22 from everywhere", "Checks for ingress from 0.0.0.0/0 or ::/0 to port 22.", "HIGH", map[string][]string{"cis-1.2": {"4.1"}, "pci-dss-3.2.1": {"1.2.1"}}},
	{"EC2.14", "Security groups should not allow port 3389 from everywhere", "Checks for ingress from 0.0.0.0/0 or ::/0 to port 3389.", "HIGH", map[string][]string{"cis-1.2": {"4.2"}}},
	{"EC2.18", "Security groups should be open only on authorized ports", "Checks for ingress from everywhere to ports that are not authorized.", "HIGH", map[string][]string{"fsbp": nil}},
	{"EC2.19", "Security groups should not allow high-risk ports from everywhere", "Checks for ingress from everywhere to high-risk ports.", "CRITICAL", map[string][]string{"fsbp": nil}},
	{"EC2.53", "Security groups should not allow remote administration from 0.0.0.0/0", "Checks for IPv4 ingress to administration ports.", "HIGH", map[string][]string{"cis-3.0": {"5.2"}, "cis-5.0": {"5.3"}}},
	{"EC2.54", "Security groups should not allow remote administration from ::/0", "Checks for IPv6 ingress to administration ports.", "HIGH", map[string][]string{"cis-3.0": {"5.3"}, "cis-5.0": {"5.4"}}},
	{"GuardDuty.1", "GuardDuty should be enabled", "Checks for a detector.", "HIGH", map[string][]string{"fsbp": nil}},
	{"IAM.1", "IAM policies should not allow everything", "Checks customer policies for full administration.", "HIGH", map[string][]string{"fsbp": nil, "cis-1.2": {"1.22"}, "cis-1.4": {"1.16"}}},
	{"IAM.4", "The root user should have no access key", "Checks for keys of the root user.", "CRITICAL", map[string][]string{"fsbp": nil, "cis-1.2": {"1.12"}, "cis-1.4": {"1.4"}}},
	{"IAM.6", "The root user should have hardware MFA", "Checks the root user's MFA device.", "CRITICAL", map[string][]string{"fsbp": nil, "cis-1.4": {"1.6"}}},
	{"Lambda.1", "Lambda functions should not be public", "Checks function policies.", "CRITICAL", map[string][]string{"fsbp": nil}},
	{"RDS.2", "RDS instances should not be public", "Checks the public access setting of instances.", "CRITICAL", map[string][]string{"fsbp": nil, "cis-3.0": {"2.3.3"}}},
	{"S3.1", "Block public access should be on for the account", "Checks the account's setting.", "MEDIUM", map[string][]string{"fsbp": nil, "cis-1.4": {"2.1.5"}}},
	{"S3.2", "Buckets should not be readable by the public", "Checks policies and lists of buckets.", "CRITICAL", map[string][]string{"fsbp": nil, "pci-dss-3.2.1": {"1.2.1"}}},
	{"S3.3", "Buckets should not be writable by the public", "Checks policies and lists of buckets.", "CRITICAL", map[string][]string{"fsbp": nil}},
	{"S3.4", "Buckets should encrypt by default", "Checks the default encryption of buckets.", "MEDIUM", map[string][]string{"pci-dss-3.2.1": {"3.4"}}},
	{"S3.5", "Buckets should require TLS", "Checks bucket policies for a denial without TLS.", "MEDIUM", map[string][]string{"fsbp": nil, "cis-1.4": {"2.1.2"}}},
	{"S3.8", "Buckets should block public access", "Checks the bucket's setting.", "HIGH", map[string][]string{"fsbp": nil, "cis-1.4": {"2.1.5"}}},
	{"S3.9", "Buckets should log access", "Checks server access logging.", "MEDIUM", map[string][]string{"fsbp": nil}},
	{"S3.13", "Buckets should have a lifecycle", "Checks lifecycle configuration.", "LOW", map[string][]string{"fsbp": nil}},
	{"S3.14", "Buckets should keep versions", "Checks versioning.", "LOW", map[string][]string{"nist-800-53-r5": {"CP-9"}}},
}

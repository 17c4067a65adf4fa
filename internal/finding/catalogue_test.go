package finding

import "strings"

// testCatalogue knows a handful of controls, one of each scope and more.
type testCatalogue struct {
	controls   map[string]ControlRef
	generators map[string]string // GeneratorId → control
	standards  map[string]string
}

func newTestCatalogue() *testCatalogue {
	c := &testCatalogue{controls: map[string]ControlRef{}, generators: map[string]string{}, standards: map[string]string{
		"aws-foundational-security-best-practices/v/1.0.0": "fsbp",
		"cis-aws-foundations-benchmark/v/1.2.0":            "cis-1.2",
		"cis-aws-foundations-benchmark/v/1.4.0":            "cis-1.4",
		"pci-dss/v/3.2.1":                                  "pci-dss-3.2.1",
	}}
	for _, r := range []ControlRef{
		{ID: "EC2.19", Scope: ScopeResource, ResourceTypes: []string{"AWS::EC2::SecurityGroup"}},
		{ID: "EC2.13", Scope: ScopeResource, ResourceTypes: []string{"AWS::EC2::SecurityGroup"}},
		{ID: "EC2.7", Scope: ScopeAccountRegion, ResourceTypes: []string{AccountType}},
		{ID: "IAM.9", Scope: ScopeAccount, Global: true, ResourceTypes: []string{AccountType}},
		{ID: "IAM.8", Scope: ScopeResource, Global: true, ResourceTypes: []string{"AWS::IAM::User"}},
		{ID: "IAM.1", Scope: ScopeResource, Global: true, ResourceTypes: []string{"AWS::IAM::Policy"}},
		{ID: "S3.8", Scope: ScopeResource, ResourceTypes: []string{"AWS::S3::Bucket"}},
		{ID: "CloudTrail.2", Scope: ScopeResource, ResourceTypes: []string{"AWS::CloudTrail::Trail"}},
		{ID: "Config.1", Scope: ScopeAccountRegion, ResourceTypes: []string{AccountType}},
		{ID: "ACM.1", Scope: ScopeResource, ResourceTypes: []string{"AWS::ACM::Certificate"}},
	} {
		c.controls[strings.ToLower(r.ID)] = r
	}
	for generator, control := range map[string]string{
		"aws-foundational-security-best-practices/v/1.0.0/EC2.19": "EC2.19",
		"pci-dss/v/3.2.1/PCI.EC2.5":                               "EC2.13",
		"cis-aws-foundations-benchmark/v/1.2.0/rule/4.1":          "EC2.13",
		"cis-aws-foundations-benchmark/v/1.2.0/4.1":               "EC2.13",
		"cis-aws-foundations-benchmark/v/1.2.0/2.5":               "Config.1",
	} {
		c.generators[generator] = control
	}
	return c
}

func (c *testCatalogue) Control(id string) (ControlRef, bool) {
	r, ok := c.controls[strings.ToLower(id)]
	return r, ok
}

func (c *testCatalogue) Generator(name string) (ControlRef, bool) {
	name = strings.TrimSpace(name)
	if a, ok := parseARN(name); ok {
		if a.service != "securityhub" {
			return ControlRef{}, false
		}
		name = a.resource
	}
	for _, head := range []string{"ruleset/", "control/", "subscription/", "standards/"} {
		name = strings.TrimPrefix(name, head)
	}
	name, _, _ = strings.Cut(name, "/finding/")
	if id, ok := strings.CutPrefix(name, "security-control/"); ok {
		return c.Control(id)
	}
	id, ok := c.generators[name]
	if !ok {
		return ControlRef{}, false
	}
	r, ok := c.Control(id)
	for path, standard := range c.standards {
		if strings.HasPrefix(name, path) {
			r.Standard = standard
		}
	}
	return r, ok
}

func (c *testCatalogue) Standard(name string) (string, bool) {
	for path, id := range c.standards {
		if strings.HasSuffix(name, "/"+path) {
			return id, true
		}
	}
	return "", false
}

package demo

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"zesei/internal/fake"
)

//go:embed company.yaml
var companyYAML []byte

// company is company.yaml.
type company struct {
	Name        words      `yaml:"name"`
	Region      string     `yaml:"region"`
	Accounts    []account  `yaml:"accounts"`
	Trackers    []tracking `yaml:"trackers"`
	Owners      []owner    `yaml:"owners"`
	People      []person   `yaml:"people"`
	Resources   []resource `yaml:"resources"`
	Buckets     []string   `yaml:"buckets"`
	OpenBuckets []string   `yaml:"open_buckets"`
	Groups      []group    `yaml:"groups"`
	Today       []opening  `yaml:"today"`
	Incidents   []incident `yaml:"incidents"`
	Weeks       weeks      `yaml:"weeks"`
	Worsens     struct {
		Account  string
		Controls []string
	} `yaml:"worsens"`
}

// weeks are what happens after the day that opens them.
type weeks struct {
	Exception struct {
		Account, Group, Control, Asker, Approver, Reason string
		After, Days                                      int
	}
	Approval struct {
		Account, Group, Approver string
		After                    int
	}
	Mended struct {
		Account  string
		Controls []string
		After    int
	}
	Released struct {
		Account, Group, By string
		After              int
	}
}

// tracking is a tracker with the one project that the company has there.
type tracking struct{ Name, Kind, Project string }

type account struct {
	ID, Name, Owner, Environment string
	IaC                          string   `yaml:"iac"`
	Hub                          bool     `yaml:"hub"`    // it administers Security Hub
	Legacy                       []string `yaml:"legacy"` // controls that fail, one finding a standard
}

type owner struct {
	Name, Channel, Language, Zone, Mention string
	Leads                                  string // channel of those above
	Tracker, Assignee                      string
	Default                                bool
}

type person struct {
	Name, Slack, Owner string
	Approver           bool
	Logins             map[string]string
}

// resource is one kind of resource that every account has, as Security Hub
// reports it.
type resource struct {
	Kind       string
	ARN        string `yaml:"arn"`
	Names      []string
	Controls   []string
	Fails      float64
	SkipLegacy bool `yaml:"skip_legacy"`
}

type group struct {
	Name  string
	Rules []rule
}

type rule struct {
	Protocol     string
	From, To     int
	CIDR4, CIDR6 string
	Description  string
}

// opening is somebody's change of a security group.
type opening struct {
	Account, Group, By string
	Opens              []rule
}

type incident struct {
	Account, Product, Severity, Kind, Type, Title string
	ARN                                           string `yaml:"arn"`
}

func readCompany() (*company, error) {
	var c company
	if err := yaml.UnmarshalWithOptions(companyYAML, &c, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("reading the demo's company: %w", err)
	}
	return &c, nil
}

// account finds an account by name or id.
func (c *company) account(name string) account {
	for _, a := range c.Accounts {
		if a.Name == name || a.ID == name {
			return a
		}
	}
	return account{}
}

// hub is the account that administers Security Hub.
func (c *company) hub() account {
	for _, a := range c.Accounts {
		if a.Hub {
			return a
		}
	}
	return account{}
}

// members are the accounts that have resources.
func (c *company) members() []account {
	var out []account
	for _, a := range c.Accounts {
		if !a.Hub {
			out = append(out, a)
		}
	}
	return out
}

// channels are the names of all Slack channels.
func (c *company) channels() []string {
	var out []string
	for _, o := range c.Owners {
		out = append(out, o.Channel)
		if o.Leads != "" {
			out = append(out, o.Leads)
		}
	}
	return out
}

// ownerOf is whose a channel is.
func (c *company) ownerOf(channel string) string {
	for _, o := range c.Owners {
		if o.Channel == channel || o.Leads == channel {
			return o.Name
		}
	}
	return ""
}

// arn fills a template in.
func (c *company) arn(template string, a account, name string) string {
	return strings.NewReplacer("{account}", a.ID, "{region}", c.Region, "{name}", name).Replace(template)
}

func (r rule) fake() fake.SecurityGroupRule {
	return fake.SecurityGroupRule{Protocol: r.Protocol, From: r.From, To: r.To, CIDR4: r.CIDR4, CIDR6: r.CIDR6, Description: r.Description}
}

// ruleText is an ingress rule in one line.
func ruleText(r fake.SecurityGroupRule) string {
	from := r.CIDR4 + r.CIDR6 + r.PrefixList + r.Group
	var s string
	switch {
	case r.Protocol == "-1":
		s = "all traffic from " + from
	case r.From == r.To:
		s = fmt.Sprintf("%s %d from %s", r.Protocol, r.From, from)
	default:
		s = fmt.Sprintf("%s %d-%d from %s", r.Protocol, r.From, r.To, from)
	}
	if r.Description != "" {
		s += " (" + r.Description + ")"
	}
	return s
}

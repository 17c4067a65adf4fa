package fake

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func ec2Service() *service {
	return &service{
		name: "ec2", source: "ec2.amazonaws.com", protocol: ec2Protocol{},
		denied:    refusal{"UnauthorizedOperation", http.StatusForbidden},
		throttled: refusal{"RequestLimitExceeded", http.StatusServiceUnavailable},
		operations: map[string]operation{
			"DescribeSecurityGroups":                     read(describeSecurityGroups),
			"DescribeSecurityGroupRules":                 read(describeSecurityGroupRules),
			"AuthorizeSecurityGroupIngress":              write(authorizeIngress),
			"AuthorizeSecurityGroupEgress":               write(authorizeEgress),
			"RevokeSecurityGroupIngress":                 write(revokeIngress),
			"RevokeSecurityGroupEgress":                  write(revokeEgress),
			"UpdateSecurityGroupRuleDescriptionsIngress": write(describeRulesIngress),
			"UpdateSecurityGroupRuleDescriptionsEgress":  write(describeRulesEgress),
			"ModifySecurityGroupRules":                   write(modifyRules),
			"CreateSecurityGroup":                        write(createSecurityGroup),
			"DeleteSecurityGroup":                        write(deleteSecurityGroup),
			"DescribeNetworkInterfaces":                  read(describeNetworkInterfaces),
			"DescribeVpcs":                               read(describeVpcs),
			"CreateVpc":                                  write(createVpc),
			"CreateTags":                                 write(createTags),
			"DeleteTags":                                 write(deleteTags),
			"DescribeTags":                               read(describeTags),
			"DescribeRegions":                            read(describeRegions),
		},
	}
}

// ec2State is what EC2 holds in one account and Region. Order of creation is
// kept, so that pages are stable.
type ec2State struct {
	groups     []*SecurityGroup
	vpcs       []*VPC
	interfaces []*NetworkInterface
}

// VPC is a virtual private cloud, as far as security groups need one.
type VPC struct {
	ID, CIDR string
	Default  bool
	Tags     map[string]string
}

// NetworkInterface says which groups are in use, and by what.
type NetworkInterface struct {
	ID, VPCID, SubnetID, Description string
	// Type is interface, lambda, nat_gateway, network_load_balancer, …
	Type      string
	PrivateIP string
	PublicIP  string
	// RequesterID is the service or account that made it (amazon-elb, …).
	RequesterID string
	InstanceID  string
	Groups      []string
	Tags        map[string]string
}

// SecurityGroup is a security group with its rules.
type SecurityGroup struct {
	ID, Name, Description, VPCID string
	Tags                         map[string]string
	Rules                        []SecurityGroupRule
}

// SecurityGroupRule is one rule: one protocol, one port range and one peer.
type SecurityGroupRule struct {
	ID     string
	Egress bool
	// Protocol is tcp, udp, icmp, icmpv6, -1 or a protocol number.
	Protocol string
	// From and To are ports, or ICMP type and code; -1 where there are none.
	From, To int
	// Exactly one of the four is set.
	CIDR4, CIDR6, PrefixList, Group string
	// GroupOwner is the account of Group.
	GroupOwner  string
	Description string
	Tags        map[string]string
}

// same says whether two rules allow the same: EC2 knows no two such rules in
// one group.
func (r SecurityGroupRule) same(o SecurityGroupRule) bool {
	return r.Egress == o.Egress && r.Protocol == o.Protocol && r.From == o.From && r.To == o.To &&
		r.CIDR4 == o.CIDR4 && r.CIDR6 == o.CIDR6 && r.PrefixList == o.PrefixList && r.Group == o.Group
}

func (g *SecurityGroup) clone() *SecurityGroup {
	n := *g
	n.Tags = maps.Clone(g.Tags)
	n.Rules = slices.Clone(g.Rules)
	for i := range n.Rules {
		n.Rules[i].Tags = maps.Clone(n.Rules[i].Tags)
	}
	return &n
}

func (s *ec2State) clone() *ec2State {
	n := &ec2State{vpcs: slices.Clone(s.vpcs), interfaces: slices.Clone(s.interfaces)}
	for _, g := range s.groups {
		n.groups = append(n.groups, g.clone())
	}
	return n
}

func (s *ec2State) group(id string) *SecurityGroup {
	for _, g := range s.groups {
		if g.ID == id {
			return g
		}
	}
	return nil
}

// newEC2State has what every Region starts with: the default VPC and its
// default group, open to itself and to the outside. Held: mu.
func (c *Cloud) newEC2State(account, _ string) *ec2State {
	s := &ec2State{}
	c.addVPC(s, account, &VPC{ID: "vpc-" + c.hex(17), CIDR: "172.31.0.0/16", Default: true})
	return s
}

// addVPC adds a VPC with its default security group. Held: mu.
func (c *Cloud) addVPC(s *ec2State, account string, v *VPC) {
	s.vpcs = append(s.vpcs, v)
	g := &SecurityGroup{ID: "sg-" + c.hex(17), Name: "default", Description: "default VPC security group", VPCID: v.ID}
	g.Rules = []SecurityGroupRule{
		{ID: "sgr-" + c.hex(17), Protocol: "-1", From: -1, To: -1, Group: g.ID, GroupOwner: account},
		{ID: "sgr-" + c.hex(17), Egress: true, Protocol: "-1", From: -1, To: -1, CIDR4: "0.0.0.0/0"},
	}
	s.groups = append(s.groups, g)
}

// ec2 is the state that the call sees: the present, or for a stale read what
// was before the last write. Held: mu.
func (c *call) ec2() *ec2State {
	r := c.region()
	if c.stale && r.ec2Was != nil {
		return r.ec2Was
	}
	return r.ec2
}

// numbered returns the values of prefix.1, prefix.2, …
func numbered(form url.Values, prefix string) []string {
	var values []string
	for i := 1; ; i++ {
		v, ok := form[prefix+"."+strconv.Itoa(i)]
		if !ok {
			return values
		}
		values = append(values, v[0])
	}
}

// entries returns the members of the structures prefix.1, prefix.2, … with the
// prefix taken off.
func entries(form url.Values, prefix string) []url.Values {
	var list []url.Values
	for k, v := range form {
		rest, ok := strings.CutPrefix(k, prefix+".")
		if !ok {
			continue
		}
		number, member, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > 10000 {
			continue
		}
		for len(list) < n {
			list = append(list, url.Values{})
		}
		list[n-1][member] = v
	}
	return list
}

// filters reads Filter.N and answers whether an item holds all of them. values
// gives an item's values for a filter name; unknown names are refused.
func (c *call) filters(known func(name string) bool) (func(values func(name string) []string) bool, error) {
	type filter struct {
		name   string
		values []string
	}
	var all []filter
	for _, f := range entries(c.form, "Filter") {
		name := f.Get("Name")
		if !known(name) && !strings.HasPrefix(name, "tag:") && name != "tag-key" {
			return nil, fail(http.StatusBadRequest, "InvalidParameterValue", "The filter '%s' is invalid", name)
		}
		all = append(all, filter{name, numbered(f, "Value")})
	}
	return func(values func(string) []string) bool {
		for _, f := range all {
			if !slices.ContainsFunc(values(f.name), func(have string) bool {
				return slices.ContainsFunc(f.values, func(want string) bool { return wild(want, have) })
			}) {
				return false
			}
		}
		return true
	}, nil
}

func oneOf(names ...string) func(string) bool {
	return func(n string) bool { return slices.Contains(names, n) }
}

// tagValues answers the filters tag:KEY and tag-key.
func tagValues(tags map[string]string, name string) []string {
	if name == "tag-key" {
		return slices.Collect(maps.Keys(tags))
	}
	if k, ok := strings.CutPrefix(name, "tag:"); ok {
		if v, has := tags[k]; has {
			return []string{v}
		}
	}
	return nil
}

// wild matches EC2's filter wildcards * and ?.
func wild(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	switch pattern[0] {
	case '*':
		for i := 0; i <= len(s); i++ {
			if wild(pattern[1:], s[i:]) {
				return true
			}
		}
		return false
	case '?':
		return s != "" && wild(pattern[1:], s[1:])
	}
	return s != "" && s[0] == pattern[0] && wild(pattern[1:], s[1:])
}

// page cuts one page of n items: MaxResults and NextToken of EC2, whose lowest
// page size is 5.
func (c *call) page(n int) (from, to int, next string, err error) {
	to = n
	if token := c.form.Get("NextToken"); token != "" {
		b, decodeErr := base64.StdEncoding.DecodeString(token)
		from, err = strconv.Atoi(string(b))
		if decodeErr != nil || err != nil || from > n {
			return 0, 0, "", fail(http.StatusBadRequest, "InvalidParameterValue", "Invalid value '%s' for NextToken", token)
		}
	}
	size := 1000
	if m := c.form.Get("MaxResults"); m != "" {
		if size, err = strconv.Atoi(m); err != nil || size < 5 || size > 1000 {
			return 0, 0, "", fail(http.StatusBadRequest, "InvalidParameterValue", "Value ( %s ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.", m)
		}
	}
	if from+size < n {
		to = from + size
		next = base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	return from, to, next, nil
}

// dryRun ends a request that would have succeeded.
func (c *call) dryRun() error {
	if c.form.Get("DryRun") == "true" {
		return fail(http.StatusPreconditionFailed, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
	}
	return nil
}

// returned is the answer of operations that only say yes.
type returned struct {
	Return bool `xml:"return"`
}

type xmlTag struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func xmlTags(tags map[string]string) []xmlTag {
	var list []xmlTag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, xmlTag{k, tags[k]})
	}
	return list
}

// tagsFor reads TagSpecification.N for one resource type.
func (c *call) tagsFor(resourceType string) (map[string]string, error) {
	tags := map[string]string{}
	for _, s := range entries(c.form, "TagSpecification") {
		if s.Get("ResourceType") != resourceType {
			return nil, fail(http.StatusBadRequest, "InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", s.Get("ResourceType"))
		}
		for _, t := range entries(s, "Tag") {
			tags[t.Get("Key")] = t.Get("Value")
		}
	}
	return tags, nil
}

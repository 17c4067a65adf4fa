package fake

import (
	"maps"
	"net/http"
	"slices"
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

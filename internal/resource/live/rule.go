package live

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// SecurityGroupRule is one rule exactly as EC2 holds it: one source or
// destination, one range. Exactly one of CIDRIPv4, CIDRIPv6, PrefixListID and
// GroupID is set.
type SecurityGroupRule struct {
	ID       string // sgr-…; "" where only DescribeSecurityGroups showed the rule
	GroupOf  string // the group that holds the rule
	Egress   bool
	Protocol string // tcp, udp, icmp, icmpv6, -1, or a protocol number
	// FromPort and ToPort are ports, or type and code for ICMP (-1 = all). Nil
	// where EC2 states none; EC2 writes -1 for protocol -1.
	FromPort, ToPort *int32
	CIDRIPv4         string
	CIDRIPv6         string
	PrefixListID     string
	GroupID          string // the referenced group
	GroupAccount     string // its account
	PeeringID        string // its VPC peering connection
	Description      string
	Tags             map[string]string
}

func ruleOf(r types.SecurityGroupRule) SecurityGroupRule {
	out := SecurityGroupRule{
		ID: aws.ToString(r.SecurityGroupRuleId), GroupOf: aws.ToString(r.GroupId), Egress: aws.ToBool(r.IsEgress),
		Protocol: aws.ToString(r.IpProtocol), FromPort: r.FromPort, ToPort: r.ToPort,
		CIDRIPv4: aws.ToString(r.CidrIpv4), CIDRIPv6: aws.ToString(r.CidrIpv6), PrefixListID: aws.ToString(r.PrefixListId),
		Description: aws.ToString(r.Description), Tags: tagsOf(r.Tags),
	}
	if g := r.ReferencedGroupInfo; g != nil {
		out.GroupID, out.GroupAccount, out.PeeringID = aws.ToString(g.GroupId), aws.ToString(g.UserId), aws.ToString(g.VpcPeeringConnectionId)
	}
	return out
}

// rulesOf splits a permission of DescribeSecurityGroups into one rule a source.
func rulesOf(p types.IpPermission, egress bool) []SecurityGroupRule {
	base := SecurityGroupRule{Egress: egress, Protocol: aws.ToString(p.IpProtocol), FromPort: p.FromPort, ToPort: p.ToPort}
	var out []SecurityGroupRule
	add := func(description *string, set func(*SecurityGroupRule)) {
		r := base
		r.Description = aws.ToString(description)
		set(&r)
		out = append(out, r)
	}
	for _, x := range p.IpRanges {
		add(x.Description, func(r *SecurityGroupRule) { r.CIDRIPv4 = aws.ToString(x.CidrIp) })
	}
	for _, x := range p.Ipv6Ranges {
		add(x.Description, func(r *SecurityGroupRule) { r.CIDRIPv6 = aws.ToString(x.CidrIpv6) })
	}
	for _, x := range p.PrefixListIds {
		add(x.Description, func(r *SecurityGroupRule) { r.PrefixListID = aws.ToString(x.PrefixListId) })
	}
	for _, x := range p.UserIdGroupPairs {
		add(x.Description, func(r *SecurityGroupRule) {
			r.GroupID, r.GroupAccount, r.PeeringID = aws.ToString(x.GroupId), aws.ToString(x.UserId), aws.ToString(x.VpcPeeringConnectionId)
		})
	}
	return out
}

// seen joins what the two reads show. EC2 is eventually consistent: for a while
// one call shows a rule that the other no longer (or not yet) has. A rule that
// either shows counts, so a check passes only when both are free of it.
func seen(rules []SecurityGroupRule, permissions []types.IpPermission, egress bool) []SecurityGroupRule {
	out := []SecurityGroupRule{}
	known := map[string]bool{}
	for _, r := range rules {
		if r.Egress == egress {
			out = append(out, r)
			known[r.traffic()] = true
		}
	}
	for _, p := range permissions {
		for _, r := range rulesOf(p, egress) {
			if !known[r.traffic()] {
				out = append(out, r)
			}
		}
	}
	return out
}

// traffic names what a rule lets through, the same for both reads.
func (r SecurityGroupRule) traffic() string {
	from, to := "", ""
	if r.hasPorts() {
		from, to = fmt.Sprint(aws.ToInt32(r.FromPort)), fmt.Sprint(aws.ToInt32(r.ToPort))
	}
	return fmt.Sprintf("%s %s-%s %s%s%s%s", r.Protocol, from, to, r.CIDRIPv4, r.CIDRIPv6, r.PrefixListID, r.GroupID)
}

// hasPorts says whether the port fields mean something: they do not for -1 and
// for protocols without ports, where EC2 writes -1 or nothing.
func (r SecurityGroupRule) hasPorts() bool {
	if r.FromPort == nil || r.ToPort == nil {
		return false
	}
	switch r.Protocol {
	case "tcp", "udp", "icmp", "icmpv6":
		return true
	}
	return false
}

// properties states rules as CloudFormation does in SecurityGroupIngress and
// SecurityGroupEgress; a list without rules is empty, not absent.
func properties(rules []SecurityGroupRule) []any {
	out := make([]any, 0, len(rules))
	for _, r := range rules {
		out = append(out, r.Properties())
	}
	return out
}

// Properties is the rule as CloudFormation's Ingress or Egress property states
// it.
func (r SecurityGroupRule) Properties() map[string]any {
	m := map[string]any{"IpProtocol": r.Protocol}
	if r.hasPorts() {
		m["FromPort"], m["ToPort"] = int64(*r.FromPort), int64(*r.ToPort)
	}
	set := func(key, value string) {
		if value != "" {
			m[key] = value
		}
	}
	set("CidrIp", r.CIDRIPv4)
	set("CidrIpv6", r.CIDRIPv6)
	set("Description", r.Description)
	if r.Egress {
		set("DestinationPrefixListId", r.PrefixListID)
		set("DestinationSecurityGroupId", r.GroupID)
		return m
	}
	set("SourcePrefixListId", r.PrefixListID)
	set("SourceSecurityGroupId", r.GroupID)
	set("SourceSecurityGroupOwnerId", r.GroupAccount)
	return m
}

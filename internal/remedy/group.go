package remedy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"zesei/internal/remedy/traffic"
	"zesei/internal/resource"
	"zesei/internal/resource/live"
)

// permission is EC2's IpPermission with one source, under the API's names.
type permission struct {
	IPProtocol       string       `json:"IpProtocol"`
	FromPort         *int         `json:"FromPort,omitempty"`
	ToPort           *int         `json:"ToPort,omitempty"`
	IPRanges         []ipRange    `json:"IpRanges,omitempty"`
	IPv6Ranges       []ipv6Range  `json:"Ipv6Ranges,omitempty"`
	PrefixListIDs    []prefixList `json:"PrefixListIds,omitempty"`
	UserIDGroupPairs []groupPair  `json:"UserIdGroupPairs,omitempty"`
}

type ipRange struct {
	CIDRIP      string `json:"CidrIp"`
	Description string `json:"Description,omitempty"`
}

type ipv6Range struct {
	CIDRIPv6    string `json:"CidrIpv6"`
	Description string `json:"Description,omitempty"`
}

type prefixList struct {
	PrefixListID string `json:"PrefixListId"`
	Description  string `json:"Description,omitempty"`
}

type groupPair struct {
	GroupID                string `json:"GroupId"`
	UserID                 string `json:"UserId,omitempty"`
	VPCPeeringConnectionID string `json:"VpcPeeringConnectionId,omitempty"`
	Description            string `json:"Description,omitempty"`
}

type tag struct{ Key, Value string }

type tagSpecification struct {
	ResourceType string `json:"ResourceType"`
	Tags         []tag  `json:"Tags"`
}

// groupCall are the parameters of Authorize- and RevokeSecurityGroupIngress and
// -Egress that zesei uses.
type groupCall struct {
	GroupID              string             `json:"GroupId"`
	SecurityGroupRuleIDs []string           `json:"SecurityGroupRuleIds,omitempty"`
	IPPermissions        []permission       `json:"IpPermissions,omitempty"`
	TagSpecifications    []tagSpecification `json:"TagSpecifications,omitempty"`
}

// groupRules are the rules of a live group in the order of their ids.
func groupRules(r resource.Resource) ([]traffic.Rule, error) {
	read, ok := r.Facts[live.FactRules].([]live.SecurityGroupRule)
	if !ok {
		return nil, unread(r, "the rules")
	}
	out := make([]traffic.Rule, 0, len(read))
	for _, x := range read {
		rule := traffic.Rule{
			ID: x.ID, Egress: x.Egress, Protocol: x.Protocol, From: -1, To: -1,
			CIDR: x.CIDRIPv4 + x.CIDRIPv6, PrefixList: x.PrefixListID,
			Group: x.GroupID, GroupOwner: x.GroupAccount, Peering: x.PeeringID,
			Description: x.Description,
		}
		if len(x.Tags) > 0 {
			rule.Tags = x.Tags
		}
		if x.FromPort != nil && x.ToPort != nil {
			rule.From, rule.To = int(*x.FromPort), int(*x.ToPort)
		}
		if rule.ID == "" {
			return nil, unread(r, "the ids of the rules")
		}
		out = append(out, rule.Normal())
	}
	slices.SortFunc(out, func(a, b traffic.Rule) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func directed(rules []traffic.Rule, egress bool) []traffic.Rule {
	var out []traffic.Rule
	for _, r := range rules {
		if r.Egress == egress {
			out = append(out, r)
		}
	}
	return out
}

// groupStep makes one call that authorizes or revokes.
func groupStep(verb string, egress bool, call groupCall, why Words) Step {
	op := verb + "SecurityGroupIngress"
	if egress {
		op = verb + "SecurityGroupEgress"
	}
	return Step{Service: "ec2", Operation: op, Params: canonical(call), Why: why}
}

// groupSteps turns ordered operations into calls. EC2 gives the tags of a call to
// every rule that it makes, so rules with different tags go in different calls.
// byID revokes by rule id; undo cannot, as it takes away rules that are yet to be
// made, and finds their ids when it runs.
func groupSteps(group string, egress bool, ops []traffic.Op, byID bool) []Step {
	var out []Step
	for _, op := range ops {
		if len(op.Remove) > 0 {
			call := groupCall{GroupID: group}
			for _, r := range op.Remove {
				if byID {
					call.SecurityGroupRuleIDs = append(call.SecurityGroupRuleIDs, r.ID)
				} else {
					call.IPPermissions = append(call.IPPermissions, permissionOf(r, false))
				}
			}
			out = append(out, groupStep("Revoke", egress, call, say("remove %s", "%s を削除する", list(op.Remove))))
		}
		for _, rules := range byTags(op.Add) {
			call := groupCall{GroupID: group}
			for _, r := range rules {
				call.IPPermissions = append(call.IPPermissions, permissionOf(r, true))
			}
			if tags := ownTags(rules[0].Tags); len(tags) > 0 {
				call.TagSpecifications = []tagSpecification{{"security-group-rule", tags}}
			}
			out = append(out, groupStep("Authorize", egress, call, say("add %s", "%s を追加する", list(rules))))
		}
	}
	return out
}

// list names rules with their ids for people.
func list(rules []traffic.Rule) string {
	parts := make([]string, len(rules))
	for i, r := range rules {
		parts[i] = r.String()
		if r.ID != "" {
			parts[i] += " (" + r.ID + ")"
		}
	}
	return strings.Join(parts, ", ")
}

// byTags keeps the order of the rules.
func byTags(rules []traffic.Rule) [][]traffic.Rule {
	var out [][]traffic.Rule
	at := map[string]int{}
	for _, r := range rules {
		k := fmt.Sprint(ownTags(r.Tags))
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k], out = i, append(out, nil)
		}
		out[i] = append(out[i], r)
	}
	return out
}

// ownTags are the tags that a caller may set: AWS keeps those beginning with
// aws: for itself (Tagging AWS Resources, "Tag naming limits").
func ownTags(tags map[string]string) []tag {
	var out []tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		if !strings.HasPrefix(strings.ToLower(k), "aws:") {
			out = append(out, tag{k, tags[k]})
		}
	}
	return out
}

func permissionOf(r traffic.Rule, describe bool) permission {
	p := permission{IPProtocol: r.Protocol}
	switch r.Protocol {
	case traffic.TCP, traffic.UDP, traffic.ICMP, traffic.ICMPv6:
		p.FromPort, p.ToPort = &r.From, &r.To
	}
	text := ""
	if describe {
		text = r.Description
	}
	switch {
	case r.PrefixList != "":
		p.PrefixListIDs = []prefixList{{r.PrefixList, text}}
	case r.Group != "":
		p.UserIDGroupPairs = []groupPair{{r.Group, r.GroupOwner, r.Peering, text}}
	case r.Family() == traffic.IPv6:
		p.IPv6Ranges = []ipv6Range{{r.CIDR, text}}
	default:
		p.IPRanges = []ipRange{{r.CIDR, text}}
	}
	return p
}

// rule is the way back; the direction is the operation's.
func (p permission) rule(egress bool) traffic.Rule {
	r := traffic.Rule{Egress: egress, Protocol: p.IPProtocol, From: -1, To: -1}
	if p.FromPort != nil && p.ToPort != nil {
		r.From, r.To = *p.FromPort, *p.ToPort
	}
	switch {
	case len(p.IPRanges) > 0:
		r.CIDR, r.Description = p.IPRanges[0].CIDRIP, p.IPRanges[0].Description
	case len(p.IPv6Ranges) > 0:
		r.CIDR, r.Description = p.IPv6Ranges[0].CIDRIPv6, p.IPv6Ranges[0].Description
	case len(p.PrefixListIDs) > 0:
		r.PrefixList, r.Description = p.PrefixListIDs[0].PrefixListID, p.PrefixListIDs[0].Description
	case len(p.UserIDGroupPairs) > 0:
		g := p.UserIDGroupPairs[0]
		r.Group, r.GroupOwner, r.Peering, r.Description = g.GroupID, g.UserID, g.VPCPeeringConnectionID, g.Description
	}
	return r.Normal()
}

// connectionWarnings say what closing a rule does to connections that stand.
// Source: Amazon EC2 User Guide, "Security group connection tracking".
func connectionWarnings() []Words {
	return []Words{
		say("removing a rule that is open to all may drop live connections at once where they are not tracked",
			"全開放のルールを削除すると、追跡されていない接続は直ちに切断されることがあります"),
		say("connections that are tracked may outlive the rule until they end or time out",
			"追跡されている接続は、終了またはタイムアウトするまでルールの削除後も残ることがあります"),
	}
}

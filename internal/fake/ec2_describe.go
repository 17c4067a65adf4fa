package fake

import (
	"net/http"
	"slices"
)

// xmlPermission is IpPermission. Ports are absent where the protocol has none.
type xmlPermission struct {
	Protocol    string         `xml:"ipProtocol"`
	From        *int           `xml:"fromPort"`
	To          *int           `xml:"toPort"`
	Groups      []xmlPeerGroup `xml:"groups>item"`
	Ranges      []xmlRange     `xml:"ipRanges>item"`
	Ranges6     []xmlRange6    `xml:"ipv6Ranges>item"`
	PrefixLists []xmlPrefix    `xml:"prefixListIds>item"`
}

type xmlPeerGroup struct {
	UserID      string `xml:"userId"`
	GroupID     string `xml:"groupId"`
	Description string `xml:"description,omitempty"`
}

type xmlRange struct {
	CIDR        string `xml:"cidrIp"`
	Description string `xml:"description,omitempty"`
}

type xmlRange6 struct {
	CIDR        string `xml:"cidrIpv6"`
	Description string `xml:"description,omitempty"`
}

type xmlPrefix struct {
	ID          string `xml:"prefixListId"`
	Description string `xml:"description,omitempty"`
}

// xmlPermissions gathers rules of the same protocol and ports.
func xmlPermissions(rules []SecurityGroupRule) []xmlPermission {
	var list []xmlPermission
	var of []SecurityGroupRule
	for _, r := range rules {
		i := slices.IndexFunc(of, func(o SecurityGroupRule) bool {
			return o.Protocol == r.Protocol && o.From == r.From && o.To == r.To
		})
		if i < 0 {
			p := xmlPermission{Protocol: r.Protocol}
			if slices.Contains([]string{"tcp", "udp", "icmp", "icmpv6"}, r.Protocol) {
				from, to := r.From, r.To
				p.From, p.To = &from, &to
			}
			i = len(list)
			list, of = append(list, p), append(of, r)
		}
		p := &list[i]
		switch {
		case r.CIDR4 != "":
			p.Ranges = append(p.Ranges, xmlRange{r.CIDR4, r.Description})
		case r.CIDR6 != "":
			p.Ranges6 = append(p.Ranges6, xmlRange6{r.CIDR6, r.Description})
		case r.PrefixList != "":
			p.PrefixLists = append(p.PrefixLists, xmlPrefix{r.PrefixList, r.Description})
		default:
			p.Groups = append(p.Groups, xmlPeerGroup{r.GroupOwner, r.Group, r.Description})
		}
	}
	return list
}

type xmlRule struct {
	ID          string              `xml:"securityGroupRuleId"`
	GroupID     string              `xml:"groupId"`
	Owner       string              `xml:"groupOwnerId"`
	Egress      bool                `xml:"isEgress"`
	Protocol    string              `xml:"ipProtocol"`
	From        int                 `xml:"fromPort"`
	To          int                 `xml:"toPort"`
	CIDR4       string              `xml:"cidrIpv4,omitempty"`
	CIDR6       string              `xml:"cidrIpv6,omitempty"`
	PrefixList  string              `xml:"prefixListId,omitempty"`
	Peer        *xmlReferencedGroup `xml:"referencedGroupInfo"`
	Description string              `xml:"description,omitempty"`
	Tags        []xmlTag            `xml:"tagSet>item"`
	ARN         string              `xml:"securityGroupRuleArn"`
}

type xmlReferencedGroup struct {
	GroupID string `xml:"groupId"`
	UserID  string `xml:"userId"`
}

type xmlRevokedRule struct {
	ID          string `xml:"securityGroupRuleId"`
	GroupID     string `xml:"groupId"`
	Egress      bool   `xml:"isEgress"`
	Protocol    string `xml:"ipProtocol"`
	From        int    `xml:"fromPort"`
	To          int    `xml:"toPort"`
	CIDR4       string `xml:"cidrIpv4,omitempty"`
	CIDR6       string `xml:"cidrIpv6,omitempty"`
	PrefixList  string `xml:"prefixListId,omitempty"`
	Peer        string `xml:"referencedGroupId,omitempty"`
	Description string `xml:"description,omitempty"`
}

func (c *call) xmlRule(g *SecurityGroup, r SecurityGroupRule) xmlRule {
	x := xmlRule{
		ID: r.ID, GroupID: g.ID, Owner: c.account(), Egress: r.Egress, Protocol: r.Protocol, From: r.From, To: r.To,
		CIDR4: r.CIDR4, CIDR6: r.CIDR6, PrefixList: r.PrefixList, Description: r.Description, Tags: xmlTags(r.Tags),
		ARN: c.cloud.arn("ec2", c.regionName(), c.account(), "security-group-rule/"+r.ID),
	}
	if r.Group != "" {
		x.Peer = &xmlReferencedGroup{r.Group, r.GroupOwner}
	}
	return x
}

func xmlRevoked(g *SecurityGroup, r SecurityGroupRule) xmlRevokedRule {
	return xmlRevokedRule{
		ID: r.ID, GroupID: g.ID, Egress: r.Egress, Protocol: r.Protocol, From: r.From, To: r.To,
		CIDR4: r.CIDR4, CIDR6: r.CIDR6, PrefixList: r.PrefixList, Peer: r.Group, Description: r.Description,
	}
}

func describeSecurityGroupRules(c *call) (any, error) {
	ids := numbered(c.form, "SecurityGroupRuleId")
	holds, err := c.filters(oneOf("group-id", "security-group-rule-id"))
	if err != nil {
		return nil, err
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	var found []xmlRule
	seen := map[string]bool{}
	for _, g := range c.ec2().groups {
		for _, r := range g.Rules {
			seen[r.ID] = true
			if len(ids) > 0 && !slices.Contains(ids, r.ID) {
				continue
			}
			if holds(func(name string) []string {
				switch name {
				case "group-id":
					return []string{g.ID}
				case "security-group-rule-id":
					return []string{r.ID}
				}
				return tagValues(r.Tags, name)
			}) {
				found = append(found, c.xmlRule(g, r))
			}
		}
	}
	for _, id := range ids {
		if !seen[id] {
			return nil, fail(http.StatusBadRequest, "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
		}
	}
	from, to, next, err := c.page(len(found))
	if err != nil {
		return nil, err
	}
	return struct {
		Rules []xmlRule `xml:"securityGroupRuleSet>item"`
		Next  string    `xml:"nextToken,omitempty"`
	}{found[from:to], next}, nil
}

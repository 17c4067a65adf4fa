package fake

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const rulesPerGroup = 60 // default quota, counted apart for each direction and IP version

type rulesAnswer struct {
	Return bool      `xml:"return"`
	Rules  []xmlRule `xml:"securityGroupRuleSet>item"`
}

func authorizeIngress(c *call) (any, error) { return authorize(c, false) }
func authorizeEgress(c *call) (any, error)  { return authorize(c, true) }

// authorize adds all rules or none.
func authorize(c *call, egress bool) (any, error) {
	g, err := c.group()
	if err != nil {
		return nil, err
	}
	rules, err := c.permissions(egress, g)
	if err != nil {
		return nil, err
	}
	tags, err := c.tagsFor("security-group-rule")
	if err != nil {
		return nil, err
	}
	if len(rules) == 0 {
		return nil, fail(http.StatusBadRequest, "MissingParameter", "The request must contain the parameter ipPermissions")
	}
	for i, r := range rules {
		if slices.ContainsFunc(g.Rules, r.same) || slices.ContainsFunc(rules[:i], r.same) {
			return nil, fail(http.StatusBadRequest, "InvalidPermission.Duplicate", "the specified rule \"%s\" already exists", r.inWords())
		}
	}
	if v4, v6 := countRules(append(slices.Clone(g.Rules), rules...), egress); v4 > rulesPerGroup || v6 > rulesPerGroup {
		return nil, fail(http.StatusBadRequest, "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	out := rulesAnswer{Return: true}
	for _, r := range rules {
		r.ID = "sgr-" + c.cloud.hex(17)
		r.Tags = tags
		g.Rules = append(g.Rules, r)
		out.Rules = append(out.Rules, c.xmlRule(g, r))
	}
	c.response = trailRules(c, g, g.Rules[len(g.Rules)-len(rules):])
	return out, nil
}

func countRules(rules []SecurityGroupRule, egress bool) (v4, v6 int) {
	for _, r := range rules {
		if r.Egress != egress {
			continue
		}
		if r.CIDR6 == "" {
			v4++
		}
		if r.CIDR4 == "" {
			v6++
		}
	}
	return v4, v6
}

// inWords is how EC2 names a rule in its messages.
func (r SecurityGroupRule) inWords() string {
	peer := r.CIDR4 + r.CIDR6 + r.PrefixList + r.Group
	if r.From < 0 {
		return fmt.Sprintf("peer: %s, %s, ALLOW", peer, strings.ToUpper(strings.Replace(r.Protocol, "-1", "ALL", 1)))
	}
	return fmt.Sprintf("peer: %s, %s, from port: %d, to port: %d, ALLOW", peer, strings.ToUpper(r.Protocol), r.From, r.To)
}

// group finds the group that a request names by GroupId, or by GroupName in
// the default VPC. Held: mu.
func (c *call) group() (*SecurityGroup, error) {
	id, name := c.form.Get("GroupId"), c.form.Get("GroupName")
	if id == "" && name == "" {
		return nil, fail(http.StatusBadRequest, "MissingParameter", "The request must contain the parameter groupName or groupId")
	}
	if id != "" && !strings.HasPrefix(id, "sg-") {
		return nil, fail(http.StatusBadRequest, "InvalidGroupId.Malformed", "Invalid id: \"%s\" (expecting \"sg-...\")", id)
	}
	s := c.ec2()
	for _, g := range s.groups {
		if g.ID == id || id == "" && g.Name == name && s.isDefaultVPC(g.VPCID) {
			c.resources = append(c.resources, trailResource{Type: "AWS::EC2::SecurityGroup", Name: g.ID})
			return g, nil
		}
	}
	return nil, fail(http.StatusBadRequest, "InvalidGroup.NotFound", "The security group '%s' does not exist", orText(id, name))
}

func (s *ec2State) isDefaultVPC(id string) bool {
	return slices.ContainsFunc(s.vpcs, func(v *VPC) bool { return v.ID == id && v.Default })
}

func revokeIngress(c *call) (any, error) { return revoke(c, false) }
func revokeEgress(c *call) (any, error)  { return revoke(c, true) }

// revoke removes the rules named by id or by value. Of values, one that does
// not exist is an error; in a default VPC it is only told, as documented:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html
func revoke(c *call, egress bool) (any, error) {
	g, err := c.group()
	if err != nil {
		return nil, err
	}
	ids := numbered(c.form, "SecurityGroupRuleId")
	byValue, err := c.permissions(egress, g)
	if err != nil {
		return nil, err
	}
	if len(ids) > 0 && len(byValue) > 0 {
		return nil, fail(http.StatusBadRequest, "InvalidParameterCombination", "The parameter 'securityGroupRuleIds' may not be used in combination with 'ipPermissions'")
	}
	if len(ids)+len(byValue) == 0 {
		return nil, fail(http.StatusBadRequest, "MissingParameter", "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.")
	}
	var gone []int
	var unknown []SecurityGroupRule
	for _, id := range ids {
		if !strings.HasPrefix(id, "sgr-") {
			return nil, fail(http.StatusBadRequest, "InvalidSecurityGroupRuleId.Malformed", "The security group rule ID '%s' is malformed", id)
		}
		i := slices.IndexFunc(g.Rules, func(r SecurityGroupRule) bool { return r.ID == id && r.Egress == egress })
		if i < 0 {
			return nil, fail(http.StatusBadRequest, "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
		}
		gone = append(gone, i)
	}
	for _, r := range byValue {
		i := slices.IndexFunc(g.Rules, r.same)
		if i < 0 && !c.ec2().isDefaultVPC(g.VPCID) {
			return nil, fail(http.StatusBadRequest, "InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		if i < 0 {
			unknown = append(unknown, r)
			continue
		}
		gone = append(gone, i)
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	out := struct {
		Return  bool             `xml:"return"`
		Revoked []xmlRevokedRule `xml:"revokedSecurityGroupRuleSet>item"`
		Unknown []xmlPermission  `xml:"unknownIpPermissionSet>item"`
	}{Return: true, Unknown: xmlPermissions(unknown)}
	var kept, removed []SecurityGroupRule
	for i, r := range g.Rules {
		if !slices.Contains(gone, i) {
			kept = append(kept, r)
			continue
		}
		removed = append(removed, r)
		out.Revoked = append(out.Revoked, xmlRevoked(g, r))
	}
	g.Rules = kept
	c.response = trailRevoked(c, g, removed)
	return out, nil
}

func describeRulesIngress(c *call) (any, error) { return describeRules(c, false) }
func describeRulesEgress(c *call) (any, error)  { return describeRules(c, true) }

// describeRules sets descriptions, of rules named by id or by value.
func describeRules(c *call, egress bool) (any, error) {
	g, err := c.group()
	if err != nil {
		return nil, err
	}
	byID := entries(c.form, "SecurityGroupRuleDescription")
	byValue, err := c.permissions(egress, g)
	if err != nil {
		return nil, err
	}
	if (len(byID) == 0) == (len(byValue) == 0) {
		return nil, fail(http.StatusBadRequest, "InvalidParameterCombination", "Either 'ipPermissions' or 'securityGroupRuleDescriptions' should be provided.")
	}
	set := map[int]string{}
	for _, d := range byID {
		i := slices.IndexFunc(g.Rules, func(r SecurityGroupRule) bool { return r.ID == d.Get("SecurityGroupRuleId") && r.Egress == egress })
		if i < 0 {
			return nil, fail(http.StatusBadRequest, "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", d.Get("SecurityGroupRuleId"))
		}
		if err := checkDescription(d.Get("Description")); err != nil {
			return nil, err
		}
		set[i] = d.Get("Description")
	}
	for _, r := range byValue {
		i := slices.IndexFunc(g.Rules, r.same)
		if i < 0 {
			return nil, fail(http.StatusBadRequest, "InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		set[i] = r.Description
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	for i, d := range set {
		g.Rules[i].Description = d
	}
	return returned{true}, nil
}

// modifyRules replaces the values of rules and keeps their ids and tags. The
// kind of peer cannot be changed.
func modifyRules(c *call) (any, error) {
	g, err := c.group()
	if err != nil {
		return nil, err
	}
	next := slices.Clone(g.Rules)
	for _, u := range entries(c.form, "SecurityGroupRule") {
		id := u.Get("SecurityGroupRuleId")
		i := slices.IndexFunc(next, func(r SecurityGroupRule) bool { return r.ID == id })
		if i < 0 {
			return nil, fail(http.StatusBadRequest, "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
		}
		n, err := c.ruleRequest(u, next[i].Egress, g)
		if err != nil {
			return nil, err
		}
		if n.peerKind() != next[i].peerKind() {
			return nil, fail(http.StatusBadRequest, "InvalidParameterValue", "The source type of the rule '%s' cannot be changed", id)
		}
		for j, o := range next {
			if j != i && o.same(n) {
				return nil, fail(http.StatusBadRequest, "InvalidPermission.Duplicate", "the specified rule \"%s\" already exists", n.inWords())
			}
		}
		n.ID, n.Tags = id, next[i].Tags
		next[i] = n
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	g.Rules = next
	return returned{true}, nil
}

func (r SecurityGroupRule) peerKind() string {
	switch {
	case r.CIDR4 != "":
		return "ipv4"
	case r.CIDR6 != "":
		return "ipv6"
	case r.PrefixList != "":
		return "prefix list"
	}
	return "group"
}

// ruleRequest reads SecurityGroupRuleRequest, which names its members other
// than IpPermission does.
func (c *call) ruleRequest(u url.Values, egress bool, g *SecurityGroup) (SecurityGroupRule, error) {
	in := func(name string) string { return u.Get("SecurityGroupRule." + name) }
	p := url.Values{"IpProtocol": {in("IpProtocol")}, "FromPort": {in("FromPort")}, "ToPort": {in("ToPort")}}
	for from, to := range map[string]string{
		"CidrIpv4": "IpRanges.1.CidrIp", "CidrIpv6": "Ipv6Ranges.1.CidrIpv6",
		"PrefixListId": "PrefixListIds.1.PrefixListId", "ReferencedGroupId": "Groups.1.GroupId",
	} {
		if v := in(from); v != "" {
			p.Set(to, v)
			p.Set(to[:strings.LastIndexByte(to, '.')]+".Description", in("Description"))
		}
	}
	rules, err := c.permission(p, egress, g)
	if err != nil {
		return SecurityGroupRule{}, err
	}
	if len(rules) != 1 {
		return SecurityGroupRule{}, fail(http.StatusBadRequest, "InvalidParameterCombination", "Only one source may be given for a rule")
	}
	return rules[0], nil
}

package fake

import (
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// permissions reads the rules that a request names, in the list form
// (IpPermissions.N) or the older flat form. Held: mu.
func (c *call) permissions(egress bool, g *SecurityGroup) ([]SecurityGroupRule, error) {
	list := entries(c.form, "IpPermissions")
	flat := c.form.Has("IpProtocol") || c.form.Has("CidrIp") || c.form.Has("SourceSecurityGroupName")
	if flat && len(list) > 0 {
		return nil, fail(http.StatusBadRequest, "InvalidParameterCombination", "The parameter 'ipPermissions' may not be used in combination with 'ipProtocol'")
	}
	if flat {
		one := url.Values{}
		for _, k := range []string{"IpProtocol", "FromPort", "ToPort"} {
			if c.form.Has(k) {
				one.Set(k, c.form.Get(k))
			}
		}
		if c.form.Has("CidrIp") {
			one.Set("IpRanges.1.CidrIp", c.form.Get("CidrIp"))
		}
		if c.form.Has("SourceSecurityGroupName") {
			one.Set("Groups.1.GroupName", c.form.Get("SourceSecurityGroupName"))
		}
		list = append(list, one)
	}
	var rules []SecurityGroupRule
	for _, p := range list {
		more, err := c.permission(p, egress, g)
		if err != nil {
			return nil, err
		}
		rules = append(rules, more...)
	}
	return rules, nil
}

// permission reads one IpPermission into one rule for each peer.
func (c *call) permission(p url.Values, egress bool, g *SecurityGroup) ([]SecurityGroupRule, error) {
	base := SecurityGroupRule{Egress: egress}
	if err := base.readPorts(p); err != nil {
		return nil, err
	}
	var rules []SecurityGroupRule
	for _, r := range entries(p, "IpRanges") {
		cidr, err := canonicalCIDR(r.Get("CidrIp"), false)
		if err != nil {
			return nil, err
		}
		n := base
		n.CIDR4, n.Description = cidr, r.Get("Description")
		rules = append(rules, n)
	}
	for _, r := range entries(p, "Ipv6Ranges") {
		cidr, err := canonicalCIDR(r.Get("CidrIpv6"), true)
		if err != nil {
			return nil, err
		}
		n := base
		n.CIDR6, n.Description = cidr, r.Get("Description")
		rules = append(rules, n)
	}
	for _, r := range entries(p, "PrefixListIds") {
		n := base
		n.PrefixList, n.Description = r.Get("PrefixListId"), r.Get("Description")
		if !strings.HasPrefix(n.PrefixList, "pl-") {
			return nil, fail(http.StatusBadRequest, "InvalidPrefixListId.Malformed", "Invalid id: \"%s\" (expecting \"pl-...\")", n.PrefixList)
		}
		rules = append(rules, n)
	}
	for _, r := range entries(p, "Groups") {
		n := base
		n.Group, n.GroupOwner, n.Description = r.Get("GroupId"), r.Get("UserId"), r.Get("Description")
		if n.GroupOwner == "" {
			n.GroupOwner = c.account()
		}
		if err := c.peerGroup(&n, r.Get("GroupName"), g); err != nil {
			return nil, err
		}
		rules = append(rules, n)
	}
	if len(rules) == 0 {
		return nil, fail(http.StatusBadRequest, "MissingParameter", "The request must contain the parameter cidrIp, cidrIpv6, prefixListId or a security group")
	}
	for _, r := range rules {
		if err := checkDescription(r.Description); err != nil {
			return nil, err
		}
	}
	return rules, nil
}

// peerGroup resolves a reference to a group. Groups of other accounts are
// reached over peering, which the twin takes for granted.
func (c *call) peerGroup(n *SecurityGroupRule, name string, g *SecurityGroup) error {
	if n.GroupOwner != c.account() {
		return nil
	}
	for _, o := range c.region().ec2.groups {
		if o.ID == n.Group || n.Group == "" && name != "" && o.Name == name && o.VPCID == g.VPCID {
			n.Group = o.ID
			return nil
		}
	}
	return fail(http.StatusBadRequest, "InvalidGroup.NotFound", "The security group '%s' does not exist", orText(n.Group, name))
}

// readPorts reads protocol and ports by the rules of IpPermission:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
func (r *SecurityGroupRule) readPorts(p url.Values) error {
	protocol := strings.ToLower(p.Get("IpProtocol"))
	if name, ok := map[string]string{"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}[protocol]; ok {
		protocol = name
	}
	r.Protocol, r.From, r.To = protocol, -1, -1
	from, fromGiven, err := port(p, "FromPort")
	if err != nil {
		return err
	}
	to, toGiven, err := port(p, "ToPort")
	if err != nil {
		return err
	}
	switch protocol {
	case "tcp", "udp":
		if !fromGiven || !toGiven {
			return fail(http.StatusBadRequest, "InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
		}
		if from < 0 || from > 65535 || to < 0 || to > 65535 {
			return fail(http.StatusBadRequest, "InvalidParameterValue", "TCP/UDP port (%d-%d) out of range", from, to)
		}
		if from > to {
			return fail(http.StatusBadRequest, "InvalidParameterValue", "Invalid TCP/UDP port range (%d:%d)", from, to)
		}
		r.From, r.To = from, to
	case "icmp", "icmpv6":
		if protocol == "icmp" && (!fromGiven || !toGiven) {
			return fail(http.StatusBadRequest, "InvalidParameterValue", "Invalid value 'Must specify both type and code with ICMP.' for portRange.")
		}
		if !fromGiven {
			from, to = -1, -1
		}
		if from < -1 || from > 255 || to < -1 || to > 255 {
			return fail(http.StatusBadRequest, "InvalidParameterValue", "ICMP type/code (%d/%d) out of range", from, to)
		}
		if from == -1 && to != -1 {
			return fail(http.StatusBadRequest, "InvalidParameterValue", "ICMP code (%d) must be -1 when the type is -1", to)
		}
		r.From, r.To = from, to
	case "":
		return fail(http.StatusBadRequest, "MissingParameter", "The request must contain the parameter ipProtocol")
	default: // -1 and every other protocol: all ports, whatever was given
		if n, err := strconv.Atoi(protocol); err != nil || n < -1 || n > 255 {
			return fail(http.StatusBadRequest, "InvalidPermission.Malformed", "Invalid IP protocol: '%s'", protocol)
		}
	}
	return nil
}

func port(p url.Values, name string) (int, bool, error) {
	s := p.Get(name)
	if s == "" {
		return 0, false, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, false, fail(http.StatusBadRequest, "InvalidParameterValue", "Invalid value '%s' for %s", s, name)
	}
	return n, true, nil
}

// canonicalCIDR clears the host bits, as AuthorizeSecurityGroupIngress
// documents: 100.68.0.18/18 becomes 100.68.0.0/18.
func canonicalCIDR(s string, v6 bool) (string, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Addr().Is6() != v6 {
		return "", fail(http.StatusBadRequest, "InvalidParameterValue", "CIDR block %s is malformed", s)
	}
	return p.Masked().String(), nil
}

// checkDescription holds the limit of 255 characters and the alphabet of rule
// descriptions.
func checkDescription(s string) error {
	if len(s) > 255 || strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(" ._-:/()#,@[]+=&;{}!$*", r)
	}) >= 0 {
		return fail(http.StatusBadRequest, "InvalidParameterValue", "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")
	}
	return nil
}

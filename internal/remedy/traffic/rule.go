package traffic

import (
	"fmt"
	"net/netip"
	"strings"
)

// The protocols that have a name in EC2. Every other protocol is its decimal
// number; EC2 ignores the ports of those.
const (
	Every  = "-1"
	TCP    = "tcp"
	UDP    = "udp"
	ICMP   = "icmp"
	ICMPv6 = "icmpv6"
)

// Rule is one security group rule: one source (or destination), one protocol,
// one range. It is what DescribeSecurityGroupRules returns for one rule id.
type Rule struct {
	ID       string `json:"id,omitempty"` // sgr-…; empty on a rule that does not exist yet
	Egress   bool   `json:"egress,omitempty"`
	Protocol string `json:"protocol"` // as Protocol returns it
	// From and To are ports for TCP and UDP, type and code for ICMP (-1: all),
	// and -1 for every other protocol.
	From int `json:"from"`
	To   int `json:"to"`
	// Exactly one of the following names the other side.
	CIDR       string `json:"cidr,omitempty"`        // IPv4 or IPv6 network
	PrefixList string `json:"prefix_list,omitempty"` // pl-…
	Group      string `json:"group,omitempty"`       // sg-… that is referenced
	GroupOwner string `json:"group_owner,omitempty"` // its account
	Peering    string `json:"peering,omitempty"`     // pcx-… that reaches it

	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// Family is the address family of a rule's network.
type Family string

// The families. None is that of prefix lists and group references.
const (
	IPv4 Family = "ipv4"
	IPv6 Family = "ipv6"
	None Family = ""
)

// Protocol brings a protocol into the form that EC2 answers with: names for TCP,
// UDP, ICMP and ICMPv6, "-1" for every protocol, decimal numbers for the others.
// Templates hold numbers or names in any case.
func Protocol(p string) string {
	switch p = strings.ToLower(strings.TrimSpace(p)); p {
	case "-1", "all", "":
		return Every
	case "6":
		return TCP
	case "17":
		return UDP
	case "1":
		return ICMP
	case "58", "icmp6":
		return ICMPv6
	}
	return p
}

// Normal returns the rule with protocol, range and network in the one form that
// rules are compared in: ports of TCP and UDP that are absent are 0–65535, those
// of protocols without ports are -1, networks are masked.
func (r Rule) Normal() Rule {
	r.Protocol = Protocol(r.Protocol)
	switch r.Protocol {
	case TCP, UDP:
		if r.From < 0 && r.To < 0 {
			r.From, r.To = 0, MaxPort
		}
	case ICMP, ICMPv6:
		if r.From < 0 {
			r.From, r.To = -1, -1
		}
		r.To = max(r.To, -1)
	default:
		r.From, r.To = -1, -1
	}
	if p, err := netip.ParsePrefix(r.CIDR); err == nil {
		r.CIDR = p.Masked().String()
	}
	return r
}

// Family returns the address family of the rule's network.
func (r Rule) Family() Family {
	p, err := netip.ParsePrefix(r.CIDR)
	switch {
	case err != nil:
		return None
	case p.Addr().Is4():
		return IPv4
	}
	return IPv6
}

// World says whether the other side is everybody: 0.0.0.0/0 or ::/0, however it
// is written. Prefix lists and group references never are, and neither are two
// halves such as 0.0.0.0/1 and 128.0.0.0/1: Security Hub's controls speak of the
// /0 networks only.
func (r Rule) World() bool {
	p, err := netip.ParsePrefix(r.CIDR)
	return err == nil && p.Bits() == 0
}

// Source names the other side for comparison and for people.
func (r Rule) Source() string {
	switch {
	case r.CIDR != "":
		return r.CIDR
	case r.PrefixList != "":
		return r.PrefixList
	case r.GroupOwner != "":
		return r.GroupOwner + "/" + r.Group
	}
	return r.Group
}

// Same says whether EC2 would call the two rules duplicates: direction,
// protocol, range and source agree. Description, tags and id do not count.
func (r Rule) Same(o Rule) bool { return r.Spec() == o.Spec() }

// Spec is the identity of a rule in its group (see Same). The owner of a
// referenced group is no part of it: group ids are unique.
func (r Rule) Spec() string {
	n := r.Normal()
	src := n.Source()
	if n.Group != "" {
		src = n.Group
	}
	return fmt.Sprintf("%t|%s|%d|%d|%s", n.Egress, n.Protocol, n.From, n.To, src)
}

// EveryPort says whether the rule opens every port or every protocol, the kind of
// rule that is removed whole unless told otherwise. Port 0 cannot be used on the
// network, so 1–65535 is every port too.
func (r Rule) EveryPort() bool {
	n := r.Normal()
	return n.Protocol == Every || (n.Protocol == TCP || n.Protocol == UDP) && n.From <= 1 && n.To >= MaxPort
}

// String names protocol, range and source: "tcp 20-25 0.0.0.0/0".
func (r Rule) String() string {
	n := r.Normal()
	switch n.Protocol {
	case Every:
		return "all traffic " + n.Source()
	case TCP, UDP:
		return fmt.Sprintf("%s %s %s", n.Protocol, Range{n.From, n.To}, n.Source())
	case ICMP, ICMPv6:
		if n.From < 0 {
			return n.Protocol + " " + n.Source()
		}
		if n.To < 0 {
			return fmt.Sprintf("%s type %d %s", n.Protocol, n.From, n.Source())
		}
		return fmt.Sprintf("%s type %d code %d %s", n.Protocol, n.From, n.To, n.Source())
	}
	return fmt.Sprintf("protocol %s %s", n.Protocol, n.Source())
}

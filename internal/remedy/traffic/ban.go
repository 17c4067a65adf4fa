package traffic

import "slices"

// Ban is what the world must not reach, for each address family: sets of TCP and
// of UDP ports. A rule for every protocol breaks a ban that names any port.
type Ban struct {
	TCP, UDP map[Family]Ports
}

// Params are a control's parameters where it has any. EC2.18 takes
// authorizedTcpPorts (default 80, 443) and authorizedUdpPorts (default none).
type Params struct {
	AuthorizedTCP []int `json:"authorized_tcp,omitempty"`
	AuthorizedUDP []int `json:"authorized_udp,omitempty"`
}

// highRisk are the ports of EC2.19; its list cannot be customised.
// Source: AWS Security Hub User Guide, "[EC2.19] Security groups should not allow
// unrestricted access to ports with high risk".
var highRisk = []int{
	20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333,
	5000, 5432, 5500, 5601, 8080, 8088, 8888, 9200, 9300,
}

// Controls lists the controls that BanOf knows, in order.
func Controls() []string {
	return []string{"EC2.13", "EC2.14", "EC2.18", "EC2.19", "EC2.53", "EC2.54"}
}

// BanOf returns what the named control forbids, and whether the control is one
// of Controls. Families, protocols and ports follow the control reference of the
// AWS Security Hub User Guide: EC2.13, EC2.14 and EC2.19 look at TCP in both
// families; EC2.18 forbids every TCP and UDP port that is not authorised, in both
// families; EC2.53 (IPv4) and EC2.54 (IPv6) forbid 22 and 3389 for TCP and UDP.
func BanOf(control string, p Params) (Ban, bool) {
	both := []Family{IPv4, IPv6}
	remote := PortsOf(22, 3389)
	switch control {
	case "EC2.13":
		return ban(both, PortsOf(22), nil), true
	case "EC2.14":
		return ban(both, PortsOf(3389), nil), true
	case "EC2.18":
		tcp := p.AuthorizedTCP
		if tcp == nil {
			tcp = []int{80, 443}
		}
		return ban(both, AllPorts().Minus(PortsOf(tcp...)), AllPorts().Minus(PortsOf(p.AuthorizedUDP...))), true
	case "EC2.19":
		return ban(both, PortsOf(highRisk...), nil), true
	case "EC2.53":
		return ban([]Family{IPv4}, remote, remote), true
	case "EC2.54":
		return ban([]Family{IPv6}, remote, remote), true
	}
	return Ban{}, false
}

func ban(families []Family, tcp, udp Ports) Ban {
	b := Ban{TCP: map[Family]Ports{}, UDP: map[Family]Ports{}}
	for _, f := range families {
		b.TCP[f], b.UDP[f] = tcp, udp
	}
	return b
}

// Union returns the ban that forbids what either forbids.
func (b Ban) Union(o Ban) Ban {
	out := ban(nil, nil, nil)
	for _, f := range []Family{IPv4, IPv6} {
		out.TCP[f] = b.TCP[f].Union(o.TCP[f])
		out.UDP[f] = b.UDP[f].Union(o.UDP[f])
	}
	return out
}

// Breaks says whether the rule lets the world reach something that is forbidden.
func (b Ban) Breaks(r Rule) bool {
	if !r.World() {
		return false
	}
	n, f := r.Normal(), r.Family()
	switch n.Protocol {
	case Every:
		return !b.TCP[f].Empty() || !b.UDP[f].Empty()
	case TCP:
		return !n.Ports().And(b.TCP[f]).Empty()
	case UDP:
		return !n.Ports().And(b.UDP[f]).Empty()
	}
	return false
}

// Only says whether the rule opens nothing but what is forbidden: the entries
// that `how: exact` removes.
func (b Ban) Only(r Rule) bool {
	if !b.Breaks(r) {
		return false
	}
	n, f := r.Normal(), r.Family()
	switch n.Protocol {
	case TCP:
		return n.Ports().Within(b.TCP[f])
	case UDP:
		return n.Ports().Within(b.UDP[f])
	}
	return false
}

// Cut returns the rules that together let through what r does, without what is
// forbidden. Description and tags go along, the id does not. A rule for every
// protocol becomes its TCP, UDP and ICMP (IPv4) or ICMPv6 (IPv6) remainder, and
// dropped says that other protocols are lost: EC2 has no rule for "every other".
func (b Ban) Cut(r Rule) (kept []Rule, dropped bool) {
	n, f := r.Normal(), r.Family()
	part := func(protocol string, ports Ports) {
		for _, p := range ports {
			k := n
			k.ID, k.Protocol, k.From, k.To = "", protocol, p.From, p.To
			kept = append(kept, k)
		}
	}
	switch n.Protocol {
	case TCP:
		part(TCP, n.Ports().Minus(b.TCP[f]))
	case UDP:
		part(UDP, n.Ports().Minus(b.UDP[f]))
	case Every:
		part(TCP, AllPorts().Minus(b.TCP[f]))
		part(UDP, AllPorts().Minus(b.UDP[f]))
		echo := ICMP
		if f == IPv6 {
			echo = ICMPv6
		}
		part(echo, Ports{{-1, -1}})
		return kept, true
	}
	return kept, false
}

// Holds says whether no rule breaks the ban.
func (b Ban) Holds(rules []Rule) bool { return !slices.ContainsFunc(rules, b.Breaks) }

package traffic

// Set is traffic: for each direction, source and protocol the ports (for ICMP
// type × 256 + code) that are let through.
type Set struct {
	known map[string]bool // protocols that are told apart
	open  map[flow]Ports
}

type flow struct {
	egress   bool
	source   string
	protocol string
}

// rest stands for all protocols that no rule names: only a rule for every
// protocol lets them through.
const rest = "rest"

// Of returns the traffic that the rules let through together. universe lists
// further rules whose protocols must be told apart, so that two sets made with
// the same universe can be compared.
func Of(rules, universe []Rule) Set { return of(rules, protocolsOf(rules, universe)) }

// protocolsOf lists the protocols that rules name, and rest.
func protocolsOf(lists ...[]Rule) map[string]bool {
	known := map[string]bool{TCP: true, UDP: true, ICMP: true, ICMPv6: true, rest: true}
	for _, list := range lists {
		for _, r := range list {
			if p := Protocol(r.Protocol); p != Every {
				known[p] = true
			}
		}
	}
	return known
}

func of(rules []Rule, known map[string]bool) Set {
	s := Set{known: known, open: map[flow]Ports{}}
	for _, r := range rules {
		n := r.Normal()
		f := flow{n.Egress, n.Source(), n.Protocol}
		if n.Protocol != Every {
			s.open[f] = append(s.open[f], n.Ports()...)
			continue
		}
		for f.protocol = range known {
			s.open[f] = append(s.open[f], AllPorts()...)
		}
	}
	for f, ranges := range s.open {
		s.open[f] = normal(ranges)
	}
	return s
}

// Ports returns what the rule opens of its own protocol: ports for TCP and UDP,
// type × 256 + code for ICMP, everything for other protocols.
func (r Rule) Ports() Ports {
	n := r.Normal()
	switch n.Protocol {
	case TCP, UDP:
		return normal([]Range{{max(n.From, 0), min(n.To, MaxPort)}})
	case ICMP, ICMPv6:
		switch {
		case n.From < 0:
			return AllPorts()
		case n.To < 0:
			return Ports{{n.From * 256, n.From*256 + 255}}
		}
		return PortsOf(n.From*256 + n.To)
	}
	return AllPorts()
}

// Within says whether everything in s is in o too.
func (s Set) Within(o Set) bool {
	for f, ports := range s.open {
		if !ports.Within(o.open[f]) {
			return false
		}
	}
	return true
}

// And returns the traffic that is in both.
func (s Set) And(o Set) Set {
	out := Set{known: s.known, open: map[flow]Ports{}}
	for f, ports := range s.open {
		if both := ports.And(o.open[f]); !both.Empty() {
			out.open[f] = both
		}
	}
	return out
}

// Empty says whether nothing is let through.
func (s Set) Empty() bool {
	for _, ports := range s.open {
		if !ports.Empty() {
			return false
		}
	}
	return true
}

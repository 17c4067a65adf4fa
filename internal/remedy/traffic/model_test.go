package traffic

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// model is traffic written out packet by packet, made without any of the
// package's own arithmetic: direction, source and protocol → the 65,536 ports
// (for ICMP type × 256 + code), one bit each.
type model map[string]*[1024]uint64

// modelProtocols are the protocols that the model tells apart; 47 stands for
// those that have no ports.
var modelProtocols = []string{"tcp", "udp", "icmp", "icmpv6", "47"}

func modelOf(rules []Rule) model {
	m := model{}
	for _, r := range rules {
		m.open(r)
	}
	return m
}

func (m model) bits(egress bool, source, protocol string) *[1024]uint64 {
	k := fmt.Sprint(egress, " ", source, " ", protocol)
	if m[k] == nil {
		m[k] = new([1024]uint64)
	}
	return m[k]
}

func (m model) open(r Rule) {
	source := r.CIDR + r.PrefixList + r.Group
	for _, p := range modelProtocols {
		if r.Protocol != "-1" && r.Protocol != p {
			continue
		}
		from, to := 0, 65535
		if r.Protocol == "tcp" || r.Protocol == "udp" {
			from, to = r.From, r.To
		}
		if (r.Protocol == "icmp" || r.Protocol == "icmpv6") && r.From >= 0 {
			from, to = r.From*256, r.From*256+255
			if r.To >= 0 {
				from, to = r.From*256+r.To, r.From*256+r.To
			}
		}
		b := m.bits(r.Egress, source, p)
		for i := from; i <= to; i++ {
			b[i/64] |= 1 << (i % 64)
		}
	}
}

func (m model) close(egress bool, source, protocol string, ports []int) {
	b := m.bits(egress, source, protocol)
	for _, i := range ports {
		b[i/64] &^= 1 << (i % 64)
	}
}

// within says whether every bit of m is in o; where it is not, in what.
func (m model) within(o model) (string, bool) {
	for k, b := range m {
		for i, w := range b {
			var have uint64
			if o[k] != nil {
				have = o[k][i]
			}
			if w&^have != 0 {
				return k, false
			}
		}
	}
	return "", true
}

func (m model) and(o model) model {
	out := model{}
	for k, b := range m {
		if o[k] == nil {
			continue
		}
		c := new([1024]uint64)
		for i := range b {
			c[i] = b[i] & o[k][i]
		}
		out[k] = c
	}
	return out
}

// interesting are port numbers near the edges of what controls name.
var interesting = []int{0, 1, 19, 20, 21, 22, 23, 24, 25, 26, 79, 80, 81, 109, 442, 443, 444, 3388, 3389, 3390, 9300, 9301, 65534, 65535}

func drawPort(t *rapid.T, label string) int {
	if rapid.Bool().Draw(t, label+" at an edge") {
		return rapid.SampledFrom(interesting).Draw(t, label)
	}
	return rapid.IntRange(0, MaxPort).Draw(t, label)
}

func drawRule(t *rapid.T, i int) Rule {
	r := Rule{ID: fmt.Sprintf("sgr-%02d", i), From: -1, To: -1, Description: fmt.Sprintf("rule %d", i)}
	switch rapid.IntRange(0, 9).Draw(t, "source") {
	case 0, 1, 2, 3:
		r.CIDR = "0.0.0.0/0"
	case 4, 5, 6:
		r.CIDR = "::/0"
	case 7:
		r.CIDR = rapid.SampledFrom([]string{"10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32", "0.0.0.0/1"}).Draw(t, "network")
	case 8:
		r.PrefixList = "pl-1"
	default:
		r.Group = "sg-other"
	}
	r.Protocol = rapid.SampledFrom([]string{"tcp", "tcp", "tcp", "udp", "udp", "-1", "icmp", "icmpv6", "47"}).Draw(t, "protocol")
	switch r.Protocol {
	case "tcp", "udp":
		a, b := drawPort(t, "from"), drawPort(t, "to")
		r.From, r.To = min(a, b), max(a, b)
	case "icmp", "icmpv6":
		r.From = rapid.SampledFrom([]int{-1, 0, 3, 8, 128}).Draw(t, "type")
		if r.From >= 0 {
			r.To = rapid.SampledFrom([]int{-1, 0, 4}).Draw(t, "code")
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "tagged") == 0 {
		r.Tags = map[string]string{"n": fmt.Sprint(i % 2)}
	}
	return r
}

func drawGroup(t *rapid.T) []Rule {
	var out []Rule
	for i := range rapid.IntRange(1, 12).Draw(t, "rules") {
		r := drawRule(t, i)
		if !slices.ContainsFunc(out, r.Same) {
			out = append(out, r)
		}
	}
	return out
}

// drawBan gives a ban of random ports, or that of random controls.
func drawBan(t *rapid.T) Ban {
	if rapid.Bool().Draw(t, "controls") {
		b := Ban{}
		for range rapid.IntRange(1, 3).Draw(t, "number of controls") {
			c, _ := BanOf(rapid.SampledFrom(Controls()).Draw(t, "control"), Params{})
			b = b.Union(c)
		}
		return b
	}
	ports := func(label string) Ports {
		var ps []int
		for range rapid.IntRange(0, 4).Draw(t, label+" count") {
			ps = append(ps, drawPort(t, label))
		}
		return PortsOf(ps...)
	}
	return Ban{
		TCP: map[Family]Ports{IPv4: ports("tcp4"), IPv6: ports("tcp6")},
		UDP: map[Family]Ports{IPv4: ports("udp4"), IPv6: ports("udp6")},
	}
}

// Package traffic holds the arithmetic of security group rules, free of any I/O:
// what a rule lets through (Rule, Set), what the controls forbid the world
// (Ban), what is left of a rule when the forbidden is cut out (Cut), and in which
// order rules can be added and removed so that no moment is more open than
// before and no kept traffic is ever cut (Order).
//
// A security group is a union of rules: removing one entry closes only what no
// other entry opens, which is why every question here is asked of the whole list
// of rules and never of a rule alone. Sources are compared as they are written: a
// rule from 10.0.0.0/8 never counts as covered by one from 0.0.0.0/0, so rules
// of other sources are never touched because of what the world may reach.
//
// The package knows nothing of plans, AWS clients or findings.
package traffic

import (
	"fmt"
	"slices"
	"strings"
)

// MaxPort is the highest TCP or UDP port.
const MaxPort = 65535

// Range is an inclusive range of ports.
type Range struct{ From, To int }

// Ports is a set of ports: sorted ranges that neither overlap nor touch. The nil
// value is the empty set.
type Ports []Range

// AllPorts is every port, 0 to 65535.
func AllPorts() Ports { return Ports{{0, MaxPort}} }

// PortsOf returns the set of the given ports. Ports outside 0–65535 are left out.
func PortsOf(ports ...int) Ports {
	rs := make([]Range, 0, len(ports))
	for _, p := range ports {
		if p >= 0 && p <= MaxPort {
			rs = append(rs, Range{p, p})
		}
	}
	return normal(rs)
}

func normal(rs []Range) Ports {
	slices.SortFunc(rs, func(a, b Range) int { return a.From - b.From })
	var out Ports
	for _, r := range rs {
		if r.From > r.To {
			continue
		}
		if n := len(out); n > 0 && r.From <= out[n-1].To+1 {
			out[n-1].To = max(out[n-1].To, r.To)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Union returns the ports that are in p or in q.
func (p Ports) Union(q Ports) Ports { return normal(slices.Concat(p, q)) }

// Minus returns the ports of p that are not in q.
func (p Ports) Minus(q Ports) Ports {
	var out Ports
	for _, r := range p {
		from := r.From
		for _, cut := range q {
			if cut.To < from || cut.From > r.To {
				continue
			}
			if cut.From > from {
				out = append(out, Range{from, cut.From - 1})
			}
			from = cut.To + 1
		}
		if from <= r.To {
			out = append(out, Range{from, r.To})
		}
	}
	return out
}

// And returns the ports that are in both.
func (p Ports) And(q Ports) Ports { return p.Minus(AllPorts().Minus(q)) }

// Empty says whether no port is in the set.
func (p Ports) Empty() bool { return len(p) == 0 }

// Within says whether every port of p is in q.
func (p Ports) Within(q Ports) bool { return p.Minus(q).Empty() }

// String prints the set as people write it: "20-23, 25".
func (p Ports) String() string {
	parts := make([]string, len(p))
	for i, r := range p {
		parts[i] = r.String()
	}
	return strings.Join(parts, ", ")
}

// String prints one port or "from-to".
func (r Range) String() string {
	if r.From == r.To {
		return fmt.Sprint(r.From)
	}
	return fmt.Sprintf("%d-%d", r.From, r.To)
}

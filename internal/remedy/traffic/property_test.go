package traffic

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// cutAll narrows every rule that breaks the ban.
func cutAll(rules []Rule, b Ban) (remove, add []Rule, dropped bool) {
	for _, r := range rules {
		if !b.Breaks(r) {
			continue
		}
		kept, lost := b.Cut(r)
		remove, add, dropped = append(remove, r), append(add, kept...), dropped || lost
	}
	return remove, add, dropped
}

func carryOut(have []Rule, op Op) []Rule {
	out := slices.Clone(have)
	for _, g := range op.Remove {
		out = slices.DeleteFunc(out, func(r Rule) bool { return r.ID == g.ID && r.Same(g) })
	}
	return append(out, op.Add...)
}

func portsIn(p Ports) (out []int) {
	for _, r := range p {
		for i := r.From; i <= r.To; i++ {
			out = append(out, i)
		}
	}
	return out
}

// wanted is the traffic of before minus the forbidden, worked out on the model:
// the world loses the forbidden ports, and, where a rule for every protocol was
// cut, the protocols that EC2 cannot name.
func wanted(rules []Rule, b Ban) model {
	m := model{}
	for _, r := range rules {
		if r.Protocol == "-1" && b.Breaks(r) {
			echo := "icmp"
			if r.Family() == IPv6 {
				echo = "icmpv6"
			}
			for _, p := range []string{"tcp", "udp", echo} {
				part := r
				part.Protocol, part.From, part.To = p, 0, 65535
				if p == echo {
					part.From, part.To = -1, -1
				}
				m.open(part)
			}
			continue
		}
		m.open(r)
	}
	for _, world := range []struct {
		cidr   string
		family Family
	}{{"0.0.0.0/0", IPv4}, {"::/0", IPv6}} {
		m.close(false, world.cidr, "tcp", portsIn(b.TCP[world.family]))
		m.close(false, world.cidr, "udp", portsIn(b.UDP[world.family]))
	}
	return m
}

func same(t *rapid.T, what string, a, b model) {
	if k, ok := a.within(b); !ok {
		t.Fatalf("%s: %s is more open than it should be", what, k)
	}
	if k, ok := b.within(a); !ok {
		t.Fatalf("%s: %s is less open than it should be", what, k)
	}
}

// Narrow leaves exactly the traffic of before minus the forbidden; on the way no
// moment is more open than before, none cuts what stays, and none holds more
// rules than the quota.
func TestNarrowLeavesExactlyTheRestAndNoStepOpensOrCutsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		group, b := drawGroup(t), drawBan(t)
		quota := rapid.SampledFrom([]int{60, 60, 30, 12, 8}).Draw(t, "quota")
		remove, add, _ := cutAll(group, b)
		ops, err := Order(group, remove, add, quota)
		if _, ok := errors.AsType[*QuotaError](err); ok {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		before, want := modelOf(group), wanted(group, b)
		now := group
		for i, op := range ops {
			now = carryOut(now, op)
			m := modelOf(now)
			if k, ok := m.within(before); !ok {
				t.Fatalf("after call %d %s is more open than before", i+1, k)
			}
			if k, ok := want.within(m); !ok {
				t.Fatalf("after call %d kept traffic of %s is cut", i+1, k)
			}
			for _, f := range []Family{IPv4, IPv6} {
				if n := count(now, f); n > max(quota, count(group, f)) {
					t.Fatalf("after call %d the group holds %d %s rules, quota %d", i+1, n, f, quota)
				}
			}
		}
		same(t, "in the end", modelOf(now), want)
		if !b.Holds(now) {
			t.Fatal("the ban does not hold in the end")
		}
		for i, r := range now {
			if slices.ContainsFunc(now[i+1:], r.Same) {
				t.Fatalf("%s stands twice: EC2 would have refused it", r)
			}
		}
		for _, r := range group {
			if !b.Breaks(r) && !slices.ContainsFunc(now, func(n Rule) bool { return n.ID == r.ID }) {
				t.Fatalf("%s was touched", r)
			}
		}
	})
}

// Undoing is the same arithmetic the other way round.
func TestTheWayBackNeitherOpensMoreThanBeforeNorCutsWhatStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		group, b := drawGroup(t), drawBan(t)
		remove, add, _ := cutAll(group, b)
		ops, err := Order(group, remove, add, 1000)
		if err != nil {
			t.Fatal(err)
		}
		now := group
		var added []Rule
		for _, op := range ops {
			now, added = carryOut(now, op), append(added, op.Add...)
		}
		before, narrowed := modelOf(group), modelOf(now)
		back, err := Order(now, added, remove, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range back {
			now = carryOut(now, op)
			m := modelOf(now)
			if k, ok := m.within(before); !ok {
				t.Fatalf("%s is more open than it was before the fix", k)
			}
			if k, ok := narrowed.within(m); !ok {
				t.Fatalf("%s is cut on the way back", k)
			}
		}
		same(t, "after undo", modelOf(now), before)
	})
}

// The package's own sets agree with the model.
func TestSetsAgreeWithTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawGroup(t), drawGroup(t)
		u := slices.Concat(a, b, []Rule{{Protocol: "47", From: -1, To: -1, CIDR: "198.51.100.0/24"}})
		sa, sb := Of(a, u), Of(b, u)
		ma, mb := modelOf(a), modelOf(b)
		if _, ok := ma.within(mb); ok != sa.Within(sb) {
			t.Fatalf("within: model %t, set %t", ok, sa.Within(sb))
		}
		empty := true
		for _, bits := range ma.and(mb) {
			for _, w := range bits {
				empty = empty && w == 0
			}
		}
		if got := sa.And(sb).Empty(); got != empty {
			t.Fatalf("and: model empty %t, set empty %t", empty, got)
		}
	})
}

package traffic

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func rule(protocol string, from, to int, cidr string) Rule {
	return Rule{Protocol: protocol, From: from, To: to, CIDR: cidr}
}

func TestWhichRulesBreakWhichControl(t *testing.T) {
	for _, c := range []struct {
		rule   Rule
		breaks []string
	}{
		{rule("tcp", 22, 22, "0.0.0.0/0"), []string{"EC2.13", "EC2.18", "EC2.19", "EC2.53"}},
		{rule("tcp", 22, 22, "::/0"), []string{"EC2.13", "EC2.18", "EC2.19", "EC2.54"}},
		{rule("tcp", 22, 22, "0:0:0:0:0:0:0:0/0"), []string{"EC2.13", "EC2.18", "EC2.19", "EC2.54"}},
		{rule("6", 20, 25, "0.0.0.0/0"), []string{"EC2.13", "EC2.18", "EC2.19", "EC2.53"}},
		{rule("tcp", 3389, 3389, "0.0.0.0/0"), []string{"EC2.14", "EC2.18", "EC2.19", "EC2.53"}},
		{rule("udp", 22, 22, "0.0.0.0/0"), []string{"EC2.18", "EC2.53"}},
		{rule("udp", 3389, 3389, "::/0"), []string{"EC2.18", "EC2.54"}},
		{rule("udp", 53, 53, "0.0.0.0/0"), []string{"EC2.18"}},
		{rule("-1", -1, -1, "0.0.0.0/0"), []string{"EC2.13", "EC2.14", "EC2.18", "EC2.19", "EC2.53"}},
		{rule("-1", -1, -1, "::/0"), []string{"EC2.13", "EC2.14", "EC2.18", "EC2.19", "EC2.54"}},
		{rule("tcp", 80, 80, "0.0.0.0/0"), nil},
		{rule("tcp", 443, 443, "::/0"), nil},
		{rule("tcp", 80, 443, "0.0.0.0/0"), []string{"EC2.18", "EC2.19"}},
		{rule("tcp", 8443, 8443, "0.0.0.0/0"), []string{"EC2.18"}},
		{rule("icmp", -1, -1, "0.0.0.0/0"), nil},
		{rule("icmp", 22, -1, "0.0.0.0/0"), nil},
		{rule("icmpv6", -1, -1, "::/0"), nil},
		{rule("47", -1, -1, "0.0.0.0/0"), nil},
		{rule("tcp", 22, 22, "10.0.0.0/8"), nil},
		{rule("tcp", 22, 22, "0.0.0.0/1"), nil},
		{Rule{Protocol: "-1", PrefixList: "pl-1"}, nil},
		{Rule{Protocol: "-1", Group: "sg-1"}, nil},
	} {
		var got []string
		for _, id := range Controls() {
			if b, ok := BanOf(id, Params{}); !ok {
				t.Fatalf("%s is listed and unknown", id)
			} else if b.Breaks(c.rule) {
				got = append(got, id)
			}
		}
		if !slices.Equal(got, c.breaks) {
			t.Errorf("%s breaks %v, want %v", c.rule, got, c.breaks)
		}
	}
}

func TestAuthorisedPortsAreAParameter(t *testing.T) {
	b, _ := BanOf("EC2.18", Params{AuthorizedTCP: []int{8443}, AuthorizedUDP: []int{53}})
	for _, c := range []struct {
		rule Rule
		want bool
	}{
		{rule("tcp", 8443, 8443, "0.0.0.0/0"), false},
		{rule("tcp", 443, 443, "0.0.0.0/0"), true},
		{rule("udp", 53, 53, "::/0"), false},
		{rule("udp", 53, 54, "::/0"), true},
	} {
		if got := b.Breaks(c.rule); got != c.want {
			t.Errorf("%s breaks: %t, want %t", c.rule, got, c.want)
		}
	}
}

func TestCuttingOutPorts(t *testing.T) {
	ssh, _ := BanOf("EC2.13", Params{})
	high, _ := BanOf("EC2.19", Params{})
	authorised, _ := BanOf("EC2.18", Params{})
	ipv4, _ := BanOf("EC2.53", Params{})
	for _, c := range []struct {
		name    string
		ban     Ban
		rule    Rule
		want    []string
		dropped bool
	}{
		{"the middle", ssh, rule("tcp", 20, 25, "0.0.0.0/0"), []string{"tcp 20-21 0.0.0.0/0", "tcp 23-25 0.0.0.0/0"}, false},
		{"the lower end", ssh, rule("tcp", 22, 25, "0.0.0.0/0"), []string{"tcp 23-25 0.0.0.0/0"}, false},
		{"the upper end", ssh, rule("tcp", 1, 22, "0.0.0.0/0"), []string{"tcp 1-21 0.0.0.0/0"}, false},
		{"nothing is left", ssh, rule("tcp", 22, 22, "0.0.0.0/0"), nil, false},
		{"several ports", high, rule("tcp", 20, 26, "0.0.0.0/0"), []string{"tcp 24 0.0.0.0/0", "tcp 26 0.0.0.0/0"}, false},
		{"only what is authorised", authorised, rule("tcp", 0, 65535, "0.0.0.0/0"), []string{"tcp 80 0.0.0.0/0", "tcp 443 0.0.0.0/0"}, false},
		{"every protocol, IPv4", ssh, rule("-1", -1, -1, "0.0.0.0/0"), []string{"tcp 0-21 0.0.0.0/0", "tcp 23-65535 0.0.0.0/0", "udp 0-65535 0.0.0.0/0", "icmp 0.0.0.0/0"}, true},
		{"every protocol, IPv6", ssh, rule("-1", -1, -1, "::/0"), []string{"tcp 0-21 ::/0", "tcp 23-65535 ::/0", "udp 0-65535 ::/0", "icmpv6 ::/0"}, true},
		{"every protocol, UDP too", ipv4, rule("-1", -1, -1, "0.0.0.0/0"), []string{"tcp 0-21 0.0.0.0/0", "tcp 23-3388 0.0.0.0/0", "tcp 3390-65535 0.0.0.0/0", "udp 0-21 0.0.0.0/0", "udp 23-3388 0.0.0.0/0", "udp 3390-65535 0.0.0.0/0", "icmp 0.0.0.0/0"}, true},
		{"every protocol, only what is authorised", authorised, rule("-1", -1, -1, "0.0.0.0/0"), []string{"tcp 80 0.0.0.0/0", "tcp 443 0.0.0.0/0", "icmp 0.0.0.0/0"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.rule
			r.ID, r.Description, r.Tags = "sgr-1", "why it is there", map[string]string{"team": "shop"}
			kept, dropped := c.ban.Cut(r)
			var got []string
			for _, k := range kept {
				got = append(got, k.String())
				if k.ID != "" || k.Description != r.Description || k.Tags["team"] != "shop" {
					t.Errorf("%s: id %q, description %q, tags %v", k, k.ID, k.Description, k.Tags)
				}
			}
			if !slices.Equal(got, c.want) || dropped != c.dropped {
				t.Errorf("got %q dropped %t, want %q dropped %t", got, dropped, c.want, c.dropped)
			}
		})
	}
}

func TestKeptTrafficIsAddedBeforeTheWideRuleGoes(t *testing.T) {
	ssh, _ := BanOf("EC2.13", Params{})
	wide, narrow := rule("tcp", 20, 25, "0.0.0.0/0"), rule("tcp", 22, 22, "0.0.0.0/0")
	have := []Rule{wide, narrow}
	remove, add, _ := cutAll(have, ssh)
	ops, err := Order(have, remove, add, DefaultQuota)
	if err != nil {
		t.Fatal(err)
	}
	// The single port goes at once, the range after its remainder stands.
	want := "remove tcp 22 0.0.0.0/0; add tcp 20-21 0.0.0.0/0, tcp 23-25 0.0.0.0/0; remove tcp 20-25 0.0.0.0/0; "
	if got := show(ops); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func show(ops []Op) (s string) {
	for _, op := range ops {
		list, verb := op.Add, "add "
		if op.Remove != nil {
			list, verb = op.Remove, "remove "
		}
		for i, r := range list {
			if i == 0 {
				s += verb
			} else {
				s += ", "
			}
			s += r.String()
		}
		s += "; "
	}
	return s
}

func TestAGroupAtItsQuota(t *testing.T) {
	ssh, _ := BanOf("EC2.13", Params{})
	fill := func(n int) (out []Rule) {
		for i := range n {
			out = append(out, Rule{ID: fmt.Sprint(i), Protocol: "tcp", From: 443, To: 443, CIDR: fmt.Sprintf("10.0.%d.0/24", i)})
		}
		return out
	}
	t.Run("covered rules that go first make room", func(t *testing.T) {
		have := append(fill(57), rule("tcp", 20, 25, "0.0.0.0/0"), rule("tcp", 22, 22, "0.0.0.0/0"))
		remove, add, _ := cutAll(have, ssh)
		ops, err := Order(have, remove, add, 60)
		if err != nil || len(ops) != 3 {
			t.Fatalf("%v: %s", err, show(ops))
		}
	})
	t.Run("no room is refused with the numbers", func(t *testing.T) {
		have := append(fill(58), rule("tcp", 20, 25, "0.0.0.0/0"))
		remove, add, _ := cutAll(have, ssh)
		_, err := Order(have, remove, add, 60)
		q, ok := errors.AsType[*QuotaError](err)
		if !ok || q.Need != 61 || q.Quota != 60 || q.Family != IPv4 {
			t.Fatalf("%v", err)
		}
	})
	t.Run("the other family has its own count", func(t *testing.T) {
		have := append(fill(58), rule("tcp", 20, 25, "::/0"))
		remove, add, _ := cutAll(have, ssh)
		if _, err := Order(have, remove, add, 60); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("group references count in both", func(t *testing.T) {
		have := []Rule{rule("tcp", 20, 25, "::/0")}
		for i := range 58 {
			have = append(have, Rule{Protocol: "tcp", From: 1, To: 1, Group: fmt.Sprintf("sg-%d", i)})
		}
		remove, add, _ := cutAll(have, ssh)
		if _, err := Order(have, remove, add, 60); err == nil {
			t.Fatal("59 rules and 2 more were taken for 60")
		}
	})
	t.Run("a raised quota shows in the group", func(t *testing.T) {
		have := append(fill(90), rule("tcp", 22, 22, "0.0.0.0/0"), rule("tcp", 22, 25, "0.0.0.0/0"))
		remove, add, _ := cutAll(have, ssh)
		if _, err := Order(have, remove, add, 60); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDuplicatesAreNotAdded(t *testing.T) {
	high, _ := BanOf("EC2.19", Params{})
	have := []Rule{rule("tcp", 20, 25, "0.0.0.0/0"), rule("tcp", 23, 24, "0.0.0.0/0"), rule("tcp", 26, 26, "0.0.0.0/0"), rule("tcp", 20, 26, "0.0.0.0/0")}
	remove, add, _ := cutAll(have, high)
	ops, err := Order(have, remove, add, DefaultQuota)
	if err != nil {
		t.Fatal(err)
	}
	added := 0
	for _, op := range ops {
		added += len(op.Add)
	}
	if added != 1 { // 24 is wanted three times over, 26 stands
		t.Errorf("%d rules are added, want 1: %s", added, show(ops))
	}
}

func TestEveryPort(t *testing.T) {
	for _, c := range []struct {
		rule Rule
		want bool
	}{
		{rule("-1", -1, -1, "::/0"), true},
		{rule("tcp", 0, 65535, "::/0"), true},
		{rule("tcp", 1, 65535, "::/0"), true},
		{rule("udp", 0, 65535, "::/0"), true},
		{rule("tcp", -1, -1, "::/0"), true},
		{rule("tcp", 2, 65535, "::/0"), false},
		{rule("icmp", -1, -1, "::/0"), false},
	} {
		if got := c.rule.EveryPort(); got != c.want {
			t.Errorf("%s: %t", c.rule, got)
		}
	}
}

package control

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// plainRule is a rule in the terms of the control texts, before any spelling.
type plainRule struct {
	protocol int // IANA number; -1 every protocol
	from, to int
	v6       bool
	anywhere bool
}

var plainRules = rapid.Custom(func(t *rapid.T) plainRule {
	interesting := []int{0, 20, 21, 22, 23, 53, 79, 80, 81, 442, 443, 444, 3388, 3389, 3390, 9300, 65535}
	port := rapid.OneOf(rapid.SampledFrom(interesting), rapid.IntRange(0, 65535))
	a, b := port.Draw(t, "a"), port.Draw(t, "b")
	return plainRule{
		protocol: rapid.SampledFrom([]int{-1, 1, 6, 17, 47, 50, 58}).Draw(t, "protocol"),
		from:     min(a, b), to: max(a, b),
		v6:       rapid.Bool().Draw(t, "v6"),
		anywhere: rapid.Bool().Draw(t, "anywhere"),
	}
})

// spelled writes the rule in one of the ways that templates and EC2 do.
func (r plainRule) spelled(t *rapid.T) props {
	names := map[int][]any{
		-1: {"-1", -1, float64(-1), "all"}, 1: {"icmp", "1", 1}, 6: {"tcp", "TCP", "6", 6, float64(6)},
		17: {"udp", "Udp", "17", 17}, 47: {"47", 47}, 50: {"50", 50}, 58: {"icmpv6", "58", 58},
	}
	p := props{"IpProtocol": rapid.SampledFrom(names[r.protocol]).Draw(t, "spelling")}
	if r.protocol != -1 || rapid.Bool().Draw(t, "ports beside -1") {
		number := rapid.SampledFrom([]func(int) any{
			func(n int) any { return n },
			func(n int) any { return int64(n) },
			func(n int) any { return float64(n) },
			func(n int) any { return strconv.Itoa(n) },
		}).Draw(t, "number")
		p["FromPort"], p["ToPort"] = number(r.from), number(r.to)
	}
	v4 := map[bool][]string{true: {"0.0.0.0/0", "192.0.2.1/0"}, false: {"192.0.2.0/24", "0.0.0.0/1", "10.0.0.0/8"}}
	v6 := map[bool][]string{true: {"::/0", "0::/0", "0:0:0:0:0:0:0:0/0", "2001:db8::/0"}, false: {"2001:db8::/32", "::/1", "::1/128"}}
	if r.v6 {
		p["CidrIpv6"] = rapid.SampledFrom(v6[r.anywhere]).Draw(t, "network")
	} else {
		p["CidrIp"] = rapid.SampledFrom(v4[r.anywhere]).Draw(t, "network")
	}
	return p
}

func (r plainRule) opens(protocol, port int) bool {
	return r.protocol == -1 || r.protocol == protocol && r.from <= port && port <= r.to
}

// texts are the controls' texts as plain loops over ports.
var texts = map[string]func(plainRule) bool{
	"EC2.13": func(r plainRule) bool { return r.anywhere && r.opens(6, 22) },
	"EC2.14": func(r plainRule) bool { return r.anywhere && r.opens(6, 3389) },
	"EC2.18": func(r plainRule) bool {
		for port := 0; r.anywhere && port <= 65535; port++ {
			if r.opens(17, port) || r.opens(6, port) && port != 80 && port != 443 {
				return true
			}
		}
		return false
	},
	"EC2.19": func(r plainRule) bool {
		return r.anywhere && slices.ContainsFunc([]int{
			20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389,
			4333, 5000, 5432, 5500, 5601, 8080, 8088, 8888, 9200, 9300,
		}, func(p int) bool { return r.opens(6, p) })
	},
	"EC2.53": func(r plainRule) bool { return !r.v6 && remote(r) },
	"EC2.54": func(r plainRule) bool { return r.v6 && remote(r) },
}

func remote(r plainRule) bool {
	return r.anywhere && (r.opens(6, 22) || r.opens(6, 3389) || r.opens(17, 22) || r.opens(17, 3389))
}

func TestChecksAgreeWithTheTextOfTheirControls(t *testing.T) {
	k := checker(t)
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SliceOfN(plainRules, 0, 4).Draw(t, "rules")
		var spelled []props
		for _, r := range rules {
			spelled = append(spelled, r.spelled(t))
		}
		for id, fails := range texts {
			want, offending := Passed, 0
			for _, r := range rules {
				if fails(r) {
					want = Failed
					offending++
				}
			}
			v, err := k.Evaluate(id, group(spelled...))
			if err != nil {
				t.Fatal(err)
			}
			if v.Status != want || len(v.Offending) != offending {
				t.Fatal(fmt.Sprintf("%s: %s with %d offending (%s), want %s with %d", id, v.Status, len(v.Offending), v.Why, want, offending))
			}
		}
	})
}

// A template can hold anything; a check answers or says that it cannot tell.
func FuzzRulesNeverBreakACheck(f *testing.F) {
	f.Add("tcp", "22", "22", "0.0.0.0/0")
	f.Add("-1", "", "", "::/0")
	f.Add("6", "-1", "-1", "::ffff:0.0.0.0/0")
	f.Add("256", "99999999999999999999", "x", "0.0.0.0/00")
	k := checker(f)
	f.Fuzz(func(t *testing.T, protocol, from, to, cidr string) {
		r := group(rule(protocol, from, to, cidr))
		for _, id := range k.ForType(r.Type) {
			v, err := k.Evaluate(id, r)
			if err != nil {
				t.Fatal(err)
			}
			if v.Status == Failed && len(v.Offending) == 0 {
				t.Fatalf("%s fails and names nothing", id)
			}
		}
	})
}

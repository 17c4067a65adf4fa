package control

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Offence is one part of a resource that fails a check: an item of a list (a
// rule), or a property with a wrong value or none.
type Offence struct {
	Property string         // SecurityGroupIngress, PublicAccessBlockConfiguration.BlockPublicAcls
	Index    int            // of the item in the list; -1 for a property
	Item     map[string]any // the item, as the resource states it; nil for a property
	Value    any            // of the property; nil where it is not set
}

// shownOffences is how many offences a verdict names; it counts the rest.
const shownOffences = 5

// offending finds what makes a failing resource fail. Items of lists are tried
// one at a time, with every other list empty; where that explains nothing, the
// alternatives of the expression are tried.
func (c *check) offending(properties map[string]any) []Offence {
	var found []Offence
	empty := maps.Clone(properties)
	var lists []string
	for _, name := range c.properties {
		if _, ok := properties[name].([]any); ok {
			lists = append(lists, name)
			empty[name] = []any{}
		}
	}
	for _, name := range lists {
		for i, item := range properties[name].([]any) {
			alone := maps.Clone(empty)
			alone[name] = []any{item}
			if fails, err := c.holds(c.whole, alone); err == nil && fails {
				m, _ := item.(map[string]any)
				found = append(found, Offence{Property: name, Index: i, Item: m})
			}
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, r := range c.reasons {
		if fails, err := c.holds(r.program, properties); err != nil || !fails {
			continue
		}
		for _, path := range r.paths {
			found = append(found, Offence{Property: strings.Join(path, "."), Index: -1, Value: at(properties, path)})
		}
	}
	return found
}

func at(properties map[string]any, path []string) any {
	var here any = properties
	for _, name := range path {
		m, ok := here.(map[string]any)
		if !ok {
			return nil
		}
		here = m[name]
	}
	return here
}

// In says why in a language ("ja" or "en"): the first offences, and how many
// more there are. A verdict without offences has only its English reason.
func (v Verdict) In(language string) string {
	if len(v.Offending) == 0 {
		return v.Why
	}
	var said []string
	for _, o := range v.Offending[:min(len(v.Offending), shownOffences)] {
		said = append(said, o.In(language))
	}
	if rest := len(v.Offending) - shownOffences; rest > 0 {
		said = append(said, Text{EN: fmt.Sprintf("%d more", rest), JA: fmt.Sprintf("ほか%d件", rest)}.In(language))
	}
	return strings.Join(said, Text{EN: "; ", JA: "、"}.In(language))
}

// In says one offence in a language: "tcp 22 from 0.0.0.0/0".
func (o Offence) In(language string) string {
	if o.Index >= 0 {
		if strings.HasPrefix(o.Property, "SecurityGroup") {
			return ruleWords(o.Item, strings.HasSuffix(o.Property, "Egress")).In(language)
		}
		return fmt.Sprintf("%s[%d]", o.Property, o.Index)
	}
	if o.Value == nil {
		return Text{EN: o.Property + " is not set", JA: o.Property + " が設定されていません"}.In(language)
	}
	value, err := json.Marshal(o.Value)
	if err != nil || len(value) > 120 {
		value = []byte("…")
	}
	return Text{EN: fmt.Sprintf("%s is %s", o.Property, value), JA: fmt.Sprintf("%s が %s です", o.Property, value)}.In(language)
}

// ruleWords says what a rule lets through.
func ruleWords(rule map[string]any, egress bool) Text {
	traffic := trafficWords(rule)
	peer := "?"
	for _, key := range []string{
		"CidrIp", "CidrIpv6", "SourcePrefixListId", "SourceSecurityGroupId", "DestinationPrefixListId", "DestinationSecurityGroupId",
	} {
		if s, ok := rule[key].(string); ok && s != "" {
			peer = s
			break
		}
	}
	if egress {
		return Text{EN: traffic.EN + " to " + peer, JA: peer + " への " + traffic.JA}
	}
	return Text{EN: traffic.EN + " from " + peer, JA: peer + " からの " + traffic.JA}
}

func trafficWords(rule map[string]any) Text {
	protocol, err := protocolOf(rule)
	if err != nil {
		return Text{EN: "traffic", JA: "通信"}
	}
	same := func(s string) Text { return Text{EN: s, JA: s} }
	switch {
	case protocol == "-1":
		return Text{EN: "all traffic", JA: "すべての通信"}
	case protocol == "tcp" || protocol == "udp":
		s, _, err := spanOf(rule, protocol)
		switch {
		case err != nil:
			return same(protocol)
		case s.from == s.to:
			return same(fmt.Sprintf("%s %d", protocol, s.from))
		}
		return same(fmt.Sprintf("%s %d-%d", protocol, s.from, s.to))
	case slices.Contains([]string{"icmp", "icmpv6"}, protocol):
		return same(protocol)
	}
	return Text{EN: "protocol " + protocol, JA: "プロトコル " + protocol}
}

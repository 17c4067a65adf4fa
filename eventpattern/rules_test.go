package eventpattern_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"zesei/eventpattern"
)

// The benchmark's rules. Of 100 rules
//
//	80 watch API calls: source, detail-type, detail.eventSource, one to four
//	   detail.eventName (a quarter of them names that the events hold, each as
//	   often as any other, the rest names of other calls), and in four of five one
//	   more field of the detail by the shares below; one in ten splits its last
//	   field into a $or
//	16 watch findings: source, detail-type, the status, the severity, the end of
//	   the generator and one more field of the finding, all in one array
//	 4 name no source, only the beginning or the end or all of a field of the detail
//
// and of 100 of the further fields
//
//	35 exact (one to three values), 18 prefix, 10 wildcard, 14 anything-but,
//	 8 numeric, 5 exists, 4 suffix, 3 equals-ignore-case, 3 cidr
//
// Values are taken from the events; half of them are changed so that they fit none.

type ruleMaker struct {
	rng      *rand.Rand
	calls    []map[string][]any // leaves by path, an event of each eventName
	findings []map[string][]any // the same of other events
}

func newRuleMaker(seed uint64, events [][]byte) *ruleMaker {
	m := &ruleMaker{rng: rand.New(rand.NewPCG(seed, 7))}
	names := map[any]bool{}
	for _, e := range events {
		var tree any
		if json.Unmarshal(e, &tree) != nil {
			continue
		}
		leaves := map[string][]any{}
		flattenInto(leaves, "", tree)
		if name := leaves["detail.eventName"]; name == nil {
			m.findings = append(m.findings, leaves)
		} else if !names[name[0]] {
			names[name[0]] = true
			m.calls = append(m.calls, leaves)
		}
	}
	if m.findings == nil {
		m.findings = m.calls
	}
	return m
}

func flattenInto(leaves map[string][]any, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if path != "" {
				k = path + "." + k
			}
			flattenInto(leaves, k, x)
		}
	case []any:
		for _, x := range v {
			flattenInto(leaves, path, x)
		}
	default:
		leaves[path] = append(leaves[path], v)
	}
}

func (m *ruleMaker) chance(percent int) bool { return m.rng.IntN(100) < percent }

func (m *ruleMaker) text(v any) string {
	s, ok := v.(string)
	if !ok || s == "" {
		s = fmt.Sprint(v)
	}
	if m.chance(50) || s == "" {
		s += fmt.Sprintf("-%d", m.rng.IntN(5000))
	}
	return s
}

// detailField picks a leaf of the detail of an event.
func (m *ruleMaker) detailField(leaves map[string][]any) (string, any) {
	var paths []string
	for p := range leaves {
		if strings.HasPrefix(p, "detail.") && p != "detail.eventSource" && p != "detail.eventName" {
			paths = append(paths, p)
		}
	}
	if len(paths) == 0 {
		return "account", "111122223333"
	}
	slices.Sort(paths)
	p := paths[m.rng.IntN(len(paths))]
	return p, leaves[p][m.rng.IntN(len(leaves[p]))]
}

// want makes the alternatives of a further field.
func (m *ruleMaker) want(v any) []any {
	s := m.text(v)
	part := func() string { return s[:len(s)-len(s)/3] }
	switch n := m.rng.IntN(100); {
	case n < 35:
		list := []any{v}
		if _, ok := v.(string); ok {
			list[0] = s
			for range m.rng.IntN(3) {
				list = append(list, fmt.Sprintf("%s-%d", s, m.rng.IntN(100)))
			}
		}
		return list
	case n < 53:
		return []any{map[string]any{"prefix": part()}}
	case n < 63:
		safe := strings.NewReplacer("*", "", `\`, "").Replace(s)
		cut := len(safe) / 2
		forms := []string{safe[:cut] + "*", "*" + safe[cut:], "*" + safe[cut/2:cut+1] + "*", safe[:cut/2] + "*" + safe[cut:]}
		return []any{map[string]any{"wildcard": strings.ReplaceAll(forms[m.rng.IntN(4)], "**", "*")}}
	case n < 77:
		switch m.rng.IntN(3) {
		case 0:
			return []any{map[string]any{"anything-but": []any{s, s + "x"}}}
		case 1:
			return []any{map[string]any{"anything-but": map[string]any{"prefix": "x" + part()}}}
		}
		return []any{map[string]any{"anything-but": s}}
	case n < 85:
		low := m.rng.IntN(1000)
		return []any{map[string]any{"numeric": []any{">", low, "<=", low + 1 + m.rng.IntN(500)}}}
	case n < 90:
		return []any{map[string]any{"exists": m.chance(70)}}
	case n < 94:
		return []any{map[string]any{"suffix": s[len(s)/2:]}}
	case n < 97:
		return []any{map[string]any{"equals-ignore-case": strings.ToUpper(s)}}
	}
	return []any{map[string]any{"cidr": fmt.Sprintf("10.%d.0.0/16", m.rng.IntN(256))}}
}

func (m *ruleMaker) rule() []byte {
	rule := map[string]any{}
	n := m.rng.IntN(100)
	leaves := m.calls[m.rng.IntN(len(m.calls))]
	if n >= 80 && n < 96 {
		leaves = m.findings[m.rng.IntN(len(m.findings))]
	}
	path, v := m.detailField(leaves)
	switch {
	case n < 80:
		service := strings.TrimSuffix(fmt.Sprint(leaves["detail.eventSource"][0]), ".amazonaws.com")
		var names []any
		for range 1 + m.rng.IntN(4) {
			name := verbs[m.rng.IntN(len(verbs))] + nouns[m.rng.IntN(len(nouns))]
			if m.chance(25) {
				name = fmt.Sprint(leaves["detail.eventName"][0])
			}
			names = append(names, name)
		}
		rule["source"] = []any{"aws." + service}
		rule["detail-type"] = []any{"AWS API Call via CloudTrail"}
		put(rule, "detail.eventSource", []any{service + ".amazonaws.com"})
		put(rule, "detail.eventName", names)
		switch {
		case m.chance(20):
		case m.chance(10):
			other, w := m.detailField(leaves)
			a, b := map[string]any{}, map[string]any{}
			put(a, path, m.want(v))
			put(b, other, m.want(w))
			rule["$or"] = []any{a, b}
		default:
			put(rule, path, m.want(v))
		}
	case n < 96:
		rule["source"], rule["detail-type"] = leaves["source"][:1], leaves["detail-type"][:1]
		put(rule, path, m.want(v))
		put(rule, "detail.findings.Compliance.Status", []any{"FAILED", "WARNING"})
		put(rule, "detail.findings.Severity.Label", []any{[]string{"CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"}[m.rng.IntN(5)]})
		put(rule, "detail.findings.GeneratorId", []any{map[string]any{"suffix": fmt.Sprintf("/%s.%d", services[m.rng.IntN(len(services))], 1+m.rng.IntN(20))}})
	default:
		s := m.text(v)
		put(rule, path, [][]any{
			{s + "-"}, {map[string]any{"prefix": s + "-"}}, {map[string]any{"suffix": "-" + s}},
		}[m.rng.IntN(3)])
	}
	raw, err := json.Marshal(rule)
	if err != nil {
		panic(err)
	}
	return raw
}

// put sets a field by its dotted path, nested as people write it.
func put(rule map[string]any, path string, want []any) {
	step, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		rule[step] = want
		return
	}
	inner, ok := rule[step].(map[string]any)
	if !ok {
		inner = map[string]any{}
		rule[step] = inner
	}
	put(inner, rest, want)
}

// makeRules makes n rules; the few that EventBridge would refuse are made again.
func makeRules(t testing.TB, n int, events [][]byte) []*eventpattern.Pattern {
	t.Helper()
	m := newRuleMaker(uint64(n), events)
	var all []*eventpattern.Pattern
	for tries := 0; len(all) < n; tries++ {
		p, err := eventpattern.Parse(m.rule())
		if err == nil {
			all = append(all, p)
		} else if tries > 2*n+100 {
			t.Fatalf("the rule maker makes bad rules: %v", err)
		}
	}
	return all
}

package eventpattern

import (
	"fmt"
	"slices"
	"strings"
)

// FieldResult says how one field of a pattern fared with an event.
type FieldResult struct {
	// Alternative numbers the combinations that the pattern's $or make, from 0.
	// The event matches when all fields of one of them match together.
	Alternative int
	// Path is the field: object keys joined by ".".
	Path string
	// Want is the field's list of alternatives, as in the pattern.
	Want string
	// Values are the event's values at the path as JSON, in the event's order.
	Values []string
	// Matched is whether the field found a value (or an absence) that it accepts
	// and that agrees with the array elements of all other fields of its
	// alternative.
	Matched bool
	// Why is the reason in a sentence for people.
	Why string
}

// Explain says for each field of the pattern what was wanted, what the event has
// and whether it matched, alternative by alternative, fields in the order in
// which EventBridge considers them. The pattern matches when some alternative
// has only matched fields. The error is that of Match.
func (p *Pattern) Explain(event []byte) ([]FieldResult, error) {
	var results []FieldResult
	for i, one := range p.rules {
		some, err := explainRule(one, event)
		if err != nil {
			return nil, err
		}
		for j := range some {
			some[j].Alternative = i
		}
		results = append(results, some...)
	}
	return results, nil
}

// explainRule asks a Set of this one rule, so that the explanation cannot differ
// from the match.
func explainRule(one rule, event []byte) ([]FieldResult, error) {
	s := compile([]*Pattern{{rules: []rule{one}}})
	r := newRun(s)
	r.begin(event)
	if err := r.walk(); err != nil {
		return nil, err
	}
	preds := slices.Clone(s.checks)
	slices.SortFunc(preds, func(a, b int32) int { return int(s.preds[a].field - s.preds[b].field) })
	results := make([]FieldResult, len(preds))
	alone := true
	for i, p := range preds {
		results[i] = r.explainField(&s.preds[p], one.fields[i])
		alone = alone && results[i].Matched
	}
	if !alone || r.consistent(preds) {
		return results, nil
	}
	// Every field is content by itself, but not with the others: name the first
	// that no choice of elements for the fields before it allows.
	for n := 1; n <= len(preds); n++ {
		if !r.consistent(preds[:n]) {
			f := &results[n-1]
			f.Matched = false
			f.Why = fmt.Sprintf("%s, but only in other array elements than those that satisfy %s; one element must satisfy all fields inside it",
				f.Why, strings.Join(pathsOf(one.fields[:n-1]), ", "))
			if s.preds[preds[n-1]].absent && len(f.Values) > 0 {
				f.Why = fmt.Sprintf("a value exists in the array elements that satisfy %s, though none may", strings.Join(pathsOf(one.fields[:n-1]), ", "))
			}
			break
		}
	}
	return results, nil
}

func pathsOf(fields []field) []string {
	paths := make([]string, len(fields))
	for i, f := range fields {
		paths[i] = f.path
	}
	return paths
}

// explainField judges a field by itself.
func (r *run) explainField(p *predicate, f field) FieldResult {
	res := FieldResult{Path: f.path, Want: describe(f.wants)}
	for i := r.first(p.field); i >= 0; i = r.values[i].next {
		v := &r.values[i]
		shown := string(r.event[v.start:v.end])
		if v.kind == kindString {
			shown = quote(string(r.textOf(v)))
		}
		res.Values = append(res.Values, shown)
		if !res.Matched && r.accepts(p, v) {
			res.Matched = true
			res.Why = shown + " satisfies " + r.which(f, v)
		}
	}
	switch {
	case res.Matched:
	case len(res.Values) == 0 && p.absent:
		res.Matched, res.Why = true, "the event has no value here, as wanted"
	case len(res.Values) == 0:
		res.Why = "the event has no value here (an empty object or array is none)"
	case p.absent && r.judge(p) == open:
		res.Matched, res.Why = true, "some array elements have no value here"
	case len(res.Values) == 1:
		res.Why = res.Values[0] + " satisfies none of what is wanted"
	default:
		res.Why = fmt.Sprintf("none of the %d values satisfies what is wanted", len(res.Values))
	}
	return res
}

// which names the alternative that accepts a value.
func (r *run) which(f field, v *value) string {
	l := r.leaf(v)
	for i := range f.wants {
		if f.wants[i].accepts(&l) {
			return f.wants[i].want
		}
	}
	return describe(f.wants)
}

// first is the first value of a field, or -1.
func (r *run) first(f int32) int32 {
	if h := &r.heads[f]; h.epoch == r.epoch {
		return h.first
	}
	return -1
}

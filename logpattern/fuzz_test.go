package logpattern

import (
	"encoding/json"
	"slices"
	"testing"
)

// FuzzMatch holds that no input panics, that Filter, Set and Explain agree, and
// that no JSON pattern matches what encoding/json does not read.
func FuzzMatch(f *testing.F) {
	for _, v := range readVectors(f, "testdata/vectors.jsonl") {
		if v.Event != nil {
			f.Add(v.Pattern, []byte(*v.Event))
		} else {
			f.Add(v.Pattern, []byte(`{"a":1}`))
		}
	}
	f.Fuzz(func(t *testing.T, pattern string, event []byte) {
		p, err := Parse(pattern)
		if err != nil {
			if e := err.(*SyntaxError); e.Offset < 0 || e.Offset > len(pattern) {
				t.Fatalf("offset %d of a pattern of %d bytes", e.Offset, len(pattern))
			}
			return
		}
		got := p.Match(event)
		if e := p.Explain(event); e.Match != got {
			t.Fatalf("Match %v, Explain %+v", got, e)
		}
		want := []int{}
		if got {
			want = []int{0, 1}
		}
		if set := NewSet(p, p).Match(event, []int{}); !slices.Equal(set, want) {
			t.Fatalf("Match %v, Set.Match %v", got, set)
		}
		if got && p.Kind() == JSON {
			if trimmed := new(json.RawMessage); json.Unmarshal(event, trimmed) != nil {
				t.Fatalf("%s matches %q, which is no JSON", pattern, event)
			}
		}
	})
}

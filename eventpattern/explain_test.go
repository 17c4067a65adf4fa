package eventpattern_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zesei/eventpattern"
)

func TestExplainNamesTheReason(t *testing.T) {
	for _, c := range []struct {
		name, pattern, event string
		path                 string
		matched              bool
		values               []string
		why                  string
	}{
		{"satisfied", `{"a":["x",{"prefix":"y"}]}`, `{"a":["q","yes"]}`, "a", true, []string{`"q"`, `"yes"`}, `"yes" satisfies {"prefix": "y"}`},
		{"one value, none fits", `{"a":["x"]}`, `{"a":5.0}`, "a", false, []string{"5.0"}, "5.0 satisfies none"},
		{"several values, none fits", `{"a":["x"]}`, `{"a":[null,true]}`, "a", false, []string{"null", "true"}, "none of the 2 values"},
		{"no value", `{"a":["x"]}`, `{"a":{}}`, "a", false, nil, "no value here"},
		{"wanted absence", `{"a":[{"exists":false}]}`, `{}`, "a", true, nil, "as wanted"},
		{"absence beside an element", `{"e":{"f":["A"],"l":[{"exists":false}]}}`, `{"e":[{"f":"A","l":1},{"l":2}]}`, "e.l", false, []string{"1", "2"}, "though none may"},
		{"another element", `{"p":{"k":["a"],"v":[1]}}`, `{"p":[{"k":"a","v":2},{"k":"b","v":1}]}`, "p.v", false, []string{"2", "1"}, "other array elements than those that satisfy p.k"},
		{"the fields before are content", `{"p":{"k":["a"],"v":[1]}}`, `{"p":[{"k":"a","v":2},{"k":"b","v":1}]}`, "p.k", true, []string{`"a"`, `"b"`}, `"a" satisfies "a"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			results, err := mustParse(t, c.pattern).Explain([]byte(c.event))
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(results, func(r eventpattern.FieldResult) bool { return r.Path == c.path })
			if i < 0 {
				t.Fatalf("no %s in %+v", c.path, results)
			}
			r := results[i]
			if r.Matched != c.matched || !slices.Equal(r.Values, c.values) || !strings.Contains(r.Why, c.why) {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestExplainNumbersAlternatives(t *testing.T) {
	results, err := mustParse(t, `{"$or":[{"a":["x"]},{"b":["y"]}],"c":["z"]}`).Explain([]byte(`{"b":"y","c":"z"}`))
	if err != nil || len(results) != 4 || results[0].Alternative != 0 || results[3].Alternative != 1 || results[0].Matched || !results[2].Matched {
		t.Errorf("got %+v, %v", results, err)
	}
	if _, err := mustParse(t, `{"a":["x"]}`).Explain([]byte(`{`)); err == nil {
		t.Error("a malformed event was explained")
	}
}

// The explanation agrees with the match.
func TestExplainAgreesWithMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, event := drawPattern(t, 2, false), drawEvent(t, 3)
		p, err := eventpattern.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		want, err := p.Match([]byte(event))
		if err != nil {
			t.Fatal(err)
		}
		results, err := p.Explain([]byte(event))
		if err != nil {
			t.Fatal(err)
		}
		failed := map[int]bool{}
		last := 0
		for _, r := range results {
			failed[r.Alternative] = failed[r.Alternative] || !r.Matched
			last = r.Alternative
		}
		got := false
		for i := range last + 1 {
			got = got || !failed[i]
		}
		if got != want {
			t.Fatalf("%s on %s: match %v, explained %+v", text, event, want, results)
		}
	})
}

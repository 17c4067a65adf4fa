package logpattern

import (
	"strings"
	"sync"
	"testing"
)

func parse(t testing.TB, pattern string) *Filter {
	t.Helper()
	f, err := Parse(pattern)
	if err != nil {
		t.Fatalf("%s: %v", pattern, err)
	}
	return f
}

func TestErrorsSayWhereAndWhatWasExpected(t *testing.T) {
	for _, c := range []struct {
		pattern string
		offset  int
		says    string
	}{
		{`{ $.a == 1 }`, 7, "expected a value"},
		{`{ $.a IS NOT NULL }`, 9, "IS NOT does not exist"},
		{`{ $.a EXISTS }`, 6, "NOT EXISTS does"},
		{`{ a = 1 }`, 2, "expected a selector"},
		{`{ ($.a = 1 }`, 11, "expected ) for the ( at offset 2"},
		{`{ $.a > "x" }`, 8, "without quotes"},
		{`foo.bar`, 3, "must be in quotes"},
		{`{ $.a = %x!% }`, 10, `'!' cannot stand in a regular expression`},
		{`[a, b=1 && c=2]`, 11, "a condition on c in the field b"},
		{`{ $.a[*][*] = 1 }`, 8, "a second wildcard"},
	} {
		_, err := Parse(c.pattern)
		e, ok := err.(*SyntaxError)
		if !ok || e.Offset != c.offset || !strings.Contains(e.Msg, c.says) {
			t.Errorf("%s: %v, want offset %d and %q", c.pattern, err, c.offset, c.says)
		}
	}
}

func TestExplainNamesTheFieldThatFailed(t *testing.T) {
	for _, c := range []struct{ pattern, event, says string }{
		{`{ $.a = 1 && $.b != "x" }`, `{"a":1}`, "$.b is missing, and a comparison with a missing field is false"},
		{`{ $.a = x }`, `{"a":"y"}`, `$.a is "y"`},
		{`{ $.a > 1 }`, `{"a":"2"}`, `$.a is the string "2", no number`},
		{`{ $.a != 1 }`, `{"a":[1]}`, "$.a is a list, and every comparison with that is false"},
		{`{ $.a[*] = x }`, `{"a":["y","z"]}`, `$.a[*] is "z"`},
		{`{ $.a NOT EXISTS }`, `{"a":null}`, "$.a is null"},
		{`[a, b=x]`, `1 2`, `field 2 is "2"`},
		{`[..., b=x]`, `1 2 3`, `field 3 is "3"`},
		{`ERROR -REQUEST`, `REQUEST`, "in the log event"},
	} {
		e := parse(t, c.pattern).Explain([]byte(c.event))
		found := false
		for _, p := range e.Parts {
			found = found || !p.Holds && p.Why == c.says
		}
		if e.Match || !found {
			t.Errorf("%s on %s: %+v, want %q", c.pattern, c.event, e, c.says)
		}
	}
	if e := parse(t, `[a, b]`).Explain([]byte("1 2 3")); e.Note != "the log event has 3 fields and the pattern wants 2" {
		t.Errorf("%+v", e)
	}
	if e := parse(t, `{ $.a = 1 }`).Explain([]byte("text")); e.Note == "" || e.Match {
		t.Errorf("%+v", e)
	}
}

func TestDeepEventsAreRefusedNotOverflowed(t *testing.T) {
	f := parse(t, `{ $.z NOT EXISTS }`)
	nested := func(n int) []byte {
		return []byte(`{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`)
	}
	if !f.Match(nested(500)) {
		t.Error("500 levels do not match")
	}
	if f.Match(nested(1_000_000)) {
		t.Error("a million levels match")
	}
}

func TestMatchingJSONDoesNotAllocate(t *testing.T) {
	event := []byte(`{"a":"x","b":{"c":[1,2,{"d":"\u0041bc"}]},"n":5,"u":"\u0041"}`)
	for _, pattern := range []string{
		`{ $.a = "x*" && $.b.c[2].d = "*bc" && $.n > 4 && $.zz NOT EXISTS && $.u = A }`,
		`{ $.b.c[*] = 2 }`,
		`{ $.* = 5 }`,
	} {
		f := parse(t, pattern)
		if !f.Match(event) {
			t.Errorf("%s does not match", pattern)
		}
		if n := testing.AllocsPerRun(100, func() { f.Match(event) }); n > 0 {
			t.Errorf("%s: %v allocations", pattern, n)
		}
	}
}

func TestFiltersAreSafeForConcurrentUse(t *testing.T) {
	set := NewSet(parse(t, `{ $.a = 1 }`), parse(t, `{ $.b.c = "x" || $.l[*] = 3 }`), parse(t, `ERROR`))
	events := []string{`{"a":1}`, `{"b":{"c":"x"}}`, `{"l":[1,2,3],"a":1}`, `ERROR`, `{`}
	want := make([]int, len(events))
	for i, e := range events {
		want[i] = len(set.Match([]byte(e), nil))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var dst [3]int
			for n := range 1000 {
				i := n % len(events)
				if got := len(set.Match([]byte(events[i]), dst[:0])); got != want[i] {
					t.Errorf("%s: %d match, want %d", events[i], got, want[i])
				}
			}
		})
	}
	wg.Wait()
}

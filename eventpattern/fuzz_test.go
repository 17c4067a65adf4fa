package eventpattern_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"unicode/utf8"

	"zesei/eventpattern"
)

var fuzzPatterns = []string{
	`{"a":["x"]}`, `{"a":{"b":[5,null,true]}}`, `{"a":{"b":[{"exists":false}],"c":[{"exists":true}]}}`,
	`{"a":[{"prefix":"ab"},{"suffix":"c"}]}`, `{"a":[{"wildcard":"*a*b"}],"b":[{"anything-but":["x","y"]}]}`,
	`{"a":[{"numeric":[">",0,"<=",5]}]}`, `{"a":[{"cidr":"10.0.0.0/8"},"::1"]}`,
	`{"$or":[{"a":["x"]},{"b":[{"anything-but":{"prefix":"p"}}]}],"c":[{"equals-ignore-case":"yes"}]}`,
}

// No pattern panics; one that is taken can be matched alone and in a Set.
func FuzzParse(f *testing.F) {
	for _, p := range fuzzPatterns {
		f.Add([]byte(p))
	}
	for _, v := range ownVectors(f) {
		f.Add([]byte(v.Pattern))
	}
	events := [][]byte{[]byte(`{"a":"x","b":[{"c":1},{"a":"10.0.0.1"}]}`), []byte(`{"a":{"b":5.0,"c":"yes"},"":null}`), []byte(`{}`)}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := eventpattern.Parse(text)
		if err != nil {
			s, ok := err.(*eventpattern.SyntaxError)
			if !ok || s.Offset < 0 || s.Offset > len(text) || s.Msg == "" {
				t.Fatalf("%q: bad error %#v", text, err)
			}
			return
		}
		set, err := eventpattern.NewSet(p, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			one, err := p.Match(e)
			if err != nil {
				t.Fatal(err)
			}
			got, err := set.Match(e, nil)
			if err != nil || one != (len(got) == 2) {
				t.Fatalf("%s on %s: %v alone, %v in a set, %v", text, e, one, got, err)
			}
			results, err := p.Explain(e)
			if err != nil || len(results) == 0 {
				t.Fatalf("%s on %s: %d results, %v", text, e, len(results), err)
			}
		}
	})
}

// No event panics; exactly the well-formed JSON objects are taken, whether or
// not a pattern names what is wrong; and a Set answers as its patterns do.
func FuzzMatch(f *testing.F) {
	var patterns []*eventpattern.Pattern
	for _, text := range fuzzPatterns {
		p, err := eventpattern.Parse([]byte(text))
		if err != nil {
			f.Fatal(err)
		}
		patterns = append(patterns, p)
	}
	set, err := eventpattern.NewSet(patterns...)
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range ownVectors(f) {
		f.Add([]byte(v.Event))
	}
	for _, e := range syntheticEvents(3) {
		f.Add(e)
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		got, err := set.Match(event, nil)
		if valid := wellFormed(event); valid != (err == nil) {
			t.Fatalf("%q: well-formed %v, error %v", event, valid, err)
		}
		var want []int
		for i, p := range patterns {
			ok, oneErr := p.Match(event)
			if (oneErr == nil) != (err == nil) {
				t.Fatalf("%q: alone %v, in a set %v", event, oneErr, err)
			}
			if ok {
				want = append(want, i)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q: set %v, one by one %v", event, got, want)
		}
	})
}

// wellFormed reports whether an event begins with a JSON object in UTF-8; what
// follows the object does not count. It is what the fuzz test compares with.
func wellFormed(event []byte) bool {
	d := json.NewDecoder(bytes.NewReader(event))
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil || raw[0] != '{' {
		return false
	}
	return utf8.Valid(event[:d.InputOffset()]) && depthOf(raw) <= 1000
}

func depthOf(raw []byte) int {
	depth, deepest, inString := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

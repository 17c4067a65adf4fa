package eventpattern_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zesei/eventpattern"
)

// Few keys and few values, so that patterns and events meet often.
var (
	keys    = []string{"a", "b", "a.b", "a b", "é", "source", "detail", "c-d", "x", "long-key-of-more-than-sixteen-bytes"}
	strs    = []string{"", "a", "A", "b", "ab", "aB", "ba", "abc", "cab", "aXbXc", "a*b", `a\b`, "null", "5", "10.0.0.1", "010.0.0.1", "10.1.2.3", "::1", "0:0:0:0:0:0:0:1", "2001:db8::1", "日本", "a\"b", "a long value that is well over sixteen bytes", "arn:aws:iam::111122223333:role/x"}
	numbers = []string{"0", "-0", "5", "5.0", "5e0", "50e-1", "5.5", "-3", "1e2", "100", "0.1", "1e309", "12345678901234567890", "9007199254740993", "9007199254740992"}
	globs   = []string{"*", "", "a*", "*b", "*a*", "a*c", "*XbX*", "a*b*c", `a\*b`, `*\\*`, "arn:*:role/*", "a*X*", "*long value*", "*日*"}
)

func drawString(t *rapid.T, from []string) string { return rapid.SampledFrom(from).Draw(t, "s") }

func jsonOf(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

// drawEvent writes an object as text, for duplicate keys must be possible.
func drawEvent(t *rapid.T, depth int) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range rapid.IntRange(0, 5).Draw(t, "members") {
		if i > 0 {
			b.WriteString(rapid.SampledFrom([]string{",", ", ", ",\n\t"}).Draw(t, "comma"))
		}
		b.WriteString(jsonOf(drawString(t, keys)) + rapid.SampledFrom([]string{":", " : "}).Draw(t, "colon") + drawValue(t, depth))
	}
	return b.String() + "}"
}

func drawValue(t *rapid.T, depth int) string {
	n := rapid.IntRange(0, 13).Draw(t, "kind")
	switch {
	case n <= 4:
		return jsonOf(drawString(t, strs))
	case n == 5:
		return strings.ReplaceAll(jsonOf(drawString(t, strs)), "a", `\u0061`)
	case n <= 7:
		return drawString(t, numbers)
	case n == 8:
		return rapid.SampledFrom([]string{"true", "false", "null"}).Draw(t, "word")
	case depth == 0:
		return rapid.SampledFrom([]string{"{}", "[]", "[[]]", "[{}]"}).Draw(t, "empty")
	case n <= 10:
		return drawEvent(t, depth-1)
	}
	var parts []string
	for range rapid.IntRange(0, 3).Draw(t, "elements") {
		parts = append(parts, drawValue(t, depth-1))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func drawPattern(t *rapid.T, depth int, nested bool) string {
	var parts []string
	for range rapid.IntRange(1, 3).Draw(t, "fields") {
		switch n := rapid.IntRange(0, 9).Draw(t, "shape"); {
		case n <= 2 && depth > 0:
			parts = append(parts, jsonOf(drawString(t, keys))+":"+drawPattern(t, depth-1, nested))
		case n == 3 && depth > 0:
			parts = append(parts, `"$or":[`+drawPattern(t, depth-1, true)+","+drawPattern(t, depth-1, true)+"]")
		default:
			var wants []string
			for range rapid.IntRange(1, 3).Draw(t, "wants") {
				wants = append(wants, drawWant(t))
			}
			parts = append(parts, jsonOf(drawString(t, keys))+":["+strings.Join(wants, ",")+"]")
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func drawWant(t *rapid.T) string {
	s := jsonOf(drawString(t, strs))
	some := jsonOf(drawString(t, strs[1:]))
	glob := jsonOf(drawString(t, globs))
	ascii := jsonOf(drawString(t, []string{"", "a", "AB", "aBc", "AXB", "c"}))
	low := rapid.IntRange(-5, 6).Draw(t, "low")
	return rapid.SampledFrom([]string{
		s, s, s, drawString(t, numbers), drawString(t, numbers), "true", "false", "null",
		`{"exactly":` + s + `}`, `{"prefix":` + s + `}`, `{"suffix":` + s + `}`,
		`{"prefix":{"equals-ignore-case":` + ascii + `}}`, `{"suffix":{"equals-ignore-case":` + ascii + `}}`,
		`{"equals-ignore-case":` + ascii + `}`, `{"wildcard":` + glob + `}`,
		`{"exists":true}`, `{"exists":false}`, `{"exists":false}`,
		`{"anything-but":` + s + `}`, `{"anything-but":[` + s + `,` + some + `]}`, `{"anything-but":5}`, `{"anything-but":[5.0,100]}`,
		`{"anything-but":{"prefix":` + some + `}}`, `{"anything-but":{"suffix":[` + some + `,"x"]}}`,
		`{"anything-but":{"equals-ignore-case":[` + ascii + `]}}`, `{"anything-but":{"wildcard":` + glob + `}}`,
		fmt.Sprintf(`{"numeric":[">",%d]}`, low), fmt.Sprintf(`{"numeric":["<=",%d]}`, low), `{"numeric":["=",5]}`,
		fmt.Sprintf(`{"numeric":[">=",%d,"<",%d]}`, low, low+3),
		`{"cidr":"10.0.0.0/8"}`, `{"cidr":"10.0.0.0/24"}`, `{"cidr":"2001:db8::/32"}`,
	}).Draw(t, "want")
}

// A pattern answers as the oracle does, and a Set as its patterns do.
func TestSetAnswersAsTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var texts []string
		var patterns []*eventpattern.Pattern
		for range rapid.IntRange(1, 12).Draw(t, "patterns") {
			text := drawPattern(t, 2, false)
			p, err := eventpattern.Parse([]byte(text))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			texts, patterns = append(texts, text), append(patterns, p)
		}
		set, err := eventpattern.NewSet(patterns...)
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			event := drawEvent(t, 3)
			var want []int
			for i, p := range patterns {
				ok, err := p.Match([]byte(event))
				if err != nil {
					t.Fatalf("%s: %v", event, err)
				}
				if ok != oracleMatch([]byte(texts[i]), []byte(event)) {
					t.Fatalf("%s on %s: got %v, the oracle differs", texts[i], event, ok)
				}
				if ok {
					want = append(want, i)
				}
			}
			got, err := set.Match([]byte(event), nil)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("set of %q on %s: got %v, %v; one by one %v", texts, event, got, err, want)
			}
		}
	})
}

// Of recorded events, too, a large Set finds exactly what its patterns find.
func TestLargeSetAnswersAsItsPatterns(t *testing.T) {
	events, _ := corpus()
	patterns := makeRules(t, 600, events)
	set, err := eventpattern.NewSet(patterns...)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for i := 0; i < len(events); i += 1 + len(events)/150 {
		var want []int
		for j, p := range patterns {
			if ok, err := p.Match(events[i]); err != nil {
				t.Fatal(err)
			} else if ok {
				want = append(want, j)
			}
		}
		got, err := set.Match(events[i], nil)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %v, %v; one by one %v; event %s", got, err, want, events[i])
		}
		total += len(got)
	}
	if total == 0 {
		t.Error("nothing matched: the rules test nothing")
	}
}

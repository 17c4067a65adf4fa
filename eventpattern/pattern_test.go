package eventpattern_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"zesei/eventpattern"
)

func mustParse(t testing.TB, text string) *eventpattern.Pattern {
	t.Helper()
	p, err := eventpattern.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// A refusal points at the part that is refused and says what was expected.
func TestSyntaxErrorsNameTheOffset(t *testing.T) {
	for _, c := range []struct{ pattern, at, says string }{
		{`{"a":[{"numerical":["=",5]}]}`, `"numerical"`, "unknown operator"},
		{`{"a":["x"],"b":"y"}`, `"y"`, "object or an array"},
		{`{"a":["x"],"b":[]}`, `[]`, "empty"},
		{`{"a":{"b":{}}}`, `{}}}`, "empty"},
		{`{"a":[{"wildcard":"x**"}]}`, `"x**"`, "two *"},
		{`{"a":[{"numeric":[">",5,"<",3]}]}`, `"<"`, "lower bound"},
		{`{"a":[{"cidr":"10.0.0.0/33"}]}`, `"10.`, "less than 32"},
		{`{"a":[{"prefix":"x","suffix":"y"}]}`, `,"suffix"`, "only one operator"},
		{`{"$or":[{"a":["x"]}]}`, `[{"a"`, "at least two"},
		{`{"$or":[{"a":["x"]},{"exists":["y"]}]}`, `"exists"`, "reserved"},
		{`{"a":["x" "y"]}`, `"y"`, "comma"},
		{`{"a":[{"anything-but":{"cidr":"x"}}]}`, `"cidr"`, "inside anything-but"},
		{`["a"]`, `[`, "JSON object"},
	} {
		_, err := eventpattern.Parse([]byte(c.pattern))
		var s *eventpattern.SyntaxError
		if !errors.As(err, &s) {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if want := strings.Index(c.pattern, c.at); s.Offset != want || !strings.Contains(s.Msg, c.says) {
			t.Errorf("%s: %v; want %q at byte %d", c.pattern, err, c.says, want)
		}
	}
}

func TestOrMakesAtMostAThousandCombinations(t *testing.T) {
	ors := func(n int) string {
		var levels []string
		for i := range n {
			levels = append(levels, fmt.Sprintf(`"l%d":{"$or":[{"a":[1]},{"b":[2]}]}`, i))
		}
		return "{" + strings.Join(levels, ",") + "}"
	}
	mustParse(t, ors(9))
	if _, err := eventpattern.Parse([]byte(ors(10))); err == nil {
		t.Error("1,024 combinations were taken")
	}
}

// What is wrong is refused wherever it lies and whatever the patterns name.
func TestMalformedEventsAreErrorsAtAnyDepth(t *testing.T) {
	named := mustParse(t, `{"a":{"b":{"c":["x"]}}}`)
	other := mustParse(t, `{"z":["x"]}`)
	for _, bad := range []string{`{"c":"x",}`, `{"c":01}`, `{"c":"\q"}`, `[1,]`, `[{]`, `{"c":tru}`, `{"c" "x"}`, `["x"`, "{\"c\":\"\x01\"}", "{\"c\":\"\xff\"}", `{"c":"\u12"}`} {
		for _, p := range []*eventpattern.Pattern{named, other} {
			for _, event := range []string{`{"a":{"b":` + bad + `}}`, `{"q":[{"a":{"b":` + bad + `}}],"a":{"b":{"c":"x"}}}`, `{"a":{"b":[[` + bad + `]]}}`} {
				ok, err := p.Match([]byte(event))
				var e *eventpattern.EventError
				if ok || !errors.As(err, &e) {
					t.Errorf("%q: got %v, %v", event, ok, err)
				}
			}
		}
	}
}

func TestNestingHasALimit(t *testing.T) {
	p := mustParse(t, `{"a":["x"]}`)
	for _, c := range []struct {
		depth int
		ok    bool
	}{{63, true}, {64, true}, {65, true}, {128, true}, {999, true}, {1000, false}, {100000, false}} {
		for _, key := range []string{"a", "b"} {
			event := `{"` + key + `":` + strings.Repeat("[", c.depth) + strings.Repeat("]", c.depth) + `,"a":"x"}`
			if got, err := p.Match([]byte(event)); got != c.ok || (err == nil) != c.ok {
				t.Errorf("%d deep under %s: %v, %v", c.depth, key, got, err)
			}
		}
	}
}

// The marks of the event are kept in blocks of 64 bytes: strings, escapes and
// ends must be found wherever they fall.
func TestEveryAlignment(t *testing.T) {
	p := mustParse(t, `{"key":["va\"lue"],"last":["z"]}`)
	for pad := range 200 {
		for _, filler := range []string{"x", "é", `\\`, "#"} {
			event := `{"pad":"` + strings.Repeat(filler, pad) + `","key":"va\"lue","last":"z"}`
			if ok, err := p.Match([]byte(event)); !ok || err != nil {
				t.Fatalf("%s: %v, %v", event, ok, err)
			}
			for cut := range len(event) {
				if ok, err := p.Match([]byte(event[:cut])); pad%50 == 13 && (ok || err == nil) {
					t.Fatalf("%s: %v, %v", event[:cut], ok, err)
				}
			}
		}
	}
}

func TestSetIsSafeForConcurrentUse(t *testing.T) {
	events, _ := corpus()
	events = events[:min(200, len(events))]
	set, err := eventpattern.NewSet(makeRules(t, 300, events)...)
	if err != nil {
		t.Fatal(err)
	}
	want := make([][]int, len(events))
	for i, e := range events {
		want[i], _ = set.Match(e, nil)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i, e := range events {
				if got, err := set.Match(e, nil); err != nil || !slices.Equal(got, want[i]) {
					t.Errorf("got %v, %v; want %v", got, err, want[i])
				}
			}
		})
	}
	wg.Wait()
}

// raceDetector tells that sync.Pool forgets on purpose what it is given.
var raceDetector bool

func TestMatchAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes sync.Pool allocate")
	}
	events, _ := corpus()
	events = events[:min(200, len(events))]
	set, err := eventpattern.NewSet(makeRules(t, 1000, events)...)
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]int, 0, set.Len())
	round := func() {
		for _, e := range events {
			if dst, err = set.Match(e, dst[:0]); err != nil {
				t.Fatal(err)
			}
		}
	}
	round()
	// A garbage collection may empty the pool once in a while.
	if n := testing.AllocsPerRun(10, round); n > float64(len(events))/10 {
		t.Errorf("%v allocations for %d events", n, len(events))
	}
}

func TestSetKeepsWhatDstHolds(t *testing.T) {
	set, err := eventpattern.NewSet(mustParse(t, `{"a":["x"]}`), mustParse(t, `{"a":["y"]}`), mustParse(t, `{"a":[{"exists":true}]}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := set.Match([]byte(`{"a":"x"}`), []int{7})
	if err != nil || !slices.Equal(got, []int{7, 0, 2}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err = set.Match([]byte(`{"a":"x"`), []int{7}); err == nil || !slices.Equal(got, []int{7}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestEmptySetStillReadsTheEvent(t *testing.T) {
	set, err := eventpattern.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := set.Match([]byte(`{}`), nil); err != nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := set.Match([]byte(`{"a":}`), nil); err == nil {
		t.Error("a malformed event was taken")
	}
	if _, err := eventpattern.NewSet(nil); err == nil {
		t.Error("a nil pattern was taken")
	}
}

// Choices of array elements grow as a power of their number; the search must not.
func TestManyElementsStayFast(t *testing.T) {
	var elements []string
	for i := range 300 {
		elements = append(elements, fmt.Sprintf(`{"a":1,"b":1,"c":1,"d":1,"e":[{"f":1,"g":%d},{"f":1}]}`, i))
	}
	list := "[" + strings.Join(elements, ",") + "]"
	event := []byte(`{"m":` + list + `,"n":` + list + `,"o":` + list + `}`)
	p := mustParse(t, `{"m":{"a":[1],"b":[1],"e":{"f":[1]}},"n":{"a":[1],"b":[1],"e":{"f":[1]}},"o":{"a":[1],"e":{"f":[1],"g":[{"exists":false}],"h":[2]},"z":[{"exists":false}]}}`)
	if ok, err := p.Match(event); ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
	q := mustParse(t, `{"m":{"a":[1],"e":{"f":[1]}},"n":{"a":[1],"e":{"g":[{"exists":false}]}},"o":{"a":[1],"e":{"f":[1],"g":[300]}}}`)
	if ok, err := q.Match(event); ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
}

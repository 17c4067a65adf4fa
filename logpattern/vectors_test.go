package logpattern

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

type vector struct {
	ID       string  `json:"id"`
	Pattern  string  `json:"pattern"`
	Event    *string `json:"event"`
	Expected bool    `json:"expected"`
	Invalid  bool    `json:"invalid"`
}

func (v vector) check(t *testing.T) {
	t.Helper()
	f, err := Parse(v.Pattern)
	if v.Invalid {
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: %s: error %v, want a *SyntaxError", v.ID, v.Pattern, err)
		} else if syntax.Offset < 0 || syntax.Offset > len(v.Pattern) || syntax.Msg == "" {
			t.Errorf("%s: %s: %+v", v.ID, v.Pattern, syntax)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %s: %v", v.ID, v.Pattern, err)
		return
	}
	event := []byte(*v.Event)
	if got := f.Match(event); got != v.Expected {
		t.Errorf("%s: %s: Match(%s) = %v, want %v", v.ID, v.Pattern, event, got, v.Expected)
	}
	if got := f.Explain(event).Match; got != v.Expected {
		t.Errorf("%s: %s: Explain(%s) = %v, want %v", v.ID, v.Pattern, event, got, v.Expected)
	}
	other, _ := Parse(`{ $.zz[3].y = 1 || $.eventName.x = 2 }`)
	if got := len(NewSet(other, f).Match(event, nil)) == 1; got != v.Expected {
		t.Errorf("%s: %s: Set.Match(%s) = %v, want %v", v.ID, v.Pattern, event, got, v.Expected)
	}
}

func readVectors(t testing.TB, path string) (all []vector) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, v)
	}
	if lines.Err() != nil || len(all) == 0 {
		t.Fatalf("%s: %d vectors, %v", path, len(all), lines.Err())
	}
	return all
}

// shared returns a path in the shared reference data, and skips where that is
// absent.
func shared(t testing.TB, path string) string {
	t.Helper()
	path = filepath.Join("..", "..", "shared", path)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("ZESEI_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skipf("needs %s", path)
	}
	return path
}

func TestVectorsOfOurOwn(t *testing.T) {
	for _, v := range readVectors(t, "testdata/vectors.jsonl") {
		v.check(t)
	}
}

func TestReferenceVectorsAreAllRight(t *testing.T) {
	all := readVectors(t, shared(t, "reference/vectors/log-patterns.jsonl"))
	for _, v := range all {
		v.check(t)
	}
	t.Logf("%d vectors", len(all))
}

func TestReferenceMetricFiltersParse(t *testing.T) {
	b, err := os.ReadFile(shared(t, "reference/vectors/log-patterns-cis-blea.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		BLEA  []string          `json:"blea_seed003"`
		CIS   []string          `json:"cis_3.1_to_3.14"`
		ByHub map[string]string `json:"securityhub_map"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	for _, p := range file.ByHub {
		file.CIS = append(file.CIS, p)
	}
	for _, p := range append(file.BLEA, file.CIS...) {
		if _, err := Parse(p); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}

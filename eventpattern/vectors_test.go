package eventpattern_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"zesei/eventpattern"
)

// vector is one case: a pattern and what EventBridge says of it.
type vector struct {
	ID        string
	Source    string
	Pattern   string
	Event     string
	Match     bool
	Invalid   bool
	Error     json.RawMessage
	EventErr  string `json:"event_error"`
	Valid     bool
	Quirk     bool
	Reference bool
}

// shared finds a file beside the repository, or skips the test.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(append([]string{dir, "..", "shared"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("ZESEI_REQUIRE") == "all" {
			t.Fatalf("%s is required: %v", filepath.Join(parts...), err)
		}
		t.Skipf("../shared/%s is not here", filepath.Join(parts...))
	}
	return path
}

func readVectors(t testing.TB, path string) []vector {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []vector
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
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

func checkVectors(t *testing.T, all []vector) {
	t.Helper()
	for i, v := range all {
		p, err := eventpattern.Parse([]byte(v.Pattern))
		if v.Invalid {
			if err == nil {
				t.Errorf("%d %s%s: %s was taken, but EventBridge says %s", i, v.ID, v.Source, v.Pattern, v.Error)
			}
			continue
		}
		if err != nil {
			t.Errorf("%d %s%s: %s: %v", i, v.ID, v.Source, v.Pattern, err)
			continue
		}
		if v.Valid {
			continue
		}
		want := v.Match
		if v.Quirk {
			want = v.Reference
		}
		got, err := p.Match([]byte(v.Event))
		if (err != nil) != (v.EventErr != "") {
			t.Errorf("%d %s%s: event %s: error %v, want %q", i, v.ID, v.Source, v.Event, err, v.EventErr)
		}
		if got != want {
			t.Errorf("%d %s%s: %s on %s: got %v, want %v", i, v.ID, v.Source, v.Pattern, v.Event, got, want)
		}
	}
}

// The verdicts of the real service.
func TestAWSVectors(t *testing.T) {
	checkVectors(t, readVectors(t, shared(t, "reference", "vectors", "event-patterns-aws.jsonl")))
}

// The corners of the open engine, with its faults corrected.
func TestReferenceVectors(t *testing.T) {
	checkVectors(t, readVectors(t, shared(t, "reference", "vectors", "event-patterns.jsonl")))
}

// ownVectors are cases of our own for every operator and corner; they need
// nothing beside the repository.
func ownVectors(t testing.TB) []vector {
	return readVectors(t, filepath.Join("testdata", "vectors.jsonl"))
}

func TestOwnVectors(t *testing.T) {
	checkVectors(t, ownVectors(t))
}

package event

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorded finds the recorded data beside the repository.
func recorded(t *testing.T, parts ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
	path := filepath.Join(append([]string{dir, "..", "shared", "testdata"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("ZESEI_REQUIRE") == "all" {
			t.Fatalf("recorded data is missing: %v", err)
		}
		t.Skipf("recorded data is not here: %s", path)
	}
	return path
}

// count reads a file and counts its items by format; "!" counts those that
// cannot be used.
func count(t *testing.T, path string) map[Format]int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := NewReader(f, filepath.Base(path))
	n := map[Format]int{}
	for {
		item, err := r.Next()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		if item.Err != nil {
			n["!"]++
			if n["!"] < 4 {
				t.Log(item.Err)
			}
			continue
		}
		if !json.Valid(item.Raw) {
			t.Errorf("item %d is no JSON: %.80s", item.Index, item.Raw)
		}
		n[item.Format]++
	}
}

// Every record of the recorded CloudTrail files comes out, whatever stands
// around it.
func TestRecordedTrailsComeOutWhole(t *testing.T) {
	root := recorded(t, "cloudtrail")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		name, _ := filepath.Rel(root, path)
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want := 1
			var file struct{ Records []json.RawMessage }
			var list []json.RawMessage
			if json.Unmarshal(raw, &list) == nil {
				want = len(list)
			} else if json.Unmarshal(raw, &file) == nil && file.Records != nil {
				want = len(file.Records)
			} else if lines := strings.Count(strings.TrimSpace(string(raw)), "\n") + 1; json.Unmarshal(raw, new(any)) != nil {
				want = lines
			}
			got := count(t, path)
			if got[CloudTrailItem]+got[OtherEvent] != want || got["!"] != 0 {
				t.Errorf("%v, want %d records", got, want)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The other recorded inputs: each file is recognised or says what it is.
func TestRecordedEventsAreRecognised(t *testing.T) {
	for dir, want := range map[string]Format{"dome9/cloud-bots-notifications": Dome9, "events/trusted-advisor": "", "events/powertools": "", "events/aws-lambda-go": "", "events/health-tools": "", "events/notify-slack": ""} {
		root := recorded(t, filepath.FromSlash(dir))
		files, err := filepath.Glob(filepath.Join(root, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			t.Run(dir+"/"+filepath.Base(path), func(t *testing.T) {
				got := count(t, path)
				t.Log(got)
				if len(got) == 0 {
					t.Error("nothing came of the file")
				}
				if want != "" && got[want]+got[OtherEvent] != 1 {
					t.Errorf("%v, want one %s", got, want)
				}
			})
		}
	}
}

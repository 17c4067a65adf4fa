package finding

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zesei/internal/event"
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

// Every recorded file is read to its end: each thing in it comes out as a
// finding or as a dead letter with a reason, and as many as the file holds.
func TestRecordedFindingsAreReadOrExplained(t *testing.T) {
	root := recorded(t, "securityhub")
	d := NewDecoder(newTestCatalogue())
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || (!strings.HasSuffix(path, ".json") && !strings.HasSuffix(path, ".jsonl")) {
			return err
		}
		name, _ := filepath.Rel(root, path)
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			inputs := []string{string(raw)}
			if strings.HasSuffix(path, "aws-docs-securityhub.jsonl") {
				inputs = documentBlocks(t, string(raw))
			}
			var items, findings, dead int
			for _, in := range inputs {
				r := event.NewReader(strings.NewReader(in), name)
				for {
					item, err := r.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
					items++
					got, err := d.Decode(item, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
					for _, f := range got {
						findings++
						complete(t, &f)
					}
					if err != nil {
						dead++
						if dead < 6 {
							t.Log(err)
						}
					}
					if len(got) == 0 && err == nil {
						t.Errorf("item %d came to nothing", item.Index)
					}
				}
			}
			t.Logf("%d items, %d findings, %d dead letters", items, findings, dead)
			if want := countFindings(t, raw); strings.HasSuffix(path, ".json") && findings+dead < want {
				t.Errorf("%d findings and %d dead letters of %d documents", findings, dead, want)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// documentBlocks takes the code blocks out of AWS's own documents; those that
// hold no JSON are fragments.
func documentBlocks(t *testing.T, lines string) (blocks []string) {
	for line := range strings.Lines(lines) {
		var block struct {
			Parses bool
			Text   string
		}
		if err := json.Unmarshal([]byte(line), &block); err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, block.Text)
	}
	return blocks
}

// countFindings counts objects with a SchemaVersion or class_uid at any depth.
func countFindings(t *testing.T, raw []byte) (n int) {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return 0
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			_, asff := v["SchemaVersion"]
			_, ocsf := v["class_uid"]
			if asff || ocsf {
				n++
				return
			}
			for _, one := range v {
				walk(one)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	walk(v)
	return n
}

// complete holds what every finding must have.
func complete(t *testing.T, f *Finding) {
	t.Helper()
	if f.Source.ID == "" || f.Source.ProductARN == "" || !isAccount(f.Account) || f.Region == "" || len(f.Subjects) == 0 ||
		f.ObservedAt.IsZero() || len(f.Raw) == 0 || f.ContentHash == [16]byte{} || f.RecordState == "" || f.Workflow == "" {
		t.Errorf("incomplete finding %+v", f)
	}
	for _, s := range f.Subjects {
		k := s.Key
		a, ok := parseARN(k.Resource)
		if !ok || k.Partition == "" || !isAccount(k.Account) || k.Region == "" || k.Control == "" ||
			(k.Kind == Incident) == (k.Discriminator == "") || (f.Status == "") != (k.Kind == Incident) {
			t.Errorf("incomplete key %+v", k)
		}
		if again := CanonicalARN(s.ResourceType, k.Resource, Place{Partition: a.partition, Account: k.Account, Region: k.Region}); again != k.Resource {
			t.Errorf("%s is not canonical: %s", k.Resource, again)
		}
	}
}

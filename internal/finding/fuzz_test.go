package finding

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zesei/internal/event"
)

// FuzzDecode holds what every input must: no panic; a finding that is complete,
// or a reason; and never a Security Hub control from another product.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(bytes.ReplaceAll(raw, []byte("aws/securityhub"), []byte("111122223333/default")))
		f.Add([]byte(`{"detail-type":"Security Hub Findings - Imported","source":"aws.securityhub","account":"111122223333","detail":{"findings":[` + string(raw) + `]}}`))
	}
	d := NewDecoder(newTestCatalogue())
	f.Fuzz(func(t *testing.T, in []byte) {
		r := event.NewReader(bytes.NewReader(in), "fuzz")
		for {
			item, err := r.Next()
			if err != nil {
				return
			}
			all, err := d.Decode(item, received)
			if len(all) == 0 && err == nil {
				t.Fatalf("nothing came of %q", item.Raw)
			}
			var e *Error
			if err != nil && !errors.As(err, &e) {
				t.Fatalf("an error of another kind: %v", err)
			}
			for i := range all {
				complete(t, &all[i])
				for _, s := range all[i].Subjects {
					if !strings.Contains(s.Key.Control, "/") && !all[i].Source.IsSecurityHub() {
						t.Fatalf("%s speaks for %s", all[i].Source.ProductARN, s.Key.Control)
					}
					if strings.ContainsAny(s.Key.Resource+s.Key.Control, "\n\x00\x1b") {
						t.Fatalf("control characters in %q", s.Key)
					}
				}
				if all[i].ObservedAt.After(received.Add(maxAhead)) {
					t.Fatalf("observed at %s", all[i].ObservedAt)
				}
			}
		}
	})
}

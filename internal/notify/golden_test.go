package notify

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with testdata/<name> and rewrites it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

func TestMessagesReadAsAPersonWouldWriteThem(t *testing.T) {
	templates, err := LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	set, err := templates.For(Plain{})
	if err != nil {
		t.Fatal(err)
	}
	byLanguage := map[string]*strings.Builder{"ja": {}, "en": {}}
	for _, s := range Samples() {
		text, err := set.Render(s.View)
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		b := byLanguage[s.View.Language]
		b.WriteString("===== " + s.Name + "\n" + text + "\n\n")
	}
	for lang, b := range byLanguage {
		golden(t, "messages."+lang+".txt", b.String())
	}
}

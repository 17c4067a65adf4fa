package control_test

import (
	"os"
	"path/filepath"
	"testing"
)

// shared is a file of the reference facts beside the checkout. Where they are
// absent the test is skipped, unless ZESEI_REQUIRE=all.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "..", "shared", name))
	if err != nil {
		if os.Getenv("ZESEI_REQUIRE") == "all" {
			t.Fatalf("reference facts: %v", err)
		}
		t.Skipf("reference facts are not here: %s", name)
	}
	return text
}

// root is the repository's root: the nearest directory above with a go.mod.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = up
	}
}

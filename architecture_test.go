package zesei_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors gives each package its height in docs/architecture.md. A package may
// import its own subtree and what stands on a lower floor, nothing else. The
// longest matching path counts.
var floors = map[string]float64{
	"eventpattern":             1,
	"logpattern":               1,
	"internal/event":           1,
	"internal/calendar":        1.1,
	"internal/config/document": 1,
	"internal/finding":         1.1,
	"internal/resource":        1,
	"internal/fake":            1,
	"internal/baseline":        1,
	"internal/control":         2,
	"internal/detect":          2.1,
	"internal/policy":          2,
	"internal/casefile":        2,
	"internal/exception":       2,
	"internal/config":          3,
	"internal/awscloud":        3,
	"internal/store":           3,
	"internal/organization":    3.1,
	"internal/resource/live":   3.1,
	"internal/job":             3.1,
	"internal/casework":        4,
	"internal/recheck":         5,
	"internal/remedy":          5.1,
	"internal/notify":          5.1,
	"internal/notify/answer":   5.2,
	"internal/securityhub":     5.1,
	"internal/ticket":          5.1,
	"internal/report":          5.1,
	"internal/audit":           5.1,
	"internal/carryover":       5.1,
	"internal/replay":          5.1,
	"internal/controlstate":    5.1,
	"internal/intake":          6,
	"internal/web":             6,
	"internal/app":             7,
	"internal/demo":            8,
	"internal/cli":             9,
	"internal/bench":           9,
	"cmd":                      10,
}

func floor(path string) (at string, height float64, ok bool) {
	for p := path; p != "." && p != ""; p = filepath.ToSlash(filepath.Dir(p)) {
		if h, found := floors[p]; found {
			return p, h, true
		}
	}
	return "", 0, false
}

// files calls do with each Go file that is not a test's, and its package folder.
func files(t *testing.T, mode parser.Mode, do func(dir string, f *ast.File)) {
	t.Helper()
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, mode)
		if err != nil {
			return err
		}
		do(filepath.ToSlash(filepath.Dir(path)), f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportsPointDown(t *testing.T) {
	files(t, parser.ImportsOnly, func(dir string, f *ast.File) {
		home, height, ok := floor(dir)
		if !ok {
			t.Errorf("%s stands on no floor: give it one in architecture_test.go and docs/architecture.md", dir)
			return
		}
		for _, spec := range f.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			to, ours := strings.CutPrefix(path, "zesei/")
			if !ours {
				continue
			}
			their, low, ok := floor(to)
			if ok && (their == home || low < height) {
				continue
			}
			t.Errorf("%s (floor %g) imports %s (floor %g): imports point down", dir, height, to, low)
		}
	})
}

// The twin is for the demo and for tests: nothing that runs in production may
// reach it.
func TestOnlyTheDemoImportsTheTwin(t *testing.T) {
	files(t, parser.ImportsOnly, func(dir string, f *ast.File) {
		for _, spec := range f.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if strings.HasPrefix(path, "zesei/internal/fake") && !strings.HasPrefix(dir, "internal/fake") && dir != "internal/demo" && !strings.Contains(dir+"/", "test/") && dir != "internal/bench" {
				t.Errorf("%s imports the twin (%s)", dir, path)
			}
		}
	})
}

func TestEveryPackageSaysWhatItHolds(t *testing.T) {
	said := map[string]bool{}
	files(t, parser.ParseComments, func(dir string, f *ast.File) {
		said[dir] = said[dir] || f.Doc != nil && len(strings.Fields(f.Doc.Text())) >= 15
	})
	for dir, ok := range said {
		if !ok {
			t.Errorf("%s has no package comment that says what it holds (15 words at least)", dir)
		}
	}
}

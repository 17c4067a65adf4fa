package control_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"zesei/internal/control/source"
)

func TestTheCompiledCatalogueIsUpToDate(t *testing.T) {
	dir := filepath.Join(root(t), "internal", "control")
	controls, err := source.Read(os.DirFS(filepath.Join(dir, "catalog")))
	if err != nil {
		t.Fatal(err)
	}
	want, err := source.Render(controls)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "controls_gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("controls_gen.go is older than catalog/*.yaml: run go generate ./internal/control and commit the result")
	}
}

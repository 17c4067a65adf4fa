package audit_test

import (
	"context"
	"testing"

	"zesei/internal/audit"
	"zesei/internal/casework"
)

// Between the reading of a case and that of its chain another process may add to
// the chain: the file holds the case as it was read, and proves itself.
func TestACaseThatGoesOnWhileItIsExportedIsNotCalledBroken(t *testing.T) {
	s := newScene(t)
	s.fails(1, 2)
	f := s.file(1)
	if err := s.work.Note(context.Background(), casework.Person{ID: "cli:hana"}, f.ID, "meanwhile"); err != nil {
		t.Fatal(err)
	}
	c, err := s.exporter().Export(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	if n := int64(len(c.Chain)); n != f.AuditSeq {
		t.Errorf("the file holds %d rows, the case had %d", n, f.AuditSeq)
	}
	if v := audit.Verify(c); !v.Consistent() {
		t.Error(v.Broken)
	}
}

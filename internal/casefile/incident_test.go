package casefile

import (
	"testing"
	"time"

	"zesei/internal/finding"
)

// The same event, or an older one, that comes again changes nothing that a person
// would see: an import says so.
func TestAnIncidentHeardAgainIsNoUpdate(t *testing.T) {
	f := &File{State: Open, Severity: finding.High}
	s := Statement{Status: finding.Failed, RecordState: finding.Active, Severity: finding.High}
	env := Env{Now: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}
	if _, w, _ := f.hearIncident(s, false, env, nil); w.Updated || w.Tell {
		t.Errorf("heard again: %+v", w)
	}
	if _, w, _ := f.hearIncident(s, true, env, nil); !w.Updated {
		t.Errorf("something newer: %+v", w)
	}
	s.Severity = finding.Critical
	if _, w, _ := f.hearIncident(s, false, env, nil); !w.Updated || !w.Tell {
		t.Errorf("worse than thought: %+v", w)
	}
}

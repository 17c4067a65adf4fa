package casework_test

import (
	"context"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// Security Hub sets a finding that fails again to NEW
// (https://docs.aws.amazon.com/securityhub/latest/userguide/finding-workflow-status.html).
// People are told before Security Hub is: that must not take back what it is still
// to be told.
func TestAProblemThatIsBackIsNotifiedAgain(t *testing.T) {
	s := newScene(t)
	told := func() {
		t.Helper()
		if err := s.work.Told(t.Context(), 1, []byte(`{}`), true); err != nil {
			t.Fatal(err)
		}
	}
	hears := func() {
		t.Helper()
		due, err := store.HubDue(t.Context(), s.db.View(), "111122223333", "ap-northeast-1", s.now.Add(time.Hour), 100)
		if err != nil || len(due) != 1 || due[0].Workflow != string(finding.Notified) {
			t.Fatalf("Security Hub is to be told %+v (%v), want NOTIFIED", due, err)
		}
		if err := s.db.Update(t.Context(), func(tx *store.Tx) error { return store.HubTold(context.Background(), tx, due[0]) }); err != nil {
			t.Fatal(err)
		}
	}
	s.take(s.said(finding.Failed))
	told()
	hears()
	s.later(time.Hour)
	s.take(s.said(finding.Passed, workflow(finding.Resolved, "")))
	s.state(casefile.Closed)
	s.later(time.Hour)
	s.take(s.said(finding.Failed, workflow(finding.New, "")))
	s.state(casefile.Open)
	told()
	hears()
}

package casework_test

import (
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/policy"
	"zesei/internal/store"
)

// BatchUpdateFindings refuses a note of no characters, and with it the update of
// every finding in the same call
// (https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_NoteUpdate.html).
func TestSecurityHubIsToldWithWordsThatACaseIsOpenAgain(t *testing.T) {
	s := newScene(t)
	s.response = policy.Suppress
	s.take(s.said(finding.Failed))
	s.take(s.said(finding.Failed, workflow(finding.Suppressed, casework.NoteAuthor)))
	id := s.state(casefile.Suppressed).ID
	s.response = policy.Track
	if err := s.work.Reopen(t.Context(), casework.Person{ID: "cli:taro"}, id, "it matters after all"); err != nil {
		t.Fatal(err)
	}
	s.state(casefile.Open)
	due, err := store.HubDue(t.Context(), s.db.View(), "111122223333", "ap-northeast-1", s.now.Add(time.Hour), 100)
	if err != nil || len(due) != 1 || due[0].Workflow != string(finding.New) || due[0].Note == "" {
		t.Errorf("Security Hub is to be told %+v (%v), want NEW with a note", due, err)
	}
}

// What another standard says of a risk that is accepted is accepted too.
func TestAFindingThatJoinsAnAcceptedCaseIsSuppressedToo(t *testing.T) {
	s := newScene(t)
	s.rules.Hub = func(account, region string) (string, string, bool) { return account, region, true }
	s.take(s.said(finding.Failed))
	s.accepted(casework.Ask{Case: s.only().ID, Until: s.now.Add(48 * time.Hour)})
	s.later(time.Hour)
	s.take(s.said(finding.Failed, func(f *finding.Finding) { f.Source.ID, f.ObservedAt = "second", s.now }))
	if got := s.hubWants(); got["finding-1"] != "SUPPRESSED" || got["second"] != "SUPPRESSED" {
		t.Errorf("Security Hub is told %v", got)
	}
}

package casework_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// ticketScene is a scene whose owner has a tracker.
func ticketScene(t *testing.T) *scene {
	s := newScene(t)
	s.rules.Tracker = func(owner string) (string, string, bool) { return "redmine", "shop", owner == "shop" }
	s.work.Use(s.rules)
	s.response = "track"
	// The account, the standard and the control have been known for long.
	if err := s.db.Update(t.Context(), func(tx *store.Tx) error {
		for _, n := range [][2]string{{"account", "111122223333"}, {"standard", "fsbp"}, {"control", "EC2.19"}} {
			if _, err := store.First(t.Context(), tx, n[0], n[1], start.Add(-48*time.Hour)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func group(id string) func(*finding.Finding) {
	return func(f *finding.Finding) {
		f.Source.ID += id
		f.Subjects[0].Key.Resource += id
	}
}

func (s *scene) tickets() []store.Ticket {
	s.t.Helper()
	var out []store.Ticket
	for id := int64(1); ; id++ {
		row, err := store.LoadTicket(context.Background(), s.db.View(), id)
		if err != nil {
			return out
		}
		out = append(out, row)
	}
}

func TestATrackedCaseJoinsATicketAndAnotherOneDoesNot(t *testing.T) {
	s := ticketScene(t)
	s.take(s.said(finding.Failed))
	s.take(s.said(finding.Failed)) // the same again
	if got := s.tickets(); len(got) != 1 || got[0].Control != "" || got[0].N != 1 || got[0].Tracker != "redmine" || got[0].Project != "shop" {
		t.Fatalf("tickets: %+v, want one for the one case", got)
	}
	s.response = "notify"
	s.take(s.said(finding.Failed, group("x")))
	if got := s.tickets(); len(got) != 1 {
		t.Errorf("a case that is only worth knowing has a ticket: %+v", got)
	}
}

func TestCasesOfOneControlShareATicketWhereThePolicySaysSo(t *testing.T) {
	s := ticketScene(t)
	s.rules.TicketsPerControl = true
	s.take(s.said(finding.Failed), s.said(finding.Failed, group("b")))
	s.take(s.said(finding.Failed, group("c")))
	if got := s.tickets(); len(got) != 1 || got[0].Control != "EC2.19" || got[0].N != 3 {
		t.Errorf("tickets: %+v, want one of three cases", got)
	}
}

func TestWithoutATrackerThereAreNoTickets(t *testing.T) {
	s := ticketScene(t)
	s.rules.Tracker = nil
	s.take(s.said(finding.Failed))
	s.rules.Tracker = func(string) (string, string, bool) { return "", "", false }
	s.take(s.said(finding.Failed, group("b")))
	if got := s.tickets(); len(got) != 0 {
		t.Errorf("tickets: %+v", got)
	}
}

func TestAFirstImportMakesOneTicketAControl(t *testing.T) {
	s := newScene(t)
	s.rules.ImportWindow = time.Hour
	s.rules.Tracker = func(string) (string, string, bool) { return "redmine", "shop", true }
	high := func(f *finding.Finding) { f.Severity = finding.High }
	s.take(s.said(finding.Failed, high), s.said(finding.Failed, high, group("b")), s.said(finding.Failed, high, group("c")))
	if got := s.tickets(); len(got) != 1 || got[0].N != 3 {
		t.Errorf("tickets: %+v, want one of three cases", got)
	}
}

func (s *scene) caseID() int64 {
	s.t.Helper()
	ids, err := store.TicketCaseIDs(context.Background(), s.db.View(), 1)
	if err != nil || len(ids) == 0 {
		s.t.Fatalf("cases of the ticket: %v, %v", ids, err)
	}
	return ids[0]
}

func TestWhatPeopleDidInATrackerIsNotedOnceAndDoesNoMore(t *testing.T) {
	s := ticketScene(t)
	s.readable = true
	s.take(s.said(finding.Failed))
	id, ctx := s.caseID(), t.Context()
	heard := json.RawMessage(`{"seen":1}`)
	if err := s.work.SawTickets(ctx, map[int64]json.RawMessage{1: heard}); err != nil {
		t.Fatal(err)
	}
	if got := s.tickets()[0]; string(got.Heard) != string(heard) {
		t.Fatalf("heard %s", got.Heard)
	}
	until := start.Add(30 * 24 * time.Hour)
	news := []casework.TicketNews{
		{What: "closed", Who: "hanako"},
		{What: "comment", Who: "hanako", Text: "we know"},
		{What: "assignee", Who: "hanako", Text: "taro"},
		{What: "exception", Who: "hanako", Text: "public site", Until: until},
		{What: "exception", Who: "hanako", Text: "public site", Until: until},
	}
	if err := s.work.HeardTicket(ctx, 1, casework.TicketState{Key: "17", Open: true, Known: json.RawMessage(`{"key":"17"}`)}, heard, news); err != nil {
		t.Fatal(err)
	}
	row := s.tickets()[0]
	if len(row.Heard) != 0 || row.Key != "17" || string(row.Known) != `{"key":"17"}` {
		t.Errorf("the row is %+v", row)
	}
	files, err := store.CasesByID(ctx, s.db.View(), []int64{id})
	if err != nil {
		t.Fatal(err)
	}
	if f := files[0]; f.State != casefile.Open || f.Life.Assignee != "taro" {
		t.Errorf("the case is %s, of %q: a tracker closes no case", f.State, f.Life.Assignee)
	}
	asked, err := store.ExceptionsOfCase(ctx, s.db.View(), id)
	if err != nil || len(asked) != 1 || asked[0].State != store.ExceptionAsked || asked[0].AskedBy != "redmine:hanako" || !asked[0].ExpiresAt.Equal(until) {
		t.Errorf("exceptions: %+v, %v; want one that waits", asked, err)
	}
	if _, err := s.work.ApproveException(ctx, casework.Person{ID: "redmine:hanako"}, asked[0].ID); err == nil {
		t.Error("who asked from a tracker approved")
	}
}

func TestWhatWasSeenSinceIsNotForgotten(t *testing.T) {
	s := ticketScene(t)
	s.take(s.said(finding.Failed))
	older, newer := json.RawMessage(`1`), json.RawMessage(`2`)
	for _, h := range []json.RawMessage{older, newer} {
		if err := s.work.SawTickets(t.Context(), map[int64]json.RawMessage{1: h}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.work.HeardTicket(t.Context(), 1, casework.TicketState{Key: "17", Open: true, Known: json.RawMessage(`{}`)}, older, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.tickets()[0]; string(got.Heard) != "2" {
		t.Errorf("heard %q, want what was seen last", got.Heard)
	}
}

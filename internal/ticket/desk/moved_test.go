package desk_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/fake"
	"zesei/internal/fake/tracker"
	"zesei/internal/finding"
	"zesei/internal/ticket"
)

// given lets another owner answer for the account, and works what follows.
func (s *scene) given(owner string) {
	s.t.Helper()
	s.to(s.now.Add(time.Minute))
	s.owner = owner
	if _, err := s.work.RedecideAccount(s.t.Context(), "111122223333"); err != nil {
		s.t.Fatal(err)
	}
	s.drain()
}

// words are the comments of the ticket at i.
func (s *scene) words(i int) []string {
	s.t.Helper()
	var out []string
	for _, c := range s.twin.Issues()[i].Comments {
		out = append(out, c.Text)
	}
	return out
}

func (s *scene) two() (old, fresh tracker.Issue) {
	s.t.Helper()
	all := s.twin.Issues()
	if len(all) != 2 {
		s.t.Fatalf("%d tickets stand, want that of each owner", len(all))
	}
	return all[0], all[1]
}

// movedScene is a desk whose Redmine is told of accepted risks and of moves by a
// status of their own.
func movedScene(t *testing.T) *scene {
	s := newScene(t, tracker.Redmine)
	s.closedAs = ticket.ClosedAs{ticket.EndMoved: "Rejected"}
	return s
}

func TestTheTicketOfACaseThatMovedIsClosedAsMovedAndTheNewOwnerHasOne(t *testing.T) {
	s := movedScene(t)
	s.said(finding.Failed, 0, 1)
	s.given("storage")
	old, fresh := s.two()
	if !old.Closed || old.State != "Rejected" {
		t.Errorf("the old ticket is %s: it must not say that the problem was fixed", old.State)
	}
	told := s.words(0)
	if len(told) != 1 || !strings.Contains(told[0], "it belongs to storage now") || strings.Contains(told[0], "fix was confirmed") {
		t.Errorf("the old ticket was told %q, want once that it belongs to storage", told)
	}
	if strings.Contains(old.Body, "done (") || strings.Contains(old.Body, "Proof") {
		t.Errorf("the old ticket reads as if the work were done:\n%s", old.Body)
	}
	if fresh.Closed || !strings.Contains(fresh.Body, "storage") || !strings.Contains(fresh.Title, "EC2.19") {
		t.Errorf("the new ticket: %+v", fresh)
	}
	if f := s.file(1); f.State != casefile.Open || f.Terms.Owner != "storage" {
		t.Errorf("the case is %s, of %s", f.State, f.Terms.Owner)
	}
	if got := s.moves(1); !slices.Equal(got, []string{"ticket made", "ticket told", "ticket closed by us", "ticket made"}) {
		t.Errorf("the chain says %q", got)
	}
	// What follows is told to the new owner only.
	updates := s.twin.Journal().Count(fake.Query{Operation: "update"})
	s.said(finding.Passed, 0, 1)
	s.said(finding.Failed, 0, 1)
	s.wait(20 * time.Minute)
	if old, fresh = s.two(); len(old.Comments) != 1 || !old.Closed || len(fresh.Comments) != 2 || fresh.Closed {
		t.Errorf("old: %d comments, closed %v; new: %d comments, closed %v", len(old.Comments), old.Closed, len(fresh.Comments), fresh.Closed)
	}
	for _, e := range s.twin.Journal().Entries(fake.Query{Operation: "update"})[updates:] {
		var in struct{ Issue map[string]json.RawMessage }
		if err := json.Unmarshal(e.Input, &in); err != nil || strings.Contains(string(in.Issue["description"]), "belongs to storage") {
			t.Errorf("the old ticket is rewritten: %s", e.Input)
		}
	}
}

func TestWhoOpensTheTicketOfACaseThatMovedIsNotContradicted(t *testing.T) {
	s := movedScene(t)
	s.said(finding.Failed, 0, 1)
	s.given("storage")
	old, _ := s.two()
	for range 2 {
		s.to(s.now.Add(time.Second))
		if err := s.twin.Reopen(old.Key, "taro"); err != nil {
			t.Fatal(err)
		}
		s.wait(30 * time.Minute)
		if old, _ = s.two(); old.Closed {
			t.Fatalf("a person opened it and it was closed again: %q", s.words(0))
		}
	}
	told := s.words(0)
	if len(told) != 2 || !strings.Contains(told[1], "belongs to storage now and is followed there") || !strings.Contains(told[1], "stays open until somebody closes it") {
		t.Errorf("told %q, want one answer", told)
	}
	s.said(finding.Passed, 0, 1) // by its new owner
	s.wait(30 * time.Minute)
	if old, fresh := s.two(); old.Closed || !fresh.Closed || len(old.Comments) != 2 {
		t.Errorf("old closed %v with %q; new closed %v", old.Closed, s.words(0), fresh.Closed)
	}
}

func TestACaseThatComesBackToItsOwnerOpensTheOldTicket(t *testing.T) {
	s := movedScene(t)
	s.said(finding.Failed, 0, 1)
	s.given("storage")
	s.given("shop")
	old, fresh := s.two()
	if old.Closed || !strings.Contains(s.words(0)[len(s.words(0))-1], "is open again") {
		t.Errorf("the old ticket: closed %v, told %q", old.Closed, s.words(0))
	}
	if !fresh.Closed || !strings.Contains(s.words(1)[0], "it belongs to shop now") {
		t.Errorf("the other ticket: closed %v, told %q", fresh.Closed, s.words(1))
	}
}

func TestWhoOpensItAfterTheNewOwnerFixedItIsNotContradictedEither(t *testing.T) {
	s := movedScene(t)
	s.said(finding.Failed, 0, 1)
	s.given("storage")
	s.said(finding.Passed, 0, 1)
	s.to(s.now.Add(time.Second))
	if err := s.twin.Reopen(s.twin.Issues()[0].Key, "taro"); err != nil {
		t.Fatal(err)
	}
	s.wait(30 * time.Minute)
	if old, _ := s.two(); old.Closed || !strings.Contains(s.words(0)[1], "belongs to storage now") {
		t.Errorf("closed %v, told %q", old.Closed, s.words(0))
	}
}

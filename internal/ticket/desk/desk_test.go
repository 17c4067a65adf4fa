package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/fake"
	"zesei/internal/fake/tracker"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/store"
)

func TestATicketLivesAsItsCaseDoesAndTheChainTellsIt(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.said(finding.Failed, 0, 1)
	if got := s.one(); got.Closed || !strings.Contains(got.Title, "EC2.19") || got.Due != "2026-11-05" {
		t.Errorf("made: %+v", got)
	}
	s.wait(30 * time.Minute)
	if got := s.one(); len(got.Comments) != 0 {
		t.Errorf("nothing has changed and %d comments were written", len(got.Comments))
	}
	s.said(finding.Passed, 0, 1)
	if got := s.one(); !got.Closed || !strings.Contains(s.last(), "no rule is open to the world") {
		t.Errorf("closed %v, told %q; want it closed with the proof", got.Closed, s.last())
	}
	s.wait(time.Hour)
	s.said(finding.Failed, 0, 1)
	if got := s.one(); got.Closed || !strings.Contains(s.last(), "the problem is back") {
		t.Errorf("closed %v, told %q; want it opened again", got.Closed, s.last())
	}
	want := []string{"ticket made", "ticket told", "ticket closed by us", "ticket opened again", "ticket told"}
	if got := s.moves(1); !slices.Equal(got, want) {
		t.Errorf("the chain says %q, want %q", got, want)
	}
}

func TestAGroupIsOneTicketAndEachChainHoldsItsOwn(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.rules.TicketsPerControl = true
	s.said(finding.Failed, 0, 2)
	s.wait(10 * time.Minute)
	s.said(finding.Failed, 2, 3)
	if !strings.Contains(s.last(), "sg-2") {
		t.Errorf("told %q, want the newcomer", s.last())
	}
	s.said(finding.Passed, 0, 1)
	if s.one().Closed {
		t.Error("two cases are open and the ticket is closed")
	}
	s.said(finding.Passed, 1, 3)
	if !s.one().Closed {
		t.Error("no case is open and the ticket is open")
	}
	for id, want := range map[int64][]string{
		1: {"ticket made", "ticket told", "ticket closed by us"},
		3: {"ticket told", "ticket told", "ticket closed by us"},
	} {
		if got := s.moves(id); !slices.Equal(got, want) {
			t.Errorf("the chain of case %d says %q, want %q", id, got, want)
		}
	}
}

func TestAClosedTicketIsOpenedWhileTheResourceFails(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.said(finding.Failed, 0, 1)
	s.act(s.twin.Close)
	s.wait(6 * time.Minute)
	if !s.one().Closed {
		t.Fatal("it was opened before anybody looked at the resource")
	}
	s.wait(4 * time.Minute)
	if s.one().Closed || s.checks == 0 || !strings.Contains(s.last(), "Taro Yamada while the resource still fails") {
		t.Errorf("closed %v after %d checks, told %q; want it opened with the reason", s.one().Closed, s.checks, s.last())
	}
	if f := s.file(1); f.State != casefile.Open {
		t.Errorf("the case is %s: a tracker closes none", f.State)
	}
}

func TestAClosedTicketStaysClosedWhenTheResourceWasFixed(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.said(finding.Failed, 0, 1)
	s.fails = false // somebody mended it, and closed the ticket at once
	s.act(s.twin.Close)
	s.wait(10 * time.Minute)
	if f := s.file(1); f.State != casefile.Closed || f.Reason != casefile.Fixed {
		t.Errorf("the case is %s (%s), want fixed: it was looked at", f.State, f.Reason)
	}
	if !s.one().Closed || strings.Contains(s.last(), "still fails") {
		t.Errorf("closed %v, told %q", s.one().Closed, s.last())
	}
}

func TestClosingATicketAsksForAnExceptionWhereThePolicySaysSo(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.desk.Requests = true
	s.said(finding.Failed, 0, 1)
	s.act(s.twin.Close)
	s.wait(time.Hour)
	asked, err := store.ExceptionsOfCase(t.Context(), s.db.View(), 1)
	if err != nil || len(asked) != 1 || asked[0].State != store.ExceptionAsked || asked[0].AskedBy != "tasks:Taro Yamada" {
		t.Fatalf("exceptions: %+v, %v; want one that waits", asked, err)
	}
	if !s.one().Closed || s.file(1).State != casefile.Open {
		t.Errorf("ticket closed %v, case %s; want it closed while an approver is waited for, and the case open", s.one().Closed, s.file(1).State)
	}
	if _, err := s.work.ApproveException(t.Context(), casework.Person{ID: "cli:hanako", Approver: true}, asked[0].ID); err != nil {
		t.Fatal(err)
	}
	s.drain()
	if got := s.one(); !got.Closed || got.Due != asked[0].ExpiresAt.Format("2006-01-02") {
		t.Errorf("closed %v, deadline %s; want it closed until the exception's end", got.Closed, got.Due)
	}
	if !strings.Contains(s.last(), "approved by hanako") || !strings.Contains(s.last(), "2 Dec 2026") {
		t.Errorf("told %q; want end and approver", s.last())
	}
	s.to(asked[0].ExpiresAt)
	s.wait(time.Minute)
	if got := s.one(); got.Closed || !strings.Contains(s.last(), "no longer accepted") || got.Due != "2026-12-05" {
		t.Errorf("closed %v, deadline %s, told %q; want it open with a fresh deadline", got.Closed, got.Due, s.last())
	}
}

func TestARefusedWishOpensTheTicketAgain(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.desk.Requests = true
	s.said(finding.Failed, 0, 1)
	s.act(s.twin.Close)
	s.wait(10 * time.Minute)
	asked, err := store.ExceptionsOfCase(t.Context(), s.db.View(), 1)
	if err != nil || len(asked) != 1 {
		t.Fatalf("exceptions: %+v, %v", asked, err)
	}
	if _, err := s.work.RefuseException(t.Context(), casework.Person{ID: "cli:hanako", Approver: true}, asked[0].ID, "not on this network"); err != nil {
		t.Fatal(err)
	}
	s.wait(65 * time.Minute)
	if s.one().Closed {
		t.Error("the wish was refused, the resource fails and the ticket is closed")
	}
}

func TestATicketThatAPersonOpensIsClosedOnceMoreAndThenLeft(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.said(finding.Failed, 0, 1)
	s.said(finding.Passed, 0, 1)
	checks := s.checks
	s.wait(time.Hour)
	s.act(s.twin.Reopen)
	s.wait(10 * time.Minute)
	if !s.one().Closed || s.checks == checks || !strings.Contains(s.last(), "nothing fails, so it is closed again") {
		t.Fatalf("closed %v after %d more checks, told %q", s.one().Closed, s.checks-checks, s.last())
	}
	s.act(s.twin.Reopen)
	s.wait(time.Hour)
	if s.one().Closed || !strings.Contains(s.last(), "stays open until somebody closes it") || len(s.one().Comments) != 3 {
		t.Errorf("a person wants it open: closed %v, %d comments, the last %q", s.one().Closed, len(s.one().Comments), s.last())
	}
	if f := s.file(1); f.State != casefile.Closed {
		t.Errorf("the case is %s: a tracker opens none", f.State)
	}
	if got := s.moves(1); !slices.Contains(got, "ticket opened") {
		t.Errorf("the chain does not say that a person opened it: %q", got)
	}
}

func TestATicketThatAPersonOpensBecauseTheProblemIsBackStaysOpen(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.said(finding.Failed, 0, 1)
	s.said(finding.Passed, 0, 1)
	s.fails = true // before Security Hub knows
	s.act(s.twin.Reopen)
	s.wait(10 * time.Minute)
	if f := s.file(1); f.State != casefile.Open || f.Life.Recurrences != 1 {
		t.Errorf("the case is %s with %d recurrences: the look found it failing", f.State, f.Life.Recurrences)
	}
	if s.one().Closed || !strings.Contains(s.last(), "the problem is back") {
		t.Errorf("closed %v, told %q", s.one().Closed, s.last())
	}
}

func TestATicketIsLeftToWhoOpensItWhereNothingCanBeRead(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.readable = false
	s.said(finding.Failed, 0, 1)
	s.said(finding.Passed, 0, 1)
	if !s.one().Closed {
		t.Fatal("the case is closed and its ticket open")
	}
	s.act(s.twin.Reopen)
	s.wait(time.Hour)
	if s.one().Closed || !strings.Contains(s.last(), "stays open until somebody closes it") {
		t.Errorf("closed %v, told %q: without a look nobody is contradicted", s.one().Closed, s.last())
	}
}

func TestATicketOfAnAcceptedRiskIsLeftToWhoOpensItUntilTheRiskIsAcceptedNoMore(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.said(finding.Failed, 0, 1)
	x, err := s.work.AskException(t.Context(), casework.Person{ID: "cli:jiro"}, casework.Ask{Case: 1, Reason: "a public site", Until: s.now.Add(48 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.work.ApproveException(t.Context(), casework.Person{ID: "cli:hanako", Approver: true}, x.ID); err != nil {
		t.Fatal(err)
	}
	s.drain()
	if !s.one().Closed {
		t.Fatal("the risk is accepted and the ticket is open")
	}
	s.act(s.twin.Reopen)
	s.wait(time.Hour)
	if s.one().Closed || strings.Contains(s.last(), "nothing fails") || !strings.Contains(s.last(), "stays open") {
		t.Errorf("closed %v, told %q: the resource does fail", s.one().Closed, s.last())
	}
	s.to(x.ExpiresAt)
	s.wait(time.Minute)
	if s.one().Closed || !strings.Contains(s.last(), "no longer accepted") {
		t.Errorf("closed %v, told %q", s.one().Closed, s.last())
	}
	s.said(finding.Passed, 0, 1)
	if !s.one().Closed {
		t.Error("it was fixed and the ticket is open")
	}
}

func TestAClosedTicketIsLookedAtForAMonth(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.said(finding.Failed, 0, 1)
	s.said(finding.Passed, 0, 1)
	lists := func() int { return s.twin.Journal().Count(fake.Query{Operation: "list"}) }
	s.to(s.now.Add(29 * 24 * time.Hour))
	before := lists()
	s.wait(10 * time.Minute)
	if lists() == before {
		t.Error("29 days later the tracker is not asked")
	}
	s.to(s.now.Add(2 * 24 * time.Hour))
	s.wait(10 * time.Minute)
	before = lists()
	s.wait(time.Hour)
	if lists() != before {
		t.Error("a month has passed and the tracker is asked for closed tickets")
	}
}

func TestClosedTicketsTakeTurnsWhereEachIsAskedFor(t *testing.T) {
	s := newScene(t, tracker.InHouse)
	s.said(finding.Failed, 0, 7)
	s.said(finding.Passed, 0, 6) // one is still open
	s.wait(5 * time.Minute)
	gets := func() int { return s.twin.Journal().Count(fake.Query{Operation: "get"}) }
	before := gets()
	s.wait(time.Hour)
	if n := gets() - before; n != 12+6 {
		t.Errorf("%d tickets were read in an hour, want the open one 12 times and each closed one once", n)
	}
	s.to(s.now.Add(time.Second))
	if err := s.twin.Say("T1", "taro", "/zesei recheck"); err != nil {
		t.Fatal(err)
	}
	checks := s.checks
	s.wait(time.Hour)
	if s.checks != checks+1 {
		t.Errorf("%d checks, want the one that was asked for in a closed ticket", s.checks-checks)
	}
}

func TestWhatPeopleWriteInAClosedTicketIsKept(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.said(finding.Failed, 0, 1)
	s.said(finding.Passed, 0, 1)
	s.act(func(key, who string) error { return s.twin.Say(key, who, "who did this?") })
	s.wait(10 * time.Minute)
	h := s.file(1).Key.Hash()
	chain, err := store.Audit(t.Context(), s.db.View(), 1, fmt.Sprintf("%x", h))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range chain {
		if e.What == "note" && e.Why == "who did this?" && e.Actor == "tasks:Taro Yamada" {
			return
		}
	}
	t.Errorf("the words are not in the chain: %+v", chain)
}

func TestALimitIsWaitedOutAndARefusalGivenUp(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.twin.Faults().Add(fake.Fault{Kind: fake.Throttle, Service: "redmine", Operation: "create", Times: 1, RetryAfter: 7 * time.Minute})
	s.said(finding.Failed, 0, 1)
	s.wait(6 * time.Minute)
	if n := len(s.twin.Issues()); n != 0 {
		t.Fatalf("%d tickets before the time that the tracker named", n)
	}
	s.wait(2 * time.Minute)
	s.one()

	s = newScene(t, tracker.Redmine)
	s.twin.Faults().Add(fake.Fault{Kind: fake.Deny, Service: "redmine", Operation: "create", Times: 100})
	s.said(finding.Failed, 0, 1)
	s.wait(3 * time.Hour)
	if n := s.twin.Journal().Count(fake.Query{Operation: "create"}); n != 1 {
		t.Errorf("a refusal was tried %d times, want once", n)
	}
}

func TestACreateWhoseAnswerWasLostMakesOneTicket(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.twin.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Service: "redmine", Operation: "create", Times: 1})
	s.said(finding.Failed, 0, 1)
	s.wait(time.Hour)
	s.one()
	if got := s.moves(1); !slices.Equal(got, []string{"ticket made"}) {
		t.Errorf("the chain says %q, want that it was made", got)
	}
}

func TestADeletedTicketIsMadeAnewOnlyWhileACaseIsOpen(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	s.said(finding.Failed, 0, 1)
	s.act(func(key, _ string) error { return s.twin.Delete(key) })
	s.said(finding.Passed, 0, 1)
	s.wait(time.Hour)
	if n := len(s.twin.Issues()); n != 0 {
		t.Errorf("%d tickets stand for what is over", n)
	}
}

func TestAJobThatNamesNoTicketIsGivenUp(t *testing.T) {
	s := newScene(t, tracker.Redmine)
	for _, err := range []error{s.desk.Job(t.Context(), job.Job{Subject: "x"}), s.desk.Poll(t.Context(), job.Job{Subject: "x"})} {
		if err == nil {
			t.Error("no error")
		}
	}
}

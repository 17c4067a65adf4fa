package casework_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/policy"
	"zesei/internal/store"
)

func TestAFailedFindingOpensACaseWithDeadlineMessageAndAudit(t *testing.T) {
	s := newScene(t)
	r := s.take(s.said(finding.Failed))
	if r.Cases != (casework.Counts{Opened: 1}) || r.Unchanged != 0 || len(r.Touched) != 1 {
		t.Fatalf("got %+v", r)
	}
	f := s.state(casefile.Open)
	if f.Severity != finding.Critical || f.Terms.Owner != "shop" || !f.Terms.Due.Equal(start.Add(72*time.Hour)) {
		t.Errorf("got %s %s %s", f.Severity, f.Terms.Owner, f.Terms.Due)
	}
	if at, ok := s.jobs()["message 1"]; !ok || !at.Equal(start) {
		t.Errorf("a critical case is told at once: got jobs %v", s.jobs())
	}
	if got := s.chain(); !slices.Equal(got, []string{"opened"}) {
		t.Errorf("got %v", got)
	}
}

func TestAnUnchangedReimportChangesNothing(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	s.done()
	s.later(12 * time.Hour)
	r := s.take(s.said(finding.Failed)) // observed later, same content
	if r.Unchanged != 1 || r.Cases != (casework.Counts{}) || len(r.Touched) != 0 {
		t.Fatalf("got %+v", r)
	}
	if len(s.jobs()) != 0 || len(s.chain()) != 1 {
		t.Errorf("got jobs %v, chain %v", s.jobs(), s.chain())
	}
	list, _, _ := store.List(context.Background(), s.db.View(), store.Filter{})
	if !list[0].LastSeen.Equal(s.now) {
		t.Errorf("last seen %s, want %s", list[0].LastSeen, s.now)
	}
}

func TestTheSameInOneBatchTwiceIsOnce(t *testing.T) {
	s := newScene(t)
	r := s.take(s.said(finding.Failed), s.said(finding.Failed))
	if r.Cases.Opened != 1 || r.Unchanged != 1 {
		t.Fatalf("got %+v", r)
	}
	s.state(casefile.Open)
}

func TestASourceThatTurnsAndTurnsBackInOneBatchEndsAsItSaysLast(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	s.take(s.said(finding.Passed, at(start.Add(time.Minute))), s.said(finding.Failed, at(start.Add(2*time.Minute))))
	s.state(casefile.Open)
}

func TestAWorkflowResetFromNotifiedToNewSaysNothingToAPerson(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	if err := s.work.Told(context.Background(), 1, []byte(`{}`), true); err != nil {
		t.Fatal(err)
	}
	s.take(s.said(finding.Failed, workflow(finding.Notified, casework.NoteAuthor)))
	s.done()
	s.later(time.Hour)
	s.take(s.said(finding.Failed, workflow(finding.New, "")))
	s.state(casefile.Open)
	for j := range s.jobs() {
		if j == "message 1" {
			t.Error("a person would hear of a workflow reset")
		}
	}
	if got := s.chain(); !slices.Equal(got, []string{"opened"}) {
		t.Errorf("got %v", got)
	}
}

func TestOurOwnBatchUpdateFindingsComingBackTellsNobody(t *testing.T) {
	s := newScene(t)
	s.response = policy.Suppress
	s.take(s.said(finding.Failed))
	if got := s.hubWants()["finding-1"]; got != "SUPPRESSED" {
		t.Fatalf("Security Hub is to be told %q, want SUPPRESSED", got)
	}
	s.done()
	s.later(time.Minute)
	r := s.take(s.said(finding.Failed, workflow(finding.Suppressed, casework.NoteAuthor)))
	f := s.state(casefile.Suppressed)
	if f.Life.SuppressedBy != "policy" || len(s.jobs()) != 0 || r.Cases.Opened+r.Cases.Closed+r.Cases.Reopened != 0 {
		t.Errorf("got suppressed by %s, jobs %v, %+v", f.Life.SuppressedBy, s.jobs(), r)
	}
}

func TestTheSameHoleThroughThreeStandardsIsOneCase(t *testing.T) {
	s := newScene(t)
	r := s.take(s.said(finding.Failed, from("a", "fsbp")), s.said(finding.Failed, from("b", "cis-1.4")), s.said(finding.Failed, from("c", "pci-dss-3.2.1")))
	if r.Cases.Opened != 1 {
		t.Fatalf("got %+v", r)
	}
	f := s.state(casefile.Open)
	if !slices.Equal(f.Standards, []string{"cis-1.4", "fsbp", "pci-dss-3.2.1"}) || len(f.Sources) != 3 {
		t.Errorf("got %v, %d sources", f.Standards, len(f.Sources))
	}
	s.later(time.Hour)
	s.take(s.said(finding.Passed, from("a", "fsbp")))
	s.state(casefile.Open) // two still fail
	s.later(time.Hour)
	s.take(s.said(finding.Passed, from("b", "cis-1.4")), s.said(finding.Passed, from("c", "pci-dss-3.2.1")))
	if f := s.state(casefile.Closed); f.Reason != casefile.Fixed {
		t.Errorf("closed as %s", f.Reason)
	}
}

func TestAnArchivedFindingClosesItsCase(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	s.later(time.Hour)
	s.take(s.said(finding.Failed, archived("")))
	if f := s.state(casefile.Closed); f.Reason != casefile.ArchivedAway {
		t.Errorf("closed as %s", f.Reason)
	}
}

func TestADeletedResourceClosesItsCaseAsGone(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	s.later(time.Hour)
	s.take(s.said(finding.NotAvailable, archived(""), workflow(finding.New, "")))
	if f := s.state(casefile.Closed); f.Reason != casefile.Gone {
		t.Errorf("closed as %s", f.Reason)
	}
	s.later(18 * time.Hour)
	s.take(s.said(finding.Passed)) // what Security Hub says 18 hours later
	s.state(casefile.Closed)
}

func TestAFindingArchivedByConsolidationWaitsForItsSuccessor(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed, from("old", "fsbp")))
	s.later(time.Hour)
	s.take(s.said(finding.Failed, from("old", "fsbp"), archived("CONSOLIDATED_CONTROL_FINDINGS_UPDATE")))
	s.state(casefile.Open)
	s.later(time.Hour)
	r := s.take(s.said(finding.Failed, from("new", "fsbp")))
	if r.Cases.Opened+r.Cases.Reopened != 0 {
		t.Errorf("the successor joins the case: got %+v", r.Cases)
	}
	s.later(casework.Grace)
	if err := s.work.Tick(context.Background(), "1"); err != nil {
		t.Fatal(err)
	}
	s.state(casefile.Open)
}

func TestWithoutASuccessorTheCaseClosesAfterTheGrace(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	s.take(s.said(finding.Failed, archived("CONSOLIDATED_CONTROL_FINDINGS_UPDATE")))
	if at := s.jobs()["case.tick 1"]; !at.Equal(start.Add(casework.Grace)) {
		t.Fatalf("wakes at %s", at)
	}
	s.later(casework.Grace)
	if err := s.work.Tick(context.Background(), "1"); err != nil {
		t.Fatal(err)
	}
	s.state(casefile.Closed)
}

func TestAnOlderFindingNeverOverridesANewerOne(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	s.later(time.Hour)
	s.take(s.said(finding.Passed))
	s.state(casefile.Closed)
	r := s.take(s.said(finding.Failed, at(start.Add(30*time.Minute))))
	s.state(casefile.Closed)
	if r.Cases != (casework.Counts{}) {
		t.Errorf("got %+v", r.Cases)
	}
	// Nor does one that is older than an unchanged re-import.
	s = newScene(t)
	s.take(s.said(finding.Failed))
	s.later(2 * time.Hour)
	s.take(s.said(finding.Failed))
	s.take(s.said(finding.Passed, at(start.Add(time.Hour))))
	s.state(casefile.Open)
}

func TestAFailureAfterClosingReopensAndCounts(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	s.later(time.Hour)
	s.take(s.said(finding.Passed))
	s.later(time.Hour)
	r := s.take(s.said(finding.Failed))
	f := s.state(casefile.Open)
	if f.Life.Recurrences != 1 || r.Cases.Reopened != 1 || !f.Terms.Due.Equal(s.now.Add(72*time.Hour)) {
		t.Errorf("recurrences %d, %+v, due %s", f.Life.Recurrences, r.Cases, f.Terms.Due)
	}
	if got := s.chain(); !slices.Equal(got, []string{"opened", "closed", "reopened"}) {
		t.Errorf("got %v", got)
	}
}

func TestWarningNeverOpensNorCloses(t *testing.T) {
	s := newScene(t)
	if r := s.take(s.said(finding.Warning)); r.Cases.Opened != 0 {
		t.Fatalf("got %+v", r)
	}
	s.later(time.Minute)
	s.take(s.said(finding.Failed))
	s.later(time.Minute)
	s.take(s.said(finding.NotAvailable))
	s.state(casefile.Open)
}

func TestSeverityIsTheLastFailedOnes(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed), s.said(finding.Failed, from("b", "cis-1.4")))
	s.later(time.Minute)
	s.take(s.said(finding.Passed)) // INFORMATIONAL by Security Hub
	if f := s.state(casefile.Open); f.Severity != finding.Critical {
		t.Errorf("severity %s", f.Severity)
	}
}

func TestWhereWeCanReadTheSourcesAloneDoNotClose(t *testing.T) {
	s := newScene(t)
	s.readable = true
	s.take(s.said(finding.Failed))
	s.done()
	s.later(time.Hour)
	s.take(s.said(finding.Passed))
	f := s.state(casefile.Open)
	target := casework.TargetOf(f)
	if _, ok := s.jobs()["recheck "+target.String()]; !ok {
		t.Fatalf("no recheck asked: %v", s.jobs())
	}
	verdict := func(v casefile.Verdict) {
		t.Helper()
		if _, err := s.work.Check(context.Background(), target, nil, []casework.Verdict{{Control: "EC2.19", Verdict: v}}); err != nil {
			t.Fatal(err)
		}
	}
	verdict(casefile.Verdict{Status: finding.Failed, Why: "tcp 22 from 0.0.0.0/0"})
	s.state(casefile.Open)
	s.later(time.Hour)
	verdict(casefile.Verdict{Status: finding.Passed})
	f = s.state(casefile.Closed)
	if f.Life.ClosedBy != "check" {
		t.Errorf("closed by %s", f.Life.ClosedBy)
	}
	// A source that lags behind causes a recheck, not a reopening.
	s.done()
	s.later(time.Minute)
	s.take(s.said(finding.Failed))
	s.state(casefile.Closed)
	if _, ok := s.jobs()["recheck "+target.String()]; !ok {
		t.Errorf("no recheck asked: %v", s.jobs())
	}
	verdict(casefile.Verdict{Status: finding.Failed, Why: "again", At: s.now.Add(time.Minute)})
	s.state(casefile.Open)
}

func TestWhereReadingIsRefusedTheSourcesDecide(t *testing.T) {
	s := newScene(t)
	s.readable = true
	s.take(s.said(finding.Failed))
	s.later(time.Hour)
	s.take(s.said(finding.Passed))
	f := s.state(casefile.Open)
	_, err := s.work.Check(context.Background(), casework.TargetOf(f), nil, []casework.Verdict{{Control: "EC2.19", Verdict: casefile.Verdict{CannotRead: true, Why: "no role"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.state(casefile.Closed)
}

func TestSuppressingInTheConsoleSuppressesTheCase(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	s.later(time.Minute)
	s.take(s.said(finding.Failed, workflow(finding.Suppressed, "someone@example.com")))
	if f := s.state(casefile.Suppressed); f.Life.SuppressedBy != "console" {
		t.Errorf("suppressed by %s", f.Life.SuppressedBy)
	}
	if len(s.hubWants()) != 0 {
		t.Errorf("Security Hub knows already: %v", s.hubWants())
	}
	s.later(time.Minute)
	s.take(s.said(finding.Failed, workflow(finding.New, "someone@example.com")))
	s.state(casefile.Open)
}

// Our note stays on a finding after our edit: what a person does afterwards
// carries it too.
func TestSuppressingInTheConsoleCountsEvenUnderOurOldNote(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	if err := s.work.Told(context.Background(), 1, []byte(`{}`), true); err != nil {
		t.Fatal(err)
	}
	s.take(s.said(finding.Failed, workflow(finding.Notified, casework.NoteAuthor)))
	s.later(time.Minute)
	s.take(s.said(finding.Failed, workflow(finding.Suppressed, casework.NoteAuthor)))
	s.state(casefile.Suppressed)
}

func TestOfTwoThatContradictEachOtherAtTheSameTimeTheFailureStands(t *testing.T) {
	for _, order := range [][]finding.Status{{finding.Failed, finding.Passed}, {finding.Passed, finding.Failed}} {
		s := newScene(t)
		for range 2 {
			s.take(s.said(order[0]), s.said(order[1]))
			s.state(casefile.Open)
		}
		if got := s.chain(); !slices.Equal(got, []string{"opened"}) {
			t.Errorf("%v: got %v", order, got)
		}
	}
}

func TestFirstImportIsQuietButForCritical(t *testing.T) {
	s := newScene(t)
	s.rules.ImportWindow = time.Hour
	s.take(s.said(finding.Failed),
		s.said(finding.Failed, from("b", "fsbp"), func(f *finding.Finding) {
			f.Severity = finding.Medium
			f.Subjects[0].Key.Control = "S3.5"
			f.Subjects[0].Key.Resource = "arn:aws:s3:::bucket"
		}))
	for id, kind := range map[int64]string{1: store.MessageCases, 2: store.MessageImport} {
		m, err := store.LoadMessage(context.Background(), s.db.View(), id)
		if err != nil || m.Kind != kind {
			t.Errorf("message %d is %q (%v), want %q", id, m.Kind, err, kind)
		}
	}
}

func TestCasesOfOneOwnerAndControlJoinOneMessageOneByOne(t *testing.T) {
	s := newScene(t)
	for i, sg := range []string{"sg-1", "sg-2", "sg-3"} {
		s.take(s.said(finding.Failed, from(sg, "fsbp"), func(f *finding.Finding) {
			f.Subjects[0].Key.Resource = "arn:aws:ec2:ap-northeast-1:111122223333:security-group/" + sg
		}))
		s.later(time.Duration(i) * time.Minute)
	}
	ids, err := store.MessageCaseIDs(context.Background(), s.db.View(), 1)
	if err != nil || len(ids) != 3 {
		t.Fatalf("message 1 holds %v (%v), want three cases", ids, err)
	}
}

func TestDeadLettersAreKeptOnceAndCounted(t *testing.T) {
	s := newScene(t)
	for range 2 {
		if _, err := s.work.Take(context.Background(), casework.Arrival{Dead: []store.Dead{{Source: "a.json", Position: 3, Reason: "not a finding", Raw: []byte(`{"x":1}`)}}}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := store.DeadLetters(context.Background(), s.db.View(), 0, 10)
	if err != nil || len(list) != 1 || list[0].Times != 2 || list[0].Position != 3 {
		t.Fatalf("got %+v (%v)", list, err)
	}
}

func TestCountersFollowTheCases(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	s.later(time.Minute)
	s.take(s.said(finding.Passed))
	got, err := store.Tallies(context.Background(), s.db.View())
	if err != nil || len(got) != 1 || got[0].State != casefile.Closed || got[0].N != 1 {
		t.Fatalf("got %+v (%v)", got, err)
	}
}

func TestAnExceptionNeedsAnotherPersonHoldsAndEnds(t *testing.T) {
	s := newScene(t)
	ctx := context.Background()
	s.take(s.said(finding.Failed))
	asker, approver := casework.Person{ID: "cli:hana", Approver: true}, casework.Person{ID: "cli:taro", Approver: true}
	x, err := s.work.AskException(ctx, asker, casework.Ask{Case: 1, Reason: "load balancer test", Until: s.now.Add(8 * time.Hour), CloseHole: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.work.ApproveException(ctx, asker, x.ID); err == nil {
		t.Error("the asker approved")
	}
	if _, err := s.work.ApproveException(ctx, casework.Person{ID: "cli:jiro"}, x.ID); err == nil {
		t.Error("somebody who is no approver approved")
	}
	if _, err := s.work.ApproveException(ctx, approver, x.ID); err != nil {
		t.Fatal(err)
	}
	s.state(casefile.Accepted)
	if got := s.hubWants()["finding-1"]; got != "SUPPRESSED" {
		t.Errorf("Security Hub is to be told %q", got)
	}
	s.later(8 * time.Hour)
	s.readable = true
	s.done()
	if err := s.work.Tick(ctx, "1"); err != nil {
		t.Fatal(err)
	}
	f := s.state(casefile.Open)
	if f.Overdue(s.now) || f.Life.AutoBy == "" {
		t.Errorf("overdue at once, or the hole stays: due %s, auto by %q", f.Terms.Due, f.Life.AutoBy)
	}
	if _, ok := s.jobs()["fix.plan "+casework.TargetOf(f).String()]; !ok {
		t.Errorf("no fix planned: %v", s.jobs())
	}
	if x, _ = store.LoadException(ctx, s.db.View(), x.ID); x.State != store.ExceptionEnded {
		t.Errorf("the exception is %s", x.State)
	}
}

func TestAFixedCaseClosesEvenUnderAnException(t *testing.T) {
	s := newScene(t)
	ctx := context.Background()
	s.take(s.said(finding.Failed))
	x, err := s.work.AskException(ctx, casework.Person{ID: "cli:hana"}, casework.Ask{Case: 1, Reason: "test", Until: s.now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.work.ApproveException(ctx, casework.Person{ID: "cli:taro", Approver: true}, x.ID); err != nil {
		t.Fatal(err)
	}
	s.later(time.Minute)
	s.take(s.said(finding.Passed))
	s.state(casefile.Closed)
	if x, _ = store.LoadException(ctx, s.db.View(), x.ID); x.State != store.ExceptionEnded {
		t.Errorf("the exception is %s", x.State)
	}
}

func TestAChangedPolicyDecidesOpenCasesAgain(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	s.response, s.hash = policy.Suppress, "policy-2"
	next, _, err := s.work.Redecide(context.Background(), 0)
	if err != nil || next != 0 {
		t.Fatalf("next %d (%v)", next, err)
	}
	f := s.state(casefile.Suppressed)
	if f.Terms.Policy != "policy-2" {
		t.Errorf("decided by %s", f.Terms.Policy)
	}
	if got := s.chain(); !slices.Equal(got, []string{"opened", "decided", "suppressed"}) {
		t.Errorf("got %v", got)
	}
}

package casework_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/store"
)

// entries are the rows of the only case's chain that say what, as "actor: why".
func (s *scene) entries(what string) []string {
	s.t.Helper()
	f := s.only()
	all, err := store.Audit(context.Background(), s.db.View(), f.ID, fmt.Sprintf("%x", f.Key.Hash()))
	if err == nil {
		err = casefile.VerifyChain(all)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		if e.What == what {
			out = append(out, e.Actor+": "+e.Why)
		}
	}
	return out
}

func (s *scene) wantEntries(what string, want ...string) {
	s.t.Helper()
	if got := s.entries(what); fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func (s *scene) waits(kind string) []string {
	s.t.Helper()
	all, err := job.Pending(context.Background(), s.db.View(), 100)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, w := range all {
		if w.Kind == kind {
			out = append(out, w.Subject)
		}
	}
	return out
}

func TestWhatADeliveryCarriesIsDoneOnce(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	id, ctx := s.only().ID, context.Background()
	p := func(delivery string) casework.Person { return casework.Person{ID: "slack:U1", Delivery: delivery} }
	until := s.now.Add(24 * time.Hour)
	for name, act := range map[string]func(casework.Person) error{
		"note":   func(p casework.Person) error { return s.work.Note(ctx, p, id, "x") },
		"assign": func(p casework.Person) error { return s.work.Assign(ctx, p, id, "taro", "") },
		"snooze": func(p casework.Person) error { return s.work.Snooze(ctx, p, id, until, "") },
		"ask": func(p casework.Person) error {
			_, err := s.work.AskException(ctx, p, casework.Ask{Case: id, Reason: "x", Until: until})
			return err
		},
	} {
		for i, want := range []error{nil, casework.ErrHeard, casework.ErrHeard} {
			if err := act(p(name)); !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("%s, time %d: %v", name, i+1, err)
			}
		}
		if err := act(p(name + " another")); err != nil {
			t.Errorf("%s, another delivery: %v", name, err)
		}
	}
	s.wantEntries("note", "slack:U1: x", "slack:U1: x")
	s.wantEntries("exception asked", "slack:U1: x", "slack:U1: x")
}

func TestARefusedActUsesItsDeliveryUpNot(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	id, ctx := s.only().ID, context.Background()
	p := casework.Person{ID: "slack:U1", Delivery: "d1"}
	var refused *casefile.RefusedError
	if err := s.work.Snooze(ctx, p, id, s.now, ""); !errors.As(err, &refused) {
		t.Fatal(err)
	}
	if err := s.work.Snooze(ctx, p, id, s.now.Add(time.Hour), ""); err != nil {
		t.Error(err)
	}
}

func TestALookIsAskedForWhereSomethingCanLook(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	id, ctx := s.only().ID, context.Background()
	var refused *casefile.RefusedError
	if err := s.work.LookAgain(ctx, casework.Person{ID: "slack:U1"}, id, "mended"); !errors.As(err, &refused) {
		t.Errorf("nothing can read it: %v", err)
	}
	s.readable = true
	if err := s.work.LookAgain(ctx, casework.Person{ID: "slack:U1"}, id, "mended"); err != nil {
		t.Fatal(err)
	}
	s.wantEntries("look again asked", "slack:U1: mended")
	if got := s.waits(casework.JobRecheck); len(got) != 1 || !strings.HasSuffix(got[0], "security-group/sg-1") {
		t.Errorf("rechecks: %v", got)
	}
	s.state(casefile.Open) // a word closes nothing
	if err := s.work.Close(ctx, casework.Person{ID: "cli:x"}, id, casefile.FalsePositive, "y"); err != nil {
		t.Fatal(err)
	}
	if err := s.work.LookAgain(ctx, casework.Person{ID: "slack:U1"}, id, "mended"); !errors.As(err, &refused) {
		t.Errorf("a closed case: %v", err)
	}
}

func TestWordsAreKeptAndAnsweredOnce(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	id, ctx := s.only().ID, context.Background()
	p := casework.Person{ID: "slack:U1", Delivery: "event|Ev1"}
	subject := func(f *casefile.File) string { return fmt.Sprint(store.ShortKey(f.Key), "/", f.AuditSeq) }
	for _, want := range []error{nil, casework.ErrHeard} {
		if err := s.work.Said(ctx, p, []int64{id}, "until March", subject); !errors.Is(err, want) {
			t.Error(err)
		}
	}
	s.wantEntries("note", "slack:U1: until March")
	f := s.only()
	if got := s.waits(casework.JobAnswer); len(got) != 1 || got[0] != subject(f) {
		t.Errorf("answers: %v", got)
	}
}

func TestATryIsKeptOnce(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	p := casework.Person{ID: "slack:U1", Delivery: "attempt|U1|f1"}
	for range 3 {
		if err := s.work.Record(context.Background(), p, []int64{s.only().ID}, "approval refused", "approve fix f1"); err != nil {
			t.Fatal(err)
		}
	}
	s.wantEntries("approval refused", "slack:U1: approve fix f1")
}

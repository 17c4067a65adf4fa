package casefile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zesei/internal/casefile"
	"zesei/internal/finding"
)

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// life is a case under test, with the chain of what happened to it.
type life struct {
	f        casefile.File
	env      casefile.Env
	chain    []casefile.Entry
	response string
}

func newLife() *life {
	l := &life{response: "track"}
	l.f.Key = finding.Key{Kind: finding.State, Partition: "aws", Account: "111122223333", Region: "ap-northeast-1", Control: "EC2.19", Resource: "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-1"}
	l.env = casefile.Env{
		Now: start, Grace: 48 * time.Hour, Quiet: 7 * 24 * time.Hour,
		Problem: func(s finding.Status) bool { return s == finding.Failed },
		Decide: func(f *casefile.File, start time.Time) casefile.Terms {
			return casefile.Terms{Response: l.response, Owner: "shop", Due: start.Add(72 * time.Hour), Rule: "test", Policy: l.response}
		},
	}
	return l
}

// wrote keeps moves in the chain, as casework does.
func (l *life) wrote(moves []casefile.Move) {
	for _, m := range moves {
		data, _ := json.Marshal(m.Data)
		e := casefile.Entry{Case: "key", Seq: l.f.AuditSeq + 1, At: l.env.Now, Actor: "zesei", What: m.What, Why: m.Why, Data: data}
		e.Hash = e.Sum(l.f.AuditHead)
		l.f.AuditSeq, l.f.AuditHead = e.Seq, e.Hash
		l.chain = append(l.chain, e)
	}
}

// hear lets a source speak. Where no case comes of it, nothing is kept.
func (l *life) hear(s casefile.Statement) casefile.Wants {
	moves, w, keep := l.f.Hear(s, l.env)
	if !keep {
		l.f = newLife().f
		return w
	}
	l.f.ID = 1
	l.wrote(moves)
	return w
}

func source(n int) finding.Source {
	return finding.Source{ProductARN: "arn:aws:securityhub:ap-northeast-1::product/aws/securityhub", ID: fmt.Sprint("finding-", n)}
}

func said(n int, status finding.Status, at time.Time) casefile.Statement {
	return casefile.Statement{Source: source(n), Account: "111122223333", Region: "ap-northeast-1", Status: status,
		RecordState: finding.Active, Workflow: finding.New, Severity: finding.High, Standards: []string{"fsbp"}, ObservedAt: at}
}

func statement(t *rapid.T, n int, at time.Time) casefile.Statement {
	s := said(n, rapid.SampledFrom([]finding.Status{finding.Failed, finding.Failed, finding.Passed, finding.Warning, finding.NotAvailable}).Draw(t, "status"), at)
	s.RecordState = rapid.SampledFrom([]finding.RecordState{finding.Active, finding.Active, finding.Active, finding.Archived}).Draw(t, "record")
	s.Workflow = rapid.SampledFrom([]finding.Workflow{finding.New, finding.New, finding.Notified, finding.Resolved, finding.Suppressed}).Draw(t, "workflow")
	s.Severity = rapid.SampledFrom([]finding.Severity{finding.Low, finding.High, finding.Critical, finding.Informational}).Draw(t, "severity")
	if s.RecordState == finding.Archived && rapid.Bool().Draw(t, "consolidated") {
		s.ArchivalReason = "CONSOLIDATED_CONTROL_FINDINGS_UPDATE"
	}
	return s
}

// sound says what of a case contradicts itself.
func sound(f *casefile.File) error {
	var all []error
	must := func(ok bool, what string) {
		if !ok {
			all = append(all, fmt.Errorf("%s: %s (%s), %+v", what, f.State, f.Reason, f.Life))
		}
	}
	must((f.State == casefile.Accepted) == (f.Life.Exception != nil), "accepted is what has an exception")
	must((f.State == casefile.Closed) == !f.ClosedAt.IsZero(), "closed is what has the time of it")
	must((f.State == casefile.Closed) == (f.Life.ClosedBy != ""), "closed is what somebody closed")
	must((f.State == casefile.Suppressed) == (f.Life.SuppressedBy != ""), "suppressed is what somebody suppressed")
	must(f.State != casefile.Closed || !f.Life.AwaitCheck && f.Life.HoldUntil.IsZero(), "what is closed waits for nothing")
	must(f.Severity != "", "a case has a severity")
	return errors.Join(all...)
}

// However the statements of several sources come in: where we cannot read the
// resource, a case whose newest word is FAILED is not closed; hearing again what
// was heard changes nothing; the chain verifies.
func TestStatementsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLife()
		sources := rapid.IntRange(1, 4).Draw(t, "sources")
		n := rapid.IntRange(1, 14).Draw(t, "statements")
		var all []casefile.Statement
		for i := range n {
			all = append(all, statement(t, rapid.IntRange(1, sources).Draw(t, "source"), start.Add(time.Duration(i)*time.Minute)))
		}
		for _, s := range rapid.Permutation(all).Draw(t, "order") {
			l.env.Now = l.env.Now.Add(time.Minute)
			l.hear(s)
			if l.f.State != "" {
				if err := sound(&l.f); err != nil {
					t.Fatal(err)
				}
			}
		}
		newest := all[n-1]
		if newest.Status == finding.Failed && newest.Speaks() && (l.f.State == "" || l.f.State == casefile.Closed) {
			t.Fatalf("the newest word is FAILED and the case is %q (%s)", l.f.State, l.f.Reason)
		}
		if l.f.State == "" {
			return
		}
		// What was closed on a pass that has been withdrawn since is settled when
		// the source that still fails is heard again.
		for _, s := range l.f.Sources {
			l.hear(s)
		}
		for _, s := range l.f.Sources {
			before, seq := l.f, l.f.AuditSeq
			before.Sources = nil
			l.hear(s)
			after := l.f
			after.Sources = nil
			if l.f.AuditSeq != seq || !reflect.DeepEqual(before, after) {
				t.Fatalf("hearing the same again changed the case:\n%+v\n%+v", before, after)
			}
		}
		if err := casefile.VerifyChain(l.chain); err != nil {
			t.Fatal(err)
		}
	})
}

// Whatever sources say, checks find, people ask and time brings, a case never
// contradicts itself, and closes only with a reason that holds.
func TestAnyLifeIsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLife()
		l.env.Readable = rapid.Bool().Draw(t, "readable")
		at := start
		for range rapid.IntRange(1, 25).Draw(t, "facts") {
			l.env.Now = l.env.Now.Add(time.Duration(rapid.IntRange(1, 3*24*60).Draw(t, "minutes")) * time.Minute)
			at = at.Add(time.Minute)
			if l.f.State == "" {
				l.hear(statement(t, rapid.IntRange(1, 3).Draw(t, "source"), at))
				continue
			}
			was := l.f.State
			var moves []casefile.Move
			var w casefile.Wants
			var err error
			act := rapid.SampledFrom([]string{"hear", "hear", "hear", "check", "check", "tick", "redecide", "accept", "end", "close", "reopen", "snooze", "assign", "note"}).Draw(t, "act")
			switch act {
			case "hear":
				l.hear(statement(t, rapid.IntRange(1, 3).Draw(t, "source"), at))
			case "check":
				v := casefile.Verdict{Status: rapid.SampledFrom([]finding.Status{finding.Passed, finding.Failed, ""}).Draw(t, "verdict"), Why: "seen", At: l.env.Now}
				if v.Status == "" {
					v.Gone = rapid.Bool().Draw(t, "gone")
					v.CannotRead = !v.Gone && rapid.Bool().Draw(t, "unreadable")
				}
				moves, w, _ = l.f.Check(v, l.env)
				if v.Status == finding.Failed && l.f.State == casefile.Closed {
					t.Fatalf("our own check fails and the case is closed (%s)", l.f.Reason)
				}
				if (v.Gone || v.Status == finding.Passed) && l.f.State != casefile.Closed {
					t.Fatalf("our own check passes and the case is %s", l.f.State)
				}
			case "tick":
				moves, w = l.f.Tick(l.env)
			case "redecide":
				l.response = rapid.SampledFrom([]string{"track", "notify", "suppress", "disable"}).Draw(t, "response")
				moves, w = l.f.Redecide(l.env)
			case "accept":
				moves, w, err = l.f.Accept(casefile.Exception{ID: "x1", Until: l.env.Now.Add(24 * time.Hour), CloseHole: rapid.Bool().Draw(t, "hole"), Reason: "agreed"}, l.env)
			case "end":
				moves, w, err = l.f.EndException("revoked", nil, l.env)
			case "close":
				moves, w, err = l.f.CloseByPerson(rapid.SampledFrom([]string{casefile.FalsePositive, casefile.Duplicate, casefile.Handled, casefile.Fixed}).Draw(t, "reason"), "because", l.env)
			case "reopen":
				moves, w, err = l.f.ReopenByPerson("because", l.env)
			case "snooze":
				moves, w, err = l.f.Snooze(l.env.Now.Add(time.Hour), "because", l.env)
			case "assign":
				moves, w, err = l.f.Assign("taro", "because", l.env)
			case "note":
				moves, w, err = l.f.Note("because", l.env)
			}
			var refused *casefile.RefusedError
			if err != nil && (!errors.As(err, &refused) || len(moves) > 0 || w != (casefile.Wants{}) || l.f.State != was) {
				t.Fatalf("%s was refused (%v) and did %+v", act, err, moves)
			}
			l.wrote(moves)
			if l.f.State != was && len(l.chain) > 0 && err == nil && act != "hear" && len(moves) == 0 {
				t.Fatalf("%s took the case from %s to %s without a word in its chain", act, was, l.f.State)
			}
			if err := sound(&l.f); err != nil {
				t.Fatalf("after %s: %v", act, err)
			}
		}
		if err := casefile.VerifyChain(l.chain); err != nil {
			t.Fatal(err)
		}
	})
}

// No row of a chain can be changed, left out, repeated or moved.
func TestChainShowsEveryChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLife()
		n := rapid.IntRange(2, 8).Draw(t, "rows")
		for range n {
			l.wrote([]casefile.Move{{What: rapid.String().Draw(t, "what"), Why: rapid.String().Draw(t, "why"), Data: rapid.Int().Draw(t, "data")}})
		}
		if err := casefile.VerifyChain(l.chain); err != nil {
			t.Fatal(err)
		}
		i := rapid.IntRange(0, n-1).Draw(t, "row")
		for name, change := range map[string]func([]casefile.Entry) []casefile.Entry{
			"what":     func(c []casefile.Entry) []casefile.Entry { c[i].What += "x"; return c },
			"why":      func(c []casefile.Entry) []casefile.Entry { c[i].Why += "x"; return c },
			"actor":    func(c []casefile.Entry) []casefile.Entry { c[i].Actor = "other"; return c },
			"case":     func(c []casefile.Entry) []casefile.Entry { c[i].Case = "other"; return c },
			"time":     func(c []casefile.Entry) []casefile.Entry { c[i].At = c[i].At.Add(time.Millisecond); return c },
			"data":     func(c []casefile.Entry) []casefile.Entry { c[i].Data = json.RawMessage("null "); return c },
			"shifted":  func(c []casefile.Entry) []casefile.Entry { c[i].What, c[i].Why = c[i].What+"z", "z"+c[i].Why; return c },
			"repeated": func(c []casefile.Entry) []casefile.Entry { return slices.Insert(c, i, c[i]) },
			"swapped":  func(c []casefile.Entry) []casefile.Entry { j := (i + 1) % n; c[i], c[j] = c[j], c[i]; return c },
		} {
			if err := casefile.VerifyChain(change(slices.Clone(l.chain))); err == nil {
				t.Errorf("%s of row %d changed, and the chain verifies", name, i+1)
			}
		}
		if i < n-1 { // the end of a chain is known by its case's count
			if err := casefile.VerifyChain(slices.Delete(slices.Clone(l.chain), i, i+1)); err == nil {
				t.Errorf("row %d left out, and the chain verifies", i+1)
			}
		}
	})
}

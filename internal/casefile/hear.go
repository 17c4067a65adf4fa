package casefile

import (
	"fmt"
	"slices"
	"time"

	"zesei/internal/finding"
)

// Hear applies one source's statement to a case. f is the case as it stands, or
// a new one with ID 0 and no sources; keep says whether there is a case at all
// afterwards (a statement that passes opens none).
//
// Order is per source: an older statement never overrides a newer one. What each
// status means when several sources speak is design.md §4.2.
func (f *File) Hear(s Statement, env Env) (moves []Move, w Wants, keep bool) {
	h := s.Source.Hash()
	before, known := f.Sources[h]
	if known && s.olderThan(before) {
		return nil, Wants{Stale: true}, f.State != ""
	}
	if s.Workflow == "" {
		s.Workflow = before.Workflow
	}
	if f.Sources == nil {
		f.Sources = map[[16]byte]Statement{}
	}
	f.Sources[h] = s
	f.Standards = f.standards()
	if severity := f.failedSeverity(); severity != "" {
		moves = f.setSeverity(severity, moves)
	}
	fresh := !known || before.Status != s.Status || before.RecordState != s.RecordState

	if f.Key.Kind == finding.Incident {
		return f.hearIncident(s, fresh, env, moves)
	}
	switch f.State {
	case "":
		return f.hearFirst(s, env, moves)
	case Closed:
		moves, w = f.hearClosed(s, before, known, env, moves)
	default:
		moves, w = f.hearOpen(s, before, known, fresh, env, moves)
	}
	return moves, w, true
}

// olderThan says whether a statement is superseded by what its source said
// before. Of two that contradict each other with the same time, the failure
// stands, whichever came first.
func (s Statement) olderThan(before Statement) bool {
	return s.ObservedAt.Before(before.ObservedAt) ||
		s.ObservedAt.Equal(before.ObservedAt) && before.Status == finding.Failed && s.Status == finding.Passed && before.Speaks() && s.Speaks()
}

// hearFirst decides whether a statement opens a case.
func (f *File) hearFirst(s Statement, env Env, moves []Move) ([]Move, Wants, bool) {
	if !s.Speaks() || s.Status == finding.Passed || !env.Problem(s.Status) {
		return nil, Wants{}, false
	}
	if f.Severity == "" {
		f.Severity = severityOr(env.Catalog, s)
	}
	f.FirstSeen, f.OpenedAt = firstTime(s.ObservedAt, env.Now), env.Now
	f.Life.Doubtful = s.Status != finding.Failed
	why := "reported " + string(s.Status)
	if f.Life.Doubtful {
		why = "reported " + string(s.Status) + ": cannot tell"
	}
	return f.open("opened", why, s, env, moves, Wants{Opened: true})
}

// open sets an open (or at once suppressed) state and asks the policy.
func (f *File) open(what, why string, s Statement, env Env, moves []Move, w Wants) ([]Move, Wants, bool) {
	f.State, f.Reason, f.ChangedAt = Open, why, env.Now
	f.ClosedAt, f.Life.ClosedBy, f.Life.SuppressedBy, f.Life.Proof = time.Time{}, "", "", ""
	f.Life.AwaitCheck, f.Life.HoldUntil = false, time.Time{}
	f.Life.Reminded, f.Life.Escalated, f.Life.SnoozeUntil = time.Time{}, false, time.Time{}
	f.Terms, f.Life.DueFrom = env.Decide(f, env.Now), env.Now
	moves = append(moves, Move{What: what, Why: why, Data: f.decision()})
	w.Tell, w.Hub, w.Fix = true, true, true
	switch {
	case s.Workflow == finding.Suppressed && !s.OwnEdit:
		moves = f.suppress("console", "suppressed in Security Hub", moves)
		w.Fix = false
	case f.Terms.silent():
		moves = f.suppress("policy", f.Terms.suppressedWhy(), moves)
		w.Fix = false
	}
	return moves, w, true
}

func (f *File) suppress(by, why string, moves []Move) []Move {
	f.State, f.Reason, f.Life.SuppressedBy = Suppressed, why, by
	return append(moves, Move{What: "suppressed", Why: why})
}

// hearOpen applies a statement to a case that is open, accepted or suppressed.
func (f *File) hearOpen(s, before Statement, known, fresh bool, env Env, moves []Move) ([]Move, Wants) {
	w := Wants{Updated: fresh || len(moves) > 0, Tell: len(moves) > 0}
	w.Hub = !known && f.State != Open // Security Hub shall show this finding, too, as it shows the others
	moves, w = f.hearWorkflow(s, before, known, env, moves, w)
	if s.Status == finding.Failed && s.Speaks() && f.Life.Doubtful {
		f.Life.Doubtful = false
		moves = append(moves, Move{What: "confirmed", Why: "reported FAILED"})
		w.Tell = true
	}
	if f.failing() {
		f.Life.AwaitCheck, f.Life.HoldUntil = false, time.Time{}
		return moves, w
	}
	switch {
	case f.passing():
		return f.settle(Fixed, provedBySources, fresh, env, moves, w)
	case f.speaking():
		return moves, w // only "cannot tell": that closes nothing
	case s.ArchivalReason == consolidation && fresh:
		f.Life.HoldUntil = env.Now.Add(env.Grace)
		w.Wake = f.Life.HoldUntil
		return append(moves, Move{What: "waiting", Why: "archived by the switch to consolidated findings; waiting for the successor"}), w
	case !f.Life.HoldUntil.IsZero() && env.Now.Before(f.Life.HoldUntil):
		return moves, w
	case s.Status == finding.NotAvailable:
		return f.settle(Gone, provedGone, fresh, env, moves, w)
	}
	return f.settle(ArchivedAway, provedArchived, fresh, env, moves, w)
}

// consolidation is the archival reason that Security Hub writes when consolidated
// control findings are switched on or off.
const consolidation = "CONSOLIDATED_CONTROL_FINDINGS_UPDATE"

// settle closes the case, or asks our own check first where it can read.
func (f *File) settle(reason, why string, fresh bool, env Env, moves []Move, w Wants) ([]Move, Wants) {
	if env.Readable {
		if !f.Life.AwaitCheck {
			f.Life.AwaitCheck = true
			moves = append(moves, Move{What: "checking", Why: why + "; our own check has the last word"})
		}
		w.Recheck = w.Recheck || fresh
		return moves, w
	}
	return f.close(reason, why, "sources", env, moves, w)
}

func (f *File) close(reason, why, by string, env Env, moves []Move, w Wants) ([]Move, Wants) {
	f.State, f.Reason, f.ClosedAt, f.ChangedAt = Closed, reason, env.Now, env.Now
	f.Life.ClosedBy, f.Life.Proof = by, why
	f.Life.AwaitCheck, f.Life.HoldUntil, f.Life.SuppressedBy = false, time.Time{}, ""
	f.Life.Exception, f.Life.AutoBy = nil, ""
	moves = append(moves, Move{What: "closed", Why: reason + ": " + why})
	w.Closed, w.Updated, w.Tell, w.Hub = true, false, true, true
	return moves, w
}

// hearWorkflow takes Security Hub's workflow status as an input: suppressing in
// the console suppresses the case, lifting that opens it, NEW again on an open
// case says nothing to a person, RESOLVED by hand asks for a look.
func (f *File) hearWorkflow(s, before Statement, known bool, env Env, moves []Move, w Wants) ([]Move, Wants) {
	if s.OwnEdit || !known || s.Workflow == before.Workflow {
		return moves, w
	}
	switch {
	case s.Workflow == finding.Suppressed && f.State == Open:
		w.Tell, w.Updated = true, true
		f.ChangedAt = env.Now
		return f.suppress("console", "suppressed in Security Hub", moves), w
	case before.Workflow == finding.Suppressed && f.State == Suppressed && f.Life.SuppressedBy == "console":
		f.State, f.Reason, f.ChangedAt, f.Life.SuppressedBy = Open, "no longer suppressed in Security Hub", env.Now, ""
		f.Terms, f.Life.DueFrom = env.Decide(f, env.Now), env.Now
		w.Tell, w.Hub, w.Updated, w.Fix = true, true, true, true
		return append(moves, Move{What: "reopened", Why: f.Reason, Data: f.decision()}), w
	case s.Workflow == finding.Resolved && f.failing() && env.Readable:
		w.Recheck = true
	case s.Workflow == finding.New:
		w.Hub = true // tell Security Hub again what we told it before
	}
	return moves, w
}

// hearClosed applies a statement to a closed case: only a failure that is news
// brings it back. before is the source's former statement, if known.
func (f *File) hearClosed(s, before Statement, known bool, env Env, moves []Move) ([]Move, Wants) {
	if !s.Speaks() || s.Status != finding.Failed {
		return nil, Wants{}
	}
	fresh := !known || before.Status != s.Status || before.RecordState != s.RecordState
	switch {
	case f.Life.ClosedBy == "person":
		// Another standard's finding of what a person judged is no news; the
		// same source failing again after it passed is.
		if known && fresh {
			return f.recur("reported FAILED again", s, env, moves)
		}
		return moves, Wants{}
	case f.Life.ClosedBy == "check" && env.Readable:
		return moves, Wants{Recheck: true, Updated: true} // the source may lag behind what we saw
	case s.ObservedAt.Before(f.newestPass()):
		return moves, Wants{Updated: true, Unsettled: true}
	}
	return f.recur("reported FAILED again", s, env, moves)
}

// newestPass is when the problem was last seen mended, by a source or by us.
func (f *File) newestPass() time.Time {
	var t time.Time
	if f.Life.Live.Status == finding.Passed {
		t = f.Life.Live.At
	}
	for _, s := range f.Sources {
		if s.Speaks() && s.Status == finding.Passed && s.ObservedAt.After(t) {
			t = s.ObservedAt
		}
	}
	return t
}

// recur reopens a closed case and counts it.
func (f *File) recur(why string, s Statement, env Env, moves []Move) ([]Move, Wants) {
	f.Life.Recurrences++
	f.OpenedAt = env.Now
	f.Life.Backlog, f.Life.Doubtful = false, false
	moves, w, _ := f.open("reopened", fmt.Sprintf("%s (recurrence %d)", why, f.Life.Recurrences), s, env, moves, Wants{Reopened: true})
	return moves, w
}

// failedSeverity is the severity of the last FAILED that stands, of the severer
// one where two came at the same time; empty where none does. It depends on what
// the sources say and not on the order in which they were heard: otherwise
// sources that differ would change it to and fro each time that one is repeated.
func (f *File) failedSeverity() finding.Severity {
	var last Statement
	for _, s := range f.Sources {
		if !s.Speaks() || s.Status != finding.Failed || s.Severity == "" {
			continue
		}
		if last.Severity == "" || s.ObservedAt.After(last.ObservedAt) || s.ObservedAt.Equal(last.ObservedAt) && s.Severity.Rank() > last.Severity.Rank() {
			last = s
		}
	}
	return last.Severity
}

func (f *File) setSeverity(s finding.Severity, moves []Move) []Move {
	if f.Severity == s || s == finding.Informational && f.Severity != "" {
		return moves
	}
	if f.Severity != "" {
		moves = append(moves, Move{What: "severity", Why: fmt.Sprintf("%s → %s", f.Severity, s)})
	}
	f.Severity = s
	return moves
}

func (f *File) standards() []string {
	var out []string
	for _, s := range f.Sources {
		for _, id := range s.Standards {
			if i, found := slices.BinarySearch(out, id); !found {
				out = slices.Insert(out, i, id)
			}
		}
	}
	return out
}

// decision is what the audit row keeps of the terms.
func (f *File) decision() any {
	return struct {
		Severity finding.Severity `json:"severity"`
		Terms
	}{f.Severity, f.Terms}
}

// silent says whether the policy wants nothing done about the case.
func (t Terms) silent() bool { return t.Response == "suppress" || t.Response == "disable" }

func (t Terms) suppressedWhy() string {
	why := "policy " + t.Rule
	if t.Reason != "" {
		why += ": " + t.Reason
	}
	if t.Response == "disable" {
		why += " (to be disabled: see `zesei control plan`)"
	}
	return why
}

func severityOr(catalog finding.Severity, s Statement) finding.Severity {
	if catalog != "" {
		return catalog
	}
	if s.Severity != "" {
		return s.Severity
	}
	return finding.Medium
}

func firstTime(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

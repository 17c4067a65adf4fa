package casefile

import (
	"cmp"
	"strings"
	"time"

	"zesei/internal/finding"
)

// Verdict is what our own check of the resource came to.
type Verdict struct {
	Status finding.Status // PASSED, FAILED; empty: unknown
	Why    string
	Gone   bool // AWS answered that the resource does not exist
	// CannotRead says that we may not or cannot read it, and that waiting will
	// not help: the sources decide then.
	CannotRead bool
	By         string // "zesei/check", or "fix <id>"
	At         time.Time
}

// Check applies the verdict of our own check. It is the only thing that closes a
// case against a source that still says FAILED: the source lags behind.
func (f *File) Check(v Verdict, env Env) (moves []Move, w Wants, keep bool) {
	if v.At.Before(f.Life.Live.At) {
		return nil, Wants{}, f.ID != 0
	}
	if f.State == "" {
		if v.Status != finding.Failed {
			return nil, Wants{}, false
		}
		return f.foundLive(v, env)
	}
	changed := f.Life.Live.Status != v.Status
	if !v.CannotRead {
		f.Life.Live = Live{Status: v.Status, At: v.At, Why: v.Why}
	}
	switch {
	case v.Gone && f.State != Closed:
		moves, w = f.close(Gone, provedNotThere, "check", env, moves, w)
	case v.Status == finding.Passed && f.State != Closed:
		moves, w = f.close(Fixed, proof(v), "check", env, moves, w)
	case v.Status == finding.Failed && f.State == Closed:
		moves, w = f.recur("our own check fails: "+v.Why, Statement{Status: finding.Failed, ObservedAt: v.At}, env, moves)
	case v.Status == finding.Failed:
		if f.Life.AwaitCheck || changed {
			moves = append(moves, Move{What: "checked", Why: "our own check still fails: " + v.Why})
		}
		if f.Life.Doubtful {
			f.Life.Doubtful, w.Tell = false, true
		}
		f.Life.AwaitCheck = false
		w.Fix = true
	case v.CannotRead && f.Life.AwaitCheck:
		env.Readable = false
		f.Life.AwaitCheck = false
		reason := Fixed
		if !f.passing() {
			reason = ArchivedAway
		}
		moves, w = f.settle(reason, provedUnreadable+" ("+v.Why+")", false, env, moves, w)
	case v.CannotRead && f.State == Closed && f.Life.ClosedBy == "check" && f.failing():
		moves, w = f.recur("a source reports FAILED and we cannot read it", Statement{Status: finding.Failed, ObservedAt: v.At}, env, moves)
	}
	return moves, w, true
}

// foundLive opens a case on our own check alone.
func (f *File) foundLive(v Verdict, env Env) ([]Move, Wants, bool) {
	if f.Severity == "" {
		f.Severity = severityOr(env.Catalog, Statement{})
	}
	f.FirstSeen, f.OpenedAt = firstTime(v.At, env.Now), env.Now
	f.Life.Live = Live{Status: v.Status, At: v.At, Why: v.Why}
	return f.open("opened", "our own check fails: "+v.Why, Statement{Status: finding.Failed, ObservedAt: v.At}, env, nil, Wants{Opened: true})
}

// checkedLive begins the proof of our own check.
const checkedLive = "checked live by "

func proof(v Verdict) string {
	by := v.By
	if by == "" {
		by = finding.LiveCheck
	}
	why := checkedLive + by + " at " + v.At.UTC().Format(time.RFC3339)
	if v.Why != "" {
		why += ": " + v.Why
	}
	return why
}

// Tick applies the passing of time: an exception that ends, a grace or a quiet
// time that is over. A case that nothing waits for is left alone.
func (f *File) Tick(env Env) (moves []Move, w Wants) {
	switch {
	case f.State == Accepted && f.Life.Exception != nil && !env.Now.Before(f.Life.Exception.Until):
		return f.endException("it expired", env)
	case f.State != Closed && !f.Life.HoldUntil.IsZero() && !env.Now.Before(f.Life.HoldUntil):
		f.Life.HoldUntil = time.Time{}
		if f.failing() || f.speaking() {
			return nil, Wants{Updated: true} // the wait itself is over
		}
		return f.settle(ArchivedAway, "no successor came after the switch to consolidated findings", true, env, moves, w)
	case f.Key.Kind == finding.Incident && f.State == Open && f.Terms.Response != "track" && !env.Now.Before(f.quietEnd(env)):
		return f.close(Ended, "quiet since "+f.lastHeard().UTC().Format(time.RFC3339), "quiet", env, moves, w)
	}
	return nil, Wants{}
}

// Wake is when Tick next has something to do; zero when never.
func (f *File) Wake(env Env) time.Time {
	switch {
	case f.State == Accepted && f.Life.Exception != nil && !f.Life.Exception.Wide:
		return f.Life.Exception.Until
	case f.State != Closed && !f.Life.HoldUntil.IsZero():
		return f.Life.HoldUntil
	case f.Key.Kind == finding.Incident && f.State == Open && f.Terms.Response != "track":
		return f.quietEnd(env)
	}
	return time.Time{}
}

func (f *File) quietEnd(env Env) time.Time {
	quiet := f.Life.Quiet
	if quiet == 0 {
		quiet = env.Quiet
	}
	return f.lastHeard().Add(quiet)
}

// lastHeard is when a source last spoke of the case.
func (f *File) lastHeard() time.Time {
	last := f.OpenedAt
	for _, s := range f.Sources {
		if s.ObservedAt.After(last) {
			last = s.ObservedAt
		}
	}
	return last
}

// Redecide asks again, because the policy or who owns what changed. A deadline
// moves only here, by a recurrence or by an exception's end, each with an audit
// row. It still counts from when the case opened: touching the policy gives nobody
// new time. Where that would make a case overdue at once that was not, it counts
// from now, and ends no later than the deadline that people were told.
func (f *File) Redecide(env Env) (moves []Move, w Wants) {
	if f.State == Closed {
		return nil, Wants{}
	}
	was, from := f.Terms, f.dueFrom()
	if was.Due.IsZero() {
		from = env.Now
	}
	f.Terms = env.Decide(f, from)
	if due := f.Terms.Due; !due.IsZero() && !due.After(env.Now) && (was.Due.IsZero() || was.Due.After(env.Now)) && !due.Equal(f.Life.EventDue) {
		f.Terms, from = env.Decide(f, env.Now), env.Now
		if !was.Due.IsZero() && was.Due.Before(f.Terms.Due) {
			f.Terms.Due, f.Terms.DueWhy, f.Terms.DueWhyJA, f.Terms.DueMoved, from = was.Due, was.DueWhy, was.DueWhyJA, was.DueMoved, f.dueFrom()
		}
	}
	if !f.Terms.Due.IsZero() {
		f.Life.DueFrom = from
	}
	same := was
	same.DueMoved = f.Terms.DueMoved
	same.Policy, same.Rule, same.Due, same.DueWhy, same.DueWhyJA, same.FixWhy, same.OwnerWhy = f.Terms.Policy, f.Terms.Rule, f.Terms.Due, f.Terms.DueWhy, f.Terms.DueWhyJA, f.Terms.FixWhy, f.Terms.OwnerWhy
	if same == f.Terms && was.Due.Equal(f.Terms.Due) {
		return nil, Wants{}
	}
	f.ChangedAt = env.Now
	if !f.Terms.Due.Equal(was.Due) {
		f.Life.Escalated = false
	}
	moves = append(moves, Move{What: "decided", Why: differences(was, f.Terms), Data: f.decision()})
	w = Wants{Tell: true, Hub: true, Fix: f.Terms.FixMode != was.FixMode, Updated: true}
	switch {
	case f.State == Open && f.Terms.silent():
		moves = f.suppress("policy", f.Terms.suppressedWhy(), moves)
	case f.State == Suppressed && (f.Life.SuppressedBy == "policy" || f.Life.SuppressedBy == "summary" && f.Terms.Response == "track") && !f.Terms.silent():
		f.State, f.Reason, f.Life.SuppressedBy = Open, "the policy no longer suppresses it", ""
		moves = append(moves, Move{What: "reopened", Why: f.Reason})
		w.Fix = true
	}
	return moves, w
}

// dueFrom is when the present deadline began to count.
func (f *File) dueFrom() time.Time {
	if f.Life.DueFrom.IsZero() {
		return f.OpenedAt
	}
	return f.Life.DueFrom
}

// differences says in words what another decision changes.
func differences(was, is Terms) string {
	var all []string
	for _, d := range [][3]string{
		{"response", was.Response, is.Response}, {"owner", was.Owner, is.Owner}, {"due", dueText(was.Due), dueText(is.Due)},
		{"fix", was.FixMode, is.FixMode}, {"class", was.Class, is.Class},
	} {
		if d[1] != d[2] {
			all = append(all, d[0]+" "+cmp.Or(d[1], "none")+" → "+cmp.Or(d[2], "none"))
		}
	}
	if len(all) == 0 {
		return "decided again"
	}
	return "decided again: " + strings.Join(all, ", ")
}

func dueText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

package casefile

import (
	"time"

	"zesei/internal/finding"
)

// Ladder is what the policy says of reminders, for one owner's zone. Each answer
// depends on its arguments only, so a case that keeps the moment of its last
// reminder is never reminded twice of one step and loses none over a restart.
type Ladder struct {
	// Next is the first step after a moment, for a case open since start and due
	// at due.
	Next func(start, due, after time.Time) (at time.Time, step string, ok bool)
	// Weekly is the same for a case of a first import: the deadlines of many are
	// spread over many days, and their steps come together once a week. nil: Next.
	Weekly func(start, due, after time.Time) (at time.Time, step string, ok bool)
	// Escalate is when a breach is told to those above the owner.
	Escalate func(due time.Time) (at time.Time, ok bool)
	// Loud is the first moment from t on at which people may be told.
	Loud func(t time.Time) time.Time
}

// Kinds of reminders.
const (
	ToOwner = "reminder"
	ToAbove = "escalation"
)

// NextReminder is when Remind next has something to do; zero: never.
func (f *File) NextReminder(l Ladder) time.Time {
	if f.State != Open || f.Terms.Response != "track" || f.Terms.Due.IsZero() {
		return time.Time{}
	}
	var at time.Time
	if next, _, ok := f.ladder(l)(f.OpenedAt, f.Terms.Due, f.remindedUntil()); ok {
		at = next
	}
	if esc, ok := l.Escalate(f.Terms.Due); ok && !f.Life.Escalated && (at.IsZero() || esc.Before(at)) {
		at = esc
	}
	if at.IsZero() {
		return at
	}
	if at.Before(f.Life.SnoozeUntil) {
		at = f.Life.SnoozeUntil
	}
	return l.Loud(at)
}

// ladder is how the case is brought to mind. One that is CRITICAL is told and due
// as usual even on a first import.
func (f *File) ladder(l Ladder) func(start, due, after time.Time) (time.Time, string, bool) {
	if l.Weekly != nil && f.Life.Backlog && f.Severity != finding.Critical {
		return l.Weekly
	}
	return l.Next
}

func (f *File) remindedUntil() time.Time {
	if f.Life.Reminded.After(f.OpenedAt) {
		return f.Life.Reminded
	}
	return f.OpenedAt
}

// Remind lets the steps of the ladder that have come be told: several that were
// missed are told as one. It returns the kinds of messages that the case joins.
func (f *File) Remind(l Ladder, now time.Time) (kinds []string, moves []Move) {
	if at := f.NextReminder(l); at.IsZero() || now.Before(at) {
		return nil, nil
	}
	step := ""
	for after := f.remindedUntil(); ; {
		at, s, ok := f.ladder(l)(f.OpenedAt, f.Terms.Due, after)
		if !ok || at.After(now) {
			break
		}
		step, after = s, at
	}
	if step != "" {
		f.Life.Reminded = now
		kinds = append(kinds, ToOwner)
		moves = append(moves, Move{What: "reminded", Why: step})
	}
	if at, ok := l.Escalate(f.Terms.Due); ok && !f.Life.Escalated && !at.After(now) {
		f.Life.Escalated = true
		kinds = append(kinds, ToAbove)
		moves = append(moves, Move{What: "escalated", Why: "past its deadline of " + f.Terms.Due.UTC().Format(time.RFC3339)})
	}
	return kinds, moves
}

// ToldInSummary takes a case that is only worth knowing off the list, once the
// summary in which it stands has been delivered.
func (f *File) ToldInSummary(env Env) ([]Move, Wants) {
	if f.State != Open || f.Terms.Response != "notify" {
		return nil, Wants{}
	}
	f.ChangedAt = env.Now
	moves := f.suppress("summary", "told in the summary", nil)
	return moves, Wants{Hub: true, Updated: true}
}

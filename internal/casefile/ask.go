package casefile

import (
	"fmt"
	"strings"
	"time"

	"zesei/internal/finding"
)

// RefusedError says why a person's act is not possible in the case's present
// state, in words for that person.
type RefusedError struct{ Why string }

func (e *RefusedError) Error() string { return e.Why }

func refuse(format string, args ...any) error { return &RefusedError{fmt.Sprintf(format, args...)} }

// CloseByPerson closes a case on a person's word. A state case is not closed as
// fixed on anybody's word: that asks for a look instead.
func (f *File) CloseByPerson(reason, why string, env Env) ([]Move, Wants, error) {
	if f.State == Closed {
		return nil, Wants{}, refuse("the case is closed already (%s)", f.Reason)
	}
	switch reason {
	case FalsePositive, Duplicate:
		if strings.TrimSpace(why) == "" {
			return nil, Wants{}, refuse("closing as %s needs a reason", reason)
		}
	case Handled:
		if f.Key.Kind != finding.Incident {
			return nil, Wants{}, refuse("only an incident is closed as handled; a broken control closes when it is mended; else ask for an exception, or close it as %q or %q with a reason", FalsePositive, Duplicate)
		}
	default:
		return nil, Wants{}, refuse("%q is no reason to close: use %s, %s or %s", reason, Handled, FalsePositive, Duplicate)
	}
	moves, w := f.close(reason, why, "person", env, nil, Wants{})
	return moves, w, nil
}

// ReopenByPerson opens a closed case, or one that was suppressed.
func (f *File) ReopenByPerson(why string, env Env) ([]Move, Wants, error) {
	switch f.State {
	case Open:
		return nil, Wants{}, refuse("the case is open already")
	case Accepted:
		return nil, Wants{}, refuse("an exception holds until %s: revoke it instead", f.Life.Exception.Until.Format(time.RFC3339))
	}
	moves, w, _ := f.open("reopened", why, Statement{}, env, nil, Wants{Reopened: true})
	return moves, w, nil
}

// Snooze keeps reminders of an open case quiet until a time.
func (f *File) Snooze(until time.Time, why string, env Env) ([]Move, Wants, error) {
	if f.State != Open {
		return nil, Wants{}, refuse("only an open case can be snoozed; this one is %s", f.State)
	}
	if !until.After(env.Now) {
		return nil, Wants{}, refuse("%s has passed already", until.Format(time.RFC3339))
	}
	f.Life.SnoozeUntil, f.ChangedAt = until, env.Now
	return []Move{{What: "snoozed", Why: why, Data: map[string]time.Time{"until": until}}}, Wants{Updated: true}, nil
}

// Assign names the person who works on the case.
func (f *File) Assign(person, why string, env Env) ([]Move, Wants, error) {
	if f.State == Closed {
		return nil, Wants{}, refuse("the case is closed")
	}
	f.Life.Assignee, f.ChangedAt = person, env.Now
	return []Move{{What: "assigned", Why: why, Data: map[string]string{"to": person}}}, Wants{Tell: true, Updated: true}, nil
}

// Lift lets fixes of the case apply by themselves again, as the policy says, after
// one that was undone had dropped it to mode approve.
func (f *File) Lift(why string, env Env) ([]Move, Wants, error) {
	if !f.Life.ApproveOnly {
		return nil, Wants{}, refuse("no fix of the case was undone: the policy's fix mode holds already")
	}
	f.Life.ApproveOnly, f.ChangedAt = false, env.Now
	return []Move{{What: "lifted", Why: why}}, Wants{Updated: true, Fix: true}, nil
}

// Note keeps a person's words on the case.
func (f *File) Note(text string, env Env) ([]Move, Wants, error) {
	if strings.TrimSpace(text) == "" {
		return nil, Wants{}, refuse("the note is empty")
	}
	f.ChangedAt = env.Now
	return []Move{{What: "note", Why: text}}, Wants{Updated: true}, nil
}

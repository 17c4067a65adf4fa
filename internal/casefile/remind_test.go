package casefile

import (
	"slices"
	"testing"
	"time"

	"zesei/internal/finding"
)

var opened = time.Date(2027, 4, 1, 9, 0, 0, 0, time.UTC)

// ladder reminds a day before, on the deadline and weekly after, and escalates
// two days after it; people sleep before 09:00.
func ladder() Ladder {
	return Ladder{
		Next: func(start, due, after time.Time) (time.Time, string, bool) {
			for _, s := range []struct {
				at   time.Time
				step string
			}{{due.Add(-24 * time.Hour), "1 day before"}, {due, "on the day"}} {
				if s.at.After(after) {
					return s.at, s.step, true
				}
			}
			for at := due; ; {
				if at = at.AddDate(0, 0, 7); at.After(after) {
					return at, "weekly after", true
				}
			}
		},
		Escalate: func(due time.Time) (time.Time, bool) { return due.Add(48 * time.Hour), true },
		Loud: func(t time.Time) time.Time {
			if t.Hour() < 9 {
				return time.Date(t.Year(), t.Month(), t.Day(), 9, 0, 0, 0, t.Location())
			}
			return t
		},
	}
}

func tracked() *File {
	return &File{State: Open, OpenedAt: opened, Terms: Terms{Response: "track", Due: opened.AddDate(0, 0, 14)}}
}

func TestEachStepIsToldOnceAndMissedOnesAsOne(t *testing.T) {
	f, l := tracked(), ladder()
	due := f.Terms.Due
	if at := f.NextReminder(l); !at.Equal(due.Add(-24 * time.Hour)) {
		t.Fatalf("first at %s", at)
	}
	if kinds, _ := f.Remind(l, due.Add(-25*time.Hour)); kinds != nil {
		t.Errorf("reminded too early: %v", kinds)
	}
	at := due.Add(-24 * time.Hour)
	if kinds, _ := f.Remind(l, at); !slices.Equal(kinds, []string{ToOwner}) {
		t.Errorf("got %v", kinds)
	}
	if kinds, _ := f.Remind(l, at); kinds != nil {
		t.Errorf("reminded twice: %v", kinds)
	}
	// Down for three weeks: one reminder, one escalation.
	late := due.AddDate(0, 0, 20)
	kinds, moves := f.Remind(l, late)
	if !slices.Equal(kinds, []string{ToOwner, ToAbove}) || len(moves) != 2 {
		t.Errorf("got %v, %v", kinds, moves)
	}
	if kinds, _ := f.Remind(l, late.Add(time.Minute)); kinds != nil {
		t.Errorf("told again: %v", kinds)
	}
	if at := f.NextReminder(l); !at.Equal(due.AddDate(0, 0, 21)) {
		t.Errorf("next at %s", at)
	}
}

func TestAClockThatGoesBackRemindsNobodyAgain(t *testing.T) {
	f, l := tracked(), ladder()
	at := f.Terms.Due.Add(-24 * time.Hour)
	f.Remind(l, at)
	if kinds, _ := f.Remind(l, at.Add(-2*time.Hour)); kinds != nil {
		t.Errorf("got %v", kinds)
	}
}

func TestReminderKeepsQuietHoursAndSnooze(t *testing.T) {
	f, l := tracked(), ladder()
	f.Terms.Due = time.Date(2027, 4, 15, 3, 0, 0, 0, time.UTC)
	if at := f.NextReminder(l); at.Hour() != 9 {
		t.Errorf("people are woken at %s", at)
	}
	f.Life.SnoozeUntil = time.Date(2027, 4, 20, 12, 0, 0, 0, time.UTC)
	if at := f.NextReminder(l); !at.Equal(f.Life.SnoozeUntil) {
		t.Errorf("next at %s, want the end of the snooze", at)
	}
}

func TestOnlyAnOpenTrackedCaseWithADeadlineIsReminded(t *testing.T) {
	for name, change := range map[string]func(*File){
		"closed":      func(f *File) { f.State = Closed },
		"accepted":    func(f *File) { f.State = Accepted },
		"notify":      func(f *File) { f.Terms.Response = "notify" },
		"no deadline": func(f *File) { f.Terms.Due = time.Time{} },
	} {
		f := tracked()
		change(f)
		if at := f.NextReminder(ladder()); !at.IsZero() {
			t.Errorf("%s: reminded at %s", name, at)
		}
	}
}

func TestABacklogCaseHasTheWeeklyLadder(t *testing.T) {
	l := ladder()
	week := opened.AddDate(0, 0, 12)
	l.Weekly = func(_, _, after time.Time) (time.Time, string, bool) {
		return week, "the week of the deadline", week.After(after)
	}
	f := tracked()
	f.Life.Backlog = true
	if at := f.NextReminder(l); !at.Equal(week) {
		t.Errorf("next at %s", at)
	}
	if kinds, moves := f.Remind(l, week); len(kinds) != 1 || moves[0].Why != "the week of the deadline" {
		t.Errorf("got %v, %v", kinds, moves)
	}
	f.Severity = finding.Critical // told and due as usual
	f.Life.Reminded = time.Time{}
	if at := f.NextReminder(l); !at.Equal(f.Terms.Due.Add(-24 * time.Hour)) {
		t.Errorf("CRITICAL: next at %s", at)
	}
}

package casefile_test

import (
	"errors"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
)

// opened is a case that one source holds open.
func opened(readable bool) *life {
	l := newLife()
	l.env.Readable = readable
	l.hear(said(1, finding.Failed, start))
	return l
}

func (l *life) check(status finding.Status, change ...func(*casefile.Verdict)) casefile.Wants {
	l.env.Now = l.env.Now.Add(time.Hour)
	v := casefile.Verdict{Status: status, Why: "seen", At: l.env.Now}
	for _, c := range change {
		c(&v)
	}
	moves, w, _ := l.f.Check(v, l.env)
	l.wrote(moves)
	return w
}

func TestWhatEachFactDoes(t *testing.T) {
	hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
	unreadable := func(v *casefile.Verdict) { v.CannotRead = true }
	for name, c := range map[string]struct {
		readable bool
		play     func(*life)
		want     casefile.State
		reason   string
	}{
		"every source passes and nobody can look":         {false, func(l *life) { l.hear(said(1, finding.Passed, hour(1))) }, casefile.Closed, casefile.Fixed},
		"every source passes and we look first":           {true, func(l *life) { l.hear(said(1, finding.Passed, hour(1))) }, casefile.Open, ""},
		"we look and it passes":                           {true, func(l *life) { l.check(finding.Passed) }, casefile.Closed, casefile.Fixed},
		"we look and it is gone":                          {true, func(l *life) { l.check("", func(v *casefile.Verdict) { v.Gone = true }) }, casefile.Closed, casefile.Gone},
		"we look and cannot tell":                         {true, func(l *life) { l.check("") }, casefile.Open, ""},
		"we look, may not read, and a source still fails": {true, func(l *life) { l.check("", unreadable) }, casefile.Open, ""},
		"the source passes, and we may not read after all": {true, func(l *life) {
			l.hear(said(1, finding.Passed, hour(1)))
			l.check("", unreadable)
		}, casefile.Closed, casefile.Fixed},
		"one of two sources passes": {false, func(l *life) {
			l.hear(said(2, finding.Failed, hour(1)))
			l.hear(said(1, finding.Passed, hour(2)))
		}, casefile.Open, ""},
		"a source that cannot tell closes nothing": {false, func(l *life) { l.hear(said(1, finding.Warning, hour(1))) }, casefile.Open, ""},
		"our check closed it and the source lags behind": {true, func(l *life) {
			l.check(finding.Passed)
			l.hear(said(1, finding.Failed, hour(2)))
		}, casefile.Closed, casefile.Fixed},
		"our check closed it, and fails again": {true, func(l *life) {
			l.check(finding.Passed)
			l.hear(said(1, finding.Failed, hour(2)))
			l.check(finding.Failed)
		}, casefile.Open, ""},
		"a source passed, and fails again": {false, func(l *life) {
			l.hear(said(1, finding.Passed, hour(1)))
			l.hear(said(1, finding.Failed, hour(2)))
		}, casefile.Open, ""},
		"another source fails since before the pass": {false, func(l *life) {
			l.hear(said(1, finding.Passed, hour(2)))
			l.hear(said(2, finding.Failed, hour(1)))
		}, casefile.Closed, casefile.Fixed},
		"its only source is archived": {false, func(l *life) {
			s := said(1, finding.Failed, hour(1))
			s.RecordState = finding.Archived
			l.hear(s)
		}, casefile.Closed, casefile.ArchivedAway},
		"an older statement comes late": {false, func(l *life) { l.hear(said(1, finding.Passed, start.Add(-time.Hour))) }, casefile.Open, ""},
		"an exception outlasts the failure": {false, func(l *life) {
			_, _, _ = l.f.Accept(casefile.Exception{ID: "x", Until: hour(24), Reason: "agreed"}, l.env)
			l.hear(said(1, finding.Failed, hour(2)))
		}, casefile.Accepted, ""},
		"an exception ends": {false, func(l *life) {
			_, _, _ = l.f.Accept(casefile.Exception{ID: "x", Until: hour(24), Reason: "agreed"}, l.env)
			l.env.Now = hour(24)
			l.f.Tick(l.env)
		}, casefile.Open, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := opened(c.readable)
			c.play(l)
			if l.f.State != c.want || c.reason != "" && l.f.Reason != c.reason {
				t.Errorf("the case is %s (%s), want %s %s", l.f.State, l.f.Reason, c.want, c.reason)
			}
			if err := sound(&l.f); err != nil {
				t.Error(err)
			}
		})
	}
}

// What a person may not do is refused with the reason, and changes nothing.
func TestRefusals(t *testing.T) {
	closed := opened(false)
	closed.hear(said(1, finding.Passed, start.Add(time.Hour)))
	for name, act := range map[string]func() error{
		"closing as fixed on one's word": func() error {
			l := opened(false)
			_, _, err := l.f.CloseByPerson(casefile.Fixed, "is", l.env)
			return err
		},
		"closing as handled what is no incident": func() error {
			l := opened(false)
			_, _, err := l.f.CloseByPerson(casefile.Handled, "is", l.env)
			return err
		},
		"closing without a reason": func() error {
			l := opened(false)
			_, _, err := l.f.CloseByPerson(casefile.FalsePositive, " ", l.env)
			return err
		},
		"closing what is closed": func() error { _, _, err := closed.f.CloseByPerson(casefile.Duplicate, "is", closed.env); return err },
		"reopening what is open": func() error { l := opened(false); _, _, err := l.f.ReopenByPerson("so", l.env); return err },
		"accepting what is closed": func() error {
			_, _, err := closed.f.Accept(casefile.Exception{Until: start.Add(time.Hour)}, closed.env)
			return err
		},
		"accepting until yesterday": func() error {
			l := opened(false)
			_, _, err := l.f.Accept(casefile.Exception{Until: start.Add(-1)}, l.env)
			return err
		},
		"ending an exception that is not": func() error { l := opened(false); _, _, err := l.f.EndException("so", nil, l.env); return err },
		"snoozing until yesterday":        func() error { l := opened(false); _, _, err := l.f.Snooze(start.Add(-1), "so", l.env); return err },
		"snoozing what is closed":         func() error { _, _, err := closed.f.Snooze(start.Add(time.Hour), "so", closed.env); return err },
		"assigning what is closed":        func() error { _, _, err := closed.f.Assign("taro", "so", closed.env); return err },
		"an empty note":                   func() error { l := opened(false); _, _, err := l.f.Note("\n", l.env); return err },
	} {
		var refused *casefile.RefusedError
		if err := act(); !errors.As(err, &refused) || refused.Why == "" {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}

// Sources that differ in severity do not change it to and fro: the last FAILED
// that stands says it, in whatever order they are repeated.
func TestSeverityIsThatOfTheLastFailure(t *testing.T) {
	l := opened(false)
	low := said(2, finding.Failed, start.Add(time.Hour))
	low.Severity = finding.Low
	l.hear(low)
	rows := len(l.chain)
	for range 3 {
		l.hear(said(1, finding.Failed, start))
		l.hear(low)
	}
	if l.f.Severity != finding.Low || len(l.chain) != rows {
		t.Errorf("it is %s, and the chain grew by %d rows", l.f.Severity, len(l.chain)-rows)
	}
	low.Status, low.ObservedAt = finding.Passed, start.Add(2*time.Hour)
	if l.hear(low); l.f.Severity != finding.High {
		t.Errorf("it is %s once only the other fails", l.f.Severity)
	}
}

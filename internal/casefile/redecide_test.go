package casefile_test

import (
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
)

const day = 24 * time.Hour

// A deadline counts from when the case opened, however often the policy is
// touched; nobody is overdue at once because it became stricter.
func TestADeadlineKeepsItsBeginning(t *testing.T) {
	for _, c := range []struct {
		name           string
		was, is, after time.Duration // the policy's time before and after, and when it changed
		want           time.Duration // from the opening
	}{
		{"nothing changed", 30 * day, 30 * day, 10 * day, 30 * day},
		{"more time", 10 * day, 30 * day, 5 * day, 30 * day},
		{"less time, not past", 30 * day, 10 * day, 5 * day, 10 * day},
		{"less time, past at once", 30 * day, 3 * day, 10 * day, 13 * day},
		{"less time, but more than what was left", 30 * day, 20 * day, 25 * day, 30 * day},
		{"overdue already, still overdue", 3 * day, 5 * day, 10 * day, 5 * day},
		{"overdue already, more time", 3 * day, 30 * day, 10 * day, 30 * day},
		{"none before", 0, 3 * day, 10 * day, 13 * day},
		{"none after", 3 * day, 0, 1 * day, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLife()
			span := c.was
			l.env.Decide = func(_ *casefile.File, from time.Time) casefile.Terms {
				terms := casefile.Terms{Response: "track", Owner: "shop"}
				if span > 0 {
					terms.Due = from.Add(span)
				}
				return terms
			}
			l.hear(casefile.Statement{Source: finding.Source{ProductARN: "p", ID: "1"}, Status: finding.Failed, RecordState: finding.Active, ObservedAt: start})
			span, l.env.Now = c.is, start.Add(c.after)
			for range 3 { // asking again changes nothing more
				l.f.Redecide(l.env)
			}
			got := time.Duration(-1)
			if !l.f.Terms.Due.IsZero() {
				got = l.f.Terms.Due.Sub(start)
			}
			if got != c.want {
				t.Errorf("due %s after the opening, want %s", got, c.want)
			}
		})
	}
}

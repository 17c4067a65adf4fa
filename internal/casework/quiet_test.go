package casework_test

import (
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/policy"
)

// asleep lets nobody be told before nine in the morning.
func (s *scene) asleep() {
	s.rules.Ladder = func(string) casefile.Ladder {
		return casefile.Ladder{
			Next:     func(_, _, _ time.Time) (time.Time, string, bool) { return time.Time{}, "", false },
			Escalate: func(time.Time) (time.Time, bool) { return time.Time{}, false },
			Loud: func(t time.Time) time.Time {
				if t.Hour() < 9 {
					return time.Date(t.Year(), t.Month(), t.Day(), 9, 0, 0, 0, time.UTC)
				}
				return t
			},
		}
	}
}

// messageAt is when the only message is next brought up to date.
func (s *scene) messageAt() time.Time {
	s.t.Helper()
	var at []time.Time
	for name, t := range s.jobs() {
		if strings.HasPrefix(name, casework.JobMessage+" ") {
			at = append(at, t)
		}
	}
	if len(at) != 1 {
		s.t.Fatalf("%d messages wait, want one", len(at))
	}
	return at[0]
}

func high(f *finding.Finding) { f.Severity = finding.High }

func TestWhatIsToldAlreadyKeepsQuietHoursToo(t *testing.T) {
	night := time.Date(2026, 11, 3, 2, 0, 0, 0, time.UTC)
	morning := night.Add(7 * time.Hour)
	for name, c := range map[string]struct {
		severity func(*finding.Finding)
		channel  string
		closes   bool
		want     time.Time
	}{
		"a person hears in the morning":          {high, "slack:#shop", false, morning},
		"of what is CRITICAL at once":            {func(*finding.Finding) {}, "slack:#shop", false, night},
		"a program hears at once":                {high, "sns:topic", false, night},
		"an edit in Slack disturbs nobody":       {high, "slack:#shop", true, night},
		"a mail about what is over does disturb": {high, "email:shop@example.com", true, morning},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.channels = []string{c.channel}
			s.asleep()
			s.take(s.said(finding.Failed, c.severity))
			if !c.closes { // it closes by day and comes back at night
				s.later(time.Hour)
				s.take(s.said(finding.Passed))
			}
			s.done()
			s.now = night
			if c.closes {
				s.take(s.said(finding.Passed))
			} else {
				s.take(s.said(finding.Failed, c.severity))
			}
			if got := s.messageAt(); !got.Equal(c.want) {
				t.Errorf("told at %s, want %s", got, c.want)
			}
		})
	}
}

func TestADigestWaitsForTheEndOfQuietHours(t *testing.T) {
	s := newScene(t)
	s.asleep()
	s.response = policy.Notify
	s.rules.DigestAt = func(string, time.Time) time.Time { return time.Date(2026, 11, 3, 6, 0, 0, 0, time.UTC) }
	s.take(s.said(finding.Failed))
	if got, want := s.messageAt(), time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("told at %s, want %s", got, want)
	}
}

// A case that waits for the morning and turns CRITICAL does not wait any longer.
func TestWhatTurnsCriticalWhileItWaitsForTheMorningIsToldAtOnce(t *testing.T) {
	s := newScene(t)
	s.channels = []string{"slack:#shop"}
	s.asleep()
	night := time.Date(2026, 11, 3, 2, 0, 0, 0, time.UTC)
	s.now = night
	s.take(s.said(finding.Failed, high))
	if got := s.messageAt(); !got.Equal(night.Add(7 * time.Hour)) {
		t.Fatalf("told at %s", got)
	}
	s.later(time.Hour)
	s.take(s.said(finding.Failed, func(f *finding.Finding) { f.ObservedAt = s.now }))
	if got := s.messageAt(); !got.Equal(s.now) {
		t.Errorf("told at %s, want at once", got)
	}
}

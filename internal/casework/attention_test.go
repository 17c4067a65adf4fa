package casework_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// budgeted has a budget of two messages a week; summaries go out at 09:00.
func budgeted(t *testing.T) *scene {
	s := newScene(t)
	s.rules.Attention = casework.Limit{N: 2, Per: 7 * 24 * time.Hour}
	s.rules.OverflowAt = func(_ string, now time.Time) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+1, 9, 0, 0, 0, now.Location())
	}
	return s
}

func about(control, resource string, severity finding.Severity) func(*finding.Finding) {
	return func(f *finding.Finding) {
		f.Source.ID = control + resource
		f.Severity = severity
		f.Subjects[0].Key.Control, f.Subjects[0].Key.Resource, f.Subjects[0].ResourceType = control, "arn:aws:s3:::"+resource, "AWS::S3::Bucket"
	}
}

// rows are the messages as "kind control: cases", in the order in which they
// were made.
func (s *scene) rows() []string {
	s.t.Helper()
	var out []string
	for id := int64(1); ; id++ {
		m, err := store.LoadMessage(context.Background(), s.db.View(), id)
		if err != nil {
			return out
		}
		out = append(out, fmt.Sprintf("%s %s: %d", m.Kind, m.Control, m.N))
	}
}

func (s *scene) wantRows(want ...string) {
	s.t.Helper()
	if got := s.rows(); !slices.Equal(got, want) {
		s.t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestWhatComesAboveTheBudgetJoinsOneSummary(t *testing.T) {
	s := budgeted(t)
	for i, control := range []string{"S3.1", "S3.5", "S3.8", "S3.9"} {
		s.take(s.said(finding.Failed, about(control, fmt.Sprint("b", i), finding.Medium)))
		s.later(time.Hour)
	}
	s.take(s.said(finding.Failed, about("S3.1", "late", finding.Medium))) // joins what is there
	s.wantRows("cases S3.1: 2", "cases S3.5: 1", "overflow : 2")
	m, _ := store.LoadMessage(context.Background(), s.db.View(), 3)
	if want := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC); !m.SendAfter.Equal(want) || !s.jobs()["message 3"].Equal(want) {
		t.Errorf("it goes out at %s, its job runs at %s", m.SendAfter, s.jobs()["message 3"])
	}
	s.later(24 * time.Hour) // another day, another summary
	s.take(s.said(finding.Failed, about("S3.13", "b", finding.Medium)))
	if got := s.rows(); got[len(got)-1] != "overflow : 1" || len(got) != 4 {
		t.Errorf("got %q", got)
	}
}

func TestTheBudgetIsOfTheTimeBeforeNow(t *testing.T) {
	s := budgeted(t)
	for i, control := range []string{"S3.1", "S3.5", "S3.8"} {
		s.take(s.said(finding.Failed, about(control, fmt.Sprint("b", i), finding.Medium)))
		s.later(24 * time.Hour)
	}
	s.later(4 * 24 * time.Hour) // the first is a week old now, the second is not
	s.take(s.said(finding.Failed, about("S3.9", "b", finding.Medium)))
	s.take(s.said(finding.Failed, about("S3.13", "b", finding.Medium)))
	s.wantRows("cases S3.1: 1", "cases S3.5: 1", "overflow : 1", "cases S3.9: 1", "overflow : 1")
}

func TestOfOneBatchTheMostUrgentIsToldByItself(t *testing.T) {
	s := budgeted(t)
	s.take(
		s.said(finding.Failed, about("S3.13", "b", finding.Low)),
		s.said(finding.Failed, about("S3.5", "b", finding.Medium)),
		s.said(finding.Failed, about("S3.8", "b", finding.High)),
		s.said(finding.Failed, about("S3.8", "c", finding.Low)),
	)
	s.wantRows("cases S3.8: 2", "cases S3.5: 1", "overflow : 1")
}

func TestWhatIsCriticalIsToldAtOnceAboveTheBudgetAndCounts(t *testing.T) {
	s := budgeted(t)
	s.take(s.said(finding.Failed, about("S3.1", "b", finding.Critical)), s.said(finding.Failed, about("S3.5", "b", finding.Critical)),
		s.said(finding.Failed, about("S3.8", "b", finding.Critical)), s.said(finding.Failed, about("S3.9", "b", finding.High)))
	s.wantRows("cases S3.1: 1", "cases S3.5: 1", "cases S3.8: 1", "overflow : 1")
	for _, j := range []string{"message 1", "message 2", "message 3"} {
		if at := s.jobs()[j]; !at.Equal(s.now) {
			t.Errorf("%s runs at %s", j, at)
		}
	}
}

func TestACaseInASummaryIsToldByItselfWhenItTurnsCritical(t *testing.T) {
	s := budgeted(t)
	s.rules.Attention.N = 0
	s.take(s.said(finding.Failed, about("S3.8", "b", finding.High)))
	s.wantRows("overflow : 1")
	s.later(time.Hour)
	s.take(s.said(finding.Failed, about("S3.8", "b", finding.Critical), func(f *finding.Finding) { f.ObservedAt = s.now }))
	s.wantRows("overflow : 1", "cases S3.8: 1")
}

func TestACaseThatComesBackIsNotLeftInAnOldSummary(t *testing.T) {
	s := budgeted(t)
	s.rules.Attention.N = 0
	f := func(st finding.Status) { s.take(s.said(st, about("S3.8", "b", finding.High))); s.later(time.Hour) }
	f(finding.Failed)
	f(finding.Passed)
	f(finding.Failed) // the same morning: it stands there already
	s.wantRows("overflow : 1")
	f(finding.Passed)
	s.later(48 * time.Hour)
	f(finding.Failed)
	s.wantRows("overflow : 1", "overflow : 1")
	s.rules.Attention.N = 5
	f(finding.Passed)
	f(finding.Failed)
	s.wantRows("overflow : 1", "overflow : 1", "cases S3.8: 1")
}

func TestTheSameAgainUnderAnotherBudgetMovesNothing(t *testing.T) {
	s := budgeted(t)
	s.rules.Attention.N = 1
	all := []finding.Finding{s.said(finding.Failed, about("S3.1", "b", finding.High)), s.said(finding.Failed, about("S3.5", "b", finding.High))}
	s.take(all...)
	s.wantRows("cases S3.1: 1", "overflow : 1")
	s.rules.Attention.N = 100
	s.take(all...)
	if err := s.work.Note(context.Background(), casework.Person{ID: "cli:hana"}, 2, "seen"); err != nil {
		t.Fatal(err)
	}
	s.wantRows("cases S3.1: 1", "overflow : 1")
}

func TestProgramsAndOtherKindsHaveNoBudget(t *testing.T) {
	s := budgeted(t)
	s.rules.Attention.N = 0
	s.channels = []string{"webhook:webhook", "sns:arn:aws:sns:ap-northeast-1:111122223333:topic", "email:a@example.com", "teams:shop"}
	s.take(s.said(finding.Failed, about("S3.1", "b", finding.High)))
	s.wantRows("cases S3.1: 1", "cases S3.1: 1", "overflow : 1", "overflow : 1")
	s.response = "notify"
	s.take(s.said(finding.Failed, about("S3.5", "b", finding.High)))
	if got := s.rows(); len(got) != 8 || got[7] != "digest : 1" {
		t.Errorf("got %q", got)
	}
}

func TestALargeBatchAboveTheBudgetIsOneSummary(t *testing.T) {
	s := budgeted(t)
	var all []finding.Finding
	for i := range 600 {
		all = append(all, s.said(finding.Failed, about("S3.8", fmt.Sprint("b", i), finding.High)))
	}
	s.rules.Attention.N = 1
	s.take(all...)
	s.wantRows("cases S3.8: 500", "overflow : 100")
}

func TestOwnersWhoShareAnAddressShareADigest(t *testing.T) {
	s := newScene(t)
	s.response, s.channels = "notify", []string{"slack:#shop", "email:a@example.com,b@example.com"}
	s.rules.Readers = func(_, channel string) []casework.Reader {
		if channel == "slack:#shop" {
			return []casework.Reader{{Owner: "shop", Channel: channel}}
		}
		return []casework.Reader{{Owner: "app", Channel: "email:a@example.com"}, {Owner: "shop", Channel: "email:b@example.com"}}
	}
	s.take(s.said(finding.Failed, about("S3.8", "b", finding.High)))
	for id, want := range map[int64][2]string{1: {"shop", "slack:#shop"}, 2: {"app", "email:a@example.com"}, 3: {"shop", "email:b@example.com"}} {
		m, err := store.LoadMessage(context.Background(), s.db.View(), id)
		if err != nil || m.Owner != want[0] || m.Channel != want[1] || m.Kind != store.MessageDigest {
			t.Errorf("message %d: %+v (%v), want %v", id, m, err, want)
		}
	}
	s.later(time.Minute)
	s.take(s.said(finding.Passed, about("S3.8", "b", finding.High)))
	s.later(time.Minute)
	s.take(s.said(finding.Failed, about("S3.8", "b", finding.High)))
	s.wantRows("digest : 1", "digest : 1", "digest : 1")
}

func TestSummariesAndDigestsKeepQuietHours(t *testing.T) {
	s := budgeted(t)
	s.rules.Attention.N = 0
	monday := time.Date(2026, 11, 9, 9, 0, 0, 0, time.UTC)
	s.rules.Ladder = func(string) casefile.Ladder {
		return casefile.Ladder{
			Next:     func(_, _, _ time.Time) (time.Time, string, bool) { return time.Time{}, "", false },
			Escalate: func(time.Time) (time.Time, bool) { return time.Time{}, false },
			Loud: func(at time.Time) time.Time {
				if at.Before(monday) {
					return monday
				}
				return at
			},
		}
	}
	s.take(s.said(finding.Failed, about("S3.8", "b", finding.High)), s.said(finding.Failed, about("S3.5", "b", finding.Critical)))
	s.response = "notify"
	s.take(s.said(finding.Failed, about("S3.9", "b", finding.High)))
	s.wantRows("cases S3.5: 1", "overflow : 1", "digest : 1")
	for id, want := range map[int64]time.Time{1: s.now, 2: monday, 3: monday} {
		if m, err := store.LoadMessage(context.Background(), s.db.View(), id); err != nil || !m.SendAfter.Equal(want) {
			t.Errorf("message %d goes out at %s (%v), want %s", id, m.SendAfter, err, want)
		}
	}
}

// What the budget costs a batch of new findings: compare with=false and true.
func BenchmarkTakeWithABudget(b *testing.B) {
	for _, with := range []bool{false, true} {
		b.Run(fmt.Sprintf("with=%v", with), func(b *testing.B) {
			s := newScene(b)
			s.rules.OverflowAt = func(_ string, now time.Time) time.Time { return now.Add(time.Hour) }
			if with {
				s.rules.Attention = casework.Limit{N: 2, Per: 7 * 24 * time.Hour}
			}
			controls := []string{"S3.1", "S3.5", "S3.8", "S3.9", "S3.13"}
			n := 0
			for b.Loop() {
				var all []finding.Finding
				for range 500 {
					n++
					all = append(all, s.said(finding.Failed, about(controls[n%5], fmt.Sprint("b", n), finding.Medium)))
				}
				s.take(all...)
			}
			b.ReportMetric(float64(500*b.N)/b.Elapsed().Seconds(), "findings/s")
		})
	}
}

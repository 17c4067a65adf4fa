package policy

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestABacklogIsBroughtToMindOnceAWeek(t *testing.T) {
	p := load(t, ladder)
	zone := tokyo(t)
	start := time.Date(2027, 4, 19, 10, 0, 0, 0, zone)
	for _, c := range []struct {
		name string
		due  time.Time
		want []string
	}{
		{"a Thursday", time.Date(2027, 6, 17, 18, 0, 0, 0, zone), []string{"06-14 09:00 the week of the deadline", "06-21 09:00 1 week after", "06-28 09:00 1 week after"}},
		{"a Monday", time.Date(2027, 6, 14, 18, 0, 0, 0, zone), []string{"06-14 09:00 the week of the deadline", "06-21 09:00 1 week after"}},
		{"after the holidays", time.Date(2027, 5, 7, 18, 0, 0, 0, zone), []string{"05-06 09:00 the week of the deadline", "05-10 09:00 1 week after"}},
		{"the week of the import", time.Date(2027, 4, 22, 18, 0, 0, 0, zone), []string{"04-22 09:00 on the day", "04-26 09:00 1 week after"}},
	} {
		after := start
		for i, want := range c.want {
			at, step, ok := p.WeeklyReminder(start, c.due, after, nil)
			if got := at.Format("01-02 15:04 ") + step; !ok || got != want {
				t.Errorf("%s, step %d: %s, want %s", c.name, i, got, want)
			}
			after = at
		}
	}
	if _, _, ok := p.WeeklyReminder(start, time.Time{}, start, nil); ok {
		t.Error("a reminder without a deadline")
	}
}

func TestWeeklyRemindersOfManyDeadlinesFallOnOneMorningAWeek(t *testing.T) {
	p := load(t, ladder)
	zone := tokyo(t)
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(rapid.Int64Range(1.7e9, 2e9).Draw(t, "start"), 0)
		mornings := map[int]string{}
		for _, days := range rapid.SliceOfN(rapid.IntRange(8, 100), 1, 12).Draw(t, "days") {
			due, after := start.AddDate(0, 0, days), start
			for range 5 {
				at, _, ok := p.WeeklyReminder(start, due, after, zone)
				if !ok || !at.After(after) {
					t.Fatalf("after %s: %s, %t", after, at, ok)
				}
				year, week := at.In(zone).ISOWeek()
				said := at.String()
				if before, known := mornings[year*100+week]; known && before != said {
					t.Fatalf("twice in one week: %s and %s", before, said)
				}
				mornings[year*100+week], after = said, at
			}
		}
	})
}

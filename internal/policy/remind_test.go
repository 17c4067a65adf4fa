package policy

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const ladder = `
calendar: japan
reminders: [half, 3 days before, on the day, weekly after]
escalate_after: 2 business days
quiet_hours: {from: "20:00", to: "08:00", days_off: true}
`

func TestReminderLadder(t *testing.T) {
	p := load(t, ladder)
	start := time.Date(2027, 6, 1, 9, 0, 0, 0, tokyo(t))
	due := time.Date(2027, 6, 15, 18, 0, 0, 0, tokyo(t))
	after, got := start, []string{}
	for range 6 {
		at, step, ok := p.NextReminder(start, due, after, nil)
		if !ok {
			t.Fatal("no reminder")
		}
		got = append(got, at.Format("01-02 15:04 ")+step.String())
		after = at
	}
	for i, want := range []string{
		"06-08 09:00 half", "06-12 09:00 3 days before", "06-15 09:00 on the day",
		"06-22 09:00 1 week after", "06-29 09:00 1 week after", "07-06 09:00 1 week after",
	} {
		if got[i] != want {
			t.Errorf("step %d: %s, want %s", i, got[i], want)
		}
	}
	if at, ok := p.Escalation(due, nil); !ok || at.Format("01-02 15:04") != "06-17 18:00" {
		t.Errorf("escalation %s %t", at, ok)
	}
	if _, _, ok := p.NextReminder(start, time.Time{}, start, nil); ok {
		t.Error("a reminder without a deadline")
	}
}

func TestRemindersAreNeitherLostNorRepeated(t *testing.T) {
	p := load(t, ladder)
	zone := tokyo(t)
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(rapid.Int64Range(1.7e9, 2e9).Draw(t, "start"), 0)
		due := start.Add(time.Duration(rapid.IntRange(1, 2000).Draw(t, "hours")) * time.Hour)
		// Asked at any moment, the next reminder is the same until it has come.
		at, _, ok := p.NextReminder(start, due, start, zone)
		for range 8 {
			if !ok {
				t.Fatal("the ladder ended")
			}
			middle := at.Add(-time.Duration(rapid.IntRange(1, 60).Draw(t, "before")) * time.Second)
			if middle.After(start) {
				if again, _, _ := p.NextReminder(start, due, middle, zone); again.After(at) {
					t.Fatalf("asked at %s the reminder of %s is lost", middle, at)
				}
			}
			next, _, more := p.NextReminder(start, due, at, zone)
			if !next.After(at) {
				t.Fatalf("%s again", at)
			}
			at, ok = next, more
		}
	})
}

func TestQuietHours(t *testing.T) {
	p := load(t, ladder)
	zone := tokyo(t)
	for at, want := range map[string]string{
		"2027-06-01 10:00": "2027-06-01 10:00",
		"2027-06-01 20:00": "2027-06-02 08:00",
		"2027-06-02 03:00": "2027-06-02 08:00",
		"2027-06-04 23:00": "2027-06-07 08:00", // Friday night to Monday
		"2027-05-03 12:00": "2027-05-06 08:00", // Golden Week
	} {
		from, err := time.ParseInLocation("2006-01-02 15:04", at, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Loud(from, nil).Format("2006-01-02 15:04"); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	if now := time.Now(); !load(t, "problem: [FAILED]\n").Loud(now, nil).Equal(now) {
		t.Error("moved without quiet hours")
	}
}

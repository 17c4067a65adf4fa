package report

import (
	"testing"
	"time"
)

func TestTimesFollowTheClockOnTheWall(t *testing.T) {
	for name, c := range map[string]struct {
		cron, zone, from string
		want             []string
	}{
		"Monday morning in Tokyo": {"0 9 * * MON", "Asia/Tokyo", "2026-11-22T12:00:00+09:00", []string{"2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"}},
		"the skipped hour comes right after the gap": {"30 2 * * *", "America/New_York", "2026-03-07T12:00:00-05:00",
			[]string{"2026-03-08T07:30:00Z", "2026-03-09T06:30:00Z"}},
		"the doubled hour comes once": {"30 1 * * *", "America/New_York", "2026-10-31T12:00:00-04:00",
			[]string{"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}},
		"from the second showing of the doubled hour": {"30 1 * * *", "America/New_York", "2026-11-01T01:45:00-05:00", []string{"2026-11-02T06:30:00Z"}},
		"hours that the gap maps to one moment come once": {"0 2,3 * * *", "America/New_York", "2026-03-08T00:00:00-05:00",
			[]string{"2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"}},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		times, err := ParseTimes(c.cron, zone)
		if err != nil {
			t.Fatal(err)
		}
		at, _ := time.Parse(time.RFC3339, c.from)
		for _, want := range c.want {
			if at = times.Next(at); at.UTC().Format(time.RFC3339) != want {
				t.Errorf("%s: got %s, want %s", name, at.UTC().Format(time.RFC3339), want)
			}
		}
	}
}

func TestLastIsTheLatestMissedMoment(t *testing.T) {
	times, err := ParseTimes("0 * * * *", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
	if got := times.Last(now.Add(-24*time.Hour), now); !got.Equal(now.Truncate(time.Hour)) {
		t.Errorf("got %s", got)
	}
	if got := times.Last(now, now.Add(time.Minute)); !got.IsZero() {
		t.Errorf("got %s, want none", got)
	}
	never, err := ParseTimes("0 0 30 2 *", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if got := never.Next(now); !got.IsZero() {
		t.Errorf("got %s, want never", got)
	}
}

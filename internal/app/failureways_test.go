package app

import (
	"testing"
	"time"

	"zesei/internal/store"
)

func TestWhenPeopleHearOfAnOutage(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	told := func(after time.Duration) store.Outage {
		return store.Outage{Channel: "slack", Since: at, ToldAt: at.Add(after)}
	}
	for name, c := range map[string]struct {
		o     store.Outage
		after time.Duration
		mute  bool
		want  bool
	}{
		"what may pass is not told at once":            {store.Outage{Channel: "slack", Since: at}, 14 * time.Minute, false, false},
		"what has lasted is":                           {store.Outage{Channel: "slack", Since: at}, 15 * time.Minute, false, true},
		"nor what nobody has tried since":              {store.Outage{Channel: "slack", Since: at, LastAt: at.Add(8 * time.Minute)}, time.Hour, false, false},
		"what does not pass is told at once":           {store.Outage{Channel: "slack", Since: at, Sure: true}, 0, false, true},
		"it is told once":                              {told(15 * time.Minute), 23 * time.Hour, false, false},
		"and again the next day":                       {told(15 * time.Minute), 25 * time.Hour, false, true},
		"at once where the report itself did not come": {told(15 * time.Minute), time.Hour, true, true},
		"one refused message is told once for ever":    {store.Outage{Channel: "message 7", Since: at, Sure: true, ToldAt: at}, 100 * time.Hour, false, false},
	} {
		if c.o.LastAt.IsZero() {
			c.o.LastAt = at.Add(c.after)
		}
		if got := outageDue(c.o, at.Add(c.after), c.mute); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestWhichOutageAFailureBelongsTo(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	f := failure{channel: "slack", reason: "no answer"}
	first := f.in(store.Outage{}, at)
	if !first.Since.Equal(at) || first.Sure {
		t.Fatalf("first: %+v", first)
	}
	first.ID, first.ToldAt, first.Told = 1, at.Add(15*time.Minute), 1
	sure := failure{channel: "slack", reason: "invalid_auth", sure: true}
	if o := sure.in(first, at.Add(time.Hour)); !o.Since.Equal(at) || !o.Sure || o.Reason != "invalid_auth" || o.ToldAt.IsZero() {
		t.Errorf("it lasts, and is worse: %+v", o)
	}
	first.OverAt = at.Add(2 * time.Hour)
	if o := f.in(first, at.Add(150*time.Minute)); !o.Since.Equal(at) || !o.OverAt.IsZero() || o.ToldAt.IsZero() {
		t.Errorf("back after half an hour for the same reason, it is the same: %+v", o)
	}
	if o := f.in(first, at.Add(5*time.Hour)); o.Since.Equal(at) || !o.ToldAt.IsZero() || o.Told != 1 {
		t.Errorf("hours later it is another: %+v", o)
	}
	if o := sure.in(first, at.Add(150*time.Minute)); o.Since.Equal(at) {
		t.Errorf("for another reason it is another: %+v", o)
	}
}

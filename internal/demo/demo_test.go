package demo

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// morningOfGoldenWeek is before a row of days off.
var morningOfGoldenWeek = time.Date(2026, 4, 28, 1, 0, 0, 0, time.UTC)

func run(t *testing.T, o Options) (*Demo, Report) {
	t.Helper()
	o.Dir = t.TempDir()
	o.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	if o.Tell == nil {
		o.Tell = func(s string) { t.Log(s) }
	}
	d, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := d.Day(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := d.Report(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return d, r
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheDayEndsAsItShould(t *testing.T) {
	_, r := run(t, Options{At: morningOfGoldenWeek})
	for _, c := range r.Checks {
		if !c.OK {
			t.Errorf("%s: got %s", c.Name, c.Got)
		}
	}
	t.Logf("%+v", r)
}

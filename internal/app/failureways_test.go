package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"zesei/internal/config"
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

func configured(t *testing.T, text string) *App {
	t.Helper()
	c, err := config.Parse("zesei.yaml", []byte(text), func(string) (string, bool) { return "x", true }, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDirectory(c)
	if err != nil {
		t.Fatal(err)
	}
	return &App{Config: c, Directory: d, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

func TestByWhichChannelAFailureIsReported(t *testing.T) {
	const all = `
owners:
  shop: {slack: "#shop"}
  security: {slack: "#sec", email: [sec@example.com], default: true}
notify:
  slack: {token: "${env:T}"}
  email: {from: z@example.com, smtp: "localhost:25"}
  pagerduty: {routing_key: "${env:T}"}
  webhook: {url: "https://hook.example.com", secret: "${env:T}"}
`
	for name, c := range map[string]struct{ set, broken, failing, want string }{
		"the default owner's first other channel":          {"", "slack", "slack", "email:sec@example.com"},
		"one that does not fail itself":                    {"", "slack", "slack email", "webhook:webhook"},
		"nobody is paged unless it is configured":          {"", "slack", "slack email webhook", ""},
		"the configured one first":                         {"pagerduty", "slack", "slack", "pagerduty:pagerduty"},
		"not the configured one where it is what fails":    {"slack", "slack", "slack", "email:sec@example.com"},
		"one target: the default owner's own channel":      {"pagerduty", "slack:#shop", "slack:#shop", "slack:#sec"},
		"its own target that fails: its other channel":     {"", "slack:#sec", "slack:#sec", "email:sec@example.com"},
		"where no own channel is left, the configured one": {"pagerduty", "slack:#sec", "slack:#sec email webhook", "pagerduty:pagerduty"},
	} {
		text := all
		if c.set != "" {
			text = strings.Replace(all, "notify:\n", "notify:\n  report_failures: "+c.set+"\n", 1)
		}
		var failing []store.Outage
		for _, f := range strings.Fields(c.failing) {
			failing = append(failing, store.Outage{Channel: f})
		}
		if got := configured(t, text).reportWay(c.broken, failing); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestAnOwnerWithoutAWayIsNamed(t *testing.T) {
	a := configured(t, `
owners:
  shop: {slack: "#shop"}
  labs: {}
  security: {email: [a@example.com, b@example.com], default: true, language: ja}
notify:
  slack: {token: "${env:T}"}
  email: {from: z@example.com, smtp: "localhost:25"}
schedules: [{cron: "0 9 1 * *", do: summary, owner: "*"}]
`)
	var names []string
	for _, e := range errands(a.Config, a.Config.Schedules[0]) {
		names = append(names, e.name()+" "+e.language)
	}
	if got, want := strings.Join(names, "|"), "security email:a@example.com ja|security email:b@example.com ja|shop slack:#shop en"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := strings.Join(a.unreached(a.Config.Schedules[0]), " "); got != "labs" {
		t.Errorf("unreached: %q", got)
	}
}

func TestMetricsTellOfChannelsAndSchedulesThatFail(t *testing.T) {
	a := configured(t, `
owners: {security: {slack: "#sec", default: true}}
notify: {slack: {token: "${env:T}"}}
schedules: [{cron: "0 9 1 * *", do: summary}]
`)
	var err error
	if a.DB, err = store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "z.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.DB.Close() })
	err = a.DB.Update(t.Context(), func(tx *store.Tx) error {
		for _, channel := range []string{"slack", "slack:#shop", "email"} {
			if err := store.SaveOutage(t.Context(), tx, &store.Outage{Channel: channel, Since: a.Now(), LastAt: a.Now(), Sure: channel != "email"}); err != nil {
				return err
			}
		}
		return saveRun(t.Context(), tx, scheduleID(a.Config.Schedules[0]), run{Failed: "is_archived"})
	})
	if err != nil {
		t.Fatal(err)
	}
	m := newMetrics(prometheus.NewRegistry())
	m.watch(a)
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, one := range f.GetMetric() {
			for _, l := range one.GetLabel() {
				got[f.GetName()+" "+l.GetValue()] = one.GetGauge().GetValue()
			}
		}
	}
	// What fails since a moment may pass, and is no failing channel yet.
	if got["zesei_channels_failing slack"] != 2 || got["zesei_channels_failing email"] != 0 || got["zesei_schedule_failed summary"] != 1 {
		t.Errorf("got %v", got)
	}
}

package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zesei/internal/config"
	"zesei/internal/notify"
	"zesei/internal/store"
)

// mostReasons is how many failed ways a report of a failed run names.
const mostReasons = 10

// runTrouble is what people are told of a run that fails; nil where all went
// well. next is when it, or the run after it, is tried; why is what has failed and
// may yet succeed.
func (a *App) runTrouble(s config.Schedule, r run, next time.Time, why error) *notify.Trouble {
	t := notify.Trouble{What: notify.RunFails, Report: s.Do, Cron: s.Cron, Since: r.Next, Until: next}
	var unmade *unmadeError
	if errors.As(why, &unmade) {
		t.Unmade = true
	}
	left := 0
	for _, e := range errands(a.Config, s) {
		p := r.Ways[e.name()]
		switch {
		case p.Failed != "":
			t.Reasons = append(t.Reasons, e.way+": "+p.Failed)
		case p.Done.IsZero():
			left++
		}
	}
	if why != nil && left > 0 || why != nil && len(t.Reasons) == 0 {
		for _, line := range strings.Split(why.Error(), "\n") {
			t.Reasons = append(t.Reasons, strings.Join(strings.Fields(line), " "))
		}
	}
	if t.Unmade {
		t.Reasons = distinct(t.Reasons)
	}
	if n := len(t.Reasons) - mostReasons; n > 0 {
		t.Reasons = append(t.Reasons[:mostReasons], fmt.Sprintf("… (+%d)", n))
	}
	if len(t.Reasons) == 0 {
		return nil
	}
	return &t
}

// distinct drops the way from reasons that are the same for every way.
func distinct(reasons []string) []string {
	var out []string
	for _, r := range reasons {
		for _, via := range []string{"slack:", "email:"} {
			if strings.HasPrefix(r, via) {
				_, r, _ = strings.Cut(r, ": ")
			}
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// tellRunFailed reports a failed run: by a way of its own that works, else as a
// failing channel is reported.
func (a *App) tellRunFailed(ctx context.Context, tx *store.Tx, key string, s config.Schedule, r run, t notify.Trouble) error {
	failing, err := store.Outages(ctx, tx)
	if err != nil {
		return err
	}
	by := a.runWay(s, r, t.Unmade, failing)
	if by == "" {
		a.Log.Error("nobody can be told that a scheduled run failed: no channel works", "schedule", key, "reasons", t.Reasons)
		return nil // it stands in `zesei doctor`
	}
	_, err = a.tellTrouble(ctx, tx, key+"|failed", by, t)
	return err
}

// runWay is the channel by which a failed run is reported; "" where none works.
func (a *App) runWay(s config.Schedule, r run, unmade bool, failing []store.Outage) string {
	broken := "" // a way that failed
	for _, e := range errands(a.Config, s) {
		p := r.Ways[e.name()]
		if s.Owner == config.EachOwner {
			// Owners are not told of a report that they were not promised at a time.
			if p.Done.IsZero() {
				broken = e.way
			}
			continue
		}
		if works := !p.Done.IsZero() || unmade; works && !store.Covers(failing, e.way) {
			return e.way
		}
		if p.Done.IsZero() {
			if broken = e.way; !p.Alone { // the whole service, as far as anybody can tell
				broken, _, _ = strings.Cut(e.way, ":")
			}
		}
	}
	if unmade {
		broken = ""
	}
	return a.reportWay(broken, failing)
}

package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"zesei/internal/casework"
	"zesei/internal/job"
)

// lane works jobs of some kinds. People and Security Hub are told in a lane of
// their own, so that a Slack that is slow holds no check and no fix up.
type lane struct {
	only func(kind, subject string) bool
	wake chan struct{}
}

// telling are the kinds that wait for others' services.
var telling = []string{casework.JobMessage, casework.JobHub}

// lanes prepares an App's queue: handlers run under work, and are counted.
func (v *server) lanes(a *App, work context.Context) []*lane {
	tells := &lane{only: func(kind, _ string) bool { return slices.Contains(telling, kind) }, wake: make(chan struct{}, 1)}
	does := &lane{only: func(kind, _ string) bool { return !slices.Contains(telling, kind) }, wake: make(chan struct{}, 1)}
	a.Work.Committed = func() { tells.poke(); does.poke() }
	for kind, h := range a.Queue.Handlers {
		a.Queue.Handlers[kind] = func(_ context.Context, j job.Job) error {
			start := time.Now() // a duration on the monotonic clock
			err := h(work, j)
			v.metrics.job(kind, outcome(err), time.Since(start))
			return err
		}
	}
	return []*lane{tells, does}
}

// outcome of a job, for metrics.
func outcome(err error) string {
	var later *job.LaterError
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &later):
		return "later"
	}
	return "failed"
}

func (l *lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// idle is how often a lane looks for jobs whose time has come.
const idle = 200 * time.Millisecond

// run works the lane's jobs until the context ends, then waits for those that
// run.
func (l *lane) run(ctx context.Context, a *App) {
	t := time.NewTicker(idle)
	defer t.Stop()
	for {
		if err := a.Queue.DrainOnly(ctx, 0, l.only); err != nil && ctx.Err() == nil {
			a.Log.Error("working jobs", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		case <-t.C:
		}
	}
}

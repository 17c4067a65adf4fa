package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"zesei/internal/casework"
	"zesei/internal/job"
)

// lane is a queue that works jobs of some kinds. People, trackers and Security Hub
// are told in a lane of their own, so that a Slack or a mail server that is slow
// holds no check and no fix up.
type lane struct {
	*job.Queue
	only func(kind, subject string) bool
}

// telling are the kinds that wait for others' services.
var telling = []string{casework.JobMessage, casework.JobHub, casework.JobAnswer, casework.JobTicket, casework.JobTicketPoll, casework.JobCreator, JobSchedule}

// lanes prepares the queues of an App: handlers run under work, and are counted.
func (v *server) lanes(a *App, work context.Context) []lane {
	handlers := map[string]job.Handler{}
	for kind, h := range a.Queue.Handlers {
		handlers[kind] = v.counted(kind, outlive(work, h))
	}
	queue := func() *job.Queue {
		return &job.Queue{DB: a.DB, Handlers: handlers, Now: a.Now, Rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), Log: a.Log, Owner: a.Queue.Owner}
	}
	tells := lane{queue(), func(kind, _ string) bool { return slices.Contains(telling, kind) }}
	does := lane{queue(), func(kind, _ string) bool { return !slices.Contains(telling, kind) }}
	a.Work.Committed = func() { tells.Poke(); does.Poke() }
	return []lane{tells, does}
}

// outlive runs a handler under work, which goes on when the queue has been asked
// to end. A lease that is lost ends it all the same.
func outlive(work context.Context, h job.Handler) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		longer, cancel := context.WithCancelCause(work)
		defer cancel(nil)
		defer context.AfterFunc(ctx, func() {
			if cause := context.Cause(ctx); errors.Is(cause, job.ErrLeaseLost) {
				cancel(cause)
			}
		})()
		return h(longer, j)
	}
}

func (v *server) counted(kind string, h job.Handler) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		start := time.Now() // a duration on the monotonic clock
		err := h(ctx, j)
		v.metrics.job(kind, outcome(err), time.Since(start))
		return err
	}
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

// run works the lane's jobs until the context ends, then waits for those that
// run.
func (l lane) run(ctx context.Context, a *App) {
	if err := l.RunOnly(ctx, l.only); err != nil {
		a.Log.Error("working jobs", "error", err)
	}
}

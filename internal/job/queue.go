package job

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"zesei/internal/store"
)

// Lease is how long a claimed job is held without a sign of life.
const Lease = 60 * time.Second

// MaxAttempts is how often a failing job is tried before it is given up as dead
// (about nine hours with the backoff used here). A run that ended with its
// process counts as a failed one.
const MaxAttempts = 16

// Queue works the jobs of a store.
type Queue struct {
	DB       *store.DB
	Handlers map[string]Handler
	Now      func() time.Time
	Rand     *rand.Rand // jitter; used under the queue's lock
	Log      *slog.Logger
	Owner    string        // names this process in leases
	Workers  int           // jobs worked side by side; 0: 4
	Poll     time.Duration // how often an idle queue looks; 0: 200 ms

	mu     sync.Mutex
	wake   chan struct{}
	claims int64   // leases taken, which tells each from any other
	alive  *worker // our sign of life while something of this queue runs
	users  int     // of alive
}

// Run works jobs until the context ends, then waits for the running ones and
// keeps how they ended.
func (q *Queue) Run(ctx context.Context) error {
	return q.dispatch(ctx, 0, nil, true)
}

// RunOnly is Run for the jobs that only chooses.
func (q *Queue) RunOnly(ctx context.Context, only func(kind, subject string) bool) error {
	return q.dispatch(ctx, 0, only, true)
}

// Drain works every job that is due within ahead from now, the jobs that follow
// from them included, and returns when none is left. Jobs that failed or asked to
// be run later are left to their time.
func (q *Queue) Drain(ctx context.Context, ahead time.Duration) error {
	return q.DrainOnly(ctx, ahead, nil)
}

// DrainOnly is Drain for the jobs that only chooses.
func (q *Queue) DrainOnly(ctx context.Context, ahead time.Duration, only func(kind, subject string) bool) error {
	return q.dispatch(ctx, ahead, only, false)
}

// Poke makes an idle queue look at once: call it after the commit that asked for
// a job.
func (q *Queue) Poke() {
	select {
	case q.poked() <- struct{}{}:
	default:
	}
}

func (q *Queue) poked() chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.wake == nil {
		q.wake = make(chan struct{}, 1)
	}
	return q.wake
}

func (q *Queue) workers() int {
	if q.Workers > 0 {
		return q.Workers
	}
	return 4
}

func (q *Queue) poll() time.Duration {
	if q.Poll > 0 {
		return q.Poll
	}
	return 200 * time.Millisecond
}

// work runs one handler.
func (q *Queue) work(ctx context.Context, j Job) (err error) {
	h, ok := q.Handlers[j.Kind]
	if !ok {
		return Permanent(fmt.Errorf("no handler for jobs of kind %q", j.Kind))
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			q.Log.Error("job panicked", "kind", j.Kind, "subject", j.Subject, "panic", p)
		}
	}()
	return h(ctx, j)
}

// backoff doubles from half a second to an hour, with up to half of it as jitter.
func (q *Queue) backoff(attempt int) time.Duration {
	d := min(time.Hour, 500*time.Millisecond<<min(attempt-1, 20))
	q.mu.Lock()
	defer q.mu.Unlock()
	return d/2 + time.Duration(q.Rand.Int64N(int64(d/2)+1))
}

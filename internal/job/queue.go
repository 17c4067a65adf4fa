package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"zesei/internal/store"
)

// Lease is how long a claimed job is held without a heartbeat.
const Lease = 60 * time.Second

// MaxAttempts is how often a failing job is tried before it is given up as dead
// (about nine hours with the backoff used here).
const MaxAttempts = 16

// Queue works the jobs of a store.
type Queue struct {
	DB       *store.DB
	Handlers map[string]Handler
	Now      func() time.Time
	Rand     *rand.Rand // jitter; used under the queue's lock
	Log      *slog.Logger
	Owner    string        // names this process in leases
	Workers  int           // 0: 4
	Poll     time.Duration // how often an idle queue looks; 0: 200 ms
	mu       sync.Mutex
	wake     chan struct{}
}

// Run works jobs until the context ends, then waits for the running ones.
func (q *Queue) Run(ctx context.Context) error {
	poll := q.Poll
	if poll == 0 {
		poll = 200 * time.Millisecond
	}
	for ctx.Err() == nil {
		n, err := q.round(ctx, q.Now(), nil)
		if err != nil && ctx.Err() == nil {
			q.Log.Error("working jobs", "error", err)
		}
		if n > 0 {
			continue
		}
		t := time.NewTimer(poll)
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-q.poke():
		}
		t.Stop()
	}
	return nil
}

// Poke makes an idle queue look at once.
func (q *Queue) Poke() {
	select {
	case q.poke() <- struct{}{}:
	default:
	}
}

func (q *Queue) poke() chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.wake == nil {
		q.wake = make(chan struct{}, 1)
	}
	return q.wake
}

// Drain works every job that is due within ahead from now, the jobs that follow
// from them included, and returns when none is left. Jobs that fail are left to
// their backoff.
func (q *Queue) Drain(ctx context.Context, ahead time.Duration) error {
	for {
		n, err := q.round(ctx, q.Now().Add(ahead), nil)
		if err != nil || n == 0 {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// DrainOnly is Drain for the jobs of the given kinds and subjects ("kind subject").
func (q *Queue) DrainOnly(ctx context.Context, ahead time.Duration, only func(kind, subject string) bool) error {
	for {
		n, err := q.round(ctx, q.Now().Add(ahead), only)
		if err != nil || n == 0 {
			return err
		}
	}
}

// round claims a batch of due jobs, works them side by side, and commits how they
// ended in one transaction.
func (q *Queue) round(ctx context.Context, due time.Time, only func(kind, subject string) bool) (int, error) {
	jobs, err := q.claim(ctx, due, only)
	if err != nil || len(jobs) == 0 {
		return 0, err
	}
	stop := q.heartbeat(ctx, jobs)
	defer stop()
	results := make([]error, len(jobs))
	ran := make([]bool, len(jobs))
	var wg sync.WaitGroup
	slots := make(chan struct{}, q.workers())
	for i, j := range jobs {
		slots <- struct{}{}
		if ctx.Err() != nil {
			<-slots
			break // the rest is given back below
		}
		ran[i] = true
		wg.Go(func() {
			defer func() { <-slots }()
			results[i] = q.work(ctx, j)
		})
	}
	wg.Wait()
	// What was done is kept even when the context has ended meanwhile.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return len(jobs), q.DB.Update(end, func(tx *store.Tx) error {
		for i, j := range jobs {
			if !ran[i] || results[i] != nil && errors.Is(results[i], context.Canceled) && ctx.Err() != nil {
				if _, err := tx.Exec(end, `UPDATE jobs SET lease = '', lease_until = 0 WHERE id = $1 AND lease = $2`, j.ID, j.lease); err != nil {
					return err
				}
				continue
			}
			if err := q.finish(end, tx, j, results[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (q *Queue) workers() int {
	if q.Workers > 0 {
		return q.Workers
	}
	return 4
}

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

func (q *Queue) claim(ctx context.Context, due time.Time, only func(kind, subject string) bool) ([]Job, error) {
	now := q.Now()
	want := 8 * q.workers()
	// An empty look costs no write transaction.
	ready, err := q.due(ctx, q.DB.View(), now, due, want, only)
	if err != nil || len(ready) == 0 {
		return nil, err
	}
	var jobs []Job
	lease := fmt.Sprintf("%s/%d", q.Owner, now.UnixNano())
	err = q.DB.Update(ctx, func(tx *store.Tx) error {
		ready, err := q.due(ctx, tx, now, due, want, only)
		if err != nil {
			return err
		}
		jobs = jobs[:0]
		for _, j := range ready {
			if _, err := tx.Exec(ctx, `UPDATE jobs SET lease = $2, lease_until = $3 WHERE id = $1`, j.ID, lease, now.Add(Lease).UnixMilli()); err != nil {
				return err
			}
			j.lease = lease
			jobs = append(jobs, j)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claiming jobs: %w", err)
	}
	return jobs, nil
}

func (q *Queue) due(ctx context.Context, from store.Querier, now, due time.Time, limit int, only func(kind, subject string) bool) ([]Job, error) {
	rows, err := from.QueryContext(ctx, `SELECT id, kind, subject, wanted, attempts FROM jobs
		WHERE state = 'ready' AND run_at <= CASE WHEN attempts = 0 THEN $1 ELSE $2 END AND lease_until <= $2 ORDER BY run_at, id`, due.UnixMilli(), now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("looking for jobs: %w", err)
	}
	defer rows.Close()
	var out []Job
	for rows.Next() && len(out) < limit {
		var j Job
		if err := rows.Scan(&j.ID, &j.Kind, &j.Subject, &j.Version, &j.Attempt); err != nil {
			return nil, err
		}
		j.Attempt++
		if only == nil || only(j.Kind, j.Subject) {
			out = append(out, j)
		}
	}
	return out, rows.Err()
}

// finish writes how a job ended. A job whose lease was lost is left to its new
// holder.
func (q *Queue) finish(ctx context.Context, tx *store.Tx, j Job, result error) error {
	var later *LaterError
	var err error
	switch {
	case result == nil:
		if _, err = tx.Exec(ctx, `DELETE FROM jobs WHERE id = $1 AND lease = $2 AND wanted = $3`, j.ID, j.lease, j.Version); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE jobs SET done = $3, lease = '', lease_until = 0, attempts = 0, error = '', run_at = $4 WHERE id = $1 AND lease = $2`,
			j.ID, j.lease, j.Version, q.Now().UnixMilli())
	case errors.As(result, &later):
		_, err = tx.Exec(ctx, `UPDATE jobs SET lease = '', lease_until = 0, attempts = 0, run_at = $3, error = $4 WHERE id = $1 AND lease = $2`,
			j.ID, j.lease, later.At.UnixMilli(), later.Why)
	case isPermanent(result), j.Attempt >= MaxAttempts:
		q.Log.Error("job given up", "kind", j.Kind, "subject", j.Subject, "attempt", j.Attempt, "error", result)
		_, err = tx.Exec(ctx, `UPDATE jobs SET lease = '', lease_until = 0, attempts = $3, state = 'dead', error = $4 WHERE id = $1 AND lease = $2`,
			j.ID, j.lease, j.Attempt, clip(result.Error()))
	default:
		wait := q.backoff(j.Attempt)
		q.Log.Warn("job failed, will be tried again", "kind", j.Kind, "subject", j.Subject, "attempt", j.Attempt, "in", wait.Round(time.Millisecond), "error", result)
		_, err = tx.Exec(ctx, `UPDATE jobs SET lease = '', lease_until = 0, attempts = $3, run_at = $4, error = $5 WHERE id = $1 AND lease = $2`,
			j.ID, j.lease, j.Attempt, q.Now().Add(wait).UnixMilli(), clip(result.Error()))
	}
	if err != nil {
		return fmt.Errorf("finishing job %s %s: %w", j.Kind, j.Subject, err)
	}
	return nil
}

// backoff doubles from half a second to an hour, with up to half of it as jitter.
func (q *Queue) backoff(attempt int) time.Duration {
	d := min(time.Hour, 500*time.Millisecond<<min(attempt-1, 20))
	q.mu.Lock()
	defer q.mu.Unlock()
	return d/2 + time.Duration(q.Rand.Int64N(int64(d/2)+1))
}

// heartbeat renews the leases of running jobs until the returned stop is called.
func (q *Queue) heartbeat(ctx context.Context, jobs []Job) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(Lease / 3)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			err := q.DB.Update(ctx, func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE jobs SET lease_until = $2 WHERE lease = $1`, jobs[0].lease, q.Now().Add(Lease).UnixMilli())
				return err
			})
			if err != nil && ctx.Err() == nil {
				q.Log.Warn("renewing leases", "error", err)
			}
		}
	}()
	return func() { cancel(); <-done }
}

func clip(s string) string {
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "") + "…"
	}
	return s
}

// Package job runs durable work: a job is enqueued in the transaction of the
// change that it follows from, survives a crash, and is worked at least once.
//
// A job names what to bring up to date (a message, a fix, a resource to check),
// not what to say. Its row carries the wanted and the done version: asking again
// while the job runs raises the wanted version, and the job goes round once more,
// so no request is lost and ten requests cost one run. Handlers read the present
// state, act, and must find nothing to do when they are run again; one that is
// run before its time says so with Later, and does not ask for its own next run.
//
// Leases last Lease and are renewed while a handler runs. A queue holds a lock
// that the operating system gives back when its process ends, however it ends:
// the next queue on the same machine takes up what a killed process left without
// waiting for its leases.
package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zesei/internal/store"
)

// Want asks for something to be brought up to date.
type Want struct {
	Kind    string
	Subject string
	At      time.Time // not before; zero: now
}

// Job is one claimed piece of work.
type Job struct {
	ID      int64
	Kind    string
	Subject string
	Version int64 // the wanted version that this run brings up to date
	Attempt int   // 1 for the first
	lease   string
	early   bool // taken before its time, by a drain that looks ahead
}

// Handler does one kind of job. A nil error means that the subject was up to
// date at Version. Errors: *LaterError runs it again at a time without counting
// a failure; Permanent gives up at once; any other is retried with backoff. The
// context ends when the queue stops or when the job's lease is lost (its cause is
// ErrLeaseLost then).
type Handler func(context.Context, Job) error

// ErrLeaseLost is the cause of a handler's ended context when its job was
// taken over by another queue.
var ErrLeaseLost = errors.New("the lease of the job was lost")

// LaterError asks for another run at a time, without counting a failure.
type LaterError struct {
	At  time.Time
	Why string
}

func (e *LaterError) Error() string { return "later (" + e.Why + ")" }

// Later asks for another run at a time. That run is not brought forward by a
// drain that looks ahead, but by somebody asking for the job anew.
func Later(at time.Time, why string) error { return &LaterError{at, why} }

type permanentError struct{ err error }

func (e permanentError) Error() string { return e.err.Error() }
func (e permanentError) Unwrap() error { return e.err }

// Permanent marks an error that trying again will not mend.
func Permanent(err error) error { return permanentError{err} }

func isPermanent(err error) bool {
	var p permanentError
	return errors.As(err, &p)
}

// enqueue raises the wanted version. What is asked while the job runs is kept
// beside its run-at, for the end of that run. A job in its backoff keeps it.
const enqueue = `INSERT INTO jobs (kind, subject, wanted, done, run_at, attempts, lease_until, lease, state, error)
	VALUES ($1,$2,1,0,$3,0,0,'','ready','')
	ON CONFLICT (kind, subject) DO UPDATE SET wanted = wanted + 1, state = 'ready',
	attempts = CASE WHEN state = 'dead' THEN 0 ELSE attempts END,
	again  = CASE WHEN lease <> '' THEN min(coalesce(again, excluded.run_at), excluded.run_at) END,
	waits  = CASE WHEN lease <> '' OR attempts > 0 AND state = 'ready' THEN waits WHEN state = 'ready' AND run_at <= excluded.run_at THEN waits ELSE 0 END,
	run_at = CASE WHEN lease <> '' OR attempts > 0 AND state = 'ready' THEN run_at WHEN state = 'ready' THEN min(run_at, excluded.run_at) ELSE excluded.run_at END`

// Enqueue asks for work inside a transaction. Asking for the same kind and
// subject again raises its wanted version and takes the earlier time.
func Enqueue(ctx context.Context, tx *store.Tx, now time.Time, wants ...Want) error {
	for _, w := range wants {
		at := w.At
		if at.IsZero() {
			at = now
		}
		if _, err := tx.Exec(ctx, enqueue, w.Kind, w.Subject, at.UnixMilli()); err != nil {
			return fmt.Errorf("asking for job %s %s: %w", w.Kind, w.Subject, err)
		}
	}
	return nil
}

// Cancel takes a job back that no queue has begun to work. A run that has begun
// goes on.
func Cancel(ctx context.Context, tx *store.Tx, kind, subject string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM jobs WHERE kind = $1 AND subject = $2 AND lease = ''`, kind, subject); err != nil {
		return fmt.Errorf("cancelling job %s %s: %w", kind, subject, err)
	}
	return nil
}

// Waiting is a job that is not done.
type Waiting struct {
	Kind     string    `json:"kind"`
	Subject  string    `json:"subject"`
	RunAt    time.Time `json:"run_at"`
	Attempts int       `json:"attempts"`
	State    string    `json:"state"` // ready, dead
	Error    string    `json:"error,omitempty"`
}

// Pending lists up to limit jobs that are not done, dead ones first.
func Pending(ctx context.Context, q store.Querier, limit int) ([]Waiting, error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, subject, run_at, attempts, state, error FROM jobs ORDER BY state, run_at, id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("listing jobs: %w", err)
	}
	defer rows.Close()
	var out []Waiting
	for rows.Next() {
		var w Waiting
		var at int64
		if err := rows.Scan(&w.Kind, &w.Subject, &at, &w.Attempts, &w.State, &w.Error); err != nil {
			return nil, fmt.Errorf("listing jobs: %w", err)
		}
		w.RunAt = time.UnixMilli(at).UTC()
		out = append(out, w)
	}
	return out, rows.Err()
}

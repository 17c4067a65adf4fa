package job

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"zesei/internal/store"
)

// look lists up to limit jobs that may be claimed, earliest first. A job that
// failed or asked to wait is taken when it is due now, any other when it is due
// within ahead.
func (d *dispatcher) look(ctx context.Context, from store.Querier, now time.Time, limit int) ([]Job, error) {
	due, most := now.Add(max(d.ahead, 0)), limit
	if d.only != nil || d.ahead > 0 {
		most = -1 // chosen below
	}
	rows, err := from.QueryContext(ctx, dueJobs, due.UnixMilli(), now.UnixMilli(), most)
	if err != nil {
		return nil, fmt.Errorf("looking for jobs: %w", err)
	}
	defer rows.Close()
	var out []Job
	for rows.Next() && len(out) < limit {
		var j Job
		var at int64
		if err := rows.Scan(&j.ID, &j.Kind, &j.Subject, &j.Version, &j.Attempt, &j.lease, &at); err != nil {
			return nil, fmt.Errorf("looking for jobs: %w", err)
		}
		j.Attempt++
		j.early = at > now.UnixMilli()
		if j.early && d.early[j.ID] >= mostEarly || d.only != nil && !d.only(j.Kind, j.Subject) {
			continue
		}
		out = append(out, j)
	}
	return out, rows.Err()
}

// mostEarly is how often one drain brings the same job forward: a handler that
// asks for its own next run, and does not use Later, must not run for ever.
const mostEarly = 10

const dueJobs = `SELECT id, kind, subject, wanted, attempts, lease, run_at FROM jobs
	WHERE state = 'ready' AND run_at <= $1 AND (waits = 0 OR run_at <= $2) AND lease_until <= $2 ORDER BY run_at, id LIMIT $3`

// claim leases up to limit jobs to this queue. A lease that ran out tells of a run that ended
// with its process: it counts as a failed attempt, so that a job which brings the
// process down does not do so for ever.
func (d *dispatcher) claim(ctx context.Context, tx *store.Tx, now time.Time, limit int) ([]Job, error) {
	q := d.q
	ready, err := d.look(ctx, tx, now, limit)
	if err != nil {
		return nil, err
	}
	var jobs []Job
	for _, j := range ready {
		if _, on := d.running[j.ID]; on {
			continue // lost and given back, and its handler has not noticed yet
		}
		abandoned := j.lease != ""
		if abandoned {
			j.Attempt++
		}
		q.mu.Lock()
		q.claims++
		j.lease = fmt.Sprintf("%s/%d", q.alive.name, q.claims)
		q.mu.Unlock()
		if _, err := tx.Exec(ctx, `UPDATE jobs SET lease = $2, lease_until = $3, attempts = $4, again = NULL WHERE id = $1`,
			j.ID, j.lease, now.Add(Lease).UnixMilli(), j.Attempt-1); err != nil {
			return nil, fmt.Errorf("claiming job %s %s: %w", j.Kind, j.Subject, err)
		}
		if abandoned && j.Attempt > MaxAttempts {
			if err := q.keep(ctx, tx, ending{j, Permanent(errors.New("the process ended while it ran, time and again"))}, false); err != nil {
				return nil, err
			}
			continue
		}
		if j.early {
			d.early[j.ID]++
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// renew prolongs the leases of running jobs and returns those that are lost.
func (d *dispatcher) renew(ctx context.Context, tx *store.Tx, now time.Time) (lost []int64, err error) {
	for id, r := range d.running {
		res, err := tx.Exec(ctx, `UPDATE jobs SET lease_until = $3 WHERE id = $1 AND lease = $2`, id, r.lease, now.Add(Lease).UnixMilli())
		if err != nil {
			return nil, fmt.Errorf("renewing leases: %w", err)
		}
		if n, err := res.RowsAffected(); err == nil && n == 0 {
			lost = append(lost, id)
		}
	}
	return lost, nil
}

// keep writes how a job ended. A job whose lease was lost is left to its new
// holder. Whatever was asked for while it ran decides when it runs again.
func (q *Queue) keep(ctx context.Context, tx *store.Tx, e ending, stopping bool) error {
	j, now := e.Job, q.Now().UnixMilli()
	var later *LaterError
	var err error
	switch {
	case e.err == nil:
		if _, err = tx.Exec(ctx, `DELETE FROM jobs WHERE id = $1 AND lease = $2 AND wanted = $3`, j.ID, j.lease, j.Version); err != nil {
			break
		}
		_, err = tx.Exec(ctx, `UPDATE jobs SET done = $3, lease = '', lease_until = 0, attempts = 0, error = '',
			run_at = coalesce(again, $4), waits = 0, again = NULL WHERE id = $1 AND lease = $2`, j.ID, j.lease, j.Version, now)
	case errors.As(e.err, &later):
		_, err = tx.Exec(ctx, `UPDATE jobs SET lease = '', lease_until = 0, attempts = 0, error = $4,
			run_at = min($3, coalesce(again, $3)), waits = 1, again = NULL WHERE id = $1 AND lease = $2`, j.ID, j.lease, later.At.UnixMilli(), later.Why)
	case isPermanent(e.err), j.Attempt >= MaxAttempts && !stopping:
		q.Log.Error("job given up", "kind", j.Kind, "subject", j.Subject, "attempt", j.Attempt, "error", e.err)
		// Asked anew while it ran, it gets its chance.
		_, err = tx.Exec(ctx, `UPDATE jobs SET lease = '', lease_until = 0, error = $4,
			state = CASE WHEN wanted > $5 THEN 'ready' ELSE 'dead' END, attempts = CASE WHEN wanted > $5 THEN 0 ELSE $3 END,
			run_at = coalesce(again, run_at), waits = 0, again = NULL WHERE id = $1 AND lease = $2`, j.ID, j.lease, j.Attempt, clip(e.err.Error()), j.Version)
	case stopping: // it fails because the queue stops: that is no failure of the job
		_, err = tx.Exec(ctx, `UPDATE jobs SET lease = '', lease_until = 0, again = NULL WHERE id = $1 AND lease = $2`, j.ID, j.lease)
	default:
		wait := q.backoff(j.Attempt)
		q.Log.Warn("job failed, will be tried again", "kind", j.Kind, "subject", j.Subject, "attempt", j.Attempt, "in", wait.Round(time.Millisecond), "error", e.err)
		_, err = tx.Exec(ctx, `UPDATE jobs SET lease = '', lease_until = 0, attempts = $3, run_at = $4, waits = 1, again = NULL, error = $5 WHERE id = $1 AND lease = $2`,
			j.ID, j.lease, j.Attempt, now+wait.Milliseconds(), clip(e.err.Error()))
	}
	if err != nil {
		return fmt.Errorf("keeping how job %s %s ended: %w", j.Kind, j.Subject, err)
	}
	return nil
}

func clip(s string) string {
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "") + "…"
	}
	return s
}

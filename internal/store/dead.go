package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"
)

// Dead is a piece of input that could not be used.
type Dead struct {
	ID       int64     `json:"id"`
	Source   string    `json:"source"`   // file, queue, listener
	Position int64     `json:"position"` // 1-based item in the source
	Reason   string    `json:"reason"`
	Raw      []byte    `json:"raw"`
	Times    int       `json:"times"`
	FirstAt  time.Time `json:"first_at"`
	LastAt   time.Time `json:"last_at"`
}

// AddDead keeps a dead letter. The same document again is counted, not kept twice,
// wherever it stood; what could not be kept at all is known by its place.
func AddDead(ctx context.Context, tx *Tx, d Dead, now time.Time) error {
	h := sha256.Sum256(d.Raw)
	if len(d.Raw) == 0 {
		d.Raw = []byte{} // nil would be null
		h = sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s", d.Source, d.Position, d.Reason))
	}
	_, err := tx.Exec(ctx, `INSERT INTO dead (hash, state, source, position, reason, raw, times, first_at, last_at)
		VALUES ($1,'dead',$2,$3,$4,$5,1,$6,$6)
		ON CONFLICT (hash) DO UPDATE SET times = times + 1, last_at = excluded.last_at, state = 'dead', reason = excluded.reason, source = excluded.source, position = excluded.position`,
		h[:16], d.Source, d.Position, d.Reason, d.Raw, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("keeping a dead letter: %w", err)
	}
	return nil
}

// DeadLetters lists dead letters with an id above after, oldest first.
func DeadLetters(ctx context.Context, q Querier, after int64, limit int) ([]Dead, error) {
	return deadLetters(ctx, q, `id > $1 ORDER BY id LIMIT $2`, after, limit)
}

// NewestDead lists the dead letters that came last.
func NewestDead(ctx context.Context, q Querier, limit int) ([]Dead, error) {
	return deadLetters(ctx, q, `true ORDER BY last_at DESC, id LIMIT $1`, limit)
}

func deadLetters(ctx context.Context, q Querier, where string, args ...any) ([]Dead, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, source, position, reason, raw, times, first_at, last_at FROM dead
		WHERE state = 'dead' AND `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("listing dead letters: %w", err)
	}
	defer rows.Close()
	var out []Dead
	for rows.Next() {
		var d Dead
		var first, last int64
		if err := rows.Scan(&d.ID, &d.Source, &d.Position, &d.Reason, &d.Raw, &d.Times, &first, &last); err != nil {
			return nil, fmt.Errorf("listing dead letters: %w", err)
		}
		d.FirstAt, d.LastAt = ms(first), ms(last)
		out = append(out, d)
	}
	return out, rows.Err()
}

// PruneDead forgets dead letters that were last seen before a time.
func PruneDead(ctx context.Context, tx *Tx, before time.Time) error {
	if _, err := tx.Exec(ctx, `DELETE FROM dead WHERE last_at < $1`, before.UnixMilli()); err != nil {
		return fmt.Errorf("forgetting dead letters: %w", err)
	}
	return nil
}

// LastDead is the newest dead letter's id; 0 where there is none.
func LastDead(ctx context.Context, q Querier) (id int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM dead`).Scan(&id)
	return id, err
}

// DeadRetried marks dead letters that were taken in after all.
func DeadRetried(ctx context.Context, tx *Tx, ids []int64) error {
	for _, id := range ids {
		if _, err := tx.Exec(ctx, `UPDATE dead SET state = 'retried' WHERE id = $1`, id); err != nil {
			return fmt.Errorf("marking a dead letter: %w", err)
		}
	}
	return nil
}

// CountDead counts the dead letters that wait.
func CountDead(ctx context.Context, q Querier) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*) FROM dead WHERE state = 'dead'`).Scan(&n)
	return n, err
}

// CountDeadSince counts the dead letters that wait and were last seen at or after
// a time.
func CountDeadSince(ctx context.Context, q Querier, since time.Time) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*) FROM dead WHERE state = 'dead' AND last_at >= $1`, since.UnixMilli()).Scan(&n)
	return n, err
}

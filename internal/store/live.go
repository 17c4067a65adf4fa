package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Delivered says whether a delivery was taken in before.
func Delivered(ctx context.Context, q Querier, id string) (bool, error) {
	var n int
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM deliveries WHERE id = $1`, id).Scan(&n); err != nil {
		return false, fmt.Errorf("looking for delivery %s: %w", id, err)
	}
	return n > 0, nil
}

// SaveDelivered remembers deliveries, and forgets those from before a time.
func SaveDelivered(ctx context.Context, tx *Tx, ids []string, now, before time.Time) error {
	for _, id := range ids {
		if _, err := tx.Exec(ctx, `INSERT INTO deliveries (id, at) VALUES ($1,$2) ON CONFLICT DO NOTHING`, id, now.UnixMilli()); err != nil {
			return fmt.Errorf("remembering delivery %s: %w", id, err)
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM deliveries WHERE at < $1`, before.UnixMilli()); err != nil {
		return fmt.Errorf("forgetting old deliveries: %w", err)
	}
	return nil
}

// SourceFinding is a finding that a source reported and that stands in a case.
type SourceFinding struct {
	Hash    [16]byte
	ID      string
	Product string
	Region  string
	Case    int64
}

// SourcesUnseen lists active findings whose cases are not closed and that were
// last seen before a time, by hash above after. suppressed keeps those only whose
// last known workflow status is SUPPRESSED; no regions means all.
func SourcesUnseen(ctx context.Context, q Querier, regions []string, before time.Time, suppressed bool, after [16]byte, limit int) ([]SourceFinding, error) {
	list, err := json.Marshal(append([]string{}, regions...))
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `SELECT s.hash, min(s.finding_id), min(s.product), min(s.region), min(s.case_id) FROM sources s
		JOIN cases c ON c.id = s.case_id JOIN seen ON seen.hash = s.hash
		WHERE c.state <> 'closed' AND s.record_state = 'ACTIVE' AND s.product LIKE 'arn:%' AND seen.last_seen < $1
		AND (NOT $2 OR s.workflow = 'SUPPRESSED') AND ($3 = '[]' OR s.region IN (SELECT value FROM json_each($3))) AND s.hash > $4
		GROUP BY s.hash ORDER BY s.hash LIMIT $5`, before.UnixMilli(), suppressed, string(list), after[:], limit)
	if err != nil {
		return nil, fmt.Errorf("listing findings that were not seen: %w", err)
	}
	defer rows.Close()
	var out []SourceFinding
	for rows.Next() {
		var f SourceFinding
		var h []byte
		if err := rows.Scan(&h, &f.ID, &f.Product, &f.Region, &f.Case); err != nil {
			return nil, fmt.Errorf("listing findings that were not seen: %w", err)
		}
		f.Hash = [16]byte(h)
		out = append(out, f)
	}
	return out, rows.Err()
}

// JobCount is how many jobs of a kind are in a state.
type JobCount struct {
	Kind, State string
	N           int
	Due         int       // of them, due now
	Oldest      time.Time // when the oldest of the due ones was to run
}

// CountJobs counts the jobs that are not done.
func CountJobs(ctx context.Context, q Querier, now time.Time) ([]JobCount, error) {
	rows, err := q.QueryContext(ctx, `SELECT kind, state, count(*), sum(run_at <= $1), coalesce(min(CASE WHEN run_at <= $1 THEN run_at END), 0)
		FROM jobs GROUP BY kind, state`, now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("counting jobs: %w", err)
	}
	defer rows.Close()
	var out []JobCount
	for rows.Next() {
		var c JobCount
		var oldest int64
		if err := rows.Scan(&c.Kind, &c.State, &c.N, &c.Due, &oldest); err != nil {
			return nil, fmt.Errorf("counting jobs: %w", err)
		}
		if oldest > 0 {
			c.Oldest = ms(oldest)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// Changes are what happened to cases and fixes since a time.
type Changes struct {
	Opened    int `json:"opened"`   // for the first time
	Reopened  int `json:"reopened"` // and still not closed
	Closed    int `json:"closed"`
	Planned   int `json:"planned"`  // fixes
	Applied   int `json:"applied"`  // fixes
	Verified  int `json:"verified"` // fixes
	Unsettled int `json:"held"`     // fixes that failed, are held for a person, or were undone
}

// ChangesSince counts what happened since a time.
func ChangesSince(ctx context.Context, q Querier, since time.Time) (Changes, error) {
	var c Changes
	at := since.UnixMilli()
	err := q.QueryRowContext(ctx, `SELECT coalesce(sum(first_opened >= $1), 0), coalesce(sum(opened_at >= $1 AND first_opened < $1 AND state <> 'closed'), 0),
		coalesce(sum(closed_at >= $1), 0) FROM (SELECT state, opened_at, closed_at, (SELECT a.at FROM audit a WHERE a.case_id = cases.id AND a.seq = 1) AS first_opened
		FROM cases WHERE changed_at >= $1)`, at).Scan(&c.Opened, &c.Reopened, &c.Closed)
	if err != nil {
		return c, fmt.Errorf("counting what changed: %w", err)
	}
	err = q.QueryRowContext(ctx, `SELECT coalesce(sum(created_at >= $1), 0), coalesce(sum(applied_at >= $1), 0), coalesce(sum(ended_at >= $1 AND state = $2), 0),
		coalesce(sum(ended_at >= $1 AND state IN ($4, $5) OR applied_at >= $1 AND state = $3), 0) FROM fixes WHERE created_at >= $1 OR applied_at >= $1 OR ended_at >= $1`,
		at, FixVerified, FixHeld, FixFailed, FixUndone).Scan(&c.Planned, &c.Applied, &c.Verified, &c.Unsettled)
	if err != nil {
		return c, fmt.Errorf("counting what changed: %w", err)
	}
	return c, nil
}

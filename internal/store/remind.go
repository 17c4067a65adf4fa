package store

import (
	"context"
	"time"

	"zesei/internal/casefile"
)

// CasesToRemind loads up to limit cases whose next reminder has come, those that
// have waited longest first.
func CasesToRemind(ctx context.Context, q Querier, now time.Time, limit int) ([]*casefile.File, error) {
	return loadCases(ctx, q, `id IN (SELECT id FROM cases WHERE remind_at IS NOT NULL AND remind_at <= $1 ORDER BY remind_at LIMIT $2)`, now.UnixMilli(), limit)
}

// NextReminder is when the next reminder of any case comes; zero: none.
func NextReminder(ctx context.Context, q Querier) (time.Time, error) {
	var at int64
	err := q.QueryRowContext(ctx, `SELECT coalesce(min(remind_at), 0) FROM cases WHERE remind_at IS NOT NULL`).Scan(&at)
	if err != nil || at == 0 {
		return time.Time{}, err
	}
	return ms(at), nil
}

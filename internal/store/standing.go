package store

import (
	"context"
	"time"

	"zesei/internal/casefile"
)

// CasesStanding loads up to limit cases, with an id above after and in order,
// that stood at any time since a time: they are not closed, or were closed after
// it.
func CasesStanding(ctx context.Context, q Querier, since time.Time, after int64, limit int) ([]*casefile.File, error) {
	return loadCases(ctx, q, `id IN (SELECT id FROM cases WHERE id > $1 AND (state <> 'closed' OR closed_at >= $2) ORDER BY id LIMIT $3)`, after, since.UnixMilli(), limit)
}

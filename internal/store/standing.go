package store

import (
	"context"
	"fmt"
	"time"

	"zesei/internal/casefile"
)

// CasesStanding loads up to limit cases, with an id above after and in order,
// that stood at any time since a time: they are not closed, or were closed after
// it.
func CasesStanding(ctx context.Context, q Querier, since time.Time, after int64, limit int) ([]*casefile.File, error) {
	return loadCases(ctx, q, `id IN (SELECT id FROM cases WHERE id > $1 AND (state <> 'closed' OR closed_at >= $2) ORDER BY id LIMIT $3)`, after, since.UnixMilli(), limit)
}

// CaseIDsOfAccount lists the ids of an account's cases that are not closed.
func CaseIDsOfAccount(ctx context.Context, q Querier, account string) ([]int64, error) {
	return ids(ctx, q, `SELECT id FROM cases WHERE account = $1 AND list_state < 3`, account)
}

// AccountsWithCases lists the accounts that have cases that are not closed.
func AccountsWithCases(ctx context.Context, q Querier) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT DISTINCT account FROM counters WHERE state <> 'closed' AND n > 0`)
	if err != nil {
		return nil, fmt.Errorf("listing accounts with cases: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var a string
		if err := rows.Scan(&a); err != nil {
			return nil, fmt.Errorf("listing accounts with cases: %w", err)
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

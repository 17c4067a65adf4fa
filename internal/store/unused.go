package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// ControlsWithData says which of some controls anything is known of: a pass that
// is kept, a case that is not closed, or a source that spoke since a time. A kept
// pass counts whatever its age: the same pass reported again does not renew it.
func ControlsWithData(ctx context.Context, q Querier, controls []string, since time.Time) (map[string]bool, error) {
	list, err := json.Marshal(append([]string{}, controls...))
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `SELECT j.value FROM json_each($1) j WHERE
		EXISTS (SELECT 1 FROM passes p WHERE p.control = j.value) OR
		EXISTS (SELECT 1 FROM cases c WHERE c.control = j.value AND c.list_state < 3) OR
		EXISTS (SELECT 1 FROM cases c JOIN sources s ON s.case_id = c.id JOIN seen n ON n.hash = s.hash WHERE c.control = j.value AND n.last_seen >= $2)`,
		string(list), since.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("looking for controls without data: %w", err)
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("looking for controls without data: %w", err)
		}
		out[id] = true
	}
	return out, rows.Err()
}

// AccountsFirstSeen says since when anything of each account is known.
func AccountsFirstSeen(ctx context.Context, q Querier) (map[string]time.Time, error) {
	rows, err := q.QueryContext(ctx, `SELECT name, at FROM firsts WHERE kind = 'account'`)
	if err != nil {
		return nil, fmt.Errorf("reading since when accounts are known: %w", err)
	}
	defer rows.Close()
	out := map[string]time.Time{}
	for rows.Next() {
		var name string
		var at int64
		if err := rows.Scan(&name, &at); err != nil {
			return nil, fmt.Errorf("reading since when accounts are known: %w", err)
		}
		out[name] = ms(at)
	}
	return out, rows.Err()
}

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// reader reads the columns of one row, as the scan functions of the tables do.
type reader[T any] func(scan func(...any) error) (T, error)

// one reads the row that a query finds: ErrNotFound where there is none. doing
// begins the text of any other error.
func one[T any](ctx context.Context, q Querier, read reader[T], doing, query string, args ...any) (T, error) {
	v, err := read(q.QueryRowContext(ctx, query, args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return v, ErrNotFound
	}
	if err != nil {
		return v, fmt.Errorf("%s: %w", doing, err)
	}
	return v, nil
}

// all reads every row that a query finds.
func all[T any](ctx context.Context, q Querier, read reader[T], doing, query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := read(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// byCase reads the rows of some cases: a query whose only argument is the JSON
// list of their ids, and whose first column is the case.
func byCase[T any](ctx context.Context, q Querier, read reader[T], doing, query string, caseIDs []int64) (map[int64][]T, error) {
	list, err := json.Marshal(caseIDs)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, query, string(list))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer rows.Close()
	out := map[int64][]T{}
	for rows.Next() {
		var id int64
		v, err := read(func(dst ...any) error { return rows.Scan(append([]any{&id}, dst...)...) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
		out[id] = append(out[id], v)
	}
	return out, rows.Err()
}

func ids(ctx context.Context, q Querier, query string, args ...any) ([]int64, error) {
	return all(ctx, q, func(scan func(...any) error) (id int64, err error) { return id, scan(&id) }, "listing ids", query, args...)
}

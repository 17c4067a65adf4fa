package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zesei/internal/casefile"
)

// CoverCase notes that an exception covers a case from now on.
func CoverCase(ctx context.Context, tx *Tx, exception string, caseID int64, now time.Time) error {
	if _, err := tx.Exec(ctx, `INSERT INTO exception_cases (exception_id, case_id, since) VALUES ($1,$2,$3)
		ON CONFLICT (exception_id, case_id) DO UPDATE SET until = NULL`, exception, caseID, now.UnixMilli()); err != nil {
		return fmt.Errorf("noting that exception %s covers a case: %w", exception, err)
	}
	return nil
}

// LeaveCase notes that an exception covers a case no longer; with an empty id,
// that none does.
func LeaveCase(ctx context.Context, tx *Tx, exception string, caseID int64, now time.Time) error {
	query, args := `UPDATE exception_cases SET until = $3 WHERE exception_id = $1 AND case_id = $2 AND until IS NULL`, []any{exception, caseID, now.UnixMilli()}
	if exception == "" {
		query, args = `UPDATE exception_cases SET until = $2 WHERE case_id = $1 AND until IS NULL`, []any{caseID, now.UnixMilli()}
	}
	if _, err := tx.Exec(ctx, query, args...); err != nil {
		return fmt.Errorf("noting that an exception covers a case no longer: %w", err)
	}
	return nil
}

// CasesCovered loads up to limit cases that an exception covers now.
func CasesCovered(ctx context.Context, q Querier, exception string, limit int) ([]*casefile.File, error) {
	return loadCases(ctx, q, `id IN (SELECT case_id FROM exception_cases WHERE exception_id = $1 AND until IS NULL ORDER BY case_id LIMIT $2)`, exception, limit)
}

// CoveredIDs lists the ids of up to limit cases that an exception covers, or
// covered while it was in force.
func CoveredIDs(ctx context.Context, q Querier, exception string, limit int) ([]int64, error) {
	return ids(ctx, q, `SELECT case_id FROM exception_cases WHERE exception_id = $1 ORDER BY case_id LIMIT $2`, exception, limit)
}

// Covered counts cases of exceptions.
type Covered struct {
	Now  int `json:"now"`  // it covers them
	Ever int `json:"ever"` // it covers or covered them
}

// CountCovered counts the cases of exceptions by id.
func CountCovered(ctx context.Context, q Querier, exceptionIDs []string) (map[string]Covered, error) {
	list, err := json.Marshal(exceptionIDs)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `SELECT exception_id, sum(until IS NULL), count(*) FROM exception_cases
		WHERE exception_id IN (SELECT value FROM json_each($1)) GROUP BY exception_id`, string(list))
	if err != nil {
		return nil, fmt.Errorf("counting the cases of exceptions: %w", err)
	}
	defer rows.Close()
	out := map[string]Covered{}
	for rows.Next() {
		var id string
		var c Covered
		if err := rows.Scan(&id, &c.Now, &c.Ever); err != nil {
			return nil, fmt.Errorf("counting the cases of exceptions: %w", err)
		}
		out[id] = c
	}
	return out, rows.Err()
}

// OwnersCovered lists the owners of the cases that an exception covers now.
func OwnersCovered(ctx context.Context, q Querier, exception string) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT DISTINCT owner FROM cases WHERE id IN (SELECT case_id FROM exception_cases WHERE exception_id = $1 AND until IS NULL) ORDER BY owner`, exception)
	if err != nil {
		return nil, fmt.Errorf("listing the owners of an exception: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var owner string
		if err := rows.Scan(&owner); err != nil {
			return nil, fmt.Errorf("listing the owners of an exception: %w", err)
		}
		out = append(out, owner)
	}
	return out, rows.Err()
}

// OpenCasesIn loads up to limit open cases, with an id above after and in order,
// that may stand in a scope: by its resource, account or owner. Whether they do,
// package exception says.
func OpenCasesIn(ctx context.Context, q Querier, s Scope, after int64, limit int) ([]*casefile.File, error) {
	const page = `id IN (SELECT id FROM cases WHERE %s AND id > $2 AND list_state = 0 AND ($3 = '' OR control = $3 COLLATE NOCASE) ORDER BY id LIMIT $4)`
	which, value := `owner = $1`, s.Owner
	switch {
	case s.Resource != "":
		which, value = `resource = $1`, s.Resource
	case s.Account != "":
		which, value = `account = $1`, s.Account
	}
	return loadCases(ctx, q, fmt.Sprintf(page, which), value, after, s.Control, limit)
}

// JoinException adds an exception to a message; joining twice is once. SaveJoined
// keeps how many there are.
func JoinException(ctx context.Context, tx *Tx, m *Message, exception string) error {
	res, err := tx.Exec(ctx, `INSERT INTO message_exceptions (message_id, exception_id) VALUES ($1,$2) ON CONFLICT DO NOTHING`, m.ID, exception)
	if err != nil {
		return fmt.Errorf("joining a message: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	m.N++
	return nil
}

// ExceptionsOfMessage lists the exceptions of a message, soonest end first.
func ExceptionsOfMessage(ctx context.Context, q Querier, id int64) ([]Exception, error) {
	return exceptions(ctx, q, `WHERE id IN (SELECT exception_id FROM message_exceptions WHERE message_id = $1) ORDER BY expires_at, id`, id)
}

// MessagesOfException lists the ids of the messages of a kind that an exception
// stands in.
func MessagesOfException(ctx context.Context, q Querier, exception, kind string) ([]int64, error) {
	return ids(ctx, q, `SELECT id FROM messages WHERE kind = $2 AND id IN (SELECT message_id FROM message_exceptions WHERE exception_id = $1) ORDER BY id`, exception, kind)
}

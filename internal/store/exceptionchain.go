package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"zesei/internal/casefile"
)

// ExceptionChain names the audit chain of an exception, as the hash of a case's
// key names that of the case.
func ExceptionChain(id string) [16]byte {
	sum := sha256.Sum256([]byte("exception\x00" + id))
	return [16]byte(sum[:16])
}

// AddExceptionAudit adds moves to the audit chain of an exception, in the order
// given. Each needs At, Actor, What and Why; its place in the chain is set here.
func AddExceptionAudit(ctx context.Context, tx *Tx, id string, moves ...casefile.Entry) error {
	name := ExceptionChain(id)
	var n, seq int64
	var head []byte
	err := tx.QueryRowContext(ctx, `SELECT n, seq, head FROM exception_chains WHERE exception_id = $1`, id).Scan(&n, &seq, &head)
	if errors.Is(err, sql.ErrNoRows) {
		var res sql.Result
		if res, err = tx.Exec(ctx, `INSERT INTO exception_chains (exception_id, hash, seq, head) VALUES ($1,$2,0,$3)`, id, name[:], []byte{}); err == nil {
			n, err = res.LastInsertId()
		}
	}
	if err != nil {
		return fmt.Errorf("finding the audit chain of exception %s: %w", id, err)
	}
	for _, e := range moves {
		seq++
		e.Case, e.Seq = fmt.Sprintf("%x", name), seq
		e.Hash = e.Sum(head)
		head = e.Hash
		if _, err := tx.Exec(ctx, `INSERT INTO exception_audit (n, seq, at, actor, what, why, data, hash) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`,
			n, seq, e.At.UnixMilli(), e.Actor, e.What, e.Why, string(e.Data), e.Hash); err != nil {
			return fmt.Errorf("writing the audit chain of exception %s: %w", id, err)
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE exception_chains SET seq = $2, head = $3 WHERE n = $1`, n, seq, head); err != nil {
		return fmt.Errorf("writing the audit chain of exception %s: %w", id, err)
	}
	return nil
}

// ExceptionAudit reads the audit chain of an exception from its first row.
func ExceptionAudit(ctx context.Context, q Querier, id string) ([]casefile.Entry, error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, at, actor, what, why, data, hash FROM exception_audit
		WHERE n = (SELECT n FROM exception_chains WHERE exception_id = $1) ORDER BY seq`, id)
	if err != nil {
		return nil, fmt.Errorf("reading the audit chain of exception %s: %w", id, err)
	}
	defer rows.Close()
	name := ExceptionChain(id)
	var out []casefile.Entry
	for rows.Next() {
		e := casefile.Entry{Case: fmt.Sprintf("%x", name)}
		var at int64
		var data string
		if err := rows.Scan(&e.Seq, &at, &e.Actor, &e.What, &e.Why, &data, &e.Hash); err != nil {
			return nil, fmt.Errorf("reading the audit chain of exception %s: %w", id, err)
		}
		e.At = ms(at)
		if data != "" {
			e.Data = json.RawMessage(data)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

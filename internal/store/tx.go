package store

import (
	"context"
	"database/sql"
)

// Tx is one transaction. It hides the driver's. Its statements are prepared once
// for the life of the store: there is one writing connection.
type Tx struct {
	db    *DB
	tx    *sql.Tx
	ctx   context.Context // the transaction's, without its end: see run
	stmts map[string]*sql.Stmt
	fresh []string // statements that the store does not know yet
}

// QueryContext runs a query in the transaction.
func (t *Tx) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	s, err := t.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(t.ctx, args...)
}

// QueryRowContext runs a query for one row in the transaction.
func (t *Tx) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	s, err := t.stmt(ctx, q)
	if err != nil {
		return t.tx.QueryRowContext(ctx, q, args...) // it gives the error
	}
	return s.QueryRowContext(t.ctx, args...)
}

// Exec runs a statement in the transaction.
func (t *Tx) Exec(ctx context.Context, q string, args ...any) (sql.Result, error) {
	s, err := t.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(t.ctx, args...)
}

// stmt is the statement as this transaction may run it. A context that has ended
// is seen here, and by the transaction, which rolls back; statements run without
// it, because the driver pays for each one that could be interrupted.
func (t *Tx) stmt(ctx context.Context, q string) (*sql.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s, ok := t.stmts[q]; ok {
		return s, nil
	}
	t.db.known.Lock()
	prepared := t.db.stmts[q]
	t.db.known.Unlock()
	var s *sql.Stmt
	if prepared != nil {
		s = t.tx.StmtContext(t.ctx, prepared)
	} else {
		var err error
		if s, err = t.tx.PrepareContext(t.ctx, q); err != nil {
			return nil, err
		}
		t.fresh = append(t.fresh, q)
	}
	t.stmts[q] = s
	return s, nil
}

// knownStatements bounds how many statements are kept: zesei has fewer, and a
// statement that is put together anew each time must not fill the memory.
const knownStatements = 200

// learn prepares statements for the transactions to come. One that cannot be
// prepared now is prepared by each transaction that runs it.
func (db *DB) learn(queries []string) {
	for _, q := range queries {
		db.known.Lock()
		full := len(db.stmts) >= knownStatements || db.stmts[q] != nil
		db.known.Unlock()
		if full {
			continue
		}
		s, err := db.write.Prepare(q)
		if err != nil {
			continue
		}
		db.known.Lock()
		if db.stmts[q] != nil {
			s.Close()
		} else {
			db.stmts[q] = s
		}
		db.known.Unlock()
	}
}

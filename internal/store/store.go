// Package store keeps everything that zesei knows in one database: cases and
// their audit chains, what sources said, jobs, messages, fixes, exceptions and
// dead letters.
//
// It holds SQL and rows, no rules: what a statement does to a case is decided in
// casefile and written by casework. Every write happens inside Update, so that a
// change and the job that follows from it commit together or not at all. Reads
// outside a transaction go through View on a small pool of readers.
//
// The database is SQLite (modernc.org/sqlite): one writer connection, WAL,
// synchronous=FULL, so a commit that returned survives a power cut.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite" // registers the driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is an open store, safe for concurrent use.
type DB struct {
	write *sql.DB
	read  *sql.DB
	path  string
	id    string

	known sync.Mutex // guards stmts
	stmts map[string]*sql.Stmt

	remove string // folder that goes with the store
}

// ErrNotFound is returned where one row was asked for and none is there.
var ErrNotFound = errors.New("not found")

// Open opens the store at a URL such as "sqlite:./zesei.db", making and
// migrating it where needed. The file is readable by its owner only.
func Open(ctx context.Context, storeURL string) (*DB, error) {
	path, ok := strings.CutPrefix(storeURL, "sqlite:")
	if !ok || path == "" {
		return nil, fmt.Errorf("store %q: expected sqlite:PATH", redact(storeURL))
	}
	path = strings.TrimPrefix(path, "//")
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, unusable(path, fmt.Errorf("opening store %s: %w", path, err))
	} else {
		f.Close()
	}
	db := &DB{path: path, stmts: map[string]*sql.Stmt{}}
	// page_size counts only before the first table, so it stands first.
	db.write, _ = sql.Open("sqlite", dsn(path, "immediate",
		"page_size(8192)", "journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "cache_size(-65536)", "temp_store(MEMORY)"))
	db.write.SetMaxOpenConns(1)
	db.read, _ = sql.Open("sqlite", dsn(path, "deferred", "busy_timeout(10000)", "cache_size(-16384)", "query_only(1)"))
	db.read.SetMaxOpenConns(4)
	if err := db.migrate(ctx); err != nil {
		db.Close()
		return nil, unusable(path, fmt.Errorf("preparing store %s: %w", path, err))
	}
	return db, nil
}

// ID tells this store from any other: 8 hexadecimal digits, made with it. Keys
// that leave zesei begin with it.
func (db *DB) ID() string { return db.id }

// Path is the file of the store.
func (db *DB) Path() string { return db.path }

// Close closes the store. Everything committed is kept.
func (db *DB) Close() error {
	for _, s := range db.stmts {
		s.Close()
	}
	err := errors.Join(db.read.Close(), db.write.Close())
	if db.remove != "" {
		err = errors.Join(err, os.RemoveAll(db.remove))
	}
	return err
}

func (db *DB) migrate(ctx context.Context) error {
	if err := db.checkOurs(ctx); err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db.write, mustSub())
	if err != nil {
		return err
	}
	if _, err = p.Up(ctx); err != nil {
		return err
	}
	if _, err = db.write.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('id', lower(hex(randomblob(4)))) ON CONFLICT DO NOTHING`); err != nil {
		return err
	}
	db.id, err = Meta(ctx, db.write, "id")
	return err
}

func dsn(path, lock string, pragmas ...string) string {
	q := url.Values{"_txlock": {lock}}
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// Querier is what reads need: a transaction or the pool of readers.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Update runs f in one write transaction: committed when f returns nil, rolled
// back otherwise, also when ctx ends. Writers queue up; f must not call out.
func (db *DB) Update(ctx context.Context, f func(*Tx) error) error {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	// After a commit or a rollback this does nothing; when f panics, the writing
	// connection is free again.
	defer func() { _ = tx.Rollback() }()
	t := &Tx{db: db, tx: tx, ctx: context.WithoutCancel(ctx), stmts: map[string]*sql.Stmt{}}
	if err := f(t); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	db.learn(t.fresh)
	return nil
}

// View is the pool of readers: each query sees the last commit.
func (db *DB) View() Querier { return db.read }

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// IsBusy says whether another process held the database for too long.
func IsBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == 5
}

// Millis is a time as the store keeps it; zero becomes null.
func Millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// Time is a stored time; null becomes the zero time.
func Time(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}

// redact keeps a password in a store URL out of errors.
func redact(s string) string {
	if u, err := url.Parse(s); err == nil {
		return u.Redacted()
	}
	return "‹unreadable›"
}

func mustSub() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// CopyTo writes a consistent copy of the whole store to a new file.
func (db *DB) CopyTo(ctx context.Context, path string) error {
	if _, err := db.write.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return fmt.Errorf("copying store %s: %w", db.path, err)
	}
	return nil
}

// RemoveOnClose removes a folder when the store is closed: for copies.
func (db *DB) RemoveOnClose(dir string) { db.remove = dir }

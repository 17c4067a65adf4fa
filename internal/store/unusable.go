package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
)

// UnusableError says that no store can be opened at a path, and what to do: a
// mistake of configuration, no fault of a store.
type UnusableError struct {
	Path string
	Why  string
	Do   string
	Err  error // what the system said; nil where the content was refused
}

func (e *UnusableError) Error() string {
	return fmt.Sprintf("store %s: %s; %s", e.Path, e.Why, e.Do)
}

func (e *UnusableError) Unwrap() error { return e.Err }

// Result codes of SQLite that speak of the file itself
// (https://www.sqlite.org/rescode.html).
const (
	codeReadOnly = 8
	codeCorrupt  = 11
	codeCantOpen = 14
	codeNotADB   = 26
)

// unusable explains an error of opening where it is about the place or the file;
// any other is given back as it is.
func unusable(path string, err error) error {
	folder := filepath.Dir(path)
	e := &UnusableError{Path: path, Err: err, Do: "name another file with store: in zesei.yaml or with --store sqlite:FILE"}
	var s *sqlite.Error
	code := 0
	if errors.As(err, &s) {
		code = s.Code() & 0xff
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Why, e.Do = "the folder "+folder+" does not exist", "make it, or "+e.Do
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), code == codeReadOnly, code == codeCantOpen:
		e.Why = "the file cannot be written, or no file can be made beside it in the folder " + folder
		e.Do = "let the user who runs zesei write both, or " + e.Do
	case errors.Is(err, syscall.EISDIR), isFolder(path):
		e.Why = "it is a folder"
	case code == codeNotADB:
		e.Why, e.Err = "the file is no store of zesei (no SQLite database)", nil
	case code == codeCorrupt:
		e.Why, e.Do = "the file is damaged", "put a backup in its place, or "+e.Do
	default:
		return err
	}
	return e
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// checkOurs refuses a database of another program before anything is written to
// it. An empty file is a store to be.
func (db *DB) checkOurs(ctx context.Context) error {
	var others, ours int
	err := db.write.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(name = 'cases'), 0) FROM sqlite_master
		WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name <> 'goose_db_version'`).Scan(&others, &ours)
	if err != nil {
		return err
	}
	if others > 0 && ours == 0 {
		return &UnusableError{Path: db.path, Why: "the file is the database of another program", Do: "name another file with store: in zesei.yaml or with --store sqlite:FILE"}
	}
	return nil
}

package store_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zesei/internal/store"
)

func TestAFileThatIsNoStoreIsRefusedWithWhatToDoAndStaysAsItIs(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "foreign.db")
	db, err := sql.Open("sqlite", foreign)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, `CREATE TABLE albums (id INTEGER PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		text: "no store of zesei", foreign: "of another program",
		filepath.Join(dir, "none", "z.db"): "the folder " + filepath.Join(dir, "none") + " does not exist", dir: "it is a folder",
	} {
		_, err := store.Open(ctx, "sqlite:"+path)
		var unusable *store.UnusableError
		if !errors.As(err, &unusable) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--store sqlite:FILE") {
			t.Errorf("%s: %v", path, err)
		}
	}
	var n int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&n); err != nil || n != 1 {
		t.Errorf("the other program's database has %d tables now: %v", n, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAReadOnlyFolderIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil { //nolint:gosec // read-only is the point
		t.Fatal(err)
	}
	if f, err := os.Create(filepath.Join(dir, "try")); err == nil {
		f.Close()
		t.Skip("this user may write everywhere")
	}
	_, err := store.Open(context.Background(), "sqlite:"+filepath.Join(dir, "z.db"))
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "in the folder "+dir) {
		t.Error(err)
	}
}

func TestAnExceptionIsFoundByTheBeginningOfItsIDWhereOnlyOneBeginsSo(t *testing.T) {
	db, err := store.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "z.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	err = db.Update(ctx, func(tx *store.Tx) error {
		for _, id := range []string{"abcd1111", "abcd2222", "ef%_0000"} {
			if err := store.SaveException(ctx, tx, store.Exception{ID: id, State: store.ExceptionAsked, Scope: store.Scope{Resource: "arn:" + id}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]string{"abcd1": "abcd1111", "abcd2222": "abcd2222", "ef%_": "ef%_0000"} {
		if x, err := store.FindException(ctx, db.View(), prefix); err != nil || x.ID != want {
			t.Errorf("%s: %s, %v", prefix, x.ID, err)
		}
	}
	var many *store.ManyExceptionsError
	if _, err := store.FindException(ctx, db.View(), "abcd"); !errors.As(err, &many) || len(many.IDs) != 2 {
		t.Error(err)
	}
	for _, prefix := range []string{"", "abc", "%%%%", "____"} {
		if x, err := store.FindException(ctx, db.View(), prefix); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q found %s: %v", prefix, x.ID, err)
		}
	}
}

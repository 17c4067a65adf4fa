package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"zesei/internal/store"
	"zesei/internal/store/storetest"
)

func TestSQLite(t *testing.T) { storetest.Run(t, openStore) }

func TestOpenTwiceKeepsWhatIsThere(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "odd name?#%.db")
	ctx := context.Background()
	var id string
	for i := range 3 {
		db, err := store.Open(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && db.ID() != id || len(db.ID()) != 8 {
			t.Errorf("its id is %q, was %q", db.ID(), id)
		}
		id = db.ID()
		if i == 0 {
			save(t, db, aCase("111122223333", "EC2.19", 1))
		}
		list, _, err := store.List(ctx, db.View(), store.Filter{})
		if err != nil || len(list) != 1 {
			t.Errorf("%d cases %v", len(list), err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(strings.TrimPrefix(url, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %s", info.Mode())
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, url := range []string{"", "sqlite:", "mysql://u:secret@h/d", "postgres://u:secret@h/d", "sqlite:" + filepath.Join(t.TempDir(), "no", "folder", "z.db")} {
		_, err := store.Open(context.Background(), url)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// Two processes may write the same store: each waits for the other.
func TestWritersOfTwoProcessesQueueUp(t *testing.T) {
	path := "sqlite:" + filepath.Join(t.TempDir(), "z.db")
	ctx := context.Background()
	var all sync.WaitGroup
	for range 2 {
		db, err := store.Open(ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		all.Go(func() {
			for range 50 {
				err := db.Update(ctx, func(tx *store.Tx) error { return store.Count(ctx, tx, "a", "o", 1, "open", "track", 1) })
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	db, err := store.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got, err := store.Tallies(ctx, db.View())
	if err != nil || len(got) != 1 || got[0].N != 100 {
		t.Errorf("%v %v", got, err)
	}
}

func TestCopyIsWhole(t *testing.T) {
	db := openStore(t)
	save(t, db, aCase("111122223333", "EC2.19", 1))
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := db.CopyTo(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	copied, err := store.Open(context.Background(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if list, _, err := store.List(context.Background(), copied.View(), store.Filter{}); err != nil || len(list) != 1 || copied.ID() != db.ID() {
		t.Errorf("%v %v", list, err)
	}
}

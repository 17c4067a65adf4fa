//go:build unix

package job

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"zesei/internal/store"
)

func TestWhatAKilledProcessLeftIsTakenUpAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		lives bool
		want  int
	}{"its process has ended": {false, 1}, "its process lives": {true, 0}} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			path := filepath.Join(t.TempDir(), "z[1].db")
			db, err := store.Open(ctx, "sqlite:"+path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			file := lockNew(path + workerFile + "former")
			if file == nil {
				t.Fatal("no lock")
			}
			if c.lives {
				defer file.Close()
			} else {
				file.Close() // as the system does when a process ends, however it ends
			}
			err = db.Update(ctx, func(tx *store.Tx) error {
				if err := Enqueue(ctx, tx, time.Now(), Want{Kind: "k", Subject: "s"}); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, `UPDATE jobs SET lease = 'host:1~former/7', lease_until = $1`, time.Now().Add(Lease).UnixMilli())
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			ran := 0
			q := &Queue{DB: db, Now: time.Now, Rand: rand.New(rand.NewPCG(1, 1)), Log: slog.New(slog.DiscardHandler), Owner: "host:1",
				Handlers: map[string]Handler{"k": func(context.Context, Job) error { ran++; return nil }}}
			if err := q.Drain(ctx, 0); err != nil {
				t.Fatal(err)
			}
			if ran != c.want {
				t.Errorf("it ran %d times, want %d", ran, c.want)
			}
			left, _ := filepath.Glob(escapeGlob(path+workerFile) + "*")
			if len(left) != 1-c.want {
				t.Errorf("left beside the store: %v", left)
			}
		})
	}
}

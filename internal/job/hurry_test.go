package job_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"zesei/internal/job"
	"zesei/internal/store"
)

func TestWhatIsHurriedRunsNowAndNothingElseDoes(t *testing.T) {
	ctx := t.Context()
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "z.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	ran := map[string]int{}
	var fail error
	q := &job.Queue{DB: db, Owner: "q", Workers: 1, Log: slog.New(slog.DiscardHandler), Now: time.Now, Rand: rand.New(rand.NewPCG(1, 2)),
		Handlers: map[string]job.Handler{"message": func(_ context.Context, j job.Job) error {
			ran[j.Subject]++
			if j.Subject == "waits" && fail != nil {
				return job.Later(time.Now().Add(time.Hour), "a limit")
			}
			return fail
		}}}
	update := func(do func(tx *store.Tx) error) {
		t.Helper()
		if err := db.Update(ctx, do); err != nil {
			t.Fatal(err)
		}
		if err := q.Drain(ctx, 0); err != nil {
			t.Fatal(err)
		}
	}
	fail = job.Permanent(errors.New("refused"))
	update(func(tx *store.Tx) error {
		return job.Enqueue(ctx, tx, time.Now(), job.Want{Kind: "message", Subject: "dead"}, job.Want{Kind: "message", Subject: "waits"}, job.Want{Kind: "message", Subject: "other"})
	})
	fail = nil
	n := 0
	update(func(tx *store.Tx) error {
		n, err = job.Hurry(ctx, tx, time.Now(), "message", "dead", "waits", "not there")
		return err
	})
	if n != 2 || ran["dead"] != 2 || ran["waits"] != 2 || ran["other"] != 1 {
		t.Errorf("hurried %d; ran %v", n, ran)
	}
}

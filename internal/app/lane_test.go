package app

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"zesei/internal/casework"
	"zesei/internal/job"
	"zesei/internal/store"
)

// TestASlowSlackHoldsNoCheckUp, and what was begun goes on when the end is asked
// for.
func TestASlowSlackHoldsNoCheckUp(t *testing.T) {
	ctx := context.Background()
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "z.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	slack, told, checked := make(chan struct{}), make(chan error, 100), make(chan struct{})
	begun := make(chan struct{}, 100)
	a := &App{DB: db, Now: time.Now, Log: slog.New(slog.DiscardHandler), Work: &casework.Work{}, Queue: &job.Queue{Owner: "test:1", Handlers: map[string]job.Handler{
		casework.JobMessage: func(ctx context.Context, _ job.Job) error {
			begun <- struct{}{}
			select {
			case <-slack:
			case <-ctx.Done():
			}
			told <- ctx.Err()
			return ctx.Err()
		},
		casework.JobRecheck: func(context.Context, job.Job) error { close(checked); return nil },
	}}}
	if err := db.Update(ctx, func(tx *store.Tx) error {
		for i := range 20 {
			if err := job.Enqueue(ctx, tx, time.Now(), job.Want{Kind: casework.JobMessage, Subject: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return job.Enqueue(ctx, tx, time.Now(), job.Want{Kind: casework.JobRecheck, Subject: "r"})
	}); err != nil {
		t.Fatal(err)
	}
	v := &server{metrics: newMetrics(prometheus.NewRegistry())}
	taking, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, l := range v.lanes(a, ctx) {
		running.Go(func() { l.run(taking, a) })
	}
	<-begun
	select {
	case <-checked:
	case <-time.After(10 * time.Second):
		t.Fatal("the check waits behind messages")
	}
	stop()
	close(slack)
	running.Wait()
	if err := <-told; err != nil {
		t.Errorf("a message that was begun was cut off: %v", err)
	}
}

// Package jobtest is the suite that every queue of jobs must pass, whatever
// database it works on: what is asked for is worked at least once, never lost,
// never by two at a time, and a crash only delays it.
//
// It runs in a bubble of testing/synctest: hours of backoff pass at once, and
// each test says what happens, not how long it takes.
package jobtest

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"zesei/internal/job"
	"zesei/internal/store"
)

// Queue is what the suite asks of a queue.
type Queue interface {
	Run(context.Context) error
	RunOnly(ctx context.Context, only func(kind, subject string) bool) error
	Drain(ctx context.Context, ahead time.Duration) error
	DrainOnly(ctx context.Context, ahead time.Duration, only func(kind, subject string) bool) error
	Poke()
}

// Options are what a queue is made of.
type Options struct {
	DB       *store.DB
	Handlers map[string]job.Handler
	Owner    string
	Workers  int
	Log      *slog.Logger
}

// Maker makes a queue whose clock is time.Now, with random jitter.
type Maker func(*testing.T, Options) Queue

// Run runs the suite.
func Run(t *testing.T, make Maker) {
	for _, group := range [][]scene{asking, running, failing, crashing} {
		for _, s := range group {
			t.Run(s.says, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { s.play(newStage(t, make)) })
			})
		}
	}
}

type scene struct {
	says string
	play func(*stage)
}

// stage is a store, with queues on it that record what they run.
type stage struct {
	*testing.T
	make Maker
	db   *store.DB
	ctx  context.Context

	mu   sync.Mutex
	runs []job.Job
	do   job.Handler // what the jobs of kind "work" do; nil: nothing
}

func newStage(t *testing.T, make Maker) *stage {
	s := &stage{T: t, make: make, ctx: t.Context()}
	db, err := store.Open(s.ctx, "sqlite:"+filepath.Join(t.TempDir(), "z.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s.db = db
	return s
}

const kind = "work"

func (s *stage) queue(owner string, workers int) Queue {
	h := func(ctx context.Context, j job.Job) error {
		s.mu.Lock()
		s.runs = append(s.runs, j)
		do := s.do
		s.mu.Unlock()
		if do == nil {
			return nil
		}
		return do(ctx, j)
	}
	return s.make(s.T, Options{DB: s.db, Owner: owner, Workers: workers, Log: slog.New(slog.DiscardHandler), Handlers: map[string]job.Handler{kind: h}})
}

// serve runs a queue until the returned stop, which waits for its end.
func (s *stage) serve(q Queue) (stop func()) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	done := make(chan error, 1)
	go func() { done <- q.Run(ctx) }()
	return sync.OnceFunc(func() {
		s.Helper()
		cancel()
		if err := <-done; err != nil {
			s.Errorf("Run ended with %v", err)
		}
	})
}

func (s *stage) want(subject string, at time.Time) {
	s.Helper()
	s.update(func(tx *store.Tx) error {
		return job.Enqueue(s.ctx, tx, time.Now(), job.Want{Kind: kind, Subject: subject, At: at})
	})
}

func (s *stage) update(f func(*store.Tx) error) {
	s.Helper()
	if err := s.db.Update(s.ctx, f); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) drain(q Queue) {
	s.Helper()
	if err := q.Drain(s.ctx, 0); err != nil {
		s.Fatal(err)
	}
}

// ran is how often a subject was run.
func (s *stage) ran(subject string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.runs {
		if j.Subject == subject {
			n++
		}
	}
	return n
}

func (s *stage) expect(subject string, want int) {
	s.Helper()
	if got := s.ran(subject); got != want {
		s.Fatalf("%s ran %d times, want %d", subject, got, want)
	}
}

// left is the one job that waits; nil when none does.
func (s *stage) left() *job.Waiting {
	s.Helper()
	list, err := job.Pending(s.ctx, s.db.View(), 10)
	if err != nil {
		s.Fatal(err)
	}
	switch len(list) {
	case 0:
		return nil
	case 1:
		return &list[0]
	}
	s.Fatalf("%d jobs wait, want one at most: %+v", len(list), list)
	return nil
}

func (s *stage) empty() {
	s.Helper()
	if w := s.left(); w != nil {
		s.Fatalf("a job is left: %+v", *w)
	}
}

var errBroken = errors.New("broken")

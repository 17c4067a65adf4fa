package jobtest

import (
	"context"
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"zesei/internal/job"
	"zesei/internal/store"
)

// asking: what a request means, and that none is lost.
var asking = []scene{
	{"a job asked for in a transaction that rolls back is never run", func(s *stage) {
		err := s.db.Update(s.ctx, func(tx *store.Tx) error {
			if err := job.Enqueue(s.ctx, tx, time.Now(), job.Want{Kind: kind, Subject: "a"}); err != nil {
				return err
			}
			return errBroken
		})
		if !errors.Is(err, errBroken) {
			s.Fatal(err)
		}
		s.drain(s.queue("q", 0))
		s.expect("a", 0)
		s.empty()
	}},
	{"a job is run once and is gone", func(s *stage) {
		s.want("a", time.Time{})
		q := s.queue("q", 0)
		s.drain(q)
		s.drain(q)
		s.expect("a", 1)
		s.empty()
	}},
	{"ten requests before a run cost one run", func(s *stage) {
		for range 10 {
			s.want("a", time.Time{})
		}
		s.drain(s.queue("q", 0))
		s.expect("a", 1)
		if s.runs[0].Version != 10 {
			s.Fatalf("the run brings version %d up to date, want 10", s.runs[0].Version)
		}
		s.empty()
	}},
	{"ten requests during a run cost one more run", func(s *stage) {
		s.do = func(context.Context, job.Job) error {
			if s.ran("a") == 1 {
				for range 10 {
					s.want("a", time.Time{})
				}
			}
			return nil
		}
		s.want("a", time.Time{})
		s.drain(s.queue("q", 0))
		s.expect("a", 2)
		s.empty()
	}},
	{"a run asked for during a run comes at its own time", func(s *stage) {
		s.do = func(context.Context, job.Job) error {
			if s.ran("a") == 1 {
				s.want("a", time.Now().Add(time.Hour))
			}
			return nil
		}
		s.want("a", time.Time{})
		q := s.queue("q", 0)
		s.drain(q)
		s.expect("a", 1)
		time.Sleep(59 * time.Minute)
		s.drain(q)
		s.expect("a", 1)
		time.Sleep(time.Minute)
		s.drain(q)
		s.expect("a", 2)
		s.empty()
	}},
	{"a job is not run before its time", func(s *stage) {
		s.want("a", time.Now().Add(time.Minute))
		stop := s.serve(s.queue("q", 0))
		defer stop()
		time.Sleep(59 * time.Second)
		synctest.Wait()
		s.expect("a", 0)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		s.expect("a", 1)
	}},
	{"asking again takes the earlier time", func(s *stage) {
		s.want("a", time.Now().Add(time.Hour))
		s.want("a", time.Now().Add(time.Minute))
		s.want("a", time.Now().Add(2*time.Hour))
		time.Sleep(time.Minute)
		s.drain(s.queue("q", 0))
		s.expect("a", 1)
		s.empty()
	}},
	{"a drain looks ahead as far as it is told", func(s *stage) {
		s.want("near", time.Now().Add(30*time.Second))
		s.want("far", time.Now().Add(31*time.Second))
		if err := s.queue("q", 0).Drain(s.ctx, 30*time.Second); err != nil {
			s.Fatal(err)
		}
		s.expect("near", 1)
		s.expect("far", 0)
	}},
	{"a drain that looks ahead works what was asked for during a run, too", func(s *stage) {
		s.do = func(context.Context, job.Job) error {
			if s.ran("a") == 1 {
				s.want("a", time.Now().Add(20*time.Second))
			}
			return nil
		}
		s.want("a", time.Now().Add(10*time.Second))
		if err := s.queue("q", 0).Drain(s.ctx, 30*time.Second); err != nil {
			s.Fatal(err)
		}
		s.expect("a", 2)
		s.empty()
	}},
	{"a job that asks for itself does not keep a drain for ever", func(s *stage) {
		s.do = func(context.Context, job.Job) error {
			s.want("a", time.Now().Add(time.Second))
			return nil
		}
		s.want("a", time.Time{})
		if err := s.queue("q", 0).Drain(s.ctx, time.Minute); err != nil {
			s.Fatal(err)
		}
		if s.left() == nil {
			s.Fatal("what it asked for is lost")
		}
	}},
	{"a drain works what follows from its jobs", func(s *stage) {
		s.do = func(_ context.Context, j job.Job) error {
			if j.Subject < "d" {
				s.want(string(j.Subject[0]+1), time.Time{})
			}
			return nil
		}
		s.want("a", time.Time{})
		s.drain(s.queue("q", 0))
		s.expect("d", 1)
		s.empty()
	}},
	{"a drain of chosen jobs leaves the others", func(s *stage) {
		for i := range 50 {
			s.want(fmt.Sprintf("other-%02d", i), time.Time{})
		}
		s.want("mine", time.Time{})
		err := s.queue("q", 2).DrainOnly(s.ctx, 0, func(k, subject string) bool { return k == kind && subject == "mine" })
		if err != nil {
			s.Fatal(err)
		}
		s.expect("mine", 1)
		if len(s.runs) != 1 {
			s.Fatalf("%d jobs ran, want one", len(s.runs))
		}
	}},
	{"a cancelled job is not run", func(s *stage) {
		s.want("a", time.Time{})
		s.update(func(tx *store.Tx) error { return job.Cancel(s.ctx, tx, kind, "a") })
		s.drain(s.queue("q", 0))
		s.expect("a", 0)
		s.empty()
	}},
	{"a poked queue starts a job at once", func(s *stage) {
		q := s.queue("q", 0)
		stop := s.serve(q)
		defer stop()
		synctest.Wait() // it has looked and found nothing
		s.want("a", time.Time{})
		before := time.Now()
		q.Poke()
		synctest.Wait()
		s.expect("a", 1)
		if !time.Now().Equal(before) {
			s.Fatal("it waited for the clock")
		}
	}},
	{"a queue that nobody pokes looks by itself", func(s *stage) {
		stop := s.serve(s.queue("q", 0))
		defer stop()
		synctest.Wait()
		s.want("a", time.Time{})
		time.Sleep(time.Second)
		synctest.Wait()
		s.expect("a", 1)
	}},
}

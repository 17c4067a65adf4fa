package jobtest

import (
	"context"
	"testing/synctest"
	"time"

	"zesei/internal/job"
	"zesei/internal/store"
)

// failing: what each kind of error does.
var failing = []scene{
	{"a failed job is tried again, later each time, and succeeds", func(s *stage) {
		var at []time.Time
		s.do = func(_ context.Context, j job.Job) error {
			at = append(at, time.Now())
			if j.Attempt != len(at) {
				s.Errorf("run %d says that it is attempt %d", len(at), j.Attempt)
			}
			if len(at) < 8 {
				return errBroken
			}
			return nil
		}
		s.want("a", time.Time{})
		stop := s.serve(s.queue("q", 0))
		time.Sleep(time.Hour)
		synctest.Wait()
		stop()
		s.expect("a", 8)
		s.empty()
		slack := 200 * time.Millisecond // an idle queue looks that often
		for i, base := 1, 500*time.Millisecond; i < len(at); i, base = i+1, 2*base {
			if wait := at[i].Sub(at[i-1]); wait < base/2 || wait > base+slack {
				s.Errorf("it waited %s after attempt %d, want %s to %s", wait, i, base/2, base)
			}
		}
	}},
	{"jobs that fail together are not tried again together", func(s *stage) {
		s.do = func(context.Context, job.Job) error { return errBroken }
		for _, subject := range []string{"a", "b", "c", "d"} {
			s.want(subject, time.Time{})
		}
		s.drain(s.queue("q", 0))
		list, err := job.Pending(s.ctx, s.db.View(), 10)
		if err != nil {
			s.Fatal(err)
		}
		times := map[time.Time]bool{}
		for _, w := range list {
			times[w.RunAt] = true
		}
		if len(list) != 4 || len(times) < 2 {
			s.Fatalf("they wait for %v, want different times", times)
		}
	}},
	{"a drain leaves a failed job to its backoff, however far it looks ahead", func(s *stage) {
		s.do = func(context.Context, job.Job) error { return errBroken }
		s.want("a", time.Time{})
		if err := s.queue("q", 0).Drain(s.ctx, time.Hour); err != nil {
			s.Fatal(err)
		}
		s.expect("a", 1)
		if w := s.left(); w == nil || w.Attempts != 1 || w.Error != "broken" {
			s.Fatalf("left is %+v, want the first attempt and its error", w)
		}
	}},
	{"asking again does not shorten a backoff", func(s *stage) {
		s.do = func(context.Context, job.Job) error { return errBroken }
		s.want("a", time.Time{})
		q := s.queue("q", 0)
		s.drain(q)
		s.want("a", time.Time{})
		s.drain(q)
		s.expect("a", 1)
	}},
	{"a job that fails too often is dead, and asking anew wakes it", func(s *stage) {
		s.do = func(context.Context, job.Job) error { return errBroken }
		s.want("a", time.Time{})
		q := s.queue("q", 0)
		for range 100 {
			s.drain(q)
			time.Sleep(time.Hour)
		}
		s.expect("a", job.MaxAttempts)
		if w := s.left(); w == nil || w.State != "dead" || w.Error != "broken" {
			s.Fatalf("left is %+v, want a dead job with its error", w)
		}
		s.do = nil
		s.want("a", time.Time{})
		s.drain(q)
		s.expect("a", job.MaxAttempts+1)
		s.empty()
	}},
	{"a permanent error gives up at once", func(s *stage) {
		s.do = func(context.Context, job.Job) error { return job.Permanent(errBroken) }
		s.want("a", time.Time{})
		s.drain(s.queue("q", 0))
		time.Sleep(time.Hour)
		s.drain(s.queue("q", 0))
		s.expect("a", 1)
		if w := s.left(); w == nil || w.State != "dead" {
			s.Fatalf("left is %+v, want a dead job", w)
		}
	}},
	{"a request made during a run that is given up is still worked", func(s *stage) {
		s.do = func(context.Context, job.Job) error {
			if s.ran("a") == 1 {
				s.want("a", time.Time{})
				return job.Permanent(errBroken)
			}
			return nil
		}
		s.want("a", time.Time{})
		s.drain(s.queue("q", 0))
		s.expect("a", 2)
		s.empty()
	}},
	{"later runs again at that time, and counts no failure", func(s *stage) {
		s.do = func(_ context.Context, j job.Job) error {
			if j.Attempt != 1 {
				s.Errorf("attempt %d, want 1", j.Attempt)
			}
			if s.ran("a") <= 20 {
				return job.Later(time.Now().Add(time.Minute), "not yet")
			}
			return nil
		}
		s.want("a", time.Time{})
		q := s.queue("q", 0)
		// Looking ahead does not bring it forward: somebody asked us to wait.
		if err := q.Drain(s.ctx, time.Hour); err != nil {
			s.Fatal(err)
		}
		s.expect("a", 1)
		stop := s.serve(q)
		time.Sleep(time.Hour)
		synctest.Wait()
		stop()
		s.expect("a", 21)
		s.empty()
	}},
	{"a new request runs before the time that later asked for", func(s *stage) {
		s.do = func(context.Context, job.Job) error {
			if s.ran("a") == 1 {
				return job.Later(time.Now().Add(time.Hour), "not yet")
			}
			return nil
		}
		s.want("a", time.Time{})
		q := s.queue("q", 0)
		s.drain(q)
		s.want("a", time.Time{})
		s.drain(q)
		s.expect("a", 2)
		s.empty()
	}},
	{"a handler that panics has failed, and the queue goes on", func(s *stage) {
		s.do = func(_ context.Context, j job.Job) error {
			if j.Subject == "a" {
				panic("oh")
			}
			return nil
		}
		s.want("a", time.Time{})
		s.want("b", time.Now().Add(time.Millisecond))
		if err := s.queue("q", 1).Drain(s.ctx, time.Second); err != nil {
			s.Fatal(err)
		}
		s.expect("b", 1)
		if w := s.left(); w == nil || w.Attempts != 1 || w.Error != "panic: oh" {
			s.Fatalf("left is %+v, want a failed attempt", w)
		}
	}},
	{"a job of an unknown kind is dead at once", func(s *stage) {
		s.update(func(tx *store.Tx) error {
			return job.Enqueue(s.ctx, tx, time.Now(), job.Want{Kind: "unheard-of", Subject: "a"})
		})
		s.drain(s.queue("q", 0))
		if w := s.left(); w == nil || w.State != "dead" {
			s.Fatalf("left is %+v, want a dead job", w)
		}
	}},
}

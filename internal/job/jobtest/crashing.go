package jobtest

import (
	"context"
	"testing/synctest"
	"time"

	"zesei/internal/job"
	"zesei/internal/store"
)

// crash leaves a row as a process that was killed leaves it: leased, and nobody
// there to renew it.
func (s *stage) crash(subject string) {
	s.Helper()
	s.update(func(tx *store.Tx) error {
		_, err := tx.Exec(s.ctx, `UPDATE jobs SET lease = 'gone~0/1', lease_until = $2 WHERE subject = $1`, subject, time.Now().Add(job.Lease).UnixMilli())
		return err
	})
}

// crashing: leases.
var crashing = []scene{
	{"a job left by a crash is taken up when its lease ends, and not before", func(s *stage) {
		s.want("a", time.Time{})
		s.crash("a")
		q := s.queue("q", 0)
		time.Sleep(job.Lease - time.Second)
		s.drain(q)
		s.expect("a", 0)
		time.Sleep(time.Second)
		s.drain(q)
		s.expect("a", 1)
		if s.runs[0].Attempt != 2 {
			s.Fatalf("it is attempt %d, want 2: the run that crashed counts", s.runs[0].Attempt)
		}
		s.empty()
	}},
	{"a job that brings its process down each time is given up", func(s *stage) {
		s.want("a", time.Time{})
		q := s.queue("q", 0)
		for range job.MaxAttempts {
			s.crash("a")
			s.update(func(tx *store.Tx) error { // the attempt that each claim counted
				_, err := tx.Exec(s.ctx, `UPDATE jobs SET attempts = attempts + 1, lease_until = 0 WHERE subject = 'a'`)
				return err
			})
		}
		s.drain(q)
		s.expect("a", 0)
		if w := s.left(); w == nil || w.State != "dead" {
			s.Fatalf("left is %+v, want a dead job", w)
		}
	}},
	{"a request made of a job that a crash left is not lost", func(s *stage) {
		s.want("a", time.Time{})
		s.crash("a")
		s.want("a", time.Time{})
		time.Sleep(job.Lease)
		s.drain(s.queue("q", 0))
		s.expect("a", 1)
		if s.runs[0].Version != 2 {
			s.Fatalf("the run brings version %d up to date, want 2", s.runs[0].Version)
		}
		s.empty()
	}},
	{"a run longer than a lease keeps it", func(s *stage) {
		s.do = func(context.Context, job.Job) error {
			time.Sleep(5 * job.Lease)
			return nil
		}
		s.want("a", time.Time{})
		a, b := s.serve(s.queue("a", 0)), s.serve(s.queue("b", 0))
		time.Sleep(6 * job.Lease)
		synctest.Wait()
		a()
		b()
		s.expect("a", 1)
		s.empty()
	}},
	{"a run longer than a lease keeps it while its queue stops", func(s *stage) {
		s.do = func(context.Context, job.Job) error {
			time.Sleep(5 * job.Lease)
			return nil
		}
		s.want("a", time.Time{})
		a := s.serve(s.queue("a", 0))
		synctest.Wait()
		b := s.serve(s.queue("b", 0))
		a()
		b()
		s.expect("a", 1)
		s.empty()
	}},
	{"a run that lost its lease is told, and how it ends is not kept", func(s *stage) {
		var cause error
		s.do = func(ctx context.Context, _ job.Job) error {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return nil // it believes that it succeeded
		}
		s.want("a", time.Time{})
		stop := s.serve(s.queue("q", 0))
		synctest.Wait()
		s.update(func(tx *store.Tx) error { // another took it over
			_, err := tx.Exec(s.ctx, `UPDATE jobs SET lease = 'other~1/1', lease_until = $1`, time.Now().Add(time.Hour).UnixMilli())
			return err
		})
		time.Sleep(job.Lease)
		synctest.Wait()
		stop()
		if cause != job.ErrLeaseLost {
			s.Fatalf("the cause is %v, want ErrLeaseLost", cause)
		}
		if s.left() == nil {
			s.Fatal("a queue without the lease finished the job")
		}
	}},
}

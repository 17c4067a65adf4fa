package jobtest

import (
	"context"
	"fmt"
	"sync"
	"testing/synctest"
	"time"

	"zesei/internal/job"
)

// running: side by side, and the end of a queue.
var running = []scene{
	{"a slow handler blocks no other job", func(s *stage) {
		release := make(chan struct{})
		s.do = func(_ context.Context, j job.Job) error {
			if j.Subject == "slow" {
				<-release
			}
			return nil
		}
		s.want("slow", time.Time{})
		q := s.queue("q", 2)
		stop := s.serve(q)
		for i := range 20 {
			s.want(fmt.Sprint("quick-", i), time.Time{})
		}
		q.Poke()
		synctest.Wait()
		for i := range 20 {
			s.expect(fmt.Sprint("quick-", i), 1)
		}
		close(release)
		synctest.Wait()
		stop()
		s.empty()
	}},
	{"no more jobs run side by side than there are workers", func(s *stage) {
		var mu sync.Mutex
		now, most := 0, 0
		s.do = func(context.Context, job.Job) error {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return nil
		}
		for i := range 10 {
			s.want(fmt.Sprint(i), time.Time{})
		}
		s.drain(s.queue("q", 3))
		if most != 3 {
			s.Fatalf("%d ran side by side, want 3", most)
		}
		s.empty()
	}},
	{"a job is never run by two queues at a time", func(s *stage) {
		var mu sync.Mutex
		on := map[string]int{}
		s.do = func(_ context.Context, j job.Job) error {
			mu.Lock()
			on[j.Subject]++
			if on[j.Subject] > 1 {
				s.Errorf("%s runs twice at a time", j.Subject)
			}
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			on[j.Subject]--
			mu.Unlock()
			return nil
		}
		for i := range 12 {
			s.want(fmt.Sprint(i), time.Time{})
		}
		a, b := s.serve(s.queue("a", 3)), s.serve(s.queue("b", 3))
		time.Sleep(time.Minute)
		synctest.Wait()
		a()
		b()
		for i := range 12 {
			s.expect(fmt.Sprint(i), 1)
		}
		s.empty()
	}},
	{"a queue that stops waits for its jobs and keeps that they are done", func(s *stage) {
		s.do = func(context.Context, job.Job) error {
			time.Sleep(10 * time.Second) // a call that cannot be taken back
			return nil
		}
		s.want("a", time.Time{})
		stop := s.serve(s.queue("q", 0))
		synctest.Wait()
		s.want("b", time.Now().Add(time.Second)) // not begun any more
		before := time.Now()
		stop()
		if took := time.Since(before); took != 10*time.Second {
			s.Fatalf("it stopped after %s, want after its job", took)
		}
		s.expect("a", 1)
		s.expect("b", 0)
		if w := s.left(); w == nil || w.Subject != "b" {
			s.Fatalf("left is %+v, want b", w)
		}
	}},
	{"a job that fails because its queue stops is no failure, and the next queue takes it at once", func(s *stage) {
		s.do = func(ctx context.Context, _ job.Job) error {
			<-ctx.Done()
			return fmt.Errorf("calling: %w", ctx.Err())
		}
		s.want("a", time.Time{})
		stop := s.serve(s.queue("q", 0))
		synctest.Wait()
		stop()
		if w := s.left(); w == nil || w.Attempts != 0 || w.Error != "" {
			s.Fatalf("left is %+v, want a job as good as new", w)
		}
		s.do = nil
		s.drain(s.queue("r", 0))
		s.expect("a", 2)
		s.empty()
	}},
	{"two queues that share the jobs by their subject leave each other's alone", func(s *stage) {
		for i := range 20 {
			s.want(fmt.Sprint("other-", i), time.Time{})
		}
		s.want("mine", time.Time{})
		ctx, cancel := context.WithCancel(s.ctx)
		done := make(chan error)
		go func() {
			done <- s.queue("q", 1).RunOnly(ctx, func(_, subject string) bool { return subject == "mine" })
		}()
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			s.Fatal(err)
		}
		s.expect("mine", 1)
		if len(s.runs) != 1 {
			s.Fatalf("%d jobs ran, want one", len(s.runs))
		}
	}},
	{"a drain whose context ends says so", func(s *stage) {
		ctx, cancel := context.WithCancel(s.ctx)
		s.do = func(ctx context.Context, _ job.Job) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		}
		s.want("a", time.Time{})
		if err := s.queue("q", 0).Drain(ctx, 0); err == nil {
			s.Fatal("it said that all was done")
		}
	}},
}

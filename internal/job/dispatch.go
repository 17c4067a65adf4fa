package job

import (
	"context"
	"time"

	"zesei/internal/store"
)

// dispatcher keeps the slots of one Run or Drain filled. Each handler runs on
// its own goroutine; only the dispatcher touches rows. In one transaction it
// writes how jobs ended, renews leases and claims as many jobs as slots are
// free: while that commits, other handlers go on, and those that end meanwhile
// share the next one. So a slow handler holds its own slot and nothing else.
type dispatcher struct {
	q       *Queue
	ahead   time.Duration // how much before its time a job may be taken
	only    func(kind, subject string) bool
	early   map[int64]int // how often each job was
	slots   int
	running map[int64]running
	ended   chan ending
	done    []ending  // ended, not yet written
	renewed time.Time // when leases were last renewed
	ending  bool      // nothing more is started
}

type running struct {
	Job
	stop context.CancelCauseFunc
}

type ending struct {
	Job
	err error
}

// keepWithin bounds the last transaction of a queue that is stopping.
const keepWithin = 30 * time.Second

func (q *Queue) dispatch(ctx context.Context, ahead time.Duration, only func(kind, subject string) bool, forever bool) error {
	if err := q.enter(ctx); err != nil {
		return err
	}
	defer q.leave()
	d := &dispatcher{q: q, ahead: ahead, only: only, early: map[int64]int{}, slots: q.workers(), running: map[int64]running{}, renewed: q.Now()}
	d.ended = make(chan ending, d.slots)
	for ctx.Err() == nil {
		err := d.turn(ctx)
		switch {
		case err != nil && !forever:
			d.finish(ctx)
			return err
		case err != nil && ctx.Err() == nil:
			q.Log.Error("working jobs: will go on in a moment", "error", err)
		case !forever && len(d.running) == 0:
			return nil
		}
		d.wait(ctx, err == nil)
	}
	err := d.finish(ctx)
	if forever {
		return err
	}
	return ctx.Err()
}

// wait returns when there may be something to do. After a fault only time helps.
func (d *dispatcher) wait(ctx context.Context, well bool) {
	t := time.NewTimer(d.q.poll())
	defer t.Stop()
	ended, poked := d.ended, d.q.poked()
	if !well {
		ended, poked = nil, nil
	}
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-poked:
	case e := <-ended:
		d.end(e)
	}
	for { // what has ended besides goes into the same transaction
		select {
		case e := <-d.ended:
			d.end(e)
		default:
			return
		}
	}
}

func (d *dispatcher) end(e ending) {
	d.running[e.ID].stop(nil)
	delete(d.running, e.ID)
	d.done = append(d.done, e)
}

// finish waits for the running handlers, whose context has ended or ends now,
// and keeps how they ended.
func (d *dispatcher) finish(ctx context.Context) error {
	d.ending = true
	for _, r := range d.running {
		r.stop(context.Canceled)
	}
	for len(d.running) > 0 {
		select {
		case e := <-d.ended:
			d.end(e)
		case <-time.After(Lease / 3): // a handler may take its time; its lease lives on
			if err := d.turn(ctx); err != nil {
				d.q.Log.Warn("keeping leases while jobs end", "error", err)
			}
		}
	}
	if len(d.done) == 0 {
		return nil
	}
	return d.turn(ctx)
}

// turn writes what has ended, renews leases that need it, and starts jobs.
func (d *dispatcher) turn(ctx context.Context) error {
	now := d.q.Now()
	renew := len(d.running) > 0 && now.Sub(d.renewed) >= Lease/3
	free := d.slots - len(d.running)
	if d.ending {
		free = 0
	}
	if len(d.done) == 0 && !renew {
		if free == 0 {
			return nil
		}
		// An empty look costs no write transaction.
		ready, err := d.look(ctx, d.q.DB.View(), now, free)
		if err != nil || len(ready) == 0 {
			return err
		}
	}
	// What was done is kept even when the context has ended meanwhile.
	tctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepWithin)
	defer cancel()
	var jobs []Job
	var lost []int64
	err := d.q.DB.Update(tctx, func(tx *store.Tx) error {
		jobs, lost = nil, nil
		for _, e := range d.done {
			if err := d.q.keep(tctx, tx, e, d.ending); err != nil {
				return err
			}
		}
		if renew {
			var err error
			if lost, err = d.renew(tctx, tx, now); err != nil {
				return err
			}
		}
		if free == 0 {
			return nil
		}
		var err error
		jobs, err = d.claim(tctx, tx, now, free)
		return err
	})
	if err != nil {
		return err
	}
	d.done = d.done[:0]
	if renew {
		d.renewed = now
	}
	for _, id := range lost {
		d.running[id].stop(ErrLeaseLost)
	}
	for _, j := range jobs {
		d.start(ctx, j)
	}
	return nil
}

func (d *dispatcher) start(ctx context.Context, j Job) {
	ctx, stop := context.WithCancelCause(ctx)
	d.running[j.ID] = running{j, stop}
	go func() { d.ended <- ending{j, d.q.work(ctx, j)} }()
}

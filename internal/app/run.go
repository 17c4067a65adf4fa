package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"zesei/internal/casework"
	"zesei/internal/job"
	"zesei/internal/securityhub"
	"zesei/internal/store"
)

// Pass is what one pass of zesei run did.
type Pass struct {
	Polling
	Changes store.Changes `json:"changes"`
	// Messages were sent or brought up to date.
	Messages int `json:"messages"`
	// Refused are accounts that do not let us in, one line each.
	Refused []string `json:"refused,omitempty"`
	// Notes say what was not done and is no failure.
	Notes []string `json:"notes,omitempty"`
	// Failed is what went wrong, one line each.
	Failed []string `json:"failed,omitempty"`
	// Waiting are jobs that a later pass works: a message of next Monday, a fix
	// that waits, an attempt that failed.
	Waiting []job.Waiting `json:"waiting,omitempty"`
}

// Nothing says that the pass changed nothing and told nobody.
func (p *Pass) Nothing() bool {
	n := p.Cases
	return p.Changes == (store.Changes{}) && p.Messages == 0 && n.Opened+n.Reopened+n.Updated+n.Closed == 0
}

// passPatience is how long a pass waits for what is due a little later: the
// verification of a fix reads again for a minute.
const passPatience = 90 * time.Second

// Pass asks Security Hub once, works everything that is due and what follows from
// it, and says what came of it. Where serve works the same store, it only asks.
// The error is of the store or the context; everything else is in the answer.
func (a *App) Pass(ctx context.Context) (Pass, error) {
	var p Pass
	start := a.Now()
	serving, err := a.Serving(ctx)
	if err != nil {
		return p, err
	}
	if err := a.ask(ctx, a, &p); err != nil {
		return p, err
	}
	if serving != "" {
		p.Notes = append(p.Notes, serving+" serves this store and works what follows")
	} else {
		if err := a.startDaily(ctx); err != nil {
			return p, err
		}
		if err := a.works(ctx, &p); err != nil {
			return p, err
		}
		if _, err := a.KeepHistory(ctx); err != nil {
			return p, err
		}
	}
	if p.Changes, err = store.ChangesSince(ctx, a.DB.View(), start); err != nil {
		return p, err
	}
	return p, a.waiting(ctx, &p, serving != "")
}

// Rehearse asks Security Hub and decides on a copy of the store: nothing changes
// and nobody is told. look is shown the copy before it is removed.
func (a *App) Rehearse(ctx context.Context, look func(*App, Pass) error) error {
	copied, err := a.Rehearsal(ctx)
	if err != nil {
		return err
	}
	defer copied.Close()
	var p Pass
	if err := a.ask(ctx, copied, &p); err != nil {
		return err
	}
	return look(copied, p)
}

// ask polls, and sorts refusals from failures.
func (a *App) ask(ctx context.Context, dest *App, p *Pass) (err error) {
	_, asked := a.hubIntake()
	p.Polling, err = a.Poll(ctx, dest)
	if errors.Is(err, errNoAccount) {
		p.Notes, err = append(p.Notes, err.Error()), nil
		if asked {
			p.Notes, p.Failed = p.Notes[:len(p.Notes)-1], append(p.Failed, errNoAccount.Error())
		}
		return nil
	}
	if why, refused := securityhub.Refused(err); refused {
		p.Refused = append(p.Refused, why)
		return nil
	}
	for _, r := range p.Regions {
		if r.Err == nil {
			continue
		}
		why, refused := securityhub.Refused(r.Err)
		switch {
		case refused && !asked && securityhub.NotEnabled(r.Err):
			p.Notes = append(p.Notes, "Security Hub in "+r.Region+": "+why)
		case refused:
			p.Refused = append(p.Refused, "Security Hub in "+r.Region+": "+why)
		default:
			p.Failed = append(p.Failed, r.Err.Error())
		}
	}
	return err
}

// works works what is due. A message or ticket does not wait for more cases to
// join: the pass is at its end.
func (a *App) works(ctx context.Context, p *Pass) error {
	var mu sync.Mutex
	done := map[[2]string]bool{}
	for _, kind := range []string{casework.JobMessage, casework.JobTicket} {
		handler := a.Queue.Handlers[kind]
		if handler == nil {
			continue
		}
		a.Queue.Handlers[kind] = func(ctx context.Context, j job.Job) error {
			before := a.told(ctx, j)
			err := handler(ctx, j)
			mu.Lock()
			defer mu.Unlock()
			done[[2]string{j.Kind, j.Subject}] = true
			if err == nil && !bytes.Equal(before, a.told(ctx, j)) {
				p.Messages++
			}
			return err
		}
		defer func() { a.Queue.Handlers[kind] = handler }()
	}
	first := func(kind, subject string) bool {
		mu.Lock()
		defer mu.Unlock()
		return (kind == casework.JobMessage || kind == casework.JobTicket) && !done[[2]string{kind, subject}]
	}
	until := a.Now().Add(passPatience)
	for {
		if err := a.Queue.Drain(ctx, 0); err != nil {
			return fmt.Errorf("working what follows: %w", err)
		}
		if err := a.Queue.DrainOnly(ctx, a.Work.Rules().GroupWait, first); err != nil {
			return fmt.Errorf("working what follows: %w", err)
		}
		next, err := a.soon(ctx, until)
		if err != nil || next.IsZero() {
			return err
		}
		if err := rest(ctx, max(0, next.Sub(a.Now()))); err != nil {
			return err
		}
	}
}

// told is what the message of a job has told so far; nothing of other jobs.
func (a *App) told(ctx context.Context, j job.Job) []byte {
	id, err := strconv.ParseInt(j.Subject, 10, 64)
	if err != nil || j.Kind != casework.JobMessage {
		return nil
	}
	m, err := store.LoadMessage(ctx, a.DB.View(), id)
	if err != nil {
		return nil
	}
	return m.Told
}

// soon is when the next job is due that is worth waiting for: part of what was
// begun, due before a time. Zero: none.
func (a *App) soon(ctx context.Context, until time.Time) (time.Time, error) {
	worth := []string{casework.JobRecheck, casework.JobPlan, casework.JobApply, casework.JobVerify, casework.JobMessage, casework.JobHub}
	list, err := job.Pending(ctx, a.DB.View(), 10_000)
	if err != nil {
		return time.Time{}, err
	}
	for _, j := range list {
		if j.State == "ready" && slices.Contains(worth, j.Kind) && j.RunAt.Before(until) && j.Attempts < 3 {
			return j.RunAt, nil
		}
	}
	return time.Time{}, nil
}

// waiting says what a later pass works, and what has failed.
func (a *App) waiting(ctx context.Context, p *Pass, served bool) error {
	list, err := job.Pending(ctx, a.DB.View(), 1000)
	if err != nil || served {
		return err
	}
	for _, j := range list {
		if j.Kind != casework.JobTick && j.Kind != casework.JobException { // time passing for a case is nothing to wait for
			p.Waiting = append(p.Waiting, j)
		}
		if j.Error == "" || j.Attempts == 0 {
			continue
		}
		if line := j.Kind + ": " + j.Error; !slices.Contains(p.Failed, line) {
			p.Failed = append(p.Failed, line)
		}
	}
	return nil
}

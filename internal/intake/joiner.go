package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"

	"zesei/internal/casework"
	"zesei/internal/store"
)

// ErrBusy is returned where a message cannot be taken now because what came
// before it still waits for the store.
var ErrBusy = errors.New("too much waits for the store")

// Room is how many bytes of messages may wait for the store at once, all ways in
// together. Beyond it, queues are not read on and senders are told to come again.
const Room = 64 << 20

// Joiner joins messages that arrive side by side into few transactions: while one
// commits, the next gathers. Each message's sender hears of its commit.
type Joiner struct {
	work     Taker
	remember func(ctx context.Context, ids []string) error
	metrics  *Metrics
	room     *semaphore.Weighted
	queue    chan *part
}

// part is one batch of a message on its way to the store.
type part struct {
	batch
	id   string
	done chan error
}

// NewJoiner returns a Joiner on a store. remember keeps the ids of messages that
// must not be taken twice, after their commit.
func NewJoiner(work Taker, remember func(context.Context, []string) error, m *Metrics) *Joiner {
	return &Joiner{work: work, remember: remember, metrics: m, room: semaphore.NewWeighted(Room), queue: make(chan *part, 4*casework.BatchSize)}
}

// Run commits until stop ends and nothing more waits; senders must have ended
// before. ctx cuts even commits.
func (j *Joiner) Run(ctx, stop context.Context) {
	var held *part
	for {
		if held == nil {
			select {
			case held = <-j.queue:
			default:
				select {
				case held = <-j.queue:
				case <-stop.Done():
					return
				}
			}
		}
		var parts []*part
		parts, held = j.gather(held)
		j.commit(ctx, parts)
	}
}

// gather adds what waits to a first part, as much as one transaction takes. The
// part that did not fit is the first of the next.
func (j *Joiner) gather(first *part) (parts []*part, held *part) {
	parts, n := []*part{first}, first.size()
	for n < casework.BatchSize {
		select {
		case p := <-j.queue:
			if n += p.size(); n > casework.BatchSize {
				return parts, p
			}
			parts = append(parts, p)
		default:
			return parts, nil
		}
	}
	return parts, nil
}

func (b *batch) size() int { return max(1, len(b.findings)+len(b.events)+len(b.dead)) }

// commit commits parts in one transaction. Where that fails for another reason
// than a store that is busy, each part is tried alone, so that one of them does
// not fail the others.
func (j *Joiner) commit(ctx context.Context, parts []*part) {
	var all batch
	var ids []string
	for _, p := range parts {
		all.findings, all.dead = append(all.findings, p.findings...), append(all.dead, p.dead...)
		all.events = append(all.events, p.events...)
		if p.id != "" {
			ids = append(ids, p.id)
		}
	}
	start := time.Now() // a duration on the monotonic clock, not a time that is kept
	var err error
	if len(all.findings)+len(all.events)+len(all.dead) > 0 {
		_, err = j.take(ctx, all)
	}
	if err == nil && len(ids) > 0 {
		err = j.remember(ctx, ids)
	}
	j.metrics.batch(all.size(), time.Since(start), err)
	if err != nil && len(parts) > 1 && ctx.Err() == nil && !store.IsBusy(err) {
		for _, p := range parts {
			j.commit(ctx, []*part{p})
		}
		return
	}
	for _, p := range parts {
		p.done <- err
	}
}

// take is Take that turns a panic into an error: a batch that makes casework
// stumble must not end the server.
func (j *Joiner) take(ctx context.Context, b batch) (r casework.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &stumbledError{p}
		}
	}()
	return j.work.Take(ctx, b.arrival())
}

type stumbledError struct{ what any }

func (e *stumbledError) Error() string {
	return fmt.Sprintf("deciding it made zesei stumble: %v", e.what)
}

// message commits a message and returns when all of it is committed. The room for
// it must have been taken by the caller. Without wait, ErrBusy says that too much
// waits already.
func (j *Joiner) message(ctx context.Context, m *message, wait bool) error {
	for i := range m.batches {
		p := &part{batch: m.batches[i], done: make(chan error, 1)}
		if i == len(m.batches)-1 {
			p.id = m.id
		}
		if !wait {
			select {
			case j.queue <- p:
			default:
				return ErrBusy
			}
		} else {
			select {
			case j.queue <- p:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		select {
		case err := <-p.done:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

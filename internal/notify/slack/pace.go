package slack

import (
	"context"
	"sync"
	"time"
)

// pace keeps the time between two messages to one channel. Slack allows about
// one a second. https://docs.slack.dev/apis/web-api/rate-limits/
type pace struct {
	every time.Duration
	now   func() time.Time
	sleep func(context.Context, time.Duration) error

	mu   sync.Mutex
	next map[string]time.Time
}

func newPace(every time.Duration, now func() time.Time, sleep func(context.Context, time.Duration) error) *pace {
	if every == 0 {
		every = time.Second
	}
	if sleep == nil {
		sleep = rest
	}
	return &pace{every: every, now: now, sleep: sleep, next: map[string]time.Time{}}
}

// wait returns when a message may go to the channel.
func (p *pace) wait(ctx context.Context, channel string) error {
	if p.every < 0 {
		return ctx.Err()
	}
	p.mu.Lock()
	now := p.now()
	at := p.next[channel]
	if at.Before(now) {
		at = now
	}
	p.next[channel] = at.Add(p.every)
	for c, t := range p.next { // forget the channels that have been quiet
		if t.Before(now) {
			delete(p.next, c)
		}
	}
	p.mu.Unlock()
	if d := at.Sub(now); d > 0 {
		return p.sleep(ctx, d)
	}
	return ctx.Err()
}

func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

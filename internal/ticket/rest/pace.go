package rest

import (
	"context"
	"sync"
	"time"

	"zesei/internal/ticket"
)

// Limits keep us within what a tracker allows, before it has to refuse.
type Limits struct {
	// Gap lets one call run at a time, and the next begin so long after the last
	// ended; 0: calls run together.
	Gap time.Duration
	// Content bounds calls that create what people see.
	Content []Window
}

// Window is at most N within Per.
type Window struct {
	N   int
	Per time.Duration
}

// patience is how long a call waits in place; beyond it the caller is told when
// to come back.
const patience = 3 * time.Second

type pace struct {
	limits Limits
	now    func() time.Time

	turn sync.Mutex // held during a call where calls go one at a time
	last time.Time  // when the last of them ended, by the real clock

	mu    sync.Mutex
	made  []time.Time // content, oldest first, no older than the longest window
	until time.Time   // nothing is asked before: the tracker said so
}

// hold keeps all calls back for a time that the tracker named.
func (p *pace) hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := p.now().Add(d); at.After(p.until) {
		p.until = at
	}
}

func (p *pace) held() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until.Sub(p.now())
}

// wait lets a call begin and returns what to do when it has ended.
func (p *pace) wait(ctx context.Context, name string, creates bool) (func(), error) {
	if after := p.held(); after > 0 {
		return nil, &ticket.RetryAfter{After: after, By: name, Why: "its rate limit is reached"}
	}
	if creates {
		if after := p.content(); after > 0 {
			return nil, &ticket.RetryAfter{After: after, By: name, Why: "as much was created as it allows"}
		}
	}
	if p.limits.Gap <= 0 {
		return func() {}, nil
	}
	p.turn.Lock()
	if rest := p.limits.Gap - time.Since(p.last); !p.last.IsZero() && rest > 0 {
		timer := time.NewTimer(min(rest, patience))
		defer timer.Stop()
		select {
		case <-ctx.Done():
			p.turn.Unlock()
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
	return func() {
		p.last = time.Now()
		p.turn.Unlock()
	}, nil
}

// content counts a creation, or says how long to wait before it may be done.
func (p *pace) content() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	longest := time.Duration(0)
	for _, w := range p.limits.Content {
		longest = max(longest, w.Per)
		n, first := 0, time.Time{}
		for _, at := range p.made {
			if now.Sub(at) < w.Per {
				if n == 0 {
					first = at
				}
				n++
			}
		}
		if n >= w.N {
			return max(first.Add(w.Per).Sub(now), time.Second)
		}
	}
	if longest == 0 {
		return 0
	}
	for len(p.made) > 0 && now.Sub(p.made[0]) >= longest {
		p.made = p.made[1:]
	}
	p.made = append(p.made, now)
	return 0
}

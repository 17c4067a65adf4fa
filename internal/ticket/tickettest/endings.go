package tickettest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"zesei/internal/ticket"
)

// ended is a case as it is when a ticket is closed for a reason.
var ended = map[ticket.Ending]func(*ticket.Case){
	ticket.EndFixed:         fixed,
	ticket.EndGone:          func(c *ticket.Case) { c.State, c.Reason = ticket.Closed, "gone" },
	ticket.EndOver:          func(c *ticket.Case) { c.State, c.Reason = ticket.Closed, "archived" },
	ticket.EndAccepted:      func(c *ticket.Case) { c.State, c.Reason = ticket.Accepted, "a public site" },
	ticket.EndSuppressed:    func(c *ticket.Case) { c.State, c.Reason = ticket.Suppressed, "not followed up by policy" },
	ticket.EndFalsePositive: func(c *ticket.Case) { c.State, c.Reason = ticket.Closed, "false positive" },
	ticket.EndDuplicate:     func(c *ticket.Case) { c.State, c.Reason = ticket.Closed, "duplicate" },
	ticket.EndMoved: func(c *ticket.Case) {
		c.State, c.Reason, c.MovedTo = ticket.Closed, "it belongs to storage now", "storage"
	},
}

// closedAs closes a ticket for each reason, and opens one for it to be closed for
// another.
func closedAs(t *testing.T, p *play) {
	if p.ClosedAs == nil {
		t.Skip("this tracker knows no reasons")
	}
	var last ticket.Ticket
	for n, why := range ticket.Endings {
		if p.Slow && !slices.Contains([]ticket.Ending{ticket.EndAccepted, ticket.EndFixed}, why) {
			continue
		}
		p.stored = nil
		w := p.ticket("logs")
		w.Key = fmt.Sprintf("5eed0001-%d", 100+n)
		p.settle(w)
		last = with(w, 0, ended[why])
		p.settle(last)
		if got := p.ClosedAs(p.known().Key); got != p.Reasons[why] {
			t.Errorf("closed because it is %s: told %q, want %q", why, got, p.Reasons[why])
		}
	}
	p.settle(with(last, 0, again))
	p.settle(with(with(last, 0, again), 0, ended[ticket.EndAccepted]))
	if got := p.ClosedAs(p.known().Key); got != p.Reasons[ticket.EndAccepted] {
		t.Errorf("closed a second time, as an accepted risk: told %q, want %q", got, p.Reasons[ticket.EndAccepted])
	}
	for _, one := range p.Standing() {
		if !one.Closed {
			t.Errorf("%s is open: %s", one.Key, strings.Join(one.Comments, "\n---\n"))
		}
	}
}

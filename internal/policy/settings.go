package policy

import (
	"time"

	"zesei/internal/calendar"
)

// Limits bound how many fixes are applied, over all and per account.
type Limits struct{ Fixes, PerAccount Rate }

// Limits are those of the file, or 20 fixes an hour and 5 an account and hour.
func (p *Policy) Limits() Limits {
	return Limits{Fixes: p.file.Limits.Fixes, PerAccount: p.file.Limits.PerAccount}
}

// Exceptions bound accepted risks: the longest they may last, and how long
// before their end people are told (zero: not at all).
func (p *Policy) Exceptions() (longest, warn calendar.Span) {
	return p.file.Exceptions.Max, p.file.Exceptions.Warn
}

// ExceptionEnd is the latest end of an exception that begins at start.
func (p *Policy) ExceptionEnd(start time.Time) time.Time {
	return calendar.After(start, p.file.Exceptions.Max, nil, p.zone).At
}

// NotifyIn is how often cases of the response notify are told: daily, weekly or
// monthly.
func (p *Policy) NotifyIn() string { return p.file.Notify.In }

// NotifyThenSuppress says whether such a case is set to SUPPRESSED, and so left
// out of the score, once the summary that tells it was delivered.
func (p *Policy) NotifyThenSuppress() bool { return p.file.Notify.Then == "suppress" }

// Quiet is how long an incident that demands no response stays open without
// news; 7 days where the file is silent.
func (p *Policy) Quiet() time.Duration { return p.file.Quiet.Duration() }

// Backlog is the span over which the deadlines of a first import are spread;
// zero for none.
func (p *Policy) Backlog() calendar.Span { return p.file.Backlog }

// defaultGroupWait gives findings of one change the time to arrive together.
const defaultGroupWait = 30 * time.Second

// GroupWait is how long a message waits for more cases of its owner and control.
func (p *Policy) GroupWait() time.Duration {
	if p.file.GroupWait.IsZero() {
		return defaultGroupWait
	}
	return p.file.GroupWait.Duration()
}

// Attention bounds the messages that an owner gets one by one on a channel; the
// zero Rate is no limit, and "0 per week" sums up all but what is CRITICAL or
// urgent.
func (p *Policy) Attention() Rate { return p.file.Attention }

// TicketsPerControl says that cases of one control and owner share a ticket.
func (p *Policy) TicketsPerControl() bool { return p.file.Tickets.Per == "control" }

// ClosedEarlyRequests says that a ticket closed while its resource still fails
// becomes a request for an exception; otherwise it is opened again.
func (p *Policy) ClosedEarlyRequests() bool { return p.file.Tickets.ClosedEarly == "request" }

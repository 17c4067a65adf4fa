// Package twin runs the twin of a tracker (internal/fake/tracker) as a server for
// the suite of trackers, which each tracker's own test starts.
package twin

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"zesei/internal/fake"
	"zesei/internal/fake/tracker"
	"zesei/internal/ticket"
	"zesei/internal/ticket/tickettest"
)

// Options say which tracker is played.
type Options struct {
	Kind     tracker.Kind
	Assignee string
	NoDue    bool
	Twin     tracker.Options
	Harmless func(t *testing.T, stored, hostile string)
	// Priorities and Custom are those of tickettest.Harness; Priority reads that of
	// a ticket, nil: Issue.Priority.
	Priorities [2]string
	Priority   func(tracker.Issue) string
	Custom     string
	// ClosedAs reads the reason out of the body of the call that closed a ticket,
	// and Reasons are those of tickettest.Harness.
	ClosedAs func(body json.RawMessage) string
	Reasons  map[ticket.Ending]string
	// Use is told of the twin before anything happens; nil is fine.
	Use func(*tracker.Twin)
}

// Read reads one value out of a body at a path of keys; empty: none is there.
func Read(body json.RawMessage, path ...string) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	for _, key := range path {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// Token is what the twin accepts; it must stand in no error.
const Token = "tok-3c0ffee-secret"

// Clock is a clock that only Advance moves.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance lets time pass.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Open starts a twin whose search takes 15 seconds to know a new ticket, and
// the tracker that talks to it.
func Open(t *testing.T, o Options, make func(url, token string, now func() time.Time) (ticket.Tracker, error)) tickettest.Harness {
	t.Helper()
	clock := &Clock{now: time.Date(2027, 4, 28, 0, 0, 0, 0, time.UTC)}
	o.Twin.Now, o.Twin.Token = clock.Now, Token
	tw := tracker.New(o.Kind, o.Twin)
	server := httptest.NewServer(tw)
	t.Cleanup(server.Close)
	tr, err := make(server.URL, Token, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	if o.Use != nil {
		o.Use(tw)
	}
	act := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var closedAs func(string) string
	if o.ClosedAs != nil {
		closedAs = func(string) string {
			moves := tw.Journal().Entries(fake.Query{Operation: "move", Outcome: "ok"})
			return o.ClosedAs(moves[len(moves)-1].Input)
		}
	}
	tick := func() { clock.Advance(time.Second) } // what people do takes them a moment
	return tickettest.Harness{
		Tracker: tr, Project: tw.Project(), Secret: Token, Assignee: o.Assignee, Now: clock.Now, Advance: clock.Advance, NoDue: o.NoDue, Harmless: o.Harmless,
		Priorities: o.Priorities, Custom: o.Custom, ClosedAs: closedAs, Reasons: o.Reasons,
		Order: func(what string, f tickettest.Fault) {
			kind := map[tickettest.Fault]fake.FaultKind{tickettest.Lost: fake.LostAnswer, tickettest.Busy: fake.ServerError, tickettest.Limited: fake.Throttle, tickettest.Refused: fake.Deny}[f]
			tw.Faults().Add(fake.Fault{Kind: kind, Service: string(o.Kind), Operation: what, Times: 1, RetryAfter: time.Minute})
		},
		Standing: func() []tickettest.Shown {
			var out []tickettest.Shown
			for _, i := range tw.Issues() {
				s := tickettest.Shown{Key: i.Key, Title: i.Title, Body: i.Body, Closed: i.Closed, Due: i.Due, Assignee: i.Assignee, Priority: i.Priority}
				if o.Priority != nil {
					s.Priority = o.Priority(i)
				}
				if v, ok := i.Fields[o.Custom]; ok {
					s.Custom = fmt.Sprint(v)
				}
				slices.SortStableFunc(i.Comments, func(a, b tracker.Comment) int { return a.At.Compare(b.At) })
				for _, c := range i.Comments {
					s.Comments = append(s.Comments, c.Text)
				}
				out = append(out, s)
			}
			return out
		},
		Close:  func(key string) { tick(); act(tw.Close(key, "taro")) },
		Reopen: func(key string) { tick(); act(tw.Reopen(key, "taro")) },
		Say:    func(key, text string) { tick(); act(tw.Say(key, "taro", text)) },
		Assign: func(key string) { tick(); act(tw.Assign(key, "taro", "hanako")) },
		Delete: func(key string) { act(tw.Delete(key)) },
	}
}

// Package tickettest is the suite that every ticket.Tracker passes. It plays
// what happens to a ticket over its life, with faults and crashes, and looks at
// what a person who opens the tracker has before them: one ticket, each comment
// once, saying the latest.
//
// A tracker's test gives it a Harness: the tracker, wired to a server on
// loopback, and hands to act there as a person and to order trouble.
package tickettest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"zesei/internal/finding"
	"zesei/internal/ticket"
)

// Fault is what happens to the next call that changes something.
type Fault string

// The faults.
const (
	Lost    Fault = "lost answer" // done, but the connection is cut before the answer
	Busy    Fault = "busy"        // a server error before anything was done
	Limited Fault = "limited"     // too many requests, wait 60 seconds
	Refused Fault = "refused"     // a refusal whose text holds the token
)

// Shown is a ticket as a person sees it.
type Shown struct {
	Key      string
	Title    string
	Body     string // as stored
	Closed   bool
	Due      string // as the tracker has it; empty where it has none
	Assignee string
	Comments []string // as stored, oldest first
	Priority string   // as the tracker has it
	Custom   string   // the value of Harness.Custom
}

// Harness is a tracker and its server.
type Harness struct {
	Tracker  ticket.Tracker
	Project  string
	Secret   string // must stand in no error
	Assignee string // somebody whom the server knows
	Now      func() time.Time
	// Advance lets time pass.
	Advance func(time.Duration)
	// Order makes the next create (what "create"), comment or move fail.
	Order func(what string, f Fault)
	// Standing is every ticket there, oldest first.
	Standing func() []Shown
	// What a person does there; nil: it cannot be done by test.
	Close, Reopen func(key string)
	Say           func(key, text string)
	Assign        func(key string)
	Delete        func(key string)
	// Harmless fails the test where hostile text, as stored, would be markup, a
	// mention or a link; hostile is the text as it came.
	Harmless func(t *testing.T, stored, hostile string)
	// Priorities are what a ticket's priority is for HIGH and for CRITICAL; empty:
	// the tracker is not set up to have any.
	Priorities [2]string
	Custom     string // name of a further field; empty: the server keeps none
	NoDue      bool   // the tracker has no deadlines
	Slow       bool   // a real server or a process a call: several stops are played in one life, and two of the reasons
	// ClosedAs is what the tracker was last told of why a ticket is closed, and
	// Reasons what it must be told; nil: the tracker knows no reasons.
	ClosedAs func(key string) string
	Reasons  map[ticket.Ending]string
}

// Run plays the suite; open returns a fresh server each time.
func Run(t *testing.T, open func(*testing.T) Harness) { run(t, "", open) }

// RunHostile plays only how text from outside arrives.
func RunHostile(t *testing.T, open func(*testing.T) Harness) {
	run(t, "text from outside forges nothing", open)
}

func run(t *testing.T, only string, open func(*testing.T) Harness) {
	t.Helper()
	texts, err := ticket.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		do   func(*testing.T, *play)
	}{
		{"a ticket is created once and an unchanged one is left alone", once},
		{"a lost answer to a create makes no second ticket", lostCreate},
		{"a create that certainly failed is tried again at once", busyCreate},
		{"a limit says how long to wait", limited},
		{"a refusal is permanent and shows no token", refused},
		{"a stop at any point doubles and loses nothing", stopAnywhere},
		{"a lost answer to a comment makes no second comment", lostComment},
		{"a change is written and told", changes},
		{"priority and further fields follow the severity", mapped},
		{"a ticket is closed with proof and opened when it recurs", closes},
		{"a ticket is closed with the reason that the tracker knows", closedAs},
		{"an accepted risk names its end and approver, and its end opens the ticket", accepted},
		{"a ticket that a person opens is closed again once, and then left", reopened},
		{"a ticket is found by its marker and by no other", finds},
		{"a ticket closed too early is opened again with the reason", closedEarly},
		{"comments and assignees come back once", comesBack},
		{"a ticket that was deleted is made anew once", deleted},
		{"an unknown assignee costs no ticket", unknownPerson},
		{"text from outside forges nothing", hostile},
		{"a ticket in Japanese arrives as it was written", japanese},
		{"a group is one ticket that tells who joined", group},
	} {
		if only != "" && test.name != only {
			continue
		}
		t.Run(test.name, func(t *testing.T) { test.do(t, &play{Harness: open(t), t: t, texts: texts}) })
	}
}

// play is one ticket in a tracker, stored the way a caller would.
type play struct {
	Harness
	t      *testing.T
	texts  *ticket.Templates
	stored []byte // Known as JSON, as last recorded
}

var errStopped = errors.New("the process stops here")

func (p *play) known() ticket.Known {
	var k ticket.Known
	if len(p.stored) > 0 {
		if err := json.Unmarshal(p.stored, &k); err != nil {
			p.t.Fatalf("read back what is known: %v", err)
		}
	}
	return k
}

func (p *play) keep(k ticket.Known) {
	b, err := json.Marshal(k)
	if err != nil {
		p.t.Fatal(err)
	}
	p.stored = b
}

// deliver brings the ticket up to date once; stopAt > 0 lets the process die
// right after (or, with lose, right before) its stopAt-th record.
func (p *play) deliver(w ticket.Ticket, stopAt int, lose bool) error {
	p.t.Helper()
	d := ticket.Deliverer{Tracker: p.Tracker, Texts: p.texts, Now: p.Now, Log: slog.New(slog.DiscardHandler)}
	n := 0
	known := p.known()
	after, err := d.Deliver(context.Background(), ticket.Decide(w, known), known, func(k ticket.Known, _ *ticket.Step) error {
		n++
		if n != stopAt || !lose {
			p.keep(k)
		}
		if n == stopAt {
			return errStopped
		}
		return nil
	})
	if err == nil {
		p.keep(after)
	} else if p.Secret != "" && strings.Contains(err.Error(), p.Secret) {
		p.t.Errorf("the error shows the token: %v", err)
	}
	return err
}

// settle delivers until nothing is left to do, waiting where that is asked for.
func (p *play) settle(w ticket.Ticket) {
	p.t.Helper()
	for range 12 {
		err := p.deliver(w, 0, false)
		var wait *ticket.RetryAfter
		switch {
		case errors.As(err, &wait):
			p.Advance(wait.After)
		case errors.Is(err, ticket.ErrGone):
		case err != nil:
			p.t.Fatalf("deliver: %v", err)
		default:
			if a := ticket.Decide(w, p.known()); len(a.List) > 0 {
				p.t.Fatalf("after a delivery there is still to do: %s, %s", a.List[0].Do, a.List[0].Why)
			}
			return
		}
	}
	p.t.Fatal("the ticket does not come to rest")
}

// hear polls the tracker and absorbs what came back.
func (p *play) hear(w ticket.Ticket) []ticket.Feedback {
	p.t.Helper()
	p.Advance(p.Tracker.Traits().IndexDelay)
	k := p.known()
	list, err := p.Tracker.Changes(context.Background(), p.Project, p.Now().Add(-time.Hour), []ticket.Ref{k.Ref})
	if err != nil {
		p.t.Fatalf("changes: %v", err)
	}
	var out []ticket.Feedback
	for _, is := range list {
		if is.Key == k.Key {
			var news []ticket.Feedback
			k, news = ticket.Absorb(k, is, w.Open(), p.Now())
			out = append(out, news...)
		}
	}
	p.keep(k)
	return out
}

func (p *play) one() Shown {
	p.t.Helper()
	all := p.Standing()
	if len(all) != 1 {
		p.t.Fatalf("%d tickets stand, want 1", len(all))
	}
	return all[0]
}

// wantComments checks how many comments there are, and that none stands twice.
func (p *play) wantComments(n int) []string {
	p.t.Helper()
	got := p.one().Comments
	if len(got) != n {
		p.t.Fatalf("%d comments stand, want %d:\n%s", len(got), n, strings.Join(got, "\n-----\n"))
	}
	return got
}

func (p *play) ticket(names ...string) ticket.Ticket {
	w := ticket.Ticket{
		Key: "5eed0001-1", Owner: "shop", Project: p.Project, Language: "en", Zone: time.FixedZone("JST", 9*3600), Grouped: len(names) > 1, Assignee: p.Assignee,
		Control: ticket.Control{ID: "S3.8", TitleEN: "S3 buckets should block public access", TitleJA: "S3バケットでパブリックアクセスをブロックしてください",
			Severity: finding.High, Remediation: "https://docs.aws.amazon.com/console/securityhub/S3.8/remediation"},
	}
	for _, name := range names {
		w.Cases = append(w.Cases, ticket.Case{Key: "case" + name, AccountID: "111122223333", AccountName: "shop-prod", Region: "ap-northeast-1",
			Resource: "arn:aws:s3:::" + name, ResourceName: name, ResourceType: "AWS::S3::Bucket", Severity: finding.High, State: ticket.Open,
			Due: time.Date(2027, 5, 10, 14, 59, 0, 0, time.UTC)})
	}
	return w
}

// with returns the ticket with its ith case changed.
func with(w ticket.Ticket, i int, change func(*ticket.Case)) ticket.Ticket {
	w.Cases = append([]ticket.Case(nil), w.Cases...)
	change(&w.Cases[i])
	return w
}

func fixed(c *ticket.Case) {
	c.State, c.Reason, c.Proof = ticket.Closed, "fixed", "BlockPublicAcls is true in the live configuration"
}

func again(c *ticket.Case) {
	c.State, c.Reason, c.Proof, c.By, c.MovedTo = ticket.Open, "", "", "jiro", ""
	c.Recurrences++
}

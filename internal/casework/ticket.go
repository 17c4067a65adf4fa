package casework

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// Kinds of the jobs of tickets, with their subjects.
const (
	JobTicket     = "ticket"      // id of a ticket row
	JobTicketPoll = "ticket.poll" // tracker|project
)

// TicketCases is how many cases one ticket holds at most.
const TicketCases = 500

// tickets lets the cases that people must work on join a ticket row, and asks
// for the rows that they already stand in to be brought up to date.
func (b *batch) tickets(ctx context.Context) error {
	if b.rules.Tracker == nil {
		return nil
	}
	var ids []int64
	for _, o := range b.order {
		if o.wants.Tell && !o.wants.Opened {
			ids = append(ids, o.f.ID)
		}
	}
	in := map[int64][]store.Ticket{}
	if len(ids) > 0 {
		var err error
		if in, err = store.TicketsOfCases(ctx, b.tx, ids); err != nil {
			return err
		}
	}
	groups := map[ticketGroup]*store.Ticket{}
	for _, o := range b.order {
		if !o.wants.Tell {
			continue
		}
		for _, t := range in[o.f.ID] {
			b.ask(JobTicket, strconv.FormatInt(t.ID, 10), b.now)
		}
		if o.f.State != casefile.Open || o.f.Terms.Response != "track" {
			continue
		}
		if err := b.joinTicket(ctx, groups, in[o.f.ID], o.f); err != nil {
			return err
		}
	}
	return nil
}

// ticketGroup is what the cases of one ticket share.
type ticketGroup struct{ owner, control, tracker, project string }

func (b *batch) joinTicket(ctx context.Context, groups map[ticketGroup]*store.Ticket, in []store.Ticket, f *casefile.File) error {
	tracker, project, ok := b.rules.Tracker(f.Terms.Owner)
	if !ok {
		return nil
	}
	for _, t := range in {
		if t.Owner == f.Terms.Owner && t.Tracker == tracker && t.Project == project {
			return nil
		}
	}
	g := ticketGroup{f.Terms.Owner, "", tracker, project}
	// What a first import found goes into one ticket a control, whatever the
	// policy says: a ticket for each would be a flood.
	if b.rules.TicketsPerControl || f.Life.Backlog && f.Severity != finding.Critical {
		g.control = f.Key.Control
	}
	t, err := b.ticket(ctx, groups, g)
	if err != nil {
		return err
	}
	if err := store.JoinTicket(ctx, b.tx, t, f.ID, b.now); err != nil {
		return err
	}
	at := b.now
	if g.control != "" {
		at = at.Add(b.rules.GroupWait)
	}
	b.ask(JobTicket, strconv.FormatInt(t.ID, 10), at)
	return nil
}

// ticket finds the row that a case joins, or makes one.
func (b *batch) ticket(ctx context.Context, groups map[ticketGroup]*store.Ticket, g ticketGroup) (*store.Ticket, error) {
	if g.control != "" {
		if t := groups[g]; t != nil && t.N < TicketCases {
			return t, nil
		}
		t, err := store.OpenTicket(ctx, b.tx, g.owner, g.control, g.tracker, g.project, TicketCases)
		if err == nil {
			groups[g] = &t
			return &t, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	t := &store.Ticket{Owner: g.owner, Control: g.control, Tracker: g.tracker, Project: g.project, OpenedAt: b.now}
	if err := store.AddTicket(ctx, b.tx, t); err != nil {
		return nil, err
	}
	groups[g] = t
	return t, nil
}

// TicketNews is something that a person did in a tracker. Their text is data.
type TicketNews struct {
	What string // closed, opened, assignee, comment, recheck, exception
	Who  string // the tracker's name for the person
	Text string
	URL  string // of the ticket
	// Until is when an exception that is asked for would end.
	Until time.Time
}

// TicketRest is how long a ticket that people closed too early waits for the
// recheck of its resources before it is opened again.
const TicketRest = 3 * time.Minute

// KeepTicket keeps what has been done of a ticket; poll, when not zero, is when
// its tracker is next to be asked what people did there.
func (w *Work) KeepTicket(ctx context.Context, id int64, key string, open bool, known json.RawMessage, poll time.Time) error {
	return w.ticket(ctx, id, key, open, known, poll, nil, nil)
}

// SawTickets keeps tickets, by row, as their tracker was seen to have them, and
// asks for each to be taken in by the one job that may change what is known of it.
func (w *Work) SawTickets(ctx context.Context, seen map[int64]json.RawMessage) error {
	err := w.DB.Update(ctx, func(tx *store.Tx) error {
		b := w.newBatch(tx, "")
		for id, raw := range seen {
			if err := store.SaveHeard(ctx, tx, id, raw); err != nil {
				return err
			}
			b.ask(JobTicket, strconv.FormatInt(id, 10), b.now)
		}
		return b.write(ctx)
	})
	if err == nil {
		w.committed()
	}
	return err
}

// HeardTicket notes what people did in a tracker on the cases of a ticket, in one
// transaction with what is known of it and what was heard, so that each thing is
// noted once. From a
// tracker come only: a recheck, who works on it, words, and the wish for an
// exception, which another person must approve.
func (w *Work) HeardTicket(ctx context.Context, id int64, key string, open bool, known, heard json.RawMessage, news []TicketNews) error {
	return w.ticket(ctx, id, key, open, known, time.Time{}, heard, news)
}

func (w *Work) ticket(ctx context.Context, id int64, key string, open bool, known json.RawMessage, poll time.Time, heard json.RawMessage, news []TicketNews) error {
	err := w.DB.Update(ctx, func(tx *store.Tx) error {
		b := w.newBatch(tx, "")
		row, err := store.LoadTicket(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := store.SaveKnown(ctx, tx, id, key, open, known); err != nil {
			return err
		}
		if heard != nil {
			if err := store.TookHeard(ctx, tx, id, heard); err != nil {
				return err
			}
		}
		if !poll.IsZero() {
			b.ask(JobTicketPoll, row.Tracker+"|"+row.Project, poll)
		}
		if len(news) > 0 {
			caseIDs, err := store.TicketCaseIDs(ctx, tx, id)
			if err != nil {
				return err
			}
			files, err := store.CasesByID(ctx, tx, caseIDs)
			if err != nil {
				return err
			}
			for _, n := range news {
				if err := b.ticketNews(ctx, row, files, n); err != nil {
					return err
				}
			}
		}
		return b.write(ctx)
	})
	if err != nil {
		return fmt.Errorf("keeping what is known of ticket %d: %w", id, err)
	}
	w.committed()
	return nil
}

func (b *batch) ticketNews(ctx context.Context, row store.Ticket, files []*casefile.File, n TicketNews) error {
	who := Person{ID: row.Tracker + ":" + n.Who}
	again := strconv.FormatInt(row.ID, 10)
	if n.What == "closed" || n.What == "opened" {
		b.ask(JobTicket, again, b.now.Add(TicketRest))
	}
	first := true
	for _, f := range files {
		if f.State == casefile.Closed {
			if n.What == "opened" || n.What == "recheck" {
				b.recheck(f)
			}
			continue
		}
		switch n.What {
		case "closed", "opened", "recheck":
			b.recheck(f)
			if n.What == "closed" {
				if err := b.note(b.take(f), who.ID, []casefile.Move{{What: "ticket closed", Why: "its ticket was closed while the case is " + string(f.State), Data: map[string]string{"ticket": n.URL}}}, casefile.Wants{Updated: true}); err != nil {
					return err
				}
			}
		case "assignee":
			moves, wants, err := f.Assign(n.Text, "in the ticket", b.rules.env(f, b.now))
			if err != nil {
				return err
			}
			if err := b.note(b.take(f), who.ID, moves, wants); err != nil {
				return err
			}
		case "comment":
			if !first {
				continue // one comment is kept once: on the first open case
			}
			first = false
			moves, wants, err := f.Note(n.Text, b.rules.env(f, b.now))
			if err != nil {
				return err
			}
			if err := b.note(b.take(f), who.ID, moves, wants); err != nil {
				return err
			}
		case "exception":
			if err := b.wishForException(ctx, f, who, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// recheck asks for a look at the resource of a case where we can read it.
func (b *batch) recheck(f *casefile.File) {
	if b.rules.CanRead != nil && f.Key.Kind == finding.State && b.rules.CanRead(f.Key.Account, f.Key.Control) {
		b.ask(JobRecheck, TargetOf(f).String(), time.Time{})
	}
}

// wishForException keeps a wish from a tracker, unless one for the case waits.
func (b *batch) wishForException(ctx context.Context, f *casefile.File, who Person, n TicketNews) error {
	if f.State != casefile.Open {
		return nil
	}
	asked, err := store.ExceptionsOfCase(ctx, b.tx, f.ID)
	if err != nil {
		return err
	}
	for _, x := range asked {
		if x.State == store.ExceptionAsked {
			return nil
		}
	}
	reason := n.Text
	if reason == "" {
		reason = "asked for in the ticket without a reason"
	}
	id, err := b.w.newID("x")
	if err != nil {
		return err
	}
	x := store.Exception{ID: id, State: store.ExceptionAsked, Scope: store.Scope{Case: store.ShortKey(f.Key)}, CaseID: f.ID,
		Reason: reason, Evidence: n.URL, AskedBy: who.ID, AskedAt: b.now, ExpiresAt: n.Until.UTC()}
	if err := store.SaveException(ctx, b.tx, x); err != nil {
		return err
	}
	return b.note(b.take(f), who.ID, []casefile.Move{{What: "exception asked", Why: reason, Data: x}}, casefile.Wants{Updated: true, Tell: true})
}

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

// TicketState is a ticket row as the desk leaves it.
type TicketState struct {
	Key   string // as the tracker calls it; empty: not made yet
	Open  bool   // cases of its group join it
	Watch time.Time
	Known json.RawMessage // what has been done of it
}

// TicketStep is one thing that was done in a tracker about cases.
type TicketStep struct {
	What  string // create, comment, close, reopen
	Why   string
	URL   string
	Cases []string // short keys
}

// KeepTicket keeps what has been done of a ticket, and the step that was done in
// the audit chains of the cases that it is about; nil: none. poll, when not zero,
// is when its tracker is next to be asked what people did there.
func (w *Work) KeepTicket(ctx context.Context, id int64, state TicketState, poll time.Time, step *TicketStep) error {
	return w.ticket(ctx, id, state, func(b *batch, row store.Ticket) error {
		if !poll.IsZero() {
			b.ask(JobTicketPoll, row.Tracker+"|"+row.Project, poll)
		}
		if step == nil {
			return nil
		}
		return b.stepped(ctx, row, state, *step)
	})
}

// stepped notes what was done in a tracker.
func (b *batch) stepped(ctx context.Context, row store.Ticket, state TicketState, step TicketStep) error {
	files, err := b.ticketFiles(ctx, row.ID)
	if err != nil {
		return err
	}
	about := map[string]bool{}
	for _, k := range step.Cases {
		about[k] = true
	}
	what := map[string]string{"create": "ticket made", "comment": "ticket told", "close": "ticket closed by us", "reopen": "ticket opened again"}[step.What]
	move := casefile.Move{What: what, Why: step.Why, Data: map[string]string{"tracker": row.Tracker, "project": row.Project, "key": state.Key, "url": step.URL}}
	for _, f := range files {
		if !about[store.ShortKey(f.Key)] {
			continue
		}
		if err := b.note(b.take(f), "zesei", []casefile.Move{move}, casefile.Wants{}); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) ticketFiles(ctx context.Context, id int64) ([]*casefile.File, error) {
	ids, err := store.TicketCaseIDs(ctx, b.tx, id)
	if err != nil {
		return nil, err
	}
	return store.CasesByID(ctx, b.tx, ids)
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
// noted once. From a tracker come only: a recheck, who works on it, words, and
// the wish for an exception, which another person must approve.
func (w *Work) HeardTicket(ctx context.Context, id int64, state TicketState, heard json.RawMessage, news []TicketNews) error {
	return w.ticket(ctx, id, state, func(b *batch, row store.Ticket) error {
		if err := store.TookHeard(ctx, b.tx, id, heard); err != nil || len(news) == 0 {
			return err
		}
		files, err := b.ticketFiles(ctx, id)
		if err != nil {
			return err
		}
		for _, n := range news {
			if err := b.ticketNews(ctx, row, files, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// ticket saves a ticket row and what follows from it in one transaction.
func (w *Work) ticket(ctx context.Context, id int64, state TicketState, follow func(*batch, store.Ticket) error) error {
	err := w.DB.Update(ctx, func(tx *store.Tx) error {
		b := w.newBatch(tx, "")
		row, err := store.LoadTicket(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := store.SaveKnown(ctx, tx, id, state.Key, state.Open, state.Watch, state.Known); err != nil {
			return err
		}
		if err := follow(b, row); err != nil {
			return err
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
	for _, f := range files {
		over := f.State == casefile.Closed
		switch n.What {
		case "recheck":
			b.recheck(f)
		case "closed", "opened":
			if over && n.What == "closed" {
				continue
			}
			b.recheck(f)
			move := casefile.Move{What: "ticket " + n.What, Why: "its ticket was " + n.What + " while the case is " + string(f.State), Data: map[string]string{"ticket": n.URL}}
			if err := b.note(b.take(f), who.ID, []casefile.Move{move}, casefile.Wants{Updated: true}); err != nil {
				return err
			}
		case "assignee":
			if over {
				continue
			}
			moves, wants, err := f.Assign(n.Text, "in the ticket", b.rules.env(f, b.now))
			if err != nil {
				return err
			}
			if err := b.note(b.take(f), who.ID, moves, wants); err != nil {
				return err
			}
		case "comment":
			if f != speaksOf(files) {
				continue
			}
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

// speaksOf is the case on which a comment is kept, once: the first that is not
// over, else the first.
func speaksOf(files []*casefile.File) *casefile.File {
	for _, f := range files {
		if f.State != casefile.Closed {
			return f
		}
	}
	return files[0]
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
	end, evidence := n.Until.UTC(), n.URL
	if latest := b.rules.Exceptions.Latest; latest != nil {
		if last := latest(b.now).UTC(); end.After(last) {
			end = last // nobody named an end in the tracker: the policy's holds
		}
	}
	if checkEvidence(evidence) != nil {
		evidence = "" // a tracker of the house without https: the case names its tickets
	}
	id, err := b.w.newID("x")
	if err != nil {
		return err
	}
	x := store.Exception{ID: id, State: store.ExceptionAsked, Scope: store.Scope{Case: store.ShortKey(f.Key)}, CaseID: f.ID,
		Reason: reason, Evidence: evidence, AskedBy: who.ID, AskedAt: b.now, ExpiresAt: end}
	if err := store.SaveException(ctx, b.tx, x); err != nil {
		return err
	}
	if err := b.exceptionMove(ctx, x, who.ID, "asked", reason); err != nil {
		return err
	}
	return b.note(b.take(f), who.ID, []casefile.Move{{What: "exception asked", Why: reason, Data: x}}, casefile.Wants{Updated: true, Tell: true})
}

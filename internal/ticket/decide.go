package ticket

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Do is what an action does.
type Do string

// The things an action does.
const (
	Look   Do = "look"    // a step is in doubt: find out before anything else
	Create Do = "create"  // a new ticket
	Update Do = "update"  // fields of the ticket
	Say    Do = "comment" // a comment of ours
	Close  Do = "close"
	Reopen Do = "reopen"
)

// Action is one outward step.
type Action struct {
	Do     Do
	Why    string
	Fields []string // of an update, sorted
	View   View     // of a comment, a close or a reopen
}

// Actions is everything that brings what is known up to what is wanted.
type Actions struct {
	Ticket Ticket
	List   []Action
	Why    string // why the list is empty, when it is
}

// Names of a ticket's fields, as Known.Fields and Tracker.Update use them.
const (
	FieldTitle    = "title"
	FieldBody     = "body"
	FieldDue      = "due"
	FieldPriority = "priority"
	FieldAssignee = "assignee"
	FieldOthers   = "fields"
)

// Decide compares what a ticket must say with what has been done. It is pure:
// the same arguments give the same actions, and after these are done it gives
// none.
func Decide(wanted Ticket, known Known) Actions {
	out := Actions{Ticket: wanted}
	if known.Pending != nil {
		out.add(Action{Do: Look, Why: "in doubt whether the " + string(known.Pending.Do) + " arrived"})
		return out
	}
	open := wanted.Open()
	if !known.Exists() {
		switch {
		case len(wanted.Cases) == 0:
			out.Why = "no case belongs to the ticket"
		case !open:
			out.Why = "every case was over before there was a ticket"
		case known.Gone > 0:
			out.add(Action{Do: Create, Why: "the ticket was deleted while the resource still fails"})
		default:
			out.add(Action{Do: Create, Why: "first ticket"})
		}
		return out
	}
	events := happened(wanted, known)
	early := open && known.Early != nil
	if early && known.Closed && wanted.Hold != "" {
		out.Why = wanted.Hold
		return out
	}
	why := "a case is open again"
	if early {
		why = "it was closed while the resource still fails"
		events = append([]Event{{What: ClosedEarly, By: known.Early.By}}, events...)
	}
	leave := false
	if r := known.Reopened; r != nil && !open && !known.Closed {
		answer := r.Answer
		if answer == "" {
			if wanted.Hold != "" {
				out.Why = wanted.Hold
				return out
			}
			// Closed again once, on a fresh look; nobody is contradicted twice.
			if answer = LeftOpen; r.Times == 1 && wanted.Rechecked {
				answer = ClosedAgain
			}
			e := Event{What: answer, By: r.By}
			if moved, all := wanted.movedTo(); all && answer == LeftOpen {
				e.Case = moved
			}
			events = append([]Event{e}, events...)
		}
		leave = answer == LeftOpen
	}
	if open && known.Closed {
		out.add(Action{Do: Reopen, Why: why, View: wanted.comment(events)})
	}
	if changed := changedFields(wanted, known); len(changed) > 0 {
		out.add(Action{Do: Update, Why: "changed: " + strings.Join(changed, ", "), Fields: changed})
	}
	if len(events) > 0 {
		out.add(Action{Do: Say, Why: telling(events), View: wanted.comment(events)})
	}
	if !open && !known.Closed && !leave {
		out.add(Action{Do: Close, Why: closeWhy(wanted.Ending()), View: wanted.comment(closing(wanted))})
	}
	switch {
	case len(out.List) > 0:
	case leave:
		out.Why = "a person wants it open"
	default:
		out.Why = "nothing that a person reads has changed"
	}
	return out
}

// closeWhy is a close in words, as the audit chain keeps it.
func closeWhy(e Ending) string {
	return "no case is open (" + strings.ReplaceAll(string(e), "_", " ") + ")"
}

func (a *Actions) add(act Action) { a.List = append(a.List, act) }

// What happened to a case, or to the ticket.
const (
	Joined      = "joined"
	WasClosed   = "closed"
	WasAccepted = "accepted"
	Muted       = "suppressed"
	Opened      = "opened" // again, without being a recurrence
	Recurred    = "recurred"
	DueMoved    = "due"
	Graver      = "severity"
	ClosedEarly = "closed-early"
	Expired     = "expired" // open again because an exception ended

	ClosedAgain = "closed-again" // a person opened it, and nothing fails
	LeftOpen    = "left-open"    // a person opened it, and it is theirs now
)

// Event is one thing that a comment says.
type Event struct {
	What string
	Case Case
	From string // the date or severity before
	By   string
}

// happened is what people have not read yet of the cases.
func happened(t Ticket, known Known) []Event {
	var out []Event
	for _, c := range t.Cases {
		was, read := known.Seen[c.Key]
		now := t.seen(c)
		switch {
		case was == now:
		case c.MovedTo != "" && was.State == Closed: // what follows is told to its owner
		case !read && c.State == Open:
			out = append(out, Event{What: Joined, Case: c, By: c.By})
		case !read:
		case now.State != was.State || now.Recurrences > was.Recurrences:
			e := Event{Case: c, By: c.By}
			switch {
			case now.State == Closed:
				e.What = WasClosed
			case now.State == Accepted:
				e.What = WasAccepted
			case now.State == Suppressed:
				e.What = Muted
			case now.Recurrences > was.Recurrences:
				e.What = Recurred
			case was.State == Accepted:
				e.What = Expired
			default:
				e.What = Opened
			}
			out = append(out, e)
		case now.State == Accepted:
			out = append(out, Event{What: WasAccepted, Case: c})
		case now.State != Open:
		default:
			if now.Due != was.Due {
				out = append(out, Event{What: DueMoved, Case: c, From: was.Due})
			}
			if now.Severity != was.Severity {
				out = append(out, Event{What: Graver, Case: c, From: was.Severity})
			}
		}
	}
	return out
}

// closing is what the end of the ticket rests on: all of its cases.
func closing(t Ticket) []Event {
	var out []Event
	for _, c := range t.Cases {
		what := map[State]string{Closed: WasClosed, Accepted: WasAccepted, Suppressed: Muted}[c.State]
		out = append(out, Event{What: what, Case: c})
	}
	return out
}

func telling(events []Event) string {
	var out []string
	for _, e := range events {
		if !slices.Contains(out, e.What) {
			out = append(out, e.What)
		}
	}
	return "to be told: " + strings.Join(out, ", ")
}

func (t Ticket) seen(c Case) Seen {
	s := Seen{State: c.State, Recurrences: c.Recurrences}
	day := c.Until
	if c.State == Open {
		s.Severity, day = string(c.Severity), c.Due
	}
	if !day.IsZero() && (c.State == Open || c.State == Accepted) {
		s.Due = day.In(t.zone()).Format("2006-01-02")
	}
	return s
}

func (t Ticket) allSeen() map[string]Seen {
	out := map[string]Seen{}
	for _, c := range t.Cases {
		out[c.Key] = t.seen(c)
	}
	return out
}

// hashes is what each field says, from the facts and not from the texts: a new
// wording of the templates rewrites no ticket.
func (t Ticket) hashes() map[string]string {
	v := t.view()
	out := map[string]string{
		FieldTitle:    hash(t.Control.ID, t.Severity(), t.Language, v.subject()),
		FieldBody:     hash(t.Control, t.Cases, t.Language, t.Owner, t.zone().String()),
		FieldPriority: hash(t.Severity()),
		FieldAssignee: hash(t.Assignee),
		FieldDue:      hash(t.date()),
		FieldOthers:   "",
	}
	if len(t.Fields) > 0 {
		out[FieldOthers] = hash(t.Fields, t.Severity(), out[FieldDue], t.Control.ID, v.subject(), t.Assignee)
	}
	return out
}

// changedFields are the fields that say something else now. A ticket that is
// over keeps the deadline and the priority that it had; where a risk is accepted
// its deadline is the day on which that ends.
func changedFields(t Ticket, known Known) []string {
	var out []string
	open := t.Open()
	for name, h := range t.hashes() {
		if known.Fields[name] == h || !open && name != FieldBody && (name != FieldDue || t.date() == "") {
			continue
		}
		if name == FieldAssignee && t.Assignee == "" {
			continue // who works on it is the tracker's business until we know somebody
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func hash(values ...any) string {
	b, err := json.Marshal(values)
	if err != nil {
		b = fmt.Append(nil, values...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// wrote notes that fields were brought up to date.
func (k *Known) wrote(t Ticket, fields []string) {
	h := t.hashes()
	if fields == nil {
		k.Fields = h
		return
	}
	for _, f := range fields {
		k.Fields[f] = h[f]
	}
}

func (k *Known) read(seen map[string]Seen) { maps.Copy(k.Seen, seen) }

package ticket

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Deliverer carries actions out in one tracker.
type Deliverer struct {
	Tracker Tracker
	Texts   *Templates
	Now     func() time.Time
	Log     *slog.Logger
}

// skew is how far the tracker's clock and ours may differ when a ticket in doubt
// is looked for.
const skew = 24 * time.Hour

// Step is one step that was done, for who keeps the history: a create, a
// comment, a close or a reopen.
type Step struct {
	Do    Do
	Why   string
	Cases []string // keys of the cases that it is about
}

// Record keeps what is known so far, and the step that was done; nil: one is
// about to be sent, or its fate is known now. It must have committed when it
// returns; its error ends the delivery.
type Record func(Known, *Step) error

// Deliver carries out actions. It calls record before each step that must not be
// done twice is sent, and after each step.
// Deliver returns what is known, also with an error: the caller stores it and
// calls Decide and Deliver again. Errors are those of Tracker.
func (d Deliverer) Deliver(ctx context.Context, a Actions, known Known, record Record) (Known, error) {
	r := &delivery{Deliverer: d, t: a.Ticket, known: known.Clone(), record: record}
	for _, act := range a.List {
		if err := r.step(ctx, act); err != nil {
			return r.known, fmt.Errorf("%s: %s a ticket: %w", d.Tracker.Traits().Name, act.Do, err)
		}
		if act.Do != Look {
			continue
		}
		next := Decide(a.Ticket, r.known) // what was in doubt is known now
		if len(next.List) == 0 {
			return r.known, nil
		}
		return d.Deliver(ctx, next, r.known, record)
	}
	return r.known, nil
}

type delivery struct {
	Deliverer
	t      Ticket
	known  Known
	record Record
}

func (r *delivery) keep() error { return r.did(nil) }

func (r *delivery) did(s *Step) error {
	if err := r.record(r.known.Clone(), s); err != nil {
		return fmt.Errorf("recording it: %w", err)
	}
	return nil
}

// all is a step that is about every case of the ticket.
func (r *delivery) all(do Do, why string) *Step {
	s := &Step{Do: do, Why: why}
	for _, c := range r.t.Cases {
		s.Cases = append(s.Cases, c.Key)
	}
	return s
}

// told is a comment about the cases that people have not read so yet; where it
// is about none of them, it is about the ticket.
func (r *delivery) told(why string, seen map[string]Seen) *Step {
	s := &Step{Do: Say, Why: why}
	for _, c := range r.t.Cases {
		if is, ok := seen[c.Key]; ok && is != r.known.Seen[c.Key] {
			s.Cases = append(s.Cases, c.Key)
		}
	}
	if len(s.Cases) == 0 {
		return r.all(Say, why)
	}
	return s
}

func (r *delivery) step(ctx context.Context, act Action) error {
	var err error
	var done *Step
	switch act.Do {
	case Look:
		return r.look(ctx)
	case Create:
		return r.create(ctx, act.Why)
	case Say:
		return r.say(ctx, act)
	case Update:
		dr := r.draft()
		err = r.Tracker.Update(ctx, r.known.Ref, dr, act.Fields)
		if r.withoutPerson(err, &dr) {
			err = r.Tracker.Update(ctx, r.known.Ref, dr, act.Fields)
		}
		if err == nil {
			r.known.wrote(r.t, act.Fields)
			r.known.Assigned = r.known.Assigned || slices.Contains(act.Fields, FieldAssignee)
		}
	case Close:
		if err = r.Tracker.Close(ctx, r.known.Ref, r.text(act.View), r.t.Ending()); err == nil {
			r.known.Closed, r.known.Early, done = true, nil, r.all(Close, act.Why)
		}
	case Reopen:
		if err = r.Tracker.Reopen(ctx, r.known.Ref, r.text(act.View)); err == nil {
			r.known.Closed, done = false, r.all(Reopen, act.Why)
		}
	}
	if errors.Is(err, ErrGone) {
		return r.gone()
	}
	if err != nil {
		return err
	}
	r.known.Moved = r.Now().UnixMilli()
	return r.did(done)
}

// gone forgets a ticket that somebody deleted; the next round makes it anew
// where a case is still open.
func (r *delivery) gone() error {
	r.Log.Warn("ticket: it was deleted in the tracker", "ticket", r.t.Key, "key", r.known.Key)
	r.known = Known{Gone: r.known.Gone + 1}
	if err := r.keep(); err != nil {
		return err
	}
	return ErrGone
}

func (r *delivery) create(ctx context.Context, why string) error {
	r.known.Pending = &Intent{Do: Create, At: r.Now().Unix(), Fields: r.t.hashes(), Seen: r.t.allSeen()}
	if err := r.keep(); err != nil {
		return err
	}
	dr := r.draft()
	is, err := r.Tracker.Create(ctx, dr)
	if r.withoutPerson(err, &dr) {
		is, err = r.Tracker.Create(ctx, dr)
	}
	if err != nil {
		return r.failed(err)
	}
	r.adopt(is)
	r.known.Moved = r.Now().UnixMilli()
	r.known.Assigned = dr.Assignee != "" && is.Assignee == ""
	return r.did(r.all(Create, why))
}

// withoutPerson takes an assignee out of a draft whom the tracker does not know.
func (r *delivery) withoutPerson(err error, dr *Draft) bool {
	var unknown *UnknownPerson
	if !errors.As(err, &unknown) || dr.Assignee == "" {
		return false
	}
	r.Log.Warn("ticket: it goes on without an assignee", "ticket", r.t.Key, "error", unknown)
	dr.Assignee = ""
	return true
}

// failed keeps a step in doubt unless it certainly did not take effect.
func (r *delivery) failed(err error) error {
	if !undone(err) {
		return err
	}
	r.known.Pending = nil
	return errors.Join(err, r.keep())
}

// adopt takes a ticket as ours that was created with the pending intent.
func (r *delivery) adopt(is Issue) {
	p := r.known.Pending
	r.known.Ref, r.known.URL, r.known.Closed, r.known.Early = is.Ref, is.URL, is.Closed, nil
	r.known.Fields, r.known.Pending = p.Fields, nil
	r.known.Assignee = is.Assignee
	r.known.read(p.Seen)
}

func (r *delivery) say(ctx context.Context, act Action) error {
	n := r.known.Said + 1
	r.known.Pending = &Intent{Do: Say, At: r.Now().Unix(), N: n, Seen: r.t.allSeen(), Answer: answer(act.View.Events)}
	if err := r.keep(); err != nil {
		return err
	}
	text, err := r.Texts.comment(act.View, r.t.Key, n)
	if err != nil {
		r.Log.Warn("ticket: a template fails: the built-in one is used", "template", "comment", "error", err)
	}
	if _, err := r.Tracker.Comment(ctx, r.known.Ref, text); err != nil {
		if errors.Is(err, ErrGone) {
			return r.gone()
		}
		return r.failed(err)
	}
	return r.said(act.Why)
}

// answer is what a comment says to who opened the ticket.
func answer(events []Event) string {
	if len(events) > 0 && (events[0].What == ClosedAgain || events[0].What == LeftOpen) {
		return events[0].What
	}
	return ""
}

// said notes that the pending comment stands there.
func (r *delivery) said(why string) error {
	p := r.known.Pending
	step := r.told(why, p.Seen)
	r.known.Said, r.known.Pending, r.known.Early = p.N, nil, nil
	switch {
	case r.t.Open():
		r.known.Reopened = nil
	case r.known.Reopened != nil && p.Answer != "":
		r.known.Reopened.Answer = p.Answer
	}
	r.known.read(p.Seen)
	return r.did(step)
}

// look finds out whether what is in doubt arrived.
func (r *delivery) look(ctx context.Context) error {
	p := r.known.Pending
	traits := r.Tracker.Traits()
	at := time.Unix(p.At, 0)
	if p.Do == Say {
		return r.lookForComment(ctx, traits)
	}
	if traits.NoFind {
		return &Permanent{Reason: "it is not known whether the ticket " + r.t.Marker() + " was created, and this tracker cannot be searched",
			Hint: "look for " + r.t.Marker() + " there; an operation find in the configuration lets zesei look by itself"}
	}
	is, found, err := r.Tracker.FindByMarker(ctx, r.t.Project, r.t.Marker(), at.Add(-skew))
	if err != nil {
		return err
	}
	if found {
		r.Log.Info("ticket: one in doubt has arrived", "ticket", r.t.Key, "key", is.Key)
		r.adopt(is)
		return r.did(r.all(Create, "it had arrived, though its answer was lost"))
	}
	if wait := at.Add(traits.IndexDelay).Sub(r.Now()); wait > 0 {
		return &RetryAfter{After: min(wait, traits.IndexDelay), By: traits.Name, Why: "its search may not know the ticket yet"}
	}
	r.Log.Info("ticket: one in doubt has not arrived", "ticket", r.t.Key)
	r.known.Pending = nil
	return r.keep()
}

func (r *delivery) lookForComment(ctx context.Context, traits Traits) error {
	p := r.known.Pending
	if traits.NoComments {
		r.known.Pending = nil // a comment twice is better than none
		return r.keep()
	}
	is, err := r.Tracker.Get(ctx, r.known.Ref)
	if errors.Is(err, ErrGone) {
		return r.gone()
	}
	if err != nil {
		return err
	}
	want := commentMarker(r.t.Key, p.N)
	for _, c := range is.Comments {
		if HasMarker(c.Text, want) {
			return r.said("it had arrived, though its answer was lost")
		}
	}
	r.known.Pending = nil
	return r.keep()
}

// HasMarker says whether a marker stands in a text as a word of its own:
// zesei-x-1/1 is no part of zesei-x-1/12.
func HasMarker(text, marker string) bool {
	for rest := text; ; {
		i := strings.Index(rest, marker)
		if i < 0 {
			return false
		}
		rest = rest[i+len(marker):]
		if rest == "" || !strings.ContainsRune("0123456789/-", rune(rest[0])) {
			return true
		}
	}
}

func (r *delivery) draft() Draft {
	dr, err := r.Texts.Draft(r.t)
	if err != nil {
		r.Log.Warn("ticket: a template fails: the built-in one is used, or the field is left out", "ticket", r.t.Key, "error", err)
	}
	return dr
}

func (r *delivery) text(v View) Text {
	text, err := r.Texts.render("comment", v)
	if err != nil {
		r.Log.Warn("ticket: a template fails: the built-in one is used", "template", "comment", "error", err)
	}
	return text
}

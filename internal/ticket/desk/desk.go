// Package desk brings ticket rows up to date: it reads a row and the present
// state of its cases, lets ticket decide what the tracker does not say yet, and
// has it said. It also asks trackers what people did there, and hands that to
// casework. Every step of a delivery is committed before and after it goes out,
// so a crash leaves it in doubt and never repeated blindly.
//
// A closed ticket is still looked at for Watch: a person may open it. Its
// resources are read again then; while nothing fails it is closed a second time,
// with the reason, and after that it is left to people.
package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/policy"
	"zesei/internal/store"
	"zesei/internal/ticket"
)

// Voice is how an owner's tickets are written.
type Voice struct {
	Language string // ja or en
	Zone     *time.Location
	Assignee string            // a login of the tracker; empty: nobody
	Fields   map[string]string // templates of further fields
}

// Directory knows accounts and how owners are spoken to.
type Directory interface {
	Account(id string) policy.Account
	TicketVoice(owner, tracker string) Voice
}

// Desk works ticket jobs.
type Desk struct {
	DB        *store.DB
	Work      *casework.Work
	Directory Directory
	Catalogue *control.Catalogue
	Texts     *ticket.Templates
	// Tracker gives a configured tracker by name; the error says what is wrong
	// with it. It is asked on every use, so that a secret store that does not
	// answer delays tickets and nothing else.
	Tracker func(ctx context.Context, name string) (ticket.Tracker, error)
	// Requests: a ticket closed while a case is open asks for an exception instead
	// of being opened again at once.
	Requests bool
	// ExceptionEnds is when an exception asked for at a time would end.
	ExceptionEnds func(time.Time) time.Time
	// Every is how often trackers are asked what people did there.
	Every time.Duration
	Now   func() time.Time
	Log   *slog.Logger
}

// DefaultEvery is how often trackers are asked where nothing else is said.
const DefaultEvery = 5 * time.Minute

// Watch is how long a closed ticket is still looked at.
const Watch = 30 * 24 * time.Hour

func (d *Desk) every() time.Duration { return cmp.Or(d.Every, DefaultEvery) }

// Job brings one ticket up to date.
func (d *Desk) Job(ctx context.Context, j job.Job) error {
	id, err := strconv.ParseInt(j.Subject, 10, 64)
	if err != nil {
		return job.Permanent(fmt.Errorf("ticket %q: %w", j.Subject, err))
	}
	row, err := store.LoadTicket(ctx, d.DB.View(), id)
	if err != nil {
		return err
	}
	if row, err = d.hear(ctx, row); err != nil {
		return err
	}
	t, known, again, err := d.ticket(ctx, row)
	if err != nil {
		return err
	}
	actions := ticket.Decide(t, known)
	if len(actions.List) == 0 {
		d.Log.Debug("ticket is up to date", "ticket", id, "why", actions.Why)
		if row.Open != followed(t, known) {
			if err := d.keep(ctx, id, t, known, nil); err != nil {
				return err
			}
		}
		if !again.IsZero() {
			return job.Later(again, t.Hold)
		}
		return nil
	}
	tracker, err := d.Tracker(ctx, row.Tracker)
	if err != nil {
		return err
	}
	deliverer := ticket.Deliverer{Tracker: tracker, Texts: d.Texts, Now: d.Now, Log: d.Log}
	known, err = deliverer.Deliver(ctx, actions, known, func(k ticket.Known, s *ticket.Step) error { return d.keep(ctx, id, t, k, s) })
	if err != nil {
		return d.failed(err)
	}
	if err := d.keep(ctx, id, t, known, nil); err != nil {
		return err
	}
	if len(row.Heard) > 0 { // it was left while a step was in doubt
		return job.Later(d.Now(), "what was heard is taken in")
	}
	return nil
}

// failed turns a tracker's error into the queue's.
func (d *Desk) failed(err error) error {
	var wait *ticket.RetryAfter
	var permanent *ticket.Permanent
	switch {
	case errors.As(err, &wait):
		return job.Later(d.Now().Add(wait.After), wait.Error())
	case errors.As(err, &permanent):
		return job.Permanent(err)
	}
	return err
}

// followed says whether the tracker is to be asked about a ticket, and whether
// further cases of its group join it.
func followed(t ticket.Ticket, k ticket.Known) bool {
	if !k.Exists() {
		return t.Open() || k.Pending != nil
	}
	return t.Open() || !k.Closed
}

func (d *Desk) keep(ctx context.Context, id int64, t ticket.Ticket, k ticket.Known, done *ticket.Step) error {
	state, err := d.state(t, k)
	if err != nil {
		return err
	}
	poll := time.Time{}
	if k.Exists() && (state.Open || state.Watch.After(d.Now())) {
		poll = d.Now().Add(d.every())
	}
	var step *casework.TicketStep
	if done != nil {
		step = &casework.TicketStep{What: string(done.Do), Why: done.Why, URL: k.URL, Cases: done.Cases}
	}
	return d.Work.KeepTicket(ctx, id, state, poll, step)
}

// state is a ticket's row with what is known of it.
func (d *Desk) state(t ticket.Ticket, k ticket.Known) (casework.TicketState, error) {
	raw, err := json.Marshal(k)
	if err != nil {
		return casework.TicketState{}, fmt.Errorf("keeping what is known of a ticket: %w", err)
	}
	s := casework.TicketState{Key: k.Key, Open: followed(t, k), Known: raw}
	if !s.Open && k.Exists() {
		s.Watch = time.UnixMilli(k.Moved).Add(Watch)
	}
	return s, nil
}

// ticket is what a row must say now, and what is known of it; again is when to
// look again at one that is held.
func (d *Desk) ticket(ctx context.Context, row store.Ticket) (t ticket.Ticket, known ticket.Known, again time.Time, err error) {
	if len(row.Known) > 0 {
		if err := json.Unmarshal(row.Known, &known); err != nil {
			return t, known, again, job.Permanent(fmt.Errorf("ticket %d: reading what is known of it: %w", row.ID, err))
		}
	}
	ids, err := store.TicketCaseIDs(ctx, d.DB.View(), row.ID)
	if err != nil {
		return t, known, again, err
	}
	files, err := store.CasesByID(ctx, d.DB.View(), ids)
	if err != nil {
		return t, known, again, err
	}
	fixes, err := store.FixesOfCases(ctx, d.DB.View(), ids)
	if err != nil {
		return t, known, again, err
	}
	voice := d.Directory.TicketVoice(row.Owner, row.Tracker)
	t = ticket.Ticket{Key: fmt.Sprintf("%s-%d", d.DB.ID(), row.ID), Owner: row.Owner, Project: row.Project, Language: voice.Language, Zone: voice.Zone,
		Grouped: row.Control != "", Assignee: voice.Assignee, Fields: voice.Fields, Control: d.control(row, files)}
	for _, f := range files {
		c := d.ticketCase(f, fixes[f.ID], row.Owner, voice.Language)
		if x := f.Life.Exception; x != nil && c.State == ticket.Accepted {
			c.Until, c.ApprovedBy, c.Reason = x.Until, x.ApprovedBy, cmp.Or(x.Reason, c.Reason)
			c.Due, c.DueWhy, c.Fix = time.Time{}, "", ""
			c.ApprovedBy = strings.TrimPrefix(c.ApprovedBy, "cli:") // people know each other by name
		}
		t.Cases = append(t.Cases, c)
	}
	if since := known.ReopenedSince(); !since.IsZero() && !t.Open() {
		if until := since.Add(casework.TicketRest); d.Now().Before(until) {
			t.Hold, again = "it was opened in the tracker: its resources are looked at first", until
		}
		t.Rechecked = rechecked(files, since, row.Owner)
	}
	if known.Early != nil && known.Closed && t.Open() {
		t.Hold, again, err = d.hold(ctx, known, files)
	}
	return t, known, again, err
}

// rechecked says whether every case is over and still the owner's, and our own
// check has read its resource since a time, and found nothing.
func rechecked(files []*casefile.File, since time.Time, owner string) bool {
	for _, f := range files {
		live := f.Life.Live
		if f.State != casefile.Closed || f.Terms.Owner != owner || live.At.Before(since) || live.Status != finding.Passed && f.Reason != casefile.Gone {
			return false
		}
	}
	return true
}

// hold says why a ticket that people closed too early stays closed for now.
func (d *Desk) hold(ctx context.Context, known ticket.Known, files []*casefile.File) (string, time.Time, error) {
	if until := known.EarlySince().Add(casework.TicketRest); d.Now().Before(until) {
		return "it was closed in the tracker: its resources are looked at first", until, nil
	}
	if !known.Early.Requested {
		return "", time.Time{}, nil
	}
	for _, f := range files {
		if f.State != casefile.Open {
			continue
		}
		list, err := store.ExceptionsOfCase(ctx, d.DB.View(), f.ID)
		if err != nil {
			return "", time.Time{}, err
		}
		for _, x := range list {
			if x.State == store.ExceptionAsked {
				return "it was closed in the tracker, which asks for an exception: " + x.ID + " waits for an approver", d.Now().Add(time.Hour), nil
			}
		}
	}
	return "", time.Time{}, nil
}

func (d *Desk) control(row store.Ticket, files []*casefile.File) ticket.Control {
	c := ticket.Control{ID: row.Control}
	for _, f := range files {
		c.ID, c.TitleEN, c.TitleJA, c.Remediation = f.Key.Control, f.Title, f.Title, f.Life.Remediation
		if f.Severity.Rank() >= c.Severity.Rank() {
			c.Severity = f.Severity
		}
	}
	if known, ok := d.Catalogue.Lookup(c.ID); ok {
		title := known.Title.Demand()
		c.TitleEN, c.TitleJA, c.Remediation = title.EN, title.JA, known.RemediationURL()
	}
	return c
}

func (d *Desk) ticketCase(f *casefile.File, fix store.Fix, owner, language string) ticket.Case {
	c := ticket.Case{
		Key: store.ShortKey(f.Key), AccountID: f.Key.Account, AccountName: d.Directory.Account(f.Key.Account).Name, Region: f.Key.Region,
		Resource: f.Key.Resource, ResourceName: f.Key.Resource[strings.LastIndexAny(f.Key.Resource, "/:")+1:], ResourceType: f.ResourceType,
		Severity: f.Severity, State: ticket.State(f.State), Reason: f.Reason, Proof: f.ProofIn(language), Due: f.Terms.Due, DueWhy: dueWhy(f, language),
		Recurrences: f.Life.Recurrences, Fix: proposed(fix, language),
	}
	if f.State == casefile.Open {
		c.Reason = ""
	}
	if f.ResourceType == finding.AccountType {
		c.ResourceName = cmp.Or(c.AccountName, c.AccountID) // the account itself, not its root user
	}
	if a := cmp.Or(f.Life.BroughtBack, f.Life.Actor); a != nil {
		c.By = cmp.Or(a.Name, a.Principal)
	}
	switch {
	case f.Terms.Owner != owner: // another ticket has it
		c.State, c.MovedTo, c.Due = ticket.Closed, f.Terms.Owner, time.Time{}
		c.Proof, c.Fix, c.DueWhy, c.By = "", "", "", "" // what follows is told there
		c.Reason = in(language, "it belongs to "+f.Terms.Owner+" now", "担当が "+f.Terms.Owner+" に変わりました")
	case f.State != casefile.Open:
	case f.Terms.Response != "track":
		c.State, c.Reason = ticket.Suppressed, cmp.Or(f.Terms.Reason, in(language, "the policy says "+f.Terms.Response, "ポリシーでの扱いが "+f.Terms.Response+" になりました"))
	}
	return c
}

func dueWhy(f *casefile.File, language string) string {
	return in(language, f.Terms.DueWhy, f.Terms.DueWhyJA)
}

// in is a text in the language of a ticket; without Japanese the English one.
func in(language, en, ja string) string {
	if language == "ja" && ja != "" {
		return ja
	}
	return en
}

// proposed is a fix that waits for a person, in its plan's own words.
func proposed(f store.Fix, language string) string {
	if f.State != store.FixSuggested && f.State != store.FixWaiting {
		return ""
	}
	var plan struct {
		Summary struct{ EN, JA string }
	}
	_ = json.Unmarshal(f.Plan, &plan) // a plan that cannot be read shows without its words
	if language == "ja" && plan.Summary.JA != "" {
		return plan.Summary.JA
	}
	return plan.Summary.EN
}

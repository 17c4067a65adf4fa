// Package outbox brings message rows up to date: it reads a row and the present
// state of its cases, lets notify decide what a person has not been told yet, and
// has the channel say it. Every step of a delivery is committed before and after
// it goes out, so a crash leaves it in doubt and never repeated blindly.
package outbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/notify"
	"zesei/internal/policy"
	"zesei/internal/store"
)

// Voice is how an owner is spoken to.
type Voice struct {
	Language string // ja or en
	Zone     *time.Location
	Mention  []string // Slack user ids
}

// Directory knows accounts and how owners are spoken to.
type Directory interface {
	Account(id string) policy.Account
	Voice(owner string) Voice
}

// Outbox works message jobs.
type Outbox struct {
	DB        *store.DB
	Work      *casework.Work
	Directory Directory
	Catalogue *control.Catalogue
	// Member is the Slack member id of who made a resource, to be called in the
	// messages about it; "" where nobody is known. nil: nobody is called.
	Member func(ctx context.Context, creator string) string
	// Interactive says that buttons and mentions in Slack are heard.
	Interactive bool
	// Wishes tells in threads that an exception was asked for; nil: it does not.
	Wishes *Wishes
	// Channels are the configured ways out by kind: "slack", "webhook".
	Channels map[notify.Via]notify.Channel
	// Name is how people know who stands behind an ID of the audit chain
	// (cli:taro); nil: the ID itself.
	Name func(id string) string
	Now  func() time.Time
	Log  *slog.Logger
}

// Job brings one message up to date.
func (o *Outbox) Job(ctx context.Context, j job.Job) error {
	id, err := strconv.ParseInt(j.Subject, 10, 64)
	if err != nil {
		return job.Permanent(fmt.Errorf("message %q: %w", j.Subject, err))
	}
	row, err := store.LoadMessage(ctx, o.DB.View(), id)
	if err != nil {
		return err
	}
	via, _, _ := strings.Cut(row.Channel, ":")
	channel, ok := o.Channels[notify.Via(via)]
	if !ok {
		return job.Permanent(fmt.Errorf("message %d goes to %s, which is not configured: add notify.%s", id, row.Channel, via))
	}
	m, err := o.Message(ctx, row)
	if err != nil {
		return err
	}
	var told notify.Told
	if len(row.Told) > 0 {
		if err := json.Unmarshal(row.Told, &told); err != nil {
			return job.Permanent(fmt.Errorf("message %d: reading what was told: %w", id, err))
		}
	}
	actions := notify.Decide(m, told)
	if len(actions.List) == 0 && actions.Seen == nil {
		o.Log.Debug("message is up to date", "message", id, "why", actions.Why)
		return nil
	}
	told, err = channel.Deliver(ctx, actions, told, func(t notify.Told) error { return o.keep(ctx, id, t, false) })
	var wait *notify.RetryAfter
	var permanent *notify.Permanent
	switch {
	case errors.As(err, &wait):
		return job.Later(o.Now().Add(wait.After), wait.Error())
	case errors.As(err, &permanent):
		return job.Permanent(err)
	case err != nil:
		return err
	}
	return o.keep(ctx, id, told, true)
}

func (o *Outbox) keep(ctx context.Context, id int64, t notify.Told, delivered bool) error {
	raw, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("keeping what was told: %w", err)
	}
	return o.Work.Told(ctx, id, raw, delivered)
}

// Message is what a row must say now.
func (o *Outbox) Message(ctx context.Context, row store.Message) (notify.Message, error) {
	via, target, _ := strings.Cut(row.Channel, ":")
	voice := o.Directory.Voice(row.Owner)
	m := notify.Message{Key: fmt.Sprintf("%s-%d", o.DB.ID(), row.ID), Owner: row.Owner, Via: notify.Via(via), Target: target,
		Language: voice.Language, Zone: voice.Zone, Mention: voice.Mention, Interactive: o.Interactive}
	ids, err := store.MessageCaseIDs(ctx, o.DB.View(), row.ID)
	if err != nil {
		return m, err
	}
	files, err := store.CasesByID(ctx, o.DB.View(), ids)
	if err != nil {
		return m, err
	}
	fixes, err := store.FixesOfCases(ctx, o.DB.View(), ids)
	if err != nil {
		return m, err
	}
	switch row.Kind {
	case store.MessageNotice:
		return o.notices(ctx, row, m)
	case store.MessageFailure:
		return o.failure(ctx, row, m)
	case store.MessageEnding:
		return o.endings(ctx, row, m)
	case store.MessageWish:
		return o.wide(ctx, row, m)
	case store.MessageImport:
		critical, err := o.atOnce(ctx, row)
		m.Kind, m.Import = notify.ImportSummary, o.summary(append(files, critical...), voice.Language)
		m.Import.AtOnce = len(critical)
		return m, errors.Join(err, o.asked(ctx, row, files, &m))
	case store.MessageDigest:
		m.Kind = notify.Digest
	case store.MessageReminder:
		m.Kind = notify.Reminder
	case store.MessageEscalation:
		m.Kind, m.Mention = notify.Escalation, nil // it is not the team that is called
	case store.MessageOverflow:
		m.Kind = notify.Overflow
	default:
		m.Kind, m.Control = notify.Cases, o.control(row.Control, files)
		o.callCreators(ctx, &m, files)
	}
	for _, f := range files {
		c := o.Case(f, fixes[f.ID], voice.Language)
		if (m.Kind == notify.Cases || m.Kind == notify.Overflow) && f.State == casefile.Open && f.Terms.Owner != row.Owner {
			c.State, c.Reason, c.Fix = notify.Moved, f.Terms.Owner, nil
		}
		if m.Kind == notify.Digest && f.State == casefile.Suppressed && f.Life.SuppressedBy == "summary" {
			c.State, c.Reason = notify.Open, "" // it went off the list because it was told in this very summary, by another channel first
		}
		m.Cases = append(m.Cases, c)
	}
	nameOwners(&m, files)
	return m, o.asked(ctx, row, files, &m)
}

// notices are the happenings of a row: no case stands behind them.
func (o *Outbox) notices(ctx context.Context, row store.Message, m notify.Message) (notify.Message, error) {
	list, err := store.NoticesOf(ctx, o.DB.View(), row.ID)
	if err != nil {
		return m, err
	}
	m.Kind = notify.Notice
	for _, n := range list {
		m.Control = notify.Control{ID: n.Rule, TitleEN: n.TitleEN, TitleJA: n.TitleJA, Severity: n.Severity}
		c := notify.Case{Key: fmt.Sprintf("n%d", n.ID), AccountID: n.Account, AccountName: o.Directory.Account(n.Account).Name, Region: n.Region,
			Resource: n.Resource, ResourceName: n.Resource[strings.LastIndexAny(n.Resource, "/:")+1:], Severity: n.Severity, State: notify.Closed, ClosedAt: n.At}
		doneBy(&c, n.Actor)
		m.Cases = append(m.Cases, c)
	}
	return m, nil
}

func (o *Outbox) control(id string, files []*casefile.File) notify.Control {
	c := notify.Control{ID: id}
	for _, f := range files {
		c.TitleEN, c.TitleJA, c.Remediation = f.Title, f.Title, f.Life.Remediation
		if f.Severity.Rank() >= c.Severity.Rank() {
			c.Severity = f.Severity
		}
	}
	if known, ok := o.Catalogue.Lookup(id); ok {
		title := known.Title.Demand()
		c.TitleEN, c.TitleJA, c.Remediation = title.EN, title.JA, known.RemediationURL()
	}
	return c
}

// Case is a case as a message shows it.
func (o *Outbox) Case(f *casefile.File, fix store.Fix, language string) notify.Case {
	c := notify.Case{
		Key: store.ShortKey(f.Key), Control: f.Key.Control, AccountID: f.Key.Account, AccountName: o.Directory.Account(f.Key.Account).Name,
		Region: f.Key.Region, Resource: f.Key.Resource, ResourceName: o.resource(f), ResourceType: f.ResourceType,
		Severity: f.Severity, Title: o.title(f, language), State: notify.State(f.State), Reason: f.Reason,
		Proof: f.ProofIn(language), ClosedAt: f.ClosedAt, Due: f.Terms.Due, Overdue: f.Overdue(o.Now()), Recurrences: f.Life.Recurrences, Doubtful: f.Life.Doubtful,
	}
	if f.State == casefile.Open {
		c.Reason = ""
	}
	c.DueWhy = dueWhy(f, language)
	if x := f.Life.Exception; f.State == casefile.Accepted && x != nil {
		c.Until, c.AcceptedBy, c.Reason = x.Until, o.name(x.ApprovedBy), cmp.Or(x.Reason, c.Reason)
	}
	if c.Assignee = f.Life.Assignee; c.Assignee != "" && o.Name != nil {
		c.Assignee = o.Name(c.Assignee)
	}
	doneBy(&c, cmp.Or(f.Life.BroughtBack, f.Life.Actor))
	if fix.ID != "" {
		c.Fix = fixOf(fix, language)
	}
	if c.Fix != nil && f.State != casefile.Open && (c.Fix.State == notify.FixSuggested || c.Fix.State == notify.FixWaiting) {
		c.Fix = nil // nothing is left to do
	}
	return c
}

// resource is how a person calls the resource of a case: the end of its ARN, or
// the account where the case is about the account itself and not its root user.
func (o *Outbox) resource(f *casefile.File) string {
	if f.ResourceType == finding.AccountType {
		return cmp.Or(o.Directory.Account(f.Key.Account).Name, f.Key.Account)
	}
	return f.Key.Resource[strings.LastIndexAny(f.Key.Resource, "/:")+1:]
}

// dueWhy says how a deadline came about that days off moved; "" of any other.
func dueWhy(f *casefile.File, language string) string {
	switch {
	case !f.Terms.DueMoved:
		return ""
	case language == "ja" && f.Terms.DueWhyJA != "":
		return f.Terms.DueWhyJA
	}
	return f.Terms.DueWhy
}

func (o *Outbox) title(f *casefile.File, language string) string {
	if c, ok := o.Catalogue.Lookup(f.Key.Control); ok {
		return c.Title.Demand().In(language)
	}
	return f.Title
}

// fixOf shows a fix: the plan's own words, in the owner's language.
func fixOf(f store.Fix, language string) *notify.Fix {
	states := map[string]notify.FixState{
		store.FixSuggested: notify.FixSuggested, store.FixWaiting: notify.FixWaiting, store.FixReady: notify.FixSuggested,
		store.FixVerifying: notify.FixApplied, store.FixVerified: notify.FixVerified,
		store.FixHeld: notify.FixHeld, store.FixFailed: notify.FixFailed, store.FixUndone: notify.FixUndone,
	}
	state, shown := states[f.State]
	if !shown { // on its way, replaced or refused: nothing to tell a person yet
		return nil
	}
	type words struct{ EN, JA string }
	var plan struct {
		Summary     words
		Steps       []struct{ Why words }
		SuggestOnly []words `json:"suggest_only"`
		Wait        []words
	}
	_ = json.Unmarshal(f.Plan, &plan) // a plan that cannot be read shows without its words
	in := func(w words) string {
		if language == "ja" && w.JA != "" {
			return w.JA
		}
		return w.EN
	}
	out := &notify.Fix{ID: f.ID, Mode: f.Mode, Plan: f.PlanHash, State: state, Summary: in(plan.Summary)}
	for _, s := range plan.Steps {
		out.Steps = append(out.Steps, in(s.Why))
	}
	if state == notify.FixSuggested || state == notify.FixHeld || state == notify.FixFailed {
		out.Why = f.Why
	}
	// The plan's own reason, in the owner's language, before the policy's.
	if why := append(plan.SuggestOnly, plan.Wait...); len(why) > 0 && (state == notify.FixSuggested || state == notify.FixWaiting) {
		out.Why = in(why[0])
	}
	return out
}

// summary counts what a first import found for one owner.
func (o *Outbox) summary(files []*casefile.File, language string) *notify.Import {
	s := &notify.Import{}
	accounts, bySeverity, byControl := map[string]bool{}, map[finding.Severity]int{}, map[string]*notify.ControlCount{}
	for _, f := range files {
		if f.State != casefile.Open {
			continue
		}
		s.Total++
		bySeverity[f.Severity]++
		if !accounts[f.Key.Account] {
			accounts[f.Key.Account] = true
			s.Accounts = append(s.Accounts, notify.Account{ID: f.Key.Account, Name: o.Directory.Account(f.Key.Account).Name})
		}
		c := byControl[f.Key.Control]
		if c == nil {
			c = &notify.ControlCount{ID: f.Key.Control, Title: o.title(f, language), Severity: f.Severity}
			byControl[f.Key.Control] = c
		}
		c.Cases++
		if due := f.Terms.Due; !due.IsZero() && f.Severity != finding.Critical { // what is spread
			if s.DueFrom.IsZero() || due.Before(s.DueFrom) {
				s.DueFrom = due
			}
			if due.After(s.DueTo) {
				s.DueTo = due
			}
		}
	}
	for _, sev := range []finding.Severity{finding.Critical, finding.High, finding.Medium, finding.Low} {
		s.Severities = append(s.Severities, notify.SeverityCount{Severity: sev, Cases: bySeverity[sev]})
	}
	slices.SortFunc(s.Accounts, func(a, b notify.Account) int { return cmp.Compare(a.ID, b.ID) })
	for _, c := range byControl {
		s.Controls = append(s.Controls, *c)
	}
	slices.SortFunc(s.Controls, func(a, b notify.ControlCount) int {
		return cmp.Or(cmp.Compare(b.Cases, a.Cases), control.Compare(a.ID, b.ID))
	})
	if most := 10; len(s.Controls) > most {
		s.MoreControls = len(s.Controls) - most
		s.Controls = s.Controls[:most]
	}
	return s
}

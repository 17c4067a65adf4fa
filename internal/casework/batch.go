package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/store"
)

// Target is the resource that a recheck or a fix is about.
type Target struct{ Partition, Account, Region, Type, ARN string }

// String is the job's subject.
func (t Target) String() string {
	return strings.Join([]string{t.Partition, t.Account, t.Region, t.Type, t.ARN}, "|")
}

// ParseTarget reads a job's subject.
func ParseTarget(s string) (Target, error) {
	p := strings.SplitN(s, "|", 5)
	if len(p) != 5 {
		return Target{}, fmt.Errorf("%q names no resource: expected partition|account|region|type|arn", s)
	}
	return Target{p[0], p[1], p[2], p[3], p[4]}, nil
}

// TargetOf is the resource of a case.
func TargetOf(f *casefile.File) Target {
	return Target{f.Key.Partition, f.Key.Account, f.Key.Region, f.ResourceType, f.Key.Resource}
}

// batch collects what one transaction changes, and writes it at the end.
type batch struct {
	w     *Work
	rules *Rules
	tx    *store.Tx
	now   time.Time
	actor string

	soonest time.Time           // reminder of a changed case
	own     map[[16]byte]string // what we last told Security Hub, by source
	order   []*opened           // cases that changed, in order
	byCase  map[*casefile.File]*opened
	counts  Counts
	jobs    []job.Want
	asked   map[[2]string]int       // where in jobs
	passes  map[[16]byte]bool       // passes that are kept for cases of the batch
	firsts  map[[2]string]time.Time // when an account, control or standard was first seen

	delivery string // that carries the act, once it is remembered

	wide *wide // nil until the first case asks: see wideExceptions
}

// opened is a case under change.
type opened struct {
	f         *casefile.File
	was       tally // what it counted as before
	stood     store.Standing
	exception string // id of the exception that held before
	sources   []casefile.Statement
	moves     []casefile.Entry
	wants     casefile.Wants
	changed   bool
	joins     []string // exceptions that cover it from now on
	leaves    []string // and those that do no longer
}

// tally is the line of the summary that a case counts in.
type tally struct {
	account, owner  string
	severity        int
	state, response string
}

func tallyOf(f *casefile.File) tally {
	return tally{f.Key.Account, f.Terms.Owner, f.Severity.Rank(), string(f.State), f.Terms.Response}
}

func (w *Work) newBatch(tx *store.Tx, actor string) *batch {
	return &batch{w: w, rules: w.Rules(), tx: tx, now: w.Now().UTC().Truncate(time.Millisecond), actor: actor,
		byCase: map[*casefile.File]*opened{}, asked: map[[2]string]int{}, firsts: map[[2]string]time.Time{}}
}

// take prepares a case for change; call it before the change is made.
func (b *batch) take(f *casefile.File) *opened {
	o, ok := b.byCase[f]
	if !ok {
		o = &opened{f: f}
		if f.State != "" {
			o.was = tallyOf(f)
		}
		o.stood = standingBefore(f)
		if f.Life.Exception != nil {
			o.exception = f.Life.Exception.ID
		}
		b.byCase[f] = o
	}
	return o
}

// note adds what a fact did to a case.
func (b *batch) note(o *opened, actor string, moves []casefile.Move, w casefile.Wants) error {
	if !o.changed {
		o.changed = true
		b.order = append(b.order, o)
	}
	h := o.f.Key.Hash()
	for _, m := range moves {
		e := casefile.Entry{Case: fmt.Sprintf("%x", h), Seq: o.f.AuditSeq + 1, At: b.now, Actor: actor, What: m.What, Why: m.Why}
		if m.Data != nil {
			data, err := json.Marshal(m.Data)
			if err != nil {
				return fmt.Errorf("writing the audit chain: %w", err)
			}
			e.Data = data
		}
		e.Hash = e.Sum(o.f.AuditHead)
		o.f.AuditSeq, o.f.AuditHead = e.Seq, e.Hash
		o.moves = append(o.moves, e)
	}
	o.wants = merge(o.wants, w)
	b.counts.add(w)
	return nil
}

func merge(a, b casefile.Wants) casefile.Wants {
	a.Recheck = a.Recheck || b.Recheck
	a.Tell = a.Tell || b.Tell
	a.Hub = a.Hub || b.Hub
	a.Fix = a.Fix || b.Fix
	a.Reopened = a.Reopened || b.Reopened
	a.Opened = a.Opened || b.Opened
	if !b.Wake.IsZero() && (a.Wake.IsZero() || b.Wake.Before(a.Wake)) {
		a.Wake = b.Wake
	}
	return a
}

// ask enqueues a job once per batch, for the earliest time that is asked for.
func (b *batch) ask(kind, subject string, at time.Time) {
	k := [2]string{kind, subject}
	i, known := b.asked[k]
	switch {
	case !known:
		b.asked[k] = len(b.jobs)
		b.jobs = append(b.jobs, job.Want{Kind: kind, Subject: subject, At: at})
	case at.Before(b.jobs[i].At):
		b.jobs[i].At = at
	}
}

// write writes everything that the batch changed.
func (b *batch) write(ctx context.Context) error {
	deltas := map[tally]int{}
	var count counted
	for _, o := range b.order {
		if err := b.cover(ctx, o); err != nil {
			return err
		}
		b.nextReminder(o.f)
		if err := store.SaveCase(ctx, b.tx, o.f); err != nil {
			return err
		}
		for _, st := range o.sources {
			if err := store.SaveSource(ctx, b.tx, o.f.ID, st); err != nil {
				return err
			}
		}
		if err := b.covered(ctx, o); err != nil {
			return err
		}
		for _, e := range o.moves {
			if err := store.AddAudit(ctx, b.tx, o.f.ID, e); err != nil {
				return err
			}
		}
		if is := tallyOf(o.f); is != o.was {
			deltas[is]++
			if o.was != (tally{}) {
				deltas[o.was]--
			}
		}
		count.count(o.stood, store.StandingOf(o.f), b.today())
		b.follow(o)
	}
	if err := count.write(ctx, b.tx); err != nil {
		return err
	}
	for t, n := range deltas {
		if n == 0 {
			continue
		}
		if err := store.Count(ctx, b.tx, t.account, t.owner, t.severity, t.state, t.response, n); err != nil {
			return err
		}
	}
	if err := b.tell(ctx); err != nil {
		return err
	}
	if err := b.tickets(ctx); err != nil {
		return err
	}
	if err := b.hub(ctx); err != nil {
		return err
	}
	if !b.soonest.IsZero() {
		b.ask(JobRemind, RemindAll, b.soonest)
	}
	return job.Enqueue(ctx, b.tx, b.now, b.jobs...)
}

// follow asks for the jobs that follow from a case's change.
func (b *batch) follow(o *opened) {
	f := o.f
	readable := b.rules.CanRead != nil && f.Key.Kind == finding.State && b.rules.CanRead(f.Key.Account, f.Key.Control)
	if o.wants.Recheck && readable {
		b.ask(JobRecheck, TargetOf(f).String(), time.Time{})
	}
	if o.wants.Fix && readable && f.State == casefile.Open && (f.Life.AutoBy != "" || f.Terms.FixMode != "" && f.Terms.FixMode != "off") {
		if c, ok := b.rules.Catalogue.Lookup(f.Key.Control); ok && c.Remedy != "" {
			b.ask(JobPlan, TargetOf(f).String(), time.Time{})
		}
	}
	b.creator(o)
	wake := o.wants.Wake
	if next := f.Wake(casefile.Env{Quiet: b.rules.quiet()}); !next.IsZero() && (wake.IsZero() || next.Before(wake)) {
		wake = next
	}
	if !wake.IsZero() {
		b.ask(JobTick, strconv.FormatInt(f.ID, 10), wake)
	}
}

func (b *batch) touched() []int64 {
	out := make([]int64, 0, len(b.order))
	for _, o := range b.order {
		out = append(out, o.f.ID)
	}
	return out
}

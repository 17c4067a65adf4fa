package casework

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"zesei/internal/job"
	"zesei/internal/store"
)

// ExceptionJob brings one exception up to date, in batches: it puts it on the
// open cases that it covers, warns of its end once, and when it is over lets each
// case go. How far it has come is written with each batch, so that a process that
// was killed goes on there. At the end it asks for itself again when the next
// thing will be due.
func (w *Work) ExceptionJob(ctx context.Context, id string) error {
	for {
		var again bool
		var next time.Time
		err := w.DB.Update(ctx, func(tx *store.Tx) error {
			b := w.newBatch(tx, "zesei")
			x, err := store.LoadException(ctx, tx, id)
			if err != nil {
				return err
			}
			if again, next, err = b.step(ctx, x); err != nil {
				return err
			}
			if !again && !next.IsZero() {
				b.ask(JobException, id, next)
			}
			return b.write(ctx)
		})
		if err != nil {
			return fmt.Errorf("bringing exception %s up to date: %w", id, err)
		}
		w.committed()
		if !again {
			return nil
		}
	}
}

// WakeExceptions asks for each exception that is in force or not done with to be
// brought up to date: what its job waits for may have moved with the policy or
// the clock, or be older than such jobs are.
func (w *Work) WakeExceptions(ctx context.Context) error {
	list, err := store.UnfinishedExceptions(ctx, w.DB.View())
	if err != nil || len(list) == 0 {
		return err
	}
	err = w.DB.Update(ctx, func(tx *store.Tx) error {
		var jobs []job.Want
		for _, id := range list {
			jobs = append(jobs, job.Want{Kind: JobException, Subject: id})
		}
		return job.Enqueue(ctx, tx, w.Now().UTC(), jobs...)
	})
	if err == nil {
		w.committed()
	}
	return err
}

// step does one batch of what is to be done; again: there may be more.
func (b *batch) step(ctx context.Context, x store.Exception) (again bool, next time.Time, err error) {
	switch {
	case x.State == store.ExceptionActive && !b.now.Before(x.ExpiresAt):
		_, err = b.endRow(ctx, x, "it expired")
		return true, next, err
	case x.State == store.ExceptionActive && x.Phase == store.PhaseCover:
		return true, next, b.coverBatch(ctx, x)
	case x.State != store.ExceptionActive && x.Phase != "":
		return b.endBatch(ctx, x)
	case x.State != store.ExceptionActive:
		return false, next, nil
	}
	warn := b.rules.warnAt(x)
	if x.WarnedAt.IsZero() && !warn.IsZero() && !b.now.Before(warn) {
		return true, next, b.warn(ctx, x)
	}
	if x.WarnedAt.IsZero() && warn.After(b.now) {
		return false, warn, nil
	}
	return false, x.ExpiresAt, nil
}

// coverBatch puts the exception on the next open cases that it covers.
func (b *batch) coverBatch(ctx context.Context, x store.Exception) error {
	files, err := store.OpenCasesIn(ctx, b.tx, x.Scope, x.Swept, BatchSize)
	if err != nil {
		return err
	}
	for _, f := range files {
		x.Swept = f.ID
		if !covers(x, f, b.now) {
			continue
		}
		if err := b.accept(b.take(f), x); err != nil {
			return err
		}
	}
	if len(files) < BatchSize {
		x.Phase, x.Swept = "", 0
	}
	return store.SaveException(ctx, b.tx, x)
}

// endBatch lets the next cases go that a past exception covers.
func (b *batch) endBatch(ctx context.Context, x store.Exception) (again bool, next time.Time, err error) {
	files, err := store.CasesCovered(ctx, b.tx, x.ID, BatchSize)
	if err != nil {
		return false, next, err
	}
	for _, f := range files {
		o := b.take(f)
		moves, wants, err := b.leave(ctx, f, x)
		if err != nil {
			return false, next, err
		}
		if err := b.note(o, "zesei", moves, wants); err != nil {
			return false, next, err
		}
	}
	if len(files) == BatchSize {
		return true, next, nil
	}
	x.Phase = ""
	return false, next, store.SaveException(ctx, b.tx, x)
}

// warnAt is when people are told that an exception ends soon: as long before its
// end as the policy says, but not in the first half of its time. One that lasts
// less than a day is short enough to be remembered. Zero: never.
func (r *Rules) warnAt(x store.Exception) time.Time {
	lasts := x.ExpiresAt.Sub(x.ApprovedAt)
	if r.Exceptions.Warn <= 0 || lasts < 24*time.Hour {
		return time.Time{}
	}
	return x.ExpiresAt.Add(-min(r.Exceptions.Warn, lasts/2))
}

// warn lets the exception join a message to the owners of its cases and to who
// asked for it. That it was done is written in the same transaction: it is done
// once, whatever restarts and whatever the clock does. One that was renewed needs
// no warning.
func (b *batch) warn(ctx context.Context, x store.Exception) error {
	x.WarnedAt = b.now
	renewed, err := store.Renewed(ctx, b.tx, x)
	if err != nil {
		return err
	}
	if renewed {
		if err := b.exceptionMove(ctx, x, "zesei", "renewed", "another follows it: nobody is warned of its end"); err != nil {
			return err
		}
		return store.SaveException(ctx, b.tx, x)
	}
	to, err := b.toWarn(ctx, x)
	if err != nil {
		return err
	}
	var channels []string
	for _, g := range to {
		m, err := b.message(ctx, g)
		if err != nil {
			return err
		}
		if err := b.joinException(ctx, m, x); err != nil {
			return err
		}
		channels = append(channels, g.channel)
	}
	why := "people are told that it ends soon"
	if len(channels) == 0 {
		why = "it ends soon, and there is no channel to tell anybody"
	}
	if err := b.exceptionMove(ctx, x, "zesei", "warned", why); err != nil {
		return err
	}
	return store.SaveException(ctx, b.tx, x)
}

// toWarn are the messages that tell the owners of the covered cases and who
// asked, each channel once.
func (b *batch) toWarn(ctx context.Context, x store.Exception) ([]group, error) {
	owners, err := store.OwnersCovered(ctx, b.tx, x.ID)
	if err != nil {
		return nil, err
	}
	if len(owners) == 0 {
		owners = []string{b.ownerOf(x.Scope)}
	}
	var out []group
	add := func(owner string, channels []string) {
		for _, c := range channels {
			known := slices.ContainsFunc(out, func(g group) bool { return g.channel == c })
			if !known && Carries(c, store.MessageEnding, false) {
				out = append(out, group{store.MessageEnding, owner, c, ""})
			}
		}
	}
	if b.rules.Exceptions.Reach != nil { // first: who has it directly is not called by the others
		add(owners[0], b.rules.Exceptions.Reach(x.AskedBy))
	}
	for _, owner := range owners {
		add(owner, b.rules.Directory.Channels(owner))
	}
	return out, nil
}

// accountOf is the account that a scope names, itself or in its resource.
func accountOf(s store.Scope) string {
	if s.Account != "" {
		return s.Account
	}
	if p := strings.SplitN(s.Resource, ":", 6); len(p) == 6 {
		return p[4]
	}
	return ""
}

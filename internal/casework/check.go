package casework

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/store"
)

// Verdict is what our own check came to for one control on one resource.
type Verdict struct {
	Control string
	casefile.Verdict
}

// Check hears the verdicts of our own checks on one resource. A failed verdict
// opens a case where none stands; the evidence names who is behind it, if known.
func (w *Work) Check(ctx context.Context, t Target, actor *finding.Actor, verdicts []Verdict) (Result, error) {
	var r Result
	err := w.DB.Update(ctx, func(tx *store.Tx) error {
		b := w.newBatch(tx, "zesei")
		var hashes [][16]byte
		for _, v := range verdicts {
			hashes = append(hashes, keyOf(t, v.Control).Hash())
		}
		files, err := store.CasesByHash(ctx, tx, hashes)
		if err != nil {
			return err
		}
		for i, v := range verdicts {
			if err := b.check(ctx, files[hashes[i]], t, actor, v); err != nil {
				return err
			}
		}
		if err := b.write(ctx); err != nil {
			return err
		}
		r = Result{Findings: len(verdicts), Cases: b.counts, Touched: b.touched()}
		return nil
	})
	if err != nil {
		return Result{}, fmt.Errorf("noting the check of %s: %w", t.ARN, err)
	}
	w.committed()
	return r, nil
}

func (b *batch) check(ctx context.Context, f *casefile.File, t Target, actor *finding.Actor, v Verdict) error {
	key := keyOf(t, v.Control)
	if f == nil {
		f = b.newFile(finding.Subject{Key: key, ResourceType: t.Type}, &finding.Finding{Title: v.Control, Actor: actor}, false)
		if c, ok := b.rules.Catalogue.Lookup(v.Control); ok {
			f.Life.Remediation = c.RemediationURL()
			for id := range c.Standards {
				f.Standards = append(f.Standards, id)
			}
		}
	}
	o := b.take(f)
	if v.At.IsZero() {
		v.At = b.now
	}
	moves, w, keep := f.Check(v.Verdict, b.rules.env(f, b.now))
	if !keep {
		if v.Status == finding.Passed {
			return store.SavePass(ctx, b.tx, store.Pass{Hash: key.Hash(), Account: key.Account, Region: key.Region, Control: key.Control, Status: string(v.Status), ObservedAt: v.At})
		}
		return nil
	}
	if w.Opened {
		if err := store.DeletePass(ctx, b.tx, key.Hash()); err != nil {
			return err
		}
	}
	if (w.Opened || w.Reopened) && actor != nil {
		f.Life.Actor = actor
		if w.Reopened {
			f.Life.BroughtBack = actor
		}
	}
	w.Updated = w.Updated || !w.Opened && !w.Closed && !w.Reopened // the verdict itself is kept
	return b.note(o, "zesei", moves, w)
}

// keyOf is the case of a control on a resource.
func keyOf(t Target, control string) finding.Key {
	return finding.Key{Kind: finding.State, Partition: t.Partition, Account: t.Account, Region: t.Region, Control: control, Resource: t.ARN}
}

// Tick lets time pass for one case: the subject is its id. Where nothing is due
// yet the error is a *job.LaterError with the time at which something will be.
func (w *Work) Tick(ctx context.Context, subject string) error {
	id, err := strconv.ParseInt(subject, 10, 64)
	if err != nil {
		return fmt.Errorf("tick of case %q: %w", subject, err)
	}
	var next time.Time
	err = w.change(ctx, []int64{id}, func(b *batch, f *casefile.File) error {
		o := b.take(f)
		moves, wants := f.Tick(b.rules.env(f, b.now))
		if len(moves) == 0 && wants == (casefile.Wants{}) {
			if next = f.Wake(b.rules.env(f, b.now)); !next.After(b.now) {
				next = time.Time{}
			}
			return nil
		}
		return b.note(o, "zesei", moves, wants)
	})
	if err == nil && !next.IsZero() {
		return job.Later(next, "nothing is due yet")
	}
	return err
}

// change loads cases, applies f to each and writes what changed, in one
// transaction.
func (w *Work) change(ctx context.Context, ids []int64, f func(*batch, *casefile.File) error) error {
	err := w.DB.Update(ctx, func(tx *store.Tx) error {
		b := w.newBatch(tx, "")
		files, err := store.CasesByID(ctx, tx, ids)
		if err != nil {
			return err
		}
		for _, c := range files {
			if err := f(b, c); err != nil {
				return err
			}
		}
		return b.write(ctx)
	})
	if err == nil {
		w.committed()
	}
	return err
}

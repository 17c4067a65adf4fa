package casework

import (
	"context"
	"slices"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

// Redecide asks the present policy again about open cases that another decided,
// one batch per call. It returns the id to go on after; 0 when all are done.
func (w *Work) Redecide(ctx context.Context, after int64) (next int64, c Counts, err error) {
	err = w.DB.Update(ctx, func(tx *store.Tx) error {
		b := w.newBatch(tx, "zesei")
		files, err := store.CasesDecidedByOther(ctx, tx, b.rules.Policy.Hash(), after, BatchSize)
		if err != nil {
			return err
		}
		next = 0
		for _, f := range files {
			o := b.take(f)
			moves, wants := f.Redecide(b.rules.env(f, b.now))
			wants.Updated = true // the hash of the policy that stands behind it is kept
			if err := b.note(o, "zesei", moves, wants); err != nil {
				return err
			}
			next = f.ID
		}
		if len(files) < BatchSize {
			next = 0
		}
		c = b.counts
		return b.write(ctx)
	})
	if err == nil {
		w.committed()
	}
	return next, c, err
}

// RedecideAccount asks again about the cases of an account that are not closed,
// because who owns it, or what else is known of it, changed. A case of which
// nothing changes is left as it is.
func (w *Work) RedecideAccount(ctx context.Context, account string) (Counts, error) {
	var c Counts
	ids, err := store.CaseIDsOfAccount(ctx, w.DB.View(), account)
	if err != nil {
		return c, err
	}
	for some := range slices.Chunk(ids, BatchSize) {
		err := w.DB.Update(ctx, func(tx *store.Tx) error {
			b := w.newBatch(tx, "zesei")
			files, err := store.CasesByID(ctx, tx, some)
			if err != nil {
				return err
			}
			for _, f := range files {
				if err := b.redecide(f); err != nil {
					return err
				}
			}
			if err := b.write(ctx); err != nil {
				return err
			}
			c.Add(b.counts)
			return nil
		})
		if err != nil {
			return c, err
		}
		w.committed()
	}
	return c, nil
}

// redecide asks again about one case, and leaves it alone where nothing changes.
func (b *batch) redecide(f *casefile.File) error {
	o := b.take(f)
	moves, wants := f.Redecide(b.rules.env(f, b.now))
	if len(moves) == 0 {
		return nil
	}
	return b.note(o, "zesei", moves, wants)
}

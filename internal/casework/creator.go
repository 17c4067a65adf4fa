package casework

import (
	"context"
	"fmt"
	"strconv"

	"zesei/internal/casefile"
	"zesei/internal/finding"
)

// JobCreator finds out who made the resource of a case, because that tells its
// owner: the subject is the id of the case.
const JobCreator = "creator"

// creator asks who made the resource of a case that opens, where the answer could
// name its owner. Not for what a first import finds: CloudTrail answers two
// questions a second.
func (b *batch) creator(o *opened) {
	f := o.f
	if b.rules.Creator == nil || !o.wants.Opened || f.Key.Kind != finding.State || f.Life.Creator != "" || f.Life.Backlog {
		return
	}
	if b.rules.Creator(f.Key.Account, f.Life.Tags) {
		b.ask(JobCreator, strconv.FormatInt(f.ID, 10), b.now)
	}
}

// Made keeps who made the resource of a case, and decides again whose it is.
func (w *Work) Made(ctx context.Context, id int64, creator string) error {
	err := w.change(ctx, []int64{id}, func(b *batch, f *casefile.File) error {
		o := b.take(f)
		moves, wants := f.MadeBy(creator, b.rules.env(f, b.now))
		if len(moves) == 0 {
			return nil
		}
		return b.note(o, "zesei", moves, wants)
	})
	if err != nil {
		return fmt.Errorf("keeping who made the resource of case %d: %w", id, err)
	}
	return nil
}

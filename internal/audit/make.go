package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"zesei/internal/job"
	"zesei/internal/store"
)

// JobCheckpoint is the kind of the job that makes a checkpoint a day; its subject
// is SubjectDaily.
const (
	JobCheckpoint = "checkpoint"
	SubjectDaily  = "daily"
)

// Make makes a checkpoint over the chains as they are now. A chain that has lost
// what an earlier checkpoint holds is an error: nothing is signed then.
func Make(ctx context.Context, db *store.DB, signer *Signer, now time.Time) (Checkpoint, error) {
	last, err := store.LastCheckpoint(ctx, db.View())
	first := errors.Is(err, store.ErrNotFound)
	if err != nil && !first {
		return Checkpoint{}, err
	}
	c := Checkpoint{Store: db.ID(), Number: 1, At: now.UTC().Truncate(time.Second)}
	if !first {
		before := fromStore(db.ID(), last)
		if err := stillHolds(ctx, db.View(), before); err != nil {
			return c, err
		}
		c.Number, c.Previous = before.Number+1, before.Hash()
	}
	var leaves [][]byte
	var grown []store.Grown
	if err := store.Heads(ctx, db.View(), func(h store.Head, g bool) error {
		leaves = append(leaves, Head{h.Name, h.Seq, h.Hash}.leaf())
		if g {
			grown = append(grown, store.Grown{ID: h.ID, Seq: h.Seq})
		}
		return nil
	}); err != nil {
		return c, err
	}
	c.Chains, c.Root = int64(len(leaves)), newTree(leaves).root()
	c.Signature = signer.sign(c.Text())
	return c, db.Update(ctx, func(tx *store.Tx) error { return store.AddCheckpoint(ctx, tx, c.row(), grown) })
}

// BrokenError says that the store no longer holds what a checkpoint signed.
type BrokenError struct {
	Number int64
	Why    string
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("the store does not hold what checkpoint %d signed: %s", e.Number, e.Why)
}

// stillHolds says whether the chains contain what a checkpoint holds.
func stillHolds(ctx context.Context, q store.Querier, c Checkpoint) error {
	_, err := standing(ctx, q, c)
	return err
}

// stand is the tree of a checkpoint, made again from the store.
type stand struct {
	checkpoint Checkpoint
	tree       *tree
	at         map[[16]byte]int // index of a chain's leaf
	seq        []int64
}

// standing makes the tree of a checkpoint again. The error is *BrokenError where
// it does not come to the root that was signed.
func standing(ctx context.Context, q store.Querier, c Checkpoint) (*stand, error) {
	s := &stand{checkpoint: c, at: map[[16]byte]int{}}
	var leaves [][]byte
	if err := store.HeadsAt(ctx, q, c.Number, func(h store.Head) error {
		s.at[h.Name] = len(leaves)
		leaves, s.seq = append(leaves, Head{h.Name, h.Seq, h.Hash}.leaf()), append(s.seq, h.Seq)
		return nil
	}); err != nil {
		return nil, err
	}
	s.tree = newTree(leaves)
	switch {
	case int64(len(leaves)) != c.Chains:
		return nil, &BrokenError{c.Number, fmt.Sprintf("it has %d of its %d chains", len(leaves), c.Chains)}
	case Hex(s.tree.root()).String() != c.Root.String():
		return nil, &BrokenError{c.Number, "audit rows were changed"}
	}
	if err := c.Signature.check(c.Text()); err != nil {
		return nil, &BrokenError{c.Number, err.Error()}
	}
	return s, nil
}

// last makes the tree of the newest checkpoint again; nil where there is none.
func lastStanding(ctx context.Context, db *store.DB) (*stand, error) {
	c, err := store.LastCheckpoint(ctx, db.View())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return standing(ctx, db.View(), fromStore(db.ID(), c))
}

// List lists the checkpoints of a store, newest first; limit 0 lists all.
func List(ctx context.Context, db *store.DB, limit int) ([]Checkpoint, error) {
	rows, err := store.Checkpoints(ctx, db.View(), limit)
	out := make([]Checkpoint, len(rows))
	for i, r := range rows {
		out[i] = fromStore(db.ID(), r)
	}
	return out, err
}

// Daily makes a checkpoint at each midnight of a zone.
type Daily struct {
	DB     *store.DB
	Signer func(context.Context) (*Signer, error)
	Now    func() time.Time
	Zone   *time.Location
	Log    *slog.Logger
	// Copy keeps a copy of a checkpoint elsewhere and says where; nil: none is
	// kept.
	Copy func(context.Context, Checkpoint) (string, error)
}

// Job is the handler of JobCheckpoint. A checkpoint that is missed is made as
// soon as the job runs again.
func (d *Daily) Job(ctx context.Context, _ job.Job) error {
	now := d.Now()
	last, err := store.LastCheckpoint(ctx, d.DB.View())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err != nil || last.At.Before(d.midnight(now, 0)) {
		if err := d.make(ctx, now); err != nil {
			return err
		}
	}
	if err := d.copy(ctx); err != nil {
		return err
	}
	return job.Later(d.midnight(now, 1), "the next day's checkpoint")
}

func (d *Daily) make(ctx context.Context, now time.Time) error {
	signer, err := d.Signer(ctx)
	if err != nil {
		return err
	}
	c, err := Make(ctx, d.DB, signer, now)
	var broken *BrokenError
	if errors.As(err, &broken) {
		d.Log.Error("no checkpoint is made", "error", err)
	}
	if err != nil {
		return err
	}
	d.Log.Info("checkpoint", "number", c.Number, "chains", c.Chains, "root", c.Root.String())
	return nil
}

// copy keeps copies of the checkpoints that have none yet.
func (d *Daily) copy(ctx context.Context) error {
	if d.Copy == nil {
		return nil
	}
	rows, err := store.CheckpointsUncopied(ctx, d.DB.View(), 100)
	if err != nil {
		return err
	}
	for _, r := range rows {
		where, err := d.Copy(ctx, fromStore(d.DB.ID(), r))
		if err != nil {
			return fmt.Errorf("keeping a copy of checkpoint %d: %w", r.Number, err)
		}
		if err := d.DB.Update(ctx, func(tx *store.Tx) error { return store.SaveCopied(ctx, tx, r.Number, where) }); err != nil {
			return err
		}
	}
	return nil
}

// midnight is the beginning of the day of a time, some days later.
func (d *Daily) midnight(t time.Time, days int) time.Time {
	t = t.In(d.Zone)
	return time.Date(t.Year(), t.Month(), t.Day()+days, 0, 0, 0, 0, d.Zone)
}

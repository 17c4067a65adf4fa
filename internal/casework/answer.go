package casework

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// JobAnswer answers words that were said of cases; its subject is the asker's own.
const JobAnswer = "answer"

// ErrHeard says that the delivery which carries an act was heard before: the act
// was done then, and is not done again.
var ErrHeard = errors.New("this was heard before")

// once remembers the delivery that carries a person's act, in the transaction of
// the act. Deliveries are forgotten after store.EventMemory.
func (b *batch) once(ctx context.Context, p Person) error {
	if p.Delivery == "" || p.Delivery == b.delivery {
		return nil
	}
	sum := sha256.Sum256([]byte("delivery\x00" + p.Delivery))
	hash := [16]byte(sum[:16])
	fresh, err := store.FirstTime(ctx, b.tx, [][16]byte{hash}, b.now)
	if err != nil {
		return err
	}
	if !fresh[hash] {
		return ErrHeard
	}
	b.delivery = p.Delivery
	return nil
}

// LookAgain asks for a look at the resource of a case on a person's word that it
// is mended. The case closes on what the look says, not on the word. Where nothing
// can read the resource it is a *casefile.RefusedError.
func (w *Work) LookAgain(ctx context.Context, p Person, id int64, why string) error {
	return w.act(ctx, p, id, func(f *casefile.File, e casefile.Env) ([]casefile.Move, casefile.Wants, error) {
		switch {
		case f.State == casefile.Closed:
			return nil, casefile.Wants{}, &casefile.RefusedError{Why: "the case is closed already"}
		case f.Key.Kind == finding.Incident:
			return nil, casefile.Wants{}, &casefile.RefusedError{Why: "an incident has nothing to look at: close it as handled"}
		case !e.Readable:
			return nil, casefile.Wants{}, &casefile.RefusedError{Why: "nothing here can read the resource: its source has the last word"}
		}
		return []casefile.Move{{What: "look again asked", Why: why}}, casefile.Wants{Updated: true, Recheck: true}, nil
	})
}

// Said keeps a person's words on each of the cases, and asks for an answer: the
// subject of its job is made from the first case, whose last audit entry holds the
// words.
func (w *Work) Said(ctx context.Context, p Person, ids []int64, text string, subject func(first *casefile.File) string) error {
	return w.change(ctx, ids, func(b *batch, f *casefile.File) error {
		if err := b.once(ctx, p); err != nil {
			return err
		}
		o := b.take(f)
		moves, wants, err := f.Note(text, b.rules.env(f, b.now))
		if err != nil {
			return err
		}
		if err := b.note(o, p.ID, moves, wants); err != nil {
			return err
		}
		if len(b.order) == 1 {
			b.ask(JobAnswer, subject(f), time.Time{})
		}
		return nil
	})
}

// Record keeps in the audit chains of cases what a person did that changes nothing:
// looked at a plan, tried what they may not do. The same delivery again leaves
// nothing more.
func (w *Work) Record(ctx context.Context, p Person, ids []int64, what, why string) error {
	err := w.change(ctx, ids, func(b *batch, f *casefile.File) error {
		if err := b.once(ctx, p); err != nil {
			return err
		}
		return b.note(b.take(f), p.ID, []casefile.Move{{What: what, Why: why}}, casefile.Wants{Updated: true})
	})
	if errors.Is(err, ErrHeard) {
		return nil
	}
	return err
}

// RecordException does the same in the audit chain of an exception.
func (w *Work) RecordException(ctx context.Context, p Person, id, what, why string) error {
	err := w.DB.Update(ctx, func(tx *store.Tx) error {
		b := w.newBatch(tx, "")
		if err := b.once(ctx, p); err != nil {
			return err
		}
		x, err := store.LoadException(ctx, tx, id)
		if err != nil {
			return err
		}
		return b.exceptionMove(ctx, x, p.ID, what, why)
	})
	if errors.Is(err, ErrHeard) {
		return nil
	}
	return err
}

// tellCaseWish lets those hear who may approve a wish about one case where no
// message of the case stands in whose thread it could be told: where a digest is
// still to come, or where the owner is told by mail.
func (b *batch) tellCaseWish(ctx context.Context, f *casefile.File, x store.Exception) error {
	threads := b.rules.Threads
	if threads == nil {
		return nil
	}
	in, err := store.MessagesOfCases(ctx, b.tx, []int64{f.ID})
	if err != nil {
		return err
	}
	for _, m := range in[f.ID] {
		if threads(m.Channel) && (m.Kind == store.MessageCases || !m.ToldAt.IsZero()) {
			return nil
		}
	}
	channels := b.wishChannels(f.Terms.Owner, x)
	if slices.ContainsFunc(b.rules.Directory.Channels(f.Terms.Owner), threads) { // one place where approvers are called is enough
		channels = slices.DeleteFunc(channels, func(c string) bool { return !threads(c) })
	}
	for _, channel := range channels {
		m, err := b.open(ctx, group{store.MessageWish, f.Terms.Owner, channel, ""})
		if err != nil {
			return err
		}
		if err := b.joinException(ctx, m, x); err != nil {
			return err
		}
	}
	return nil
}

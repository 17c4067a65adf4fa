package casework

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

// JobRemind brings to mind what is due; its only subject is "all".
const JobRemind = "remind"

// RemindAll is the subject of JobRemind.
const RemindAll = "all"

// reminderWindow is how long cases join one reminder: an owner gets one message a
// morning, not one a case.
const reminderWindow = 4 * time.Hour

// Remind tells the steps of the ladder that have come, in batches, and returns
// when the next one comes; zero: never. Which step a case has been told is
// written in the transaction in which it joins its message: no step is told
// twice, and none is lost over a restart or a change of the clock.
func (w *Work) Remind(ctx context.Context) (time.Time, error) {
	if w.Rules().Ladder == nil {
		return time.Time{}, nil
	}
	for {
		n := 0
		err := w.DB.Update(ctx, func(tx *store.Tx) error {
			b := w.newBatch(tx, "zesei")
			due, err := store.CasesToRemind(ctx, tx, b.now, BatchSize)
			if err != nil {
				return err
			}
			n = len(due)
			for _, f := range due {
				if err := b.remind(ctx, f); err != nil {
					return err
				}
			}
			return b.write(ctx)
		})
		if err != nil {
			return time.Time{}, fmt.Errorf("reminding: %w", err)
		}
		w.committed()
		if n < BatchSize {
			return store.NextReminder(ctx, w.DB.View())
		}
	}
}

func (b *batch) remind(ctx context.Context, f *casefile.File) error {
	o := b.take(f)
	kinds, moves := f.Remind(b.rules.Ladder(f.Terms.Owner), b.now)
	// What stands in channels says so once the deadline is over.
	if err := b.note(o, "zesei", moves, casefile.Wants{Updated: true, Tell: f.Overdue(b.now)}); err != nil {
		return err
	}
	for _, kind := range kinds {
		channels := b.rules.Directory.Channels(f.Terms.Owner)
		message := store.MessageReminder
		if kind == casefile.ToAbove {
			channels, message = b.rules.Directory.Above(f.Terms.Owner), store.MessageEscalation
		}
		for _, channel := range channels {
			if !Carries(channel, message, f.Terms.Urgent) {
				continue
			}
			for _, r := range b.rules.ReadersOf(message, f.Terms.Owner, channel) {
				m, err := b.message(ctx, group{message, r.Owner, r.Channel, ""})
				if err != nil {
					return err
				}
				if err := store.JoinMessage(ctx, b.tx, m, f.ID, b.now); err != nil {
					return err
				}
				if err := store.SaveJoined(ctx, b.tx, m); err != nil {
					return err
				}
				b.ask(JobMessage, strconv.FormatInt(m.ID, 10), later(b.now, *m))
			}
		}
	}
	return nil
}

// nextReminder keeps when a changed case is next brought to mind, and wakes the
// job that does it where that is sooner than anything it waits for.
func (b *batch) nextReminder(f *casefile.File) {
	f.RemindAt = time.Time{}
	if b.rules.Ladder == nil {
		return
	}
	if f.RemindAt = f.NextReminder(b.rules.Ladder(f.Terms.Owner)); !f.RemindAt.IsZero() && (b.soonest.IsZero() || f.RemindAt.Before(b.soonest)) {
		b.soonest = f.RemindAt
	}
}

package casework

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// The attention budget. A new message about cases (one owner, one control)
// counts when its row is made; a case that joins a row, an edit, a reply in a
// thread, a digest and a reminder count nothing. The budget is kept for each
// owner and channel, over the time before now: no day of the week resets it. Of
// what one batch brings, the most urgent is told first.
//
// What comes above the budget joins one overflow row, which goes out once, on
// the next morning: at most one summary a day, and nothing later than a day.
// CRITICAL and urgent cases are told one by one and at once all the same, and
// count. Which row a case joined is written in the transaction in which it was
// decided, so neither a restart nor another budget moves it.

// joining is how the cases of one batch find their messages.
type joining struct {
	*batch
	rows  map[group]*store.Message
	spent map[[2]string]int // messages within the budget's time, by owner and channel
	over  map[group]bool    // groups for which a new message is above the budget
}

func (b *batch) joining() *joining {
	return &joining{batch: b, rows: map[group]*store.Message{}, spent: map[[2]string]int{}, over: map[group]bool{}}
}

// loud says whether a case is told at once and by itself, whatever the hour and
// the budget.
func loud(f *casefile.File) bool { return f.Severity == finding.Critical || f.Terms.Urgent }

// Tiring says whether people read a channel message by message, so that the
// attention budget is kept for it. Webhook and SNS feed programs, which do not
// tire; what pages people carries urgent cases only.
func Tiring(channel string) bool {
	via, _, _ := strings.Cut(channel, ":")
	return via == "slack" || via == "email" || via == "teams"
}

// ranked are the changed cases in the order in which they may spend the budget.
func (j *joining) ranked() []*opened {
	if j.rules.Attention.Per <= 0 {
		return j.order
	}
	out := slices.Clone(j.order)
	slices.SortStableFunc(out, func(a, b *opened) int {
		return cmp.Or(
			before(loud(a.f), loud(b.f)),
			cmp.Compare(b.f.Severity.Rank(), a.f.Severity.Rank()),
			before(!a.f.Terms.Due.IsZero(), !b.f.Terms.Due.IsZero()),
			a.f.Terms.Due.Compare(b.f.Terms.Due),
		)
	})
	return out
}

func before(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// row is the message that a case of a group joins: one that is open, a new one,
// or, above the budget, the owner's summary of what came above it.
func (j *joining) row(ctx context.Context, g group, f *casefile.File) (*store.Message, error) {
	m := j.rows[g]
	full := m != nil && g.kind == store.MessageCases && m.N >= MessageCases
	switch {
	case m != nil && !full:
		return m, nil
	case j.over[g] && !loud(f):
		return j.row(ctx, overflowOf(g), f)
	case full: // the next row for this group must find it so
		if err := store.SaveJoined(ctx, j.tx, m); err != nil {
			return nil, err
		}
	}
	m, err := j.found(ctx, g)
	if errors.Is(err, store.ErrNotFound) {
		above, err := j.above(ctx, g, f)
		if err != nil {
			return nil, err
		}
		if above {
			j.over[g] = true
			return j.row(ctx, overflowOf(g), f)
		}
		if m, err = j.open(ctx, g); err != nil {
			return nil, err
		}
		j.spent[[2]string{g.owner, g.channel}]++
	} else if err != nil {
		return nil, err
	}
	j.rows[g] = m
	return m, nil
}

func overflowOf(g group) group {
	return group{kind: store.MessageOverflow, owner: g.owner, channel: g.channel}
}

// above says whether a new message of a group would be more than its owner
// should get. The store is asked once for each owner and channel of a batch.
func (j *joining) above(ctx context.Context, g group, f *casefile.File) (bool, error) {
	budget := j.rules.Attention
	if budget.Per <= 0 || g.kind != store.MessageCases || !Tiring(g.channel) {
		return false, nil
	}
	k := [2]string{g.owner, g.channel}
	n, known := j.spent[k]
	if !known {
		var err error
		if n, err = store.MessagesSince(ctx, j.tx, g.owner, g.channel, store.MessageCases, j.now.Add(-budget.Per)); err != nil {
			return false, err
		}
		j.spent[k] = n
	}
	return n >= budget.N && !loud(f), nil
}

// stands says whether a changed case is told already where its owner reads of
// this kind. In a summary of what came above the budget it is told so until it
// comes back or must be told by itself: nobody sees an old summary change.
func stands(in []store.Message, o *opened, kind, owner, channel string) bool {
	return slices.ContainsFunc(in, func(m store.Message) bool {
		if m.Owner != owner || m.Channel != channel {
			return false
		}
		return m.Kind == kind || m.Kind == store.MessageOverflow && kind == store.MessageCases && !o.wants.Reopened && !loud(o.f)
	})
}

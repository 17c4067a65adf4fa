package casework

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// tell lets the cases that people must hear about join a message row, and asks
// for the rows that they already stand in to be brought up to date.
func (b *batch) tell(ctx context.Context) error {
	var ids []int64
	for _, o := range b.order {
		if o.wants.Tell && !o.wants.Opened {
			ids = append(ids, o.f.ID)
		}
	}
	joined := map[int64][]store.Message{}
	if len(ids) > 0 {
		var err error
		if joined, err = store.MessagesOfCases(ctx, b.tx, ids); err != nil {
			return err
		}
	}
	to := b.joining()
	for _, o := range to.ranked() {
		if !o.wants.Tell {
			continue
		}
		for _, m := range joined[o.f.ID] {
			if m.Kind == store.MessageCases && m.SendAfter.After(b.now) && o.f.State == casefile.Open && loud(o.f) && m.Owner == o.f.Terms.Owner {
				m.SendAfter = b.now // it has become loud while its message waits
				if err := store.SendBy(ctx, b.tx, m.ID, b.now); err != nil {
					return err
				}
			}
			b.ask(JobMessage, strconv.FormatInt(m.ID, 10), b.when(m, o.f))
		}
		if o.f.State != casefile.Open {
			continue
		}
		kind := b.kind(o.f)
		if kind == "" {
			continue
		}
		for _, channel := range b.rules.Directory.Channels(o.f.Terms.Owner) {
			if !Carries(channel, kind, o.f.Terms.Urgent) {
				continue
			}
			for _, r := range b.rules.ReadersOf(kind, o.f.Terms.Owner, channel) {
				if stands(joined[o.f.ID], o, kind, r.Owner, r.Channel) {
					continue
				}
				if err := to.join(ctx, group{kind, r.Owner, r.Channel, controlOf(kind, o.f)}, o.f); err != nil {
					return err
				}
			}
		}
	}
	for _, m := range to.rows {
		if err := store.SaveJoined(ctx, b.tx, m); err != nil {
			return err
		}
	}
	return nil
}

// pager begins the name of a channel that pages people.
const pager = "pagerduty:"

// Carries says whether a channel carries messages of a kind: one that pages
// people carries tracked cases that the policy marks urgent, and nothing else.
func Carries(channel, kind string, urgent bool) bool {
	return !strings.HasPrefix(channel, pager) || kind == store.MessageCases && urgent
}

// group is what cases of one message share.
type group struct{ kind, owner, channel, control string }

// kind is the kind of message that a case belongs in; empty: none.
func (b *batch) kind(f *casefile.File) string {
	switch {
	case f.Terms.Response == "notify":
		return store.MessageDigest
	case f.Terms.Response != "track":
		return ""
	case f.Life.Backlog && f.Severity != finding.Critical:
		return store.MessageImport
	}
	return store.MessageCases
}

func controlOf(kind string, f *casefile.File) string {
	if kind == store.MessageCases {
		return f.Key.Control
	}
	return ""
}

// join lets a case join the message of its group. A case of a first import stays
// in its summary: a recurrence is told in a message of its own, because Backlog is
// lifted then.
func (j *joining) join(ctx context.Context, g group, f *casefile.File) error {
	m, err := j.row(ctx, g, f)
	if err != nil {
		return err
	}
	if m.Kind == store.MessageCases && loud(f) && m.SendAfter.After(j.now) {
		m.SendAfter = j.now
	}
	if err := store.JoinMessage(ctx, j.tx, m, f.ID, j.now); err != nil {
		return err
	}
	j.ask(JobMessage, strconv.FormatInt(m.ID, 10), j.when(*m, f))
	return nil
}

// message finds the row that a group joins now, or makes one.
func (b *batch) message(ctx context.Context, g group) (*store.Message, error) {
	m, err := b.found(ctx, g)
	if errors.Is(err, store.ErrNotFound) {
		return b.open(ctx, g)
	}
	return m, err
}

// found is the row that a group joins now, or store.ErrNotFound.
func (b *batch) found(ctx context.Context, g group) (*store.Message, error) {
	most := MessageCases
	if g.kind != store.MessageCases {
		most = 1 << 30 // a summary counts; it does not list every case
	}
	m, err := store.OpenMessage(ctx, b.tx, g.kind, g.owner, g.control, g.channel, b.now, most)
	return &m, err
}

// open makes a row for a group.
func (b *batch) open(ctx context.Context, g group) (*store.Message, error) {
	m := store.Message{Kind: g.kind, Owner: g.owner, Control: g.control, Channel: g.channel, OpenedAt: b.now, SendAfter: b.now.Add(b.rules.GroupWait)}
	switch g.kind {
	case store.MessageWish: // one wish a message
		m.SendAfter, m.Until = b.now, b.now
	case store.MessageDigest:
		m.SendAfter = b.rules.DigestAt(g.owner, b.now)
	case store.MessageOverflow:
		m.SendAfter = b.rules.OverflowAt(g.owner, b.now)
	}
	if b.rules.Ladder != nil { // quiet hours hold back all but what is loud (join)
		m.SendAfter = b.rules.Ladder(g.owner).Loud(m.SendAfter)
	}
	switch g.kind {
	case store.MessageImport:
		m.Until = b.now.Add(b.rules.ImportWindow)
	case store.MessageReminder, store.MessageEscalation:
		m.Until = b.now.Add(reminderWindow)
	case store.MessageDigest, store.MessageOverflow:
		m.Until = m.SendAfter
	default:
		m.Until = m.SendAfter.Add(b.rules.GroupWindow)
	}
	return &m, store.AddMessage(ctx, b.tx, &m)
}

// when is when a message is next to be brought up to date because of a case. In
// quiet hours people hear of CRITICAL and urgent cases only; programs do not
// sleep, and nobody hears that a case that is over is edited in Slack.
func (b *batch) when(m store.Message, f *casefile.File) time.Time {
	at := later(b.now, m)
	silent := f.State != casefile.Open && strings.HasPrefix(m.Channel, "slack:")
	if b.rules.Ladder == nil || !Tiring(m.Channel) || loud(f) || silent {
		return at
	}
	return b.rules.Ladder(m.Owner).Loud(at)
}

// later is when a message is next to be brought up to date: not before its first
// time, and a little later when it has been told, so that what happens together
// is told together.
func later(now time.Time, m store.Message) time.Time {
	if m.SendAfter.After(now) {
		return m.SendAfter
	}
	return now
}

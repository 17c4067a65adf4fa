package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/job"
	"zesei/internal/store"
	"zesei/internal/ticket"
)

// overlap is how far back a poll looks beyond the one before it: what a tracker
// lists late is still heard, and heard once.
const overlap = 10 * time.Minute

// Poll asks one tracker's project what people did there. Its subject is
// tracker|project. It runs again by itself as long as tickets are followed.
func (d *Desk) Poll(ctx context.Context, j job.Job) error {
	name, project, ok := strings.Cut(j.Subject, "|")
	if !ok {
		return job.Permanent(fmt.Errorf("poll of tickets %q: expected tracker|project", j.Subject))
	}
	began := d.Now()
	rows, err := store.FollowedTickets(ctx, d.DB.View(), name, project, began)
	if err != nil || len(rows) == 0 {
		return err
	}
	tracker, err := d.Tracker(ctx, name)
	if err != nil {
		return err
	}
	byKey := map[string]store.Ticket{}
	var refs []ticket.Ref
	in := d.turn(tracker, rows, began)
	for _, r := range rows {
		var k ticket.Known
		if in(r) && json.Unmarshal(r.Known, &k) == nil && k.Exists() {
			byKey[k.Key], refs = r, append(refs, k.Ref)
		}
	}
	since, err := d.since(ctx, j.Subject, rows)
	if err != nil {
		return err
	}
	list, err := tracker.Changes(ctx, project, since, refs)
	if err != nil {
		return d.failed(err)
	}
	seen := map[int64]json.RawMessage{}
	for _, is := range list {
		if row, ours := byKey[is.Key]; ours {
			raw, err := json.Marshal(sight{At: began, Issue: is})
			if err != nil {
				return fmt.Errorf("keeping what was seen of a ticket: %w", err)
			}
			seen[row.ID] = raw
		}
	}
	if len(seen) > 0 {
		if err := d.Work.SawTickets(ctx, seen); err != nil {
			return err
		}
	}
	if err := d.DB.Update(ctx, func(tx *store.Tx) error {
		return store.SetMeta(ctx, tx, polled(j.Subject), began.UTC().Format(time.RFC3339))
	}); err != nil {
		return fmt.Errorf("keeping when %s was asked: %w", name, err)
	}
	return job.Later(began.Add(d.every()), "the next poll")
}

// A tracker without a list of changes is asked for each ticket; of closed ones so
// many at once, and each once in so many polls at the least.
const (
	closedAtOnce  = 50
	closedInPolls = 12
)

// turn says which tickets a poll asks about: all, except that the closed ones of
// a tracker without a list of changes take turns.
func (d *Desk) turn(tracker ticket.Tracker, rows []store.Ticket, now time.Time) func(store.Ticket) bool {
	shut := 0
	for _, r := range rows {
		if !r.Open {
			shut++
		}
	}
	turns := int64(max(closedInPolls, (shut+closedAtOnce-1)/closedAtOnce))
	round := now.Unix() / max(int64(d.every()/time.Second), 1)
	return func(r store.Ticket) bool {
		return r.Open || !tracker.Traits().Polls || r.ID%turns == round%turns
	}
}

func polled(subject string) string { return "ticket.poll." + subject }

// since is when the project was last asked, less an overlap; the first time it is
// when the oldest ticket was opened.
func (d *Desk) since(ctx context.Context, subject string, rows []store.Ticket) (time.Time, error) {
	last, err := store.Meta(ctx, d.DB.View(), polled(subject))
	if err != nil {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, last)
	if err != nil {
		at = rows[0].OpenedAt
		for _, r := range rows {
			if r.OpenedAt.Before(at) {
				at = r.OpenedAt
			}
		}
	}
	return at.Add(-overlap), nil
}

// sight is a ticket as a tracker had it at a time.
type sight struct {
	At    time.Time    `json:"at"`
	Issue ticket.Issue `json:"issue"`
}

// hear takes what was last seen of one ticket into its cases. It returns the row
// as it is then.
func (d *Desk) hear(ctx context.Context, row store.Ticket) (store.Ticket, error) {
	if len(row.Heard) == 0 {
		return row, nil
	}
	var s sight
	if err := json.Unmarshal(row.Heard, &s); err != nil {
		return row, job.Permanent(fmt.Errorf("ticket %d: reading what was heard of it: %w", row.ID, err))
	}
	t, known, _, err := d.ticket(ctx, row)
	if err != nil {
		return row, err
	}
	if known.Pending != nil {
		return row, nil // taken in once the step in doubt is settled
	}
	after, heard := known, []ticket.Feedback(nil)
	if known.Key == s.Issue.Key {
		after, heard = ticket.Absorb(known, s.Issue, t.Open(), s.At)
	}
	var news []casework.TicketNews
	for _, h := range heard {
		n := casework.TicketNews{What: string(h.What), Who: h.Who, Text: h.Text, URL: known.URL, Until: d.ExceptionEnds(d.Now())}
		news = append(news, n)
		if h.What == ticket.HeardClosed && d.Requests {
			n.What, n.Text = string(ticket.HeardException), "its ticket "+known.Key+" was closed while the resource still fails"
			news, after.Early.Requested = append(news, n), true
		}
		d.Log.Info("heard from a tracker", "ticket", row.ID, "key", known.Key, "what", h.What, "who", h.Who)
	}
	state, err := d.state(t, after)
	if err != nil {
		return row, err
	}
	err = d.Work.HeardTicket(ctx, row.ID, state, row.Heard, news)
	var refused *casefile.RefusedError
	if errors.As(err, &refused) { // what a person asked for cannot be done: keep the rest
		d.Log.Warn("what came from a tracker was refused", "ticket", row.ID, "error", err)
		err = d.Work.HeardTicket(ctx, row.ID, state, row.Heard, nil)
	}
	if err != nil {
		return row, err
	}
	return store.LoadTicket(ctx, d.DB.View(), row.ID)
}

package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zesei/internal/casework"
	"zesei/internal/job"
	"zesei/internal/notify"
	"zesei/internal/store"
)

// JobOutage looks after a channel by which messages do not go out, until they do
// again; its subject is the outage's id.
const JobOutage = "outage"

const (
	// failsFor is how long a channel may fail before people hear of it, where
	// trying again may mend it.
	failsFor = 15 * time.Minute
	// probeEvery is how often a message that was given up is tried again, to see
	// whether its channel works.
	probeEvery = 15 * time.Minute
	// tellEvery is how often people hear of an outage that lasts.
	tellEvery = 24 * time.Hour
	// sameOutage is how soon after it worked a channel that fails for the same
	// reason is in the outage that it was in.
	sameOutage = time.Hour
	// SentAtOnce is how many of the messages that were given up are sent again at
	// once when a channel works; the next so many follow a minute later.
	SentAtOnce = 1000
)

// watchedChannel notes that a channel fails, and that it works again.
type watchedChannel struct {
	app  *App
	via  notify.Via
	next notify.Channel
}

var _ notify.Channel = (*watchedChannel)(nil)

func (c *watchedChannel) Deliver(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	sent, unkept := false, false
	told, err := c.next.Deliver(ctx, actions, told, func(t notify.Told) error {
		err := record(t)
		sent, unkept = true, err != nil
		return err
	})
	if unkept || ctx.Err() != nil || err == nil && !sent {
		return told, err // it says nothing about the channel
	}
	target := string(c.via) + ":" + actions.Message.Target
	row := actions.Message.Key[strings.LastIndexByte(actions.Message.Key, '-')+1:] // store-row, see outbox
	if noted := c.app.note(ctx, c.via, target, "message "+row, err); noted != nil {
		c.app.Log.Error("noting how a channel works", "channel", target, "error", noted)
	}
	return told, err
}

// note keeps what a delivery says of its channel.
func (a *App) note(ctx context.Context, via notify.Via, target, message string, err error) error {
	lasts := func(q store.Querier) ([]store.Outage, error) {
		known, err := store.Outages(ctx, q, string(via), target, message)
		return slices.DeleteFunc(known, func(o store.Outage) bool { return !o.OverAt.IsZero() }), err
	}
	if err == nil { // most deliveries end here, and write nothing
		if known, fault := lasts(a.DB.View()); fault != nil || len(known) == 0 {
			return fault
		}
	}
	now := a.Now()
	fault := a.DB.Update(ctx, func(tx *store.Tx) error {
		if err != nil {
			return a.fails(ctx, tx, now, via, target, message, err)
		}
		known, err := lasts(tx)
		if err != nil {
			return err
		}
		for _, o := range known {
			o.OverAt = now
			if err := store.SaveOutage(ctx, tx, &o); err != nil {
				return err
			}
			if err := job.Enqueue(ctx, tx, now, outageJob(o, now)); err != nil {
				return err
			}
		}
		return nil
	})
	if fault == nil {
		a.Work.Committed()
	}
	return fault
}

func outageJob(o store.Outage, at time.Time) job.Want {
	return job.Want{Kind: JobOutage, Subject: strconv.FormatInt(o.ID, 10), At: at}
}

// fails notes a failure, in the outage that it belongs to.
func (a *App) fails(ctx context.Context, tx *store.Tx, now time.Time, via notify.Via, target, message string, err error) error {
	f := failure{reason: strings.Join(strings.Fields(err.Error()), " "), channel: string(via)}
	var never *notify.Permanent
	if errors.As(err, &never) {
		f.sure, f.reason, f.hint, f.hintJA = true, never.Reason, never.Hint, never.HintJA
		switch {
		case never.Scope == notify.MessageOnly:
			f.channel = message
		case never.Scope == notify.TargetOnly, via == notify.Teams: // each owner has a workflow of its own
			f.channel = target
		}
	}
	var o store.Outage
	known, err := store.Outages(ctx, tx, f.channel)
	if err != nil {
		return err
	}
	if len(known) > 0 {
		o = known[0]
	}
	o = f.in(o, now)
	if err := store.SaveOutage(ctx, tx, &o); err != nil {
		return err
	}
	at := later(now, o.Since.Add(failsFor))
	if o.Sure {
		at = now
	}
	return job.Enqueue(ctx, tx, now, outageJob(o, at))
}

// failure is one failed delivery.
type failure struct {
	channel              string
	sure                 bool
	reason, hint, hintJA string
}

// in is the outage that a failure belongs to: the one that lasts, the one that
// seemed to be over a little while ago, or a new one. It is pure.
func (f failure) in(o store.Outage, now time.Time) store.Outage {
	switch {
	case o.ID != 0 && o.OverAt.IsZero():
		f.sure = f.sure || o.Sure
	case o.ID != 0 && now.Sub(o.OverAt) < sameOutage && o.Reason == f.reason:
		o.OverAt = time.Time{}
	default:
		o.Since, o.OverAt, o.ToldAt, o.ToldIn = now, time.Time{}, time.Time{}, 0
	}
	o.Channel, o.LastAt, o.Sure, o.Reason, o.Hint, o.HintJA = f.channel, now, f.sure, f.reason, f.hint, f.hintJA
	return o
}

// outageJob tells people of an outage and of its end, tries now and then whether
// it is over, and sends then what was given up meanwhile.
func (a *App) outageJob(ctx context.Context, j job.Job) error {
	id, err := strconv.ParseInt(j.Subject, 10, 64)
	if err != nil {
		return job.Permanent(fmt.Errorf("outage %q: %w", j.Subject, err))
	}
	o, err := store.OutageByID(ctx, a.DB.View(), id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := a.readdress(ctx, o.Channel); err != nil {
		return err
	}
	stuck, err := store.Stuck(ctx, a.DB.View(), o.Channel)
	if err != nil {
		return err
	}
	if !o.OverAt.IsZero() {
		return a.worksAgain(ctx, o, stuck)
	}
	now := a.Now()
	if now.Sub(o.LastAt) < time.Minute && !a.abandoned(o.Channel) {
		stuck = max(stuck, 1) // how its job ended may not be kept yet
	}
	if stuck == 0 && (o.ToldAt.IsZero() || a.abandoned(o.Channel)) {
		// Nothing waits for it any more: nobody was told, or nobody is told there.
		return a.change(ctx, o.ID, func(_ *store.Tx, o *store.Outage) error {
			o.OverAt, o.ToldAt, o.ToldIn = now, time.Time{}, 0
			return nil
		})
	}
	mute, err := a.mute(ctx, o)
	if err != nil {
		return err
	}
	if outageDue(o, now, mute) {
		if err := a.tellOutage(ctx, o, stuck); err != nil {
			return err
		}
	}
	if strings.HasPrefix(o.Channel, "message ") {
		return nil // that message alone: a person tries it again
	}
	next := now.Add(probeEvery)
	switch first := o.Since.Add(failsFor); {
	case !o.ToldAt.IsZero() || o.Sure:
		return cmp.Or(a.probe(ctx, o, probeEvery), job.Later(next, o.Channel+" does not work"))
	case first.After(now):
		next = first
	default: // before people are told, it is tried
		next = now.Add(time.Minute)
		err = a.probe(ctx, o, 0)
	}
	return cmp.Or(err, job.Later(next, o.Channel+" may not work"))
}

// mute says that what people were told of an outage has not reached them, and
// that the channel it went by does not work either.
func (a *App) mute(ctx context.Context, o store.Outage) (bool, error) {
	if o.ToldIn == 0 {
		return false, nil
	}
	m, err := store.LoadMessage(ctx, a.DB.View(), o.ToldIn)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil || !m.ToldAt.IsZero() {
		return false, err
	}
	failing, err := store.Outages(ctx, a.DB.View())
	return store.Covers(failing, m.Channel), err
}

// probe tries one message that waits once more, where the last failure is some
// time ago.
func (a *App) probe(ctx context.Context, o store.Outage, after time.Duration) error {
	if a.Now().Sub(o.LastAt) < after {
		return nil
	}
	one, err := store.StuckMessages(ctx, a.DB.View(), o.Channel, 1)
	if err != nil {
		return err
	}
	return a.resend(ctx, one)
}

func (a *App) resend(ctx context.Context, subjects []string) error {
	if len(subjects) == 0 {
		return nil
	}
	err := a.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := job.Hurry(ctx, tx, a.Now(), casework.JobMessage, subjects...)
		return err
	})
	if err == nil {
		a.Work.Committed()
	}
	return err
}

// worksAgain sends what was given up, and tells those who were told.
func (a *App) worksAgain(ctx context.Context, o store.Outage, stuck int) error {
	if !o.ToldAt.IsZero() {
		t := notify.Trouble{What: notify.ChannelWorks, Channel: o.Channel, Owners: a.ownersAt(o.Channel), Since: o.Since, Until: o.OverAt, Waiting: stuck}
		err := a.change(ctx, o.ID, func(tx *store.Tx, o *store.Outage) error {
			by := ""
			if told, err := store.LoadMessage(ctx, tx, o.ToldIn); err == nil {
				by = told.Channel // where they heard of it
			}
			if by != "" && !strings.HasPrefix(o.Channel, "message ") {
				if _, err := a.tellTrouble(ctx, tx, fmt.Sprintf("outage/%d/%d/over", o.ID, o.Told), by, t); err != nil {
					return err
				}
			}
			o.ToldAt, o.ToldIn = time.Time{}, 0
			return nil
		})
		if err != nil {
			return err
		}
		a.Log.Info("a channel works again", "channel", o.Channel, "since", o.Since)
	}
	subjects, err := store.StuckMessages(ctx, a.DB.View(), o.Channel, SentAtOnce)
	if err != nil {
		return err
	}
	if err := a.resend(ctx, subjects); err != nil || len(subjects) < SentAtOnce {
		return err
	}
	return job.Later(a.Now().Add(time.Minute), "more messages wait for "+o.Channel)
}

// tellOutage tells people that a channel fails, by another.
func (a *App) tellOutage(ctx context.Context, o store.Outage, stuck int) error {
	failing, err := store.Outages(ctx, a.DB.View())
	if err != nil {
		return err
	}
	t := notify.Trouble{What: notify.ChannelFails, Channel: o.Channel, Since: o.Since, Waiting: stuck, Reasons: []string{o.Reason}, Hint: o.Hint, HintJA: o.HintJA}
	if id, one := strings.CutPrefix(o.Channel, "message "); one {
		n, _ := strconv.ParseInt(id, 10, 64)
		m, err := store.LoadMessage(ctx, a.DB.View(), n)
		if err != nil {
			return err
		}
		t.What, t.Channel, t.Owners = notify.MessageFails, m.Channel, []string{m.Owner}
	} else {
		t.Owners = a.ownersAt(o.Channel)
	}
	by := a.reportWay(t.Channel, failing)
	a.Log.Error("messages do not go out", "channel", t.Channel, "since", o.Since, "waiting", stuck, "reason", o.Reason, "told_by", cmp.Or(by, "nobody: no other channel works"))
	if by == "" {
		return nil // it stands in `zesei doctor`, and is told once something works
	}
	return a.change(ctx, o.ID, func(tx *store.Tx, o *store.Outage) (err error) {
		o.Told++
		o.ToldAt = a.Now()
		o.ToldIn, err = a.tellTrouble(ctx, tx, fmt.Sprintf("outage/%d/%d", o.ID, o.Told), by, t)
		return err
	})
}

// change changes an outage as it stands now: deliveries note how they went at
// the same time.
func (a *App) change(ctx context.Context, id int64, do func(*store.Tx, *store.Outage) error) error {
	err := a.DB.Update(ctx, func(tx *store.Tx) error {
		o, err := store.OutageByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := do(tx, &o); err != nil {
			return err
		}
		return store.SaveOutage(ctx, tx, &o)
	})
	if err == nil {
		a.Work.Committed()
	}
	return err
}

// tellTrouble makes the message that tells the default owner of a trouble, once
// for each key.
func (a *App) tellTrouble(ctx context.Context, tx *store.Tx, key, by string, t notify.Trouble) (message int64, err error) {
	body, err := json.Marshal(t)
	if err != nil {
		return 0, err
	}
	id, fresh, err := store.AddTrouble(ctx, tx, key, a.Config.DefaultOwner(), by, body, a.Now())
	if err != nil || !fresh {
		return id, err
	}
	return id, job.Enqueue(ctx, tx, a.Now(), job.Want{Kind: casework.JobMessage, Subject: strconv.FormatInt(id, 10)})
}

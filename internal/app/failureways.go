package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"zesei/internal/job"
	"zesei/internal/notify"
	"zesei/internal/store"
)

// outageDue says that people are to hear of an outage now: when it has lasted, or at
// once where trying again does not mend it, and again each day. mute is that what
// they were told did not reach them. It is pure.
func outageDue(o store.Outage, now time.Time, mute bool) bool {
	switch {
	case o.ToldAt.IsZero():
		return o.Sure || o.LastAt.Sub(o.Since) >= failsFor
	case strings.HasPrefix(o.Channel, "message "):
		return mute
	}
	return mute || now.Sub(o.ToldAt) >= tellEvery
}

// people are the kinds of channel that people read, in the order in which they
// are told of trouble where the configuration names none. Nobody is paged for it
// unless the configuration says so.
var people = []notify.Via{notify.Slack, notify.Email, notify.Teams, notify.SNS, notify.Webhook}

// reportWay is the channel by which the default owner hears that another fails;
// "" where none is left. A whole service that fails is reported by the configured
// way first; one target of it by the default owner's own first channel.
func (a *App) reportWay(broken string, failing []store.Outage) string {
	whole := !strings.Contains(broken, ":")
	var configured, own []string
	for _, c := range a.Directory.Channels(a.Config.DefaultOwner()) {
		via, _, _ := strings.Cut(c, ":")
		if via == a.Config.Notify.ReportFailures {
			configured = append(configured, c)
		}
		if slices.Contains(people, notify.Via(via)) {
			own = append(own, c)
		}
	}
	rank := func(c string) int {
		via, _, _ := strings.Cut(c, ":")
		return slices.Index(people, notify.Via(via))
	}
	slices.SortStableFunc(own, func(x, y string) int { return rank(x) - rank(y) })
	ways := append(slices.Clone(own), configured...)
	if whole {
		ways = append(configured, own...)
	}
	for _, way := range ways {
		via, _, _ := strings.Cut(way, ":")
		if way != broken && !(whole && via == broken) && !store.Covers(failing, way) {
			return way
		}
	}
	return ""
}

// ownersAt are the owners who are told at one target of a channel; none for a
// whole service.
func (a *App) ownersAt(channel string) []string {
	if !strings.Contains(channel, ":") {
		return nil
	}
	var out []string
	for _, name := range a.Config.OwnerNames() {
		if slices.Contains(a.Directory.Channels(name), channel) || slices.Contains(a.Directory.Above(name), channel) {
			out = append(out, name)
		}
	}
	return out
}

// abandoned says that nobody is told at a target any more: the configuration
// names another. What a person is told by themselves, their owner's channel is
// told too: it does not go there a second time.
func (a *App) abandoned(channel string) bool {
	return strings.Contains(channel, ":") && len(a.ownersAt(channel)) == 0 && !a.personal(channel)
}

// personal says that a target is one person: a member of Slack, or an address of
// somebody in the configuration.
func (a *App) personal(channel string) bool {
	via, target, _ := strings.Cut(channel, ":")
	if via == "slack" && target != "" && (target[0] == 'U' || target[0] == 'W') {
		return true
	}
	for _, p := range a.Config.People {
		if via == "email" && target == p.Email {
			return true
		}
	}
	return false
}

// Mended tries every channel that does not work at once, with one message each:
// the configuration may have been put right. What waits for a target that the
// configuration no longer names goes to where its owners are told now.
func (a *App) Mended(ctx context.Context) error {
	outages, err := store.Outages(ctx, a.DB.View())
	if err != nil {
		return err
	}
	for _, o := range outages {
		if err := a.readdress(ctx, o.Channel); err != nil {
			return err
		}
		one, err := store.StuckMessages(ctx, a.DB.View(), o.Channel, 1)
		if err != nil {
			return err
		}
		if err := a.resend(ctx, one); err != nil {
			return err
		}
		err = a.DB.Update(ctx, func(tx *store.Tx) error { return job.Enqueue(ctx, tx, a.Now(), outageJob(o, a.Now())) })
		if err != nil {
			return err
		}
	}
	return nil
}

// readdress sends what never went out to a target that the configuration no
// longer names to where its owners are told now, by the same kind of channel.
func (a *App) readdress(ctx context.Context, channel string) error {
	if !a.abandoned(channel) {
		return nil
	}
	via, _, _ := strings.Cut(channel, ":")
	moved := map[string]string{} // by owner
	for _, owner := range a.Config.OwnerNames() {
		for _, c := range a.Directory.Channels(owner) {
			if to, _, _ := strings.Cut(c, ":"); to == via {
				moved[owner] = c
			}
		}
	}
	subjects, err := store.Readdress(ctx, a.DB, channel, moved)
	if err != nil {
		return err
	}
	return a.resend(ctx, subjects)
}

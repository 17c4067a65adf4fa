package outbox

import (
	"context"
	"slices"
	"strings"
	"time"

	"zesei/internal/job"
	"zesei/internal/notify"
	"zesei/internal/store"
)

// How long a channel waits for the direct message about the same end of an
// exception, and how often it looks: past that, who asked is called there.
const (
	directWait  = 5 * time.Minute
	directEvery = 20 * time.Second
)

// direct is the member of Slack to whom a channel is a direct message; "" for any
// other channel.
func direct(channel string) string {
	if id, ok := strings.CutPrefix(channel, "slack:"); ok && (strings.HasPrefix(id, "U") || strings.HasPrefix(id, "W")) {
		return id
	}
	return ""
}

// callOnce has nobody called twice about one fact: who asked for an exception is
// told of its end directly, and then not called in the channel too. A channel
// waits a little for that message; where it does not arrive, it calls them.
func (o *Outbox) callOnce(ctx context.Context, row store.Message, list []store.Exception, m *notify.Message) error {
	if direct(row.Channel) != "" {
		m.Mention = nil // it is theirs alone
		return nil
	}
	if m.Via != notify.Slack || o.Wishes == nil || !row.ToldAt.IsZero() {
		return nil
	}
	for _, x := range list {
		_, asker := o.Wishes.Who(x.AskedBy)
		if asker == "" || !slices.Contains(m.Mention, asker) {
			continue
		}
		ids, err := store.MessagesOfException(ctx, o.DB.View(), x.ID, store.MessageEnding)
		if err != nil {
			return err
		}
		for _, id := range ids {
			other, err := store.LoadMessage(ctx, o.DB.View(), id)
			if err != nil {
				return err
			}
			switch {
			case direct(other.Channel) != asker:
			case !other.ToldAt.IsZero():
				m.Mention = slices.DeleteFunc(slices.Clone(m.Mention), func(s string) bool { return s == asker })
			case o.Now().Before(row.SendAfter.Add(directWait)):
				return job.Later(o.Now().Add(directEvery), "the direct message about the same exception goes first")
			}
		}
	}
	return nil
}

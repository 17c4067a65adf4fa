package slack

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	slackgo "github.com/slack-go/slack"
)

// Saying is a message that belongs to no case: a report, or the comment of one.
type Saying struct {
	Channel string // an id, a #name or a user id
	Thread  string // ts of the message that it answers; "" none
	Text    string // mrkdwn, whose outside text the caller has passed through Escape
	Key     string // marks the message, so that it can be found again; "" does not
	// Since is set where an earlier try may have arrived: the channel's history
	// from then on is searched for the key before anything is posted.
	Since time.Time
	// Button is what a button under it does (DoFill, …), with its value, in a
	// language; "" none.
	Button, Value, Language string
}

const sayingPart = "saying"

// Say posts and returns the message's ts. An error after which nobody knows
// whether it arrived is a *InDoubt; all others left nothing behind.
func (d *Deliverer) Say(ctx context.Context, s Saying) (string, error) {
	id, err := d.resolve(ctx, s.Channel)
	if err != nil {
		return "", fmt.Errorf("post to Slack: %w", err)
	}
	if s.Key != "" && !s.Since.IsZero() {
		ts, err := d.find(ctx, id, s.Thread, s.Since, func(m slackgo.Message) bool {
			return m.Metadata.EventType == eventType && m.Metadata.EventPayload["key"] == s.Key && m.Metadata.EventPayload["part"] == sayingPart
		})
		if ts != "" || err != nil {
			return ts, err
		}
	}
	page := layout(s.Text, func(lines int) string { return fmt.Sprintf("… (+%d)", lines) })
	if s.Button != "" {
		page.buttons = []slackgo.BlockElement{button(s.Language, s.Button, s.Value)}
	}
	content := page.options()
	if s.Key != "" {
		content = append(content, slackgo.MsgOptionMetadata(slackgo.SlackMetadata{EventType: eventType, EventPayload: map[string]any{"key": s.Key, "part": sayingPart}}))
	}
	if s.Thread != "" {
		content = append(content, slackgo.MsgOptionTS(s.Thread))
	}
	var ts string
	err = d.patiently(ctx, func() (err error) {
		if err = d.pace.wait(ctx, id); err == nil {
			_, ts, err = d.api.PostMessageContext(ctx, id, content...)
		}
		return err
	})
	if err != nil {
		if err = classify("chat.postMessage", s.Channel, err); ambiguous(err) {
			return "", &InDoubt{err: certain(err)}
		}
		return "", err
	}
	return ts, nil
}

// Shared finds the message that shared a file in a channel since a time; "" says
// that there is none.
func (d *Deliverer) Shared(ctx context.Context, channel, fileID string, since time.Time) (string, error) {
	id, err := d.resolve(ctx, channel)
	if err != nil {
		return "", fmt.Errorf("look for file %s in Slack: %w", fileID, err)
	}
	return d.find(ctx, id, "", since, func(m slackgo.Message) bool {
		for _, f := range m.Files {
			if f.ID == fileID {
				return true
			}
		}
		return false
	})
}

// find searches a channel, or a thread of it, from a day before since: clocks
// differ.
func (d *Deliverer) find(ctx context.Context, channel, thread string, since time.Time, is func(slackgo.Message) bool) (string, error) {
	oldest := strconv.FormatInt(since.Add(-skew).Unix(), 10) + ".000000"
	for cursor := ""; ; {
		var messages []slackgo.Message
		method := "conversations.history"
		err := d.patiently(ctx, func() error {
			if thread != "" {
				method = "conversations.replies"
				page, _, next, err := d.api.GetConversationRepliesContext(ctx, &slackgo.GetConversationRepliesParameters{
					ChannelID: channel, Timestamp: thread, Oldest: oldest, Cursor: cursor, Limit: 200, Inclusive: true, IncludeAllMetadata: true,
				})
				if err == nil {
					messages, cursor = page, next
				}
				return err
			}
			page, err := d.api.GetConversationHistoryContext(ctx, &slackgo.GetConversationHistoryParameters{
				ChannelID: channel, Oldest: oldest, Cursor: cursor, Limit: 200, Inclusive: true, IncludeAllMetadata: true,
			})
			if err == nil {
				messages, cursor = page.Messages, page.ResponseMetaData.NextCursor
			}
			return err
		})
		if err != nil {
			if err = certain(classify(method, channel, err)); !errors.Is(err, context.Canceled) {
				err = fmt.Errorf("look into the channel first: %w", err)
			}
			return "", err
		}
		for _, m := range messages {
			if is(m) {
				return m.Timestamp, nil
			}
		}
		if cursor == "" {
			return "", nil
		}
	}
}

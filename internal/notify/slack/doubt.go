package slack

import (
	"context"
	"errors"
	"strconv"
	"time"

	slackgo "github.com/slack-go/slack"

	"zesei/internal/notify"
)

// skew is how far Slack's clock and ours may differ when we look for a post. A
// day costs a page or two of history; a wrong clock would cost a second post.
const skew = 24 * time.Hour

var errThreadGone = errors.New("the message that the thread belongs to is gone")

// look searches for a post that may have arrived, and returns its ts, or ""
// when it is certain that it did not.
func (r *delivery) look(ctx context.Context, name string, part notify.Part) (string, error) {
	if r.told.Channel == "" {
		id, err := r.resolve(ctx, r.told.Target)
		if err != nil {
			return "", err
		}
		r.told.Channel = id
	}
	thread := ""
	if name != notify.Main {
		thread = r.told.Parts[notify.Main].ID
	}
	oldest := strconv.FormatInt(time.Unix(part.At, 0).Add(-skew).Unix(), 10) + ".000000"
	for cursor := ""; ; {
		messages, next, err := r.read(ctx, thread, oldest, cursor)
		if thread != "" && errors.Is(err, errThreadGone) { // then it went to the channel
			thread, cursor = "", ""
			continue
		}
		if err != nil {
			return "", err
		}
		for _, m := range messages {
			if ours(m, r.key, name, part) {
				r.log.Info("slack: a post in doubt has arrived", "message", r.key, "part", name, "ts", m.Timestamp)
				return m.Timestamp, nil
			}
		}
		if next == "" {
			r.log.Info("slack: a post in doubt has not arrived", "message", r.key, "part", name)
			return "", nil
		}
		cursor = next
	}
}

// read gets one page of the channel's history, or of a thread.
func (r *delivery) read(ctx context.Context, thread, oldest, cursor string) ([]slackgo.Message, string, error) {
	const limit = 200
	for waits := 0; ; waits++ {
		var messages []slackgo.Message
		var next, method string
		var err error
		if thread == "" {
			method = "conversations.history"
			var page *slackgo.GetConversationHistoryResponse
			page, err = r.api.GetConversationHistoryContext(ctx, &slackgo.GetConversationHistoryParameters{
				ChannelID: r.told.Channel, Oldest: oldest, Cursor: cursor, Limit: limit, Inclusive: true, IncludeAllMetadata: true,
			})
			if err == nil {
				messages, next = page.Messages, page.ResponseMetaData.NextCursor
			}
		} else {
			method = "conversations.replies"
			messages, _, next, err = r.api.GetConversationRepliesContext(ctx, &slackgo.GetConversationRepliesParameters{
				ChannelID: r.told.Channel, Timestamp: thread, Oldest: oldest, Cursor: cursor, Limit: limit, Inclusive: true, IncludeAllMetadata: true,
			})
			if threadGone[refusal(err)] {
				return nil, "", errThreadGone
			}
		}
		if err == nil {
			return messages, next, nil
		}
		var limited *slackgo.RateLimitedError
		if errors.As(err, &limited) && limited.RetryAfter <= r.patience && waits < 3 {
			if err := r.pace.sleep(ctx, limited.RetryAfter); err != nil {
				return nil, "", err
			}
			continue
		}
		return nil, "", classify(method, r.told.Target, err)
	}
}

// ours says whether m is this very post. What it said is compared too: another
// store may have given out the same key.
func ours(m slackgo.Message, key, name string, part notify.Part) bool {
	p := m.Metadata.EventPayload
	return m.Metadata.EventType == eventType && p["key"] == key && p["part"] == name && p["hash"] == part.Hash && number(p["post"]) == part.Posts
}

func number(v any) int {
	switch n := v.(type) {
	case float64:
		return int(n)
	case string:
		i, err := strconv.Atoi(n)
		if err == nil {
			return i
		}
	}
	return -1
}

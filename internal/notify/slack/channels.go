package slack

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	slackgo "github.com/slack-go/slack"

	"zesei/internal/notify"
)

// channels remembers the ids behind names.
type channels struct {
	mu  sync.Mutex
	ids map[string]string
}

func (c *channels) learn(target, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ids == nil {
		c.ids = map[string]string{}
	}
	c.ids[target] = id
}

func (c *channels) id(target string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ids[target]
}

var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{6,20}$`)

// resolve finds the id of a channel or of the conversation with a person:
// history and files take ids only, posts take names too.
func (d *Deliverer) resolve(ctx context.Context, target string) (string, error) {
	if channelID.MatchString(target) {
		return target, nil
	}
	if id := d.channels.id(target); id != "" {
		return id, nil
	}
	if userID.MatchString(target) {
		var c *slackgo.Channel
		err := d.patiently(ctx, func() (err error) {
			c, _, _, err = d.api.OpenConversationContext(ctx, &slackgo.OpenConversationParameters{Users: []string{target}})
			return err
		})
		if err != nil {
			return "", classify("conversations.open", target, err)
		}
		d.channels.learn(target, c.ID)
		return c.ID, nil
	}
	name := strings.TrimPrefix(target, "#")
	for cursor := ""; ; {
		var page []slackgo.Channel
		var next string
		err := d.patiently(ctx, func() (err error) {
			page, next, err = d.api.GetConversationsContext(ctx, &slackgo.GetConversationsParameters{
				Cursor: cursor, Limit: 999, ExcludeArchived: true, Types: []string{"public_channel", "private_channel"},
			})
			return err
		})
		if err != nil {
			return "", classify("conversations.list", target, err)
		}
		for _, c := range page {
			if c.Name == name {
				d.channels.learn(target, c.ID)
				return c.ID, nil
			}
		}
		if next == "" {
			return "", &notify.Permanent{Reason: fmt.Sprintf("Slack has no channel %q that the app can see", target), Hint: hints["channel_not_found"], HintJA: hintsJA["channel_not_found"], Scope: notify.TargetOnly}
		}
		cursor = next
	}
}

// patiently repeats a call that only reads, waiting out short limits.
func (d *Deliverer) patiently(ctx context.Context, call func() error) error {
	for waits := 0; ; waits++ {
		err := call()
		var limited *slackgo.RateLimitedError
		if !errors.As(err, &limited) || limited.RetryAfter > d.patience || waits == 3 {
			return err
		}
		if err := d.pace.sleep(ctx, limited.RetryAfter); err != nil {
			return err
		}
	}
}

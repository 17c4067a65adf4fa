package slack

import (
	"encoding/json"
	"fmt"

	slackgo "github.com/slack-go/slack"

	"zesei/internal/notify"
)

// Preview is a part of a message as it would be sent, without sending it.
type Preview struct {
	Text   string          // whole, in mrkdwn
	Blocks json.RawMessage // a list of Block Kit blocks
}

// Show compiles the templates for Slack. The function that it returns lays out
// one part of the message of that key, with its buttons where it has any; its
// error is a template's.
func Show(t *notify.Templates) (func(v notify.View, key string) (Preview, error), error) {
	texts, err := t.For(markup{})
	if err != nil {
		return nil, fmt.Errorf("slack message templates: %w", err)
	}
	return func(v notify.View, key string) (Preview, error) {
		text, err := texts.Render(v)
		if err != nil {
			return Preview{}, err
		}
		r := &delivery{Deliverer: &Deliverer{texts: texts}, key: key}
		blocks, err := json.Marshal(slackgo.Blocks{BlockSet: r.layout(v, text).blocks()})
		if err != nil {
			return Preview{}, fmt.Errorf("laying a message out for Slack: %w", err)
		}
		return Preview{Text: text, Blocks: blocks}, nil
	}, nil
}

package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	slackgo "github.com/slack-go/slack"
)

// hooksOf is the one host that response URLs may lead to: Slack's own, or that of a
// Web API at another address. What a broken or forged payload names elsewhere is
// not called.
func hooksOf(api string) string {
	u, err := url.Parse(api)
	switch {
	case api == "" || err != nil || u.Host == "slack.com" || strings.HasSuffix(u.Host, ".slack.com"):
		return "hooks.slack.com"
	case u.Host == "slack-gov.com":
		return "hooks.slack-gov.com"
	}
	return u.Host
}

// Whisper tells the one who pressed a button, and nobody else. Text is mrkdwn whose
// outside text has passed through Escape.
func (d *Deliverer) Whisper(ctx context.Context, h Heard, text string) error {
	if h.ResponseURL == "" {
		return d.ephemeral(ctx, h, text)
	}
	u, err := url.Parse(h.ResponseURL)
	if err != nil || u.Host != d.hooks || strings.HasPrefix(d.hooks, "hooks.slack") && u.Scheme != "https" || u.User != nil {
		return errors.New("whisper in Slack: the response URL does not lead to Slack")
	}
	say := map[string]any{"response_type": "ephemeral", "replace_original": false, "text": cut(text, maxText)}
	if h.Thread != "" {
		say["thread_ts"] = h.Thread
	}
	body, err := json.Marshal(say)
	if err != nil {
		return fmt.Errorf("whisper in Slack: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("whisper in Slack: the response URL cannot be called")
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := d.client.Do(r)
	if err != nil {
		return fmt.Errorf("whisper in Slack: %w", scrub(err))
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4096))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("whisper in Slack: HTTP status %d", resp.StatusCode)
	}
	return nil
}

// ephemeral whispers where no response URL came: to words in a channel, or after
// a form whose message is known.
func (d *Deliverer) ephemeral(ctx context.Context, h Heard, text string) error {
	if h.Channel == "" {
		return errors.New("whisper in Slack: no channel is known")
	}
	options := []slackgo.MsgOption{slackgo.MsgOptionText(cut(text, maxText), false), slackgo.MsgOptionParse(false)}
	if h.Thread != "" {
		options = append(options, slackgo.MsgOptionTS(h.Thread))
	}
	_, err := d.api.PostEphemeralContext(ctx, h.Channel, h.User, options...)
	if err != nil {
		return certain(classify("chat.postEphemeral", h.Channel, err))
	}
	return nil
}

// Open shows a modal to the one whose press or form carried the trigger. Slack
// takes a trigger once, within three seconds.
func (d *Deliverer) Open(ctx context.Context, trigger string, m Modal) error {
	if _, err := d.api.OpenViewContext(ctx, trigger, m.view()); err != nil {
		return certain(classify("views.open", "a form", err))
	}
	return nil
}

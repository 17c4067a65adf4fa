package slack

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Sign sets the headers by which an app knows that a request is Slack's:
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func Sign(h http.Header, secret string, at time.Time, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}

// Press is a press of a button in a message.
type Press struct {
	User, Channel, MessageTS string
	ActionID, BlockID, Value string
	// ActionTS is when it was pressed; "" is now.
	ActionTS string
}

// Press presses the first button of a message that has this action id, as a user
// does: it tells the app at target (an address, or OverSocket).
func (t *Twin) Press(ctx context.Context, target, user string, m Message, actionID string) (int, []byte, error) {
	value, ok := m.Button(actionID)
	if !ok {
		return 0, nil, fmt.Errorf("slack twin: message %s has no button %s", m.TS, actionID)
	}
	return t.Interaction(ctx, target, Press{User: user, Channel: m.Channel, MessageTS: m.TS, ActionID: actionID, Value: value})
}

// Button is the value of the message's first button with an action id.
func (m Message) Button(actionID string) (value string, ok bool) {
	var blocks []block
	_ = json.Unmarshal(m.Blocks, &blocks) // no blocks, no button
	for _, b := range blocks {
		for _, e := range b.Elements {
			if b.Type == "actions" && e.ActionID == actionID {
				return e.Value, true
			}
		}
	}
	return "", false
}

// Mention writes a message that mentions the app, and tells the app of it. It
// returns the message's ts; redeliver the event with Event and the id "Ev"+ts.
func (t *Twin) Mention(ctx context.Context, target, channel, user, text, threadTS string) (string, int, error) {
	text = "<@" + BotUser + "> " + text
	ts := t.Write(channel, user, text, threadTS)
	if ts == "" {
		return "", 0, fmt.Errorf("slack twin: no channel %s", channel)
	}
	status, _, err := t.Event(ctx, target, "Ev"+ts, t.Mentioned(channel, ts), 0)
	return ts, status, err
}

// Mentioned is the event app_mention of a message.
func (t *Twin) Mentioned(channel, ts string) map[string]any {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.channel(channel)
	m := c.message(ts)
	e := map[string]any{"type": "app_mention", "user": m.User, "text": m.Text, "ts": m.TS, "channel": c.ID, "event_ts": m.TS, "team": Team}
	if m.ThreadTS != "" {
		e["thread_ts"] = m.ThreadTS
	}
	return e
}

// Interaction tells the app at target that a button was pressed, and returns
// the status and body that it answered. The payload carries a response_url of
// this twin and a trigger_id for views.open. The same Press with an ActionTS is
// the same delivery again.
func (t *Twin) Interaction(ctx context.Context, target string, p Press) (int, []byte, error) {
	t.mu.Lock()
	c := t.channel(p.Channel)
	if c == nil {
		t.mu.Unlock()
		return 0, nil, fmt.Errorf("slack twin: no channel %s", p.Channel)
	}
	hook := t.id("H")
	t.hooks[hook] = &responseHook{channel: c, user: p.User, ts: p.MessageTS, until: t.now().Add(30 * time.Minute), left: 5}
	if p.ActionTS == "" {
		p.ActionTS = t.ts()
	}
	container := map[string]any{"type": "message", "message_ts": p.MessageTS, "channel_id": c.ID, "is_ephemeral": false}
	var shown map[string]any
	if m := c.message(p.MessageTS); m != nil {
		shown = m.show(c, true)
		if m.ThreadTS != "" {
			container["thread_ts"] = m.ThreadTS
		}
	}
	payload := map[string]any{
		"type": "block_actions", "team": map[string]any{"id": Team, "domain": "twin"}, "api_app_id": "A0TWIN", "token": "unused",
		"user": map[string]any{"id": p.User, "team_id": Team}, "trigger_id": t.newTrigger(p.User), "response_url": "http://" + t.host + "/hooks/" + hook,
		"channel": map[string]any{"id": c.ID, "name": c.Name}, "message": shown,
		"container": container,
		"actions":   []any{map[string]any{"type": "button", "action_id": p.ActionID, "block_id": p.BlockID, "value": p.Value, "action_ts": p.ActionTS}},
	}
	t.mu.Unlock()
	return t.Payload(ctx, target, payload)
}

// Payload sends any interaction payload (a view_submission, for instance) to an
// app, signed or over its socket.
func (t *Twin) Payload(ctx context.Context, target string, payload any) (int, []byte, error) {
	b, err := json.Marshal(payload)
	if err != nil {
		return 0, nil, fmt.Errorf("slack twin: writing the payload: %w", err)
	}
	if target == OverSocket {
		return t.envelope(ctx, "interactive", b, 0)
	}
	return t.send(ctx, target, "application/x-www-form-urlencoded", []byte(url.Values{"payload": {string(b)}}.Encode()), 0)
}

// Event sends an event of the Events API (the inner event) to an app, signed,
// with the envelope around it. retry is 0 for the first delivery.
func (t *Twin) Event(ctx context.Context, target, eventID string, event any, retry int) (int, []byte, error) {
	b, err := json.Marshal(map[string]any{
		"type": "event_callback", "team_id": Team, "authorizations": []any{map[string]any{"team_id": Team, "user_id": BotUser, "is_bot": true}}, "api_app_id": "A0TWIN", "event_id": eventID, "event_time": t.now().Unix(), "event": event,
	})
	if err != nil {
		return 0, nil, fmt.Errorf("slack twin: writing the event: %w", err)
	}
	if target == OverSocket {
		return t.envelope(ctx, "events_api", b, retry)
	}
	return t.send(ctx, target, "application/json", b, retry)
}

func (t *Twin) send(ctx context.Context, target, contentType string, body []byte, retry int) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("slack twin: calling the app: %w", err)
	}
	r.Header.Set("Content-Type", contentType)
	if retry > 0 {
		r.Header.Set("X-Slack-Retry-Num", strconv.Itoa(retry))
		r.Header.Set("X-Slack-Retry-Reason", "http_timeout")
	}
	Sign(r.Header, t.options.SigningSecret, t.now(), body)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, fmt.Errorf("slack twin: calling the app: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return resp.StatusCode, nil, fmt.Errorf("slack twin: reading the app's answer: %w", err)
	}
	return resp.StatusCode, answer, nil
}

// responseHook is a response_url: five uses in thirty minutes.
type responseHook struct {
	channel *Channel
	user    string
	ts      string
	until   time.Time
	left    int
}

// hook takes a message sent to a response_url: a new one, or in place of the
// message that the button was in.
func (t *Twin) hook(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Text            string          `json:"text"`
		Blocks          json.RawMessage `json:"blocks"`
		ReplaceOriginal bool            `json:"replace_original"`
		DeleteOriginal  bool            `json:"delete_original"`
		ResponseType    string          `json:"response_type"`
		ThreadTS        string          `json:"thread_ts"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&in); err != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.hooks[r.PathValue("id")]
	if h == nil || h.left == 0 || t.now().After(h.until) {
		http.Error(w, `{"ok":false,"error":"used_url"}`, http.StatusNotFound)
		return
	}
	h.left--
	m := h.channel.message(h.ts)
	switch {
	case in.DeleteOriginal && m != nil:
		for i, o := range h.channel.messages {
			if o == m {
				h.channel.messages = append(h.channel.messages[:i:i], h.channel.messages[i+1:]...)
				break
			}
		}
	case in.ReplaceOriginal && m != nil:
		m.Text, m.Blocks = in.Text, in.Blocks
		m.Edits++
	case in.ResponseType == "in_channel":
		h.channel.messages = append(h.channel.messages, &Message{Channel: h.channel.ID, TS: t.ts(), ThreadTS: in.ThreadTS, User: BotUser, Text: in.Text, Blocks: in.Blocks})
	default: // ephemeral
		t.whispers = append(t.whispers, Whisper{Channel: h.channel.Name, User: h.user, ThreadTS: in.ThreadTS, Text: in.Text, Blocks: in.Blocks})
	}
	_, _ = io.WriteString(w, "ok")
}

package slack

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

func authTest(*request) (answer, error) {
	return answer{"url": "https://twin.slack.com/", "team": "Twin", "team_id": "T0TWIN", "user": "zesei", "user_id": BotUser, "bot_id": "B0TWIN"}, nil
}

// writable finds the channel that a call names, if the bot may write there.
func (q *request) writable() (*Channel, error) {
	c := q.t.channel(q.form.Get("channel"))
	if c == nil {
		c = q.t.direct(q.form.Get("channel"))
	}
	switch {
	case c == nil, c.Private && !c.Member:
		return nil, problem("channel_not_found")
	case c.Archived:
		return nil, problem("is_archived")
	case !c.Member:
		return nil, problem("not_in_channel")
	}
	return c, nil
}

// raw is a parameter that holds JSON, or nil.
func (q *request) raw(name string) json.RawMessage {
	if s := q.form.Get(name); s != "" && s != "null" && json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	return nil
}

func postMessage(q *request) (answer, error) {
	c, err := q.writable()
	if err != nil {
		return nil, err
	}
	if err := checkMessage(q.form.Get("text"), q.form.Get("blocks"), q.raw("attachments")); err != nil {
		return nil, err
	}
	m := &Message{
		Channel: c.ID, TS: q.t.ts(), User: BotUser, Text: q.form.Get("text"), Blocks: q.raw("blocks"),
		Attachments: q.raw("attachments"), Metadata: q.raw("metadata"),
	}
	if thread := q.form.Get("thread_ts"); thread != "" {
		m.ThreadTS = thread
	}
	c.messages = append(c.messages, m)
	q.t.say(c, m, false)
	return answer{"channel": c.ID, "ts": m.TS, "message": m.show(c, true)}, nil
}

func (c *Channel) message(ts string) *Message {
	for _, m := range c.messages {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

// update replaces what is given. Text without blocks takes the blocks away;
// metadata stays unless it is given.
func update(q *request) (answer, error) {
	c, err := q.writable()
	if err != nil {
		return nil, err
	}
	m := c.message(q.form.Get("ts"))
	if m == nil {
		return nil, problem("message_not_found")
	}
	if m.User != BotUser {
		return nil, problem("cant_update_message")
	}
	if err := checkMessage(q.form.Get("text"), q.form.Get("blocks"), q.raw("attachments")); err != nil {
		return nil, err
	}
	m.Blocks, m.Text = q.raw("blocks"), q.form.Get("text")
	if a := q.raw("attachments"); a != nil {
		m.Attachments = a
	}
	if meta := q.raw("metadata"); meta != nil {
		m.Metadata = meta
	}
	m.Edits++
	q.t.say(c, m, true)
	return answer{"channel": c.ID, "ts": m.TS, "text": m.Text, "message": m.show(c, true)}, nil
}

// show is a message as the API returns it.
func (m *Message) show(c *Channel, metadata bool) map[string]any {
	out := map[string]any{"type": "message", "ts": m.TS, "user": m.User, "text": m.Text}
	if m.User == BotUser {
		out["bot_id"], out["app_id"] = "B0TWIN", "A0TWIN"
	}
	if m.Blocks != nil {
		out["blocks"] = m.Blocks
	}
	if m.Attachments != nil {
		out["attachments"] = m.Attachments
	}
	if metadata && m.Metadata != nil {
		out["metadata"] = m.Metadata
	}
	if m.Edits > 0 {
		out["edited"] = map[string]any{"user": m.User, "ts": m.TS}
	}
	if len(m.Files) > 0 {
		files := []any{}
		for _, id := range m.Files {
			files = append(files, map[string]any{"id": id})
		}
		out["files"] = files
	}
	n := 0
	for _, o := range c.messages {
		if o.ThreadTS == m.TS && o != m {
			n++
		}
	}
	if m.ThreadTS != "" {
		out["thread_ts"] = m.ThreadTS
	} else if n > 0 {
		out["thread_ts"], out["reply_count"] = m.TS, n
	}
	return out
}

func permalink(q *request) (answer, error) {
	c := q.t.channel(q.form.Get("channel"))
	if c == nil {
		return nil, problem("channel_not_found")
	}
	ts := q.form.Get("message_ts")
	if c.message(ts) == nil {
		return nil, problem("message_not_found")
	}
	return answer{"channel": c.ID, "permalink": "https://twin.slack.com/archives/" + c.ID + "/p" + strings.Replace(ts, ".", "", 1)}, nil
}

func (q *request) readable() (*Channel, error) {
	c := q.t.channel(q.form.Get("channel"))
	switch {
	case c == nil, c.Private && !c.Member:
		return nil, problem("channel_not_found")
	case !c.Member:
		return nil, problem("not_in_channel")
	}
	return c, nil
}

// history lists messages of the channel itself, newest first.
func history(q *request) (answer, error) {
	c, err := q.readable()
	if err != nil {
		return nil, err
	}
	var found []*Message
	for _, m := range c.messages {
		if m.ThreadTS == "" || m.ThreadTS == m.TS {
			found = append(found, m)
		}
	}
	slices.Reverse(found)
	return q.page(c, found)
}

// replies lists a thread: its first message, then the replies, oldest first.
func replies(q *request) (answer, error) {
	c, err := q.readable()
	if err != nil {
		return nil, err
	}
	ts := q.form.Get("ts")
	if c.message(ts) == nil {
		return nil, problem("thread_not_found")
	}
	var found []*Message
	for _, m := range c.messages {
		if m.TS == ts || m.ThreadTS == ts {
			found = append(found, m)
		}
	}
	return q.page(c, found)
}

func (q *request) flag(name string) bool {
	v := q.form.Get(name)
	return v == "1" || v == "true"
}

// page applies oldest, latest, inclusive, limit and cursor. Timestamps compare
// as texts of equal form.
func (q *request) page(c *Channel, all []*Message) (answer, error) {
	oldest, latest := q.form.Get("oldest"), q.form.Get("latest")
	within := func(m *Message) bool {
		if q.flag("inclusive") && (m.TS == oldest || m.TS == latest) {
			return true
		}
		return (oldest == "" || later(m.TS, oldest)) && (latest == "" || later(latest, m.TS))
	}
	var found []*Message
	for _, m := range all {
		if within(m) {
			found = append(found, m)
		}
	}
	start, size, err := q.window(len(found), 100, 999)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, m := range found[start:min(start+size, len(found))] {
		list = append(list, m.show(c, q.flag("include_all_metadata")))
	}
	more := start+size < len(found)
	return answer{"messages": list, "has_more": more, "response_metadata": map[string]string{"next_cursor": cursor(start+size, more)}}, nil
}

func later(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil || x == y {
		return a > b
	}
	return x > y
}

func (q *request) window(n, size, most int) (start, limit int, err error) {
	if s := q.form.Get("limit"); s != "" && s != "0" {
		if size, err = strconv.Atoi(s); err != nil || size < 1 {
			return 0, 0, problem("invalid_limit")
		}
	}
	if s := q.form.Get("cursor"); s != "" {
		b, decodeErr := base64.StdEncoding.DecodeString(s)
		start, err = strconv.Atoi(strings.TrimPrefix(string(b), "next:"))
		if decodeErr != nil || err != nil {
			return 0, 0, problem("invalid_cursor")
		}
	}
	return min(max(start, 0), n), min(size, most), nil
}

func cursor(next int, more bool) string {
	if !more {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(next)))
}

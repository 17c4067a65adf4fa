package slack

import "encoding/json"

// Whisper is a message that one person saw, and that is kept nowhere.
type Whisper struct {
	Channel, User, ThreadTS, Text string
	Blocks                        json.RawMessage
}

// Whispers returns what was shown to one person only, by chat.postEphemeral or
// through a response_url, in order.
func (t *Twin) Whispers() []Whisper {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Whisper(nil), t.whispers...)
}

// postEphemeral shows a message to one member of a channel.
func postEphemeral(q *request) (answer, error) {
	c, err := q.writable()
	if err != nil {
		return nil, err
	}
	user := q.form.Get("user")
	known := false
	for _, u := range q.t.users {
		known = known || u.ID == user
	}
	if !known {
		return nil, problem("user_not_in_channel")
	}
	if err := checkMessage(q.form.Get("text"), q.form.Get("blocks"), q.raw("attachments")); err != nil {
		return nil, err
	}
	q.t.whispers = append(q.t.whispers, Whisper{Channel: c.Name, User: user, ThreadTS: q.form.Get("thread_ts"), Text: q.form.Get("text"), Blocks: q.raw("blocks")})
	return answer{"message_ts": q.t.ts()}, nil
}

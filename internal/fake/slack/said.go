package slack

import (
	"encoding/json"
	"time"
)

// Said is one thing that the app said: a post, or a change of one.
type Said struct {
	At      time.Time // by the twin's clock
	Channel string    // its name
	TS      string    // of the message
	// ThreadTS is the message that it answers; "" where it stands by itself.
	ThreadTS string
	Edit     bool // chat.update of an earlier post
	Text     string
	Blocks   json.RawMessage
}

// Said returns everything that the app has posted and changed with
// chat.postMessage and chat.update, in order. Messages returns how it stands.
func (t *Twin) Said() []Said {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Said(nil), t.said...)
}

// say records what was said. Held: mu.
func (t *Twin) say(c *Channel, m *Message, edit bool) {
	t.said = append(t.said, Said{At: t.now(), Channel: c.Name, TS: m.TS, ThreadTS: m.ThreadTS, Edit: edit, Text: m.Text, Blocks: m.Blocks})
}

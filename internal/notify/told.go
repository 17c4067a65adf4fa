package notify

import "maps"

// Told is what has been delivered of a message. The caller stores it as JSON in
// the message's row and hands it back unchanged.
type Told struct {
	Target  string          `json:"target,omitempty"`  // where the main part was meant to go
	Channel string          `json:"channel,omitempty"` // the id that the service gave the channel
	Parts   map[string]Part `json:"parts,omitempty"`   // by part name: main, case/<key>, recurred/<key>/<n> …
	Seen    map[string]Seen `json:"seen,omitempty"`    // by case key: how people last saw it
}

// Part is one post.
type Part struct {
	// Pending is set from just before a post is sent until its answer has been
	// recorded: such a post is in doubt, and is looked for before it is repeated.
	Pending bool   `json:"pending,omitempty"`
	At      int64  `json:"at,omitempty"` // Unix seconds when it was intended
	ID      string `json:"id,omitempty"` // Slack: the message's ts; Carrier: the gist of what was sent
	Hash    string `json:"hash,omitempty"`
	Version int    `json:"version"`         // counts what was said: posts and updates
	Posts   int    `json:"posts,omitempty"` // counts the posts alone: 2 is a post anew
}

// Done says whether the part stands where people read it.
func (p Part) Done() bool { return p.Version > 0 && !p.Pending }

// Seen is what people have been told of one case.
type Seen struct {
	State       State    `json:"state"`
	Recurrences int      `json:"recurrences,omitempty"`
	Fix         FixState `json:"fix,omitempty"`
	Replies     int      `json:"replies,omitempty"` // replies other than recurrences; makes their part names differ
}

// Clone returns a copy that shares no map with t.
func (t Told) Clone() Told {
	t.Parts, t.Seen = maps.Clone(t.Parts), maps.Clone(t.Seen)
	if t.Parts == nil {
		t.Parts = map[string]Part{}
	}
	if t.Seen == nil {
		t.Seen = map[string]Seen{}
	}
	return t
}

func (c Case) seen(before Seen) Seen {
	s := Seen{State: c.State, Recurrences: c.Recurrences, Replies: before.Replies}
	if c.Fix != nil {
		s.Fix = c.Fix.State
	}
	return s
}

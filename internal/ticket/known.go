package ticket

import (
	"maps"
	"time"
)

// Known is what has been done of a ticket and what is known of it. The caller
// stores it as JSON in the ticket's row and hands it back unchanged.
type Known struct {
	Ref
	URL    string `json:"url,omitempty"`
	Closed bool   `json:"closed,omitempty"` // as we last left it or saw it
	// Fields is the hash of what was last said, by field.
	Fields map[string]string `json:"fields,omitempty"`
	Seen   map[string]Seen   `json:"seen,omitempty"` // by case key: how people last read it
	Said   int               `json:"said,omitempty"` // comments of ours
	// Pending is set from just before something that must not be done twice is
	// sent until its answer has been recorded: it is in doubt.
	Pending *Intent `json:"pending,omitempty"`
	// Early is set while people have closed the ticket although a case is open.
	// It stays until people have been told why the ticket was opened again.
	Early *Early `json:"early,omitempty"`
	// Reopened is set since a person opened a ticket of which no case is open; a
	// case that opens again ends it.
	Reopened *Reopened `json:"reopened,omitempty"`
	Gone     int       `json:"gone,omitempty"` // how often the ticket was deleted in the tracker
	// What came back, so that each thing comes once.
	Assignee    string `json:"assignee,omitempty"`
	Assigned    bool   `json:"assigned,omitempty"`     // by us, and not read back: the next that is read is ours
	LastComment string `json:"last_comment,omitempty"` // id
	Moved       int64  `json:"moved,omitempty"`        // Unix ms when we last changed it: an older sight of it says nothing of its state
	ReadAt      int64  `json:"read_at,omitempty"`      // Unix ms of the newest comment that was read
}

// Intent is a step that was sent, or was about to be.
type Intent struct {
	Do     Do                `json:"do"` // Create or Comment
	At     int64             `json:"at"` // Unix seconds
	N      int               `json:"n,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
	Seen   map[string]Seen   `json:"seen,omitempty"`
	// Answer is what the comment says to who opened the ticket; empty: nothing.
	Answer string `json:"answer,omitempty"`
}

// Early is a ticket that was closed while a case is open.
type Early struct {
	At int64  `json:"at"` // Unix seconds when we saw it
	By string `json:"by,omitempty"`
	// Requested: by policy the closing asks for an exception, and that was said.
	Requested bool `json:"requested,omitempty"`
}

// Reopened is a ticket that a person opened although no case of it is open.
type Reopened struct {
	At    int64  `json:"at"` // Unix seconds when we saw it
	By    string `json:"by,omitempty"`
	Times int    `json:"times"` // how often since a case was last open
	// Answer is what people were told: ClosedAgain or LeftOpen; empty: nothing yet.
	Answer string `json:"answer,omitempty"`
}

// Seen is what people have read of one case.
type Seen struct {
	State       State  `json:"state"`
	Recurrences int    `json:"recurrences,omitempty"`
	Due         string `json:"due,omitempty"` // date in the owner's zone: the deadline, or the end of an exception
	Severity    string `json:"severity,omitempty"`
}

// Exists says whether the ticket stands in the tracker.
func (k Known) Exists() bool { return k.Key != "" }

// EarlySince is when people were seen to have closed the ticket too early; zero:
// they have not.
func (k Known) EarlySince() time.Time {
	if k.Early == nil {
		return time.Time{}
	}
	return time.Unix(k.Early.At, 0)
}

// ReopenedSince is when people were seen to have opened a ticket that nobody has
// answered yet; zero: they have not.
func (k Known) ReopenedSince() time.Time {
	if k.Reopened == nil || k.Reopened.Answer != "" || k.Closed {
		return time.Time{}
	}
	return time.Unix(k.Reopened.At, 0)
}

// Clone returns a copy that shares nothing with k.
func (k Known) Clone() Known {
	k.Fields, k.Seen = maps.Clone(k.Fields), maps.Clone(k.Seen)
	if k.Fields == nil {
		k.Fields = map[string]string{}
	}
	if k.Seen == nil {
		k.Seen = map[string]Seen{}
	}
	if k.Pending != nil {
		p := *k.Pending
		k.Pending = &p
	}
	if k.Early != nil {
		e := *k.Early
		k.Early = &e
	}
	if k.Reopened != nil {
		r := *k.Reopened
		k.Reopened = &r
	}
	return k
}

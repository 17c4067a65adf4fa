package eventpattern

import (
	"fmt"
	"sync"
)

// Pattern is one parsed event pattern. It is immutable and safe for concurrent use.
type Pattern struct {
	rules []rule // the pattern with every $or multiplied out, in written order

	once sync.Once // a pattern that only serves in a Set never builds its own
	self *Set
}

// rule is one way to satisfy a pattern: every field must match. The fields are
// in UTF-16 order of their paths, the order in which EventBridge considers them.
type rule struct {
	fields []field
}

// field names one path and the alternatives of which one must match.
type field struct {
	path  string // object keys joined by "."
	wants []matcher
}

// SyntaxError says why a pattern was refused.
type SyntaxError struct {
	Offset int    // byte offset in the pattern of the part that is refused
	Msg    string // what is wrong and what was expected, in one line
}

// Error gives the reason and the offset.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("event pattern: %s (at byte %d)", e.Msg, e.Offset)
}

// EventError says why an event could not be matched: it is not a JSON object,
// or it is not well-formed JSON. No answer is given for such an event.
type EventError struct {
	Offset int    // byte offset in the event where reading stopped
	Msg    string // what was expected there
}

// Error gives the reason and the offset.
func (e *EventError) Error() string {
	return fmt.Sprintf("event: %s (at byte %d)", e.Msg, e.Offset)
}

// Parse reads an event pattern, a JSON object as EventBridge takes it. The error
// is a *SyntaxError. Bytes after the closing brace are ignored, as EventBridge does.
func Parse(pattern []byte) (*Pattern, error) {
	p := &patternReader{src: pattern}
	rules, err := p.read()
	if err != nil {
		return nil, err
	}
	return &Pattern{rules: rules}, nil
}

// Match reports whether the event matches. The error is an *EventError when the
// event is not a well-formed JSON object.
func (p *Pattern) Match(event []byte) (bool, error) {
	var room [1]int
	got, err := p.set().Match(event, room[:0])
	return len(got) == 1, err
}

func (p *Pattern) set() *Set {
	p.once.Do(func() { p.self = compile([]*Pattern{p}) })
	return p.self
}

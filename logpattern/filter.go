package logpattern

import (
	"fmt"
	"strings"
)

// Kind is the syntax of a pattern, told by its first character.
type Kind string

// The kinds of a pattern.
const (
	JSON   Kind = "json"   // { … }
	Fields Kind = "fields" // [ … ], space-delimited
	Terms  Kind = "terms"  // anything else
)

// SyntaxError says why a pattern is refused.
type SyntaxError struct {
	Offset int    // in bytes, in the pattern
	Msg    string // what is wrong and what was expected
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("log filter pattern: offset %d: %s", e.Offset, e.Msg)
}

// Filter is a compiled pattern. It is immutable and safe for concurrent use.
type Filter struct {
	source string
	kind   Kind
	tree   *tree // JSON: the selectors
	expr   expr  // JSON
	line   *line // Fields
	terms  *terms
}

// Parse compiles a pattern. The error is a *SyntaxError.
func Parse(pattern string) (*Filter, error) {
	f := &Filter{source: pattern}
	start := len(pattern) - len(strings.TrimLeft(pattern, blanks))
	end := max(start, len(strings.TrimRight(pattern, blanks)))
	p := &parser{text: pattern, pos: start, end: end}
	var err *SyntaxError
	switch {
	case start < end && pattern[start] == '{':
		f.kind = JSON
		err = p.json(f)
	case start < end && pattern[start] == '[':
		f.kind = Fields
		f.line, err = p.line()
	default:
		f.kind = Terms
		f.terms, err = p.terms()
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// String returns the pattern as written.
func (f *Filter) String() string { return f.source }

// Kind returns the syntax of the pattern.
func (f *Filter) Kind() Kind { return f.kind }

// Match says whether a log event, JSON or text, matches.
func (f *Filter) Match(event []byte) bool {
	switch f.kind {
	case Fields:
		return f.line.match(event)
	case Terms:
		return f.terms.match(event)
	}
	w := walkers.Get().(*walker)
	defer w.release()
	return w.walk(event, f.tree) && f.expr.holds(w, nil)
}

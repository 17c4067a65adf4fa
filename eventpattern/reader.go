package eventpattern

import (
	"fmt"
	"unicode/utf8"
)

// maxDepth is how deep objects and arrays may nest, in patterns and in events.
const maxDepth = 1000

// patternReader reads the JSON of a pattern token by token, so that each
// refusal can name its offset. Errors travel as a panic with *SyntaxError from
// fail to read and go no further.
type patternReader struct {
	src   []byte
	pos   int
	depth int
}

func (p *patternReader) fail(at int, format string, args ...any) {
	panic(&SyntaxError{Offset: at, Msg: fmt.Sprintf(format, args...)})
}

// space skips white space and gives the next byte, or 0 at the end.
func (p *patternReader) space() byte {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; c {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return c
		}
	}
	return 0
}

// expect takes the byte c after white space.
func (p *patternReader) expect(c byte, where string) {
	if got := p.space(); got != c || p.pos >= len(p.src) {
		p.fail(p.pos, "not valid JSON: expected %q %s, found %s", c, where, p.found())
	}
	p.pos++
}

func (p *patternReader) found() string {
	if p.pos >= len(p.src) {
		return "the end of the pattern"
	}
	r, _ := utf8.DecodeRune(p.src[p.pos:])
	return fmt.Sprintf("%q", r)
}

// text takes a string; what names it in errors.
func (p *patternReader) text(what string) string {
	if p.space() != '"' {
		p.fail(p.pos, "not valid JSON: expected %s in double quotes, found %s", what, p.found())
	}
	start := p.pos + 1
	end := scanString(p.src, start)
	if end < 0 {
		p.fail(p.pos, "not valid JSON: a string that is not closed, or holds a bad escape or a bare control character")
	}
	p.pos = end
	return string(unescape(nil, p.src[start:end-1]))
}

// number takes a number and gives its text.
func (p *patternReader) number() string {
	start := p.pos
	end := scanNumber(p.src, start)
	if end < 0 {
		p.fail(start, "not valid JSON: bad number")
	}
	p.pos = end
	return string(p.src[start:end])
}

// word takes true, false or null.
func (p *patternReader) word() byte {
	start := p.pos
	if p.pos = scanWord(p.src, start); p.pos < 0 {
		p.pos = start
		p.fail(start, "not valid JSON: expected a value, found %s", p.found())
	}
	return p.src[start]
}

// more steps through the members of an object or array: it takes the comma
// between them, and reports false when it has taken the closing byte.
func (p *patternReader) more(first bool, closing byte) bool {
	c := p.space()
	switch {
	case c == closing:
		p.pos++
		return false
	case first:
		return true
	case c == ',':
		p.pos++
		if c := p.space(); c == closing {
			p.fail(p.pos, "not valid JSON: nothing follows the comma")
		}
		return true
	}
	p.fail(p.pos, "not valid JSON: expected a comma or %q, found %s", closing, p.found())
	return false
}

func (p *patternReader) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.pos, "nested deeper than %d", maxDepth)
	}
}

func isNumber(c byte) bool { return c == '-' || c >= '0' && c <= '9' }

package logpattern

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const blanks = " \t\r\n"

// maxNesting bounds parentheses in a pattern.
const maxNesting = 64

// parser reads a pattern from left to right.
type parser struct {
	text      string
	pos, end  int // what is left is text[pos:end]
	regexes   int
	wildcards int
	nesting   int
	into      *tree
}

func (p *parser) fail(format string, args ...any) *SyntaxError {
	return p.failAt(p.pos, format, args...)
}

func (p *parser) failAt(at int, format string, args ...any) *SyntaxError {
	return &SyntaxError{Offset: at, Msg: fmt.Sprintf(format, args...)}
}

func (p *parser) blank() {
	for p.pos < p.end && strings.IndexByte(blanks, p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *parser) rest() string { return p.text[p.pos:p.end] }

// take moves over token if it comes next.
func (p *parser) take(token string) bool {
	if !strings.HasPrefix(p.rest(), token) {
		return false
	}
	p.pos += len(token)
	return true
}

// word takes a keyword that ends where a word ends.
func (p *parser) word(keyword string) bool {
	rest := p.rest()
	if !strings.HasPrefix(rest, keyword) || len(rest) > len(keyword) && isName(rest[len(keyword)]) {
		return false
	}
	p.pos += len(keyword)
	return true
}

// found describes what comes next, for messages.
func (p *parser) found() string {
	if p.pos >= p.end {
		return "the end"
	}
	r, _ := utf8.DecodeRuneInString(p.rest())
	return fmt.Sprintf("%q", r)
}

// quoted reads a string in double quotes, at which the parser stands.
func (p *parser) quoted() (string, *SyntaxError) {
	start := p.pos
	p.pos++
	var b strings.Builder
	for p.pos < p.end {
		c := p.text[p.pos]
		if c == '\\' && p.pos+1 < p.end && (p.text[p.pos+1] == '"' || p.text[p.pos+1] == '\\') {
			p.pos++
			c = p.text[p.pos]
		} else if c == '"' {
			p.pos++
			return b.String(), nil
		}
		b.WriteByte(c)
		p.pos++
	}
	return "", p.failAt(start, `this quote is not closed; expected a '"' behind the value`)
}

// bare reads a value without quotes: what stops it is for the kinds of pattern
// to say by allowed.
func (p *parser) bare(allowed func(rune) bool) string {
	start := p.pos
	for p.pos < p.end {
		r, n := utf8.DecodeRuneInString(p.rest())
		if !allowed(r) {
			break
		}
		p.pos += n
	}
	return p.text[start:p.pos]
}

func isName(c byte) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func isTermRune(r rune) bool {
	return r != utf8.RuneError && (r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

func isBareRune(r rune) bool {
	return isTermRune(r) || r < 128 && strings.IndexByte(".*-:/@+#;", byte(r)) >= 0
}

// isFieldRune is wider: in a space-delimited pattern only blanks, commas and
// the signs of conditions end a value.
func isFieldRune(r rune) bool {
	return r != utf8.RuneError && r > ' ' && (r >= 128 || strings.IndexByte(`,[]()"&|=<>!%`, byte(r)) < 0)
}

// operator is how a condition compares.
type operator uint8

const (
	equal operator = iota
	unequal
	less
	greater
	lessOrEqual
	greaterOrEqual
	isNull
	isTrue
	isFalse
	notExists
)

var comparisons = [...]struct {
	sign string
	op   operator
}{{"!=", unequal}, {"<=", lessOrEqual}, {">=", greaterOrEqual}, {"=", equal}, {"<", less}, {">", greater}}

func (p *parser) comparison() (operator, *SyntaxError) {
	for _, c := range comparisons {
		if p.take(c.sign) {
			return c.op, nil
		}
	}
	return 0, p.fail("found %s; expected =, !=, <, >, <= or >=", p.found())
}

func (o operator) ordered() bool { return o >= less && o <= greaterOrEqual }

// value reads what stands behind an operator.
func (p *parser) value(op operator, allowed func(rune) bool) (v value, err *SyntaxError) {
	p.blank()
	start := p.pos
	if p.pos < p.end {
		switch p.text[p.pos] {
		case '"':
			text, err := p.quoted()
			if err != nil {
				return v, err
			}
			if op.ordered() {
				return v, p.failAt(start, "a string; <, >, <= and >= compare with a number, without quotes")
			}
			return textValue(text), nil
		case '%':
			v.regex, err = p.regex()
			if err == nil && op != equal && op != unequal {
				err = p.failAt(start, "a regular expression; it goes with = and != only")
			}
			return v, err
		}
	}
	text := p.bare(allowed)
	if text == "" {
		return v, p.fail(`found %s; expected a value ("text", a number or %%regex%%; text with other characters than letters and digits in quotes)`, p.found())
	}
	v = textValue(text)
	v.number, v.numeric = parseNumber(text)
	if op.ordered() && !v.numeric {
		return v, p.failAt(start, "%q is no number; <, >, <= and >= compare with a number", text)
	}
	return v, nil
}

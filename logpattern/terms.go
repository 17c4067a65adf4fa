package logpattern

import (
	"bytes"
	"regexp"
)

// terms is a pattern of terms.
type terms struct {
	include, exclude, either []term
}

// term is a substring or a regular expression.
type term struct {
	source string
	text   []byte
	regex  *regexp.Regexp
	all    bool // "" and " " are in everything
}

func (t *term) in(event []byte) bool {
	switch {
	case t.all:
		return true
	case t.regex != nil:
		return t.regex.Match(event)
	}
	return bytes.Contains(event, t.text)
}

// terms reads the whole pattern.
func (p *parser) terms() (*terms, *SyntaxError) {
	t := &terms{}
	for p.blank(); p.pos < p.end; p.blank() {
		start := p.pos
		into := &t.include
		switch p.text[p.pos] {
		case '-':
			into = &t.exclude
			p.pos++
		case '?':
			into = &t.either
			p.pos++
		}
		one, err := p.term()
		if err != nil {
			return nil, err
		}
		if one.all && into == &t.exclude {
			return nil, p.failAt(start, "this excludes every log event")
		}
		one.source = p.text[start:p.pos]
		*into = append(*into, one)
		if p.pos < p.end && !isBlank(p.text[p.pos]) {
			return nil, p.fail("found %s; a term with other characters than letters, digits and _ must be in quotes, and blanks stand between terms", p.found())
		}
	}
	return t, nil
}

func (p *parser) term() (t term, err *SyntaxError) {
	switch {
	case p.pos < p.end && p.text[p.pos] == '"':
		text, err := p.quoted()
		return term{text: []byte(text), all: text == "" || text == " "}, err
	case p.pos < p.end && p.text[p.pos] == '%':
		t.regex, err = p.regex()
		return t, err
	}
	text := p.bare(isTermRune)
	if text == "" {
		return t, p.fail("found %s; expected a term: letters, digits and _, or anything in quotes", p.found())
	}
	return term{text: []byte(text)}, nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func (t *terms) match(event []byte) bool {
	for i := range t.include {
		if !t.include[i].in(event) {
			return false
		}
	}
	for i := range t.exclude {
		if t.exclude[i].in(event) {
			return false
		}
	}
	if len(t.either) == 0 || len(t.include)+len(t.exclude) > 0 {
		return true
	}
	for i := range t.either {
		if t.either[i].in(event) {
			return true
		}
	}
	return false
}

package logpattern

import (
	"bytes"
	"fmt"
)

// line is a space-delimited pattern.
type line struct {
	head, tail []slot // before and behind the ellipsis; all in head without one
	open       bool   // there is an ellipsis
	words      bool   // w1, w2, …: the line may go on behind the last
}

// slot is one field of the line.
type slot struct {
	name string
	any  [][]fieldCondition // or of and; none: any field
}

type fieldCondition struct {
	op     operator
	value  value
	source string
}

// line reads the whole pattern.
func (p *parser) line() (*line, *SyntaxError) {
	if p.text[p.end-1] != ']' || p.end-p.pos < 2 {
		return nil, p.failAt(p.end, "the pattern begins with [ and must end with ]")
	}
	p.pos++
	p.end--
	l := &line{}
	into := &l.head
	if p.blank(); p.pos == p.end {
		return nil, p.fail("no field; expected names separated by commas, or ...")
	}
	for {
		p.blank()
		if p.take("...") {
			if l.open {
				return nil, p.failAt(p.pos-3, "a second ...; one can stand in a pattern")
			}
			l.open, into = true, &l.tail
		} else {
			s, err := p.slot()
			if err != nil {
				return nil, err
			}
			*into = append(*into, s)
		}
		p.blank()
		if p.pos == p.end {
			break
		}
		if !p.take(",") {
			return nil, p.fail("found %s; expected a comma or ] behind a field", p.found())
		}
	}
	l.words = !l.open
	for i := range l.head {
		l.words = l.words && l.head[i].name == fmt.Sprintf("w%d", i+1)
	}
	return l, nil
}

// slot reads a name with its conditions; nothing is a field that may be
// anything.
func (p *parser) slot() (s slot, err *SyntaxError) {
	if p.pos == p.end || p.text[p.pos] == ',' {
		return s, nil
	}
	s.any = [][]fieldCondition{nil}
	first := true
	for {
		p.blank()
		start := p.pos
		group := p.take("(")
		p.blank()
		name := p.bare(func(r rune) bool { return r == '-' || r == '.' || isTermRune(r) })
		switch {
		case name == "" && first && p.take("*"):
			name = "*"
		case name == "":
			return s, p.fail("found %s; expected the name of a field", p.found())
		case !first && name != s.name:
			return s, p.failAt(start, "a condition on %s in the field %s; a field's conditions are about that field", name, s.name)
		}
		s.name = name
		p.blank()
		if first && !group && (p.pos == p.end || p.text[p.pos] == ',') {
			s.any = nil
			return s, nil
		}
		c := fieldCondition{}
		if c.op, err = p.comparison(); err != nil {
			return s, err
		}
		if c.value, err = p.value(c.op, isFieldRune); err != nil {
			return s, err
		}
		if p.blank(); group && !p.take(")") {
			return s, p.fail("found %s; expected )", p.found())
		}
		c.source = p.text[start:p.pos]
		last := len(s.any) - 1
		s.any[last] = append(s.any[last], c)
		first = false
		p.blank()
		switch {
		case p.take("&&"):
		case p.take("||"):
			s.any = append(s.any, nil)
		default:
			return s, nil
		}
	}
}

func (c *fieldCondition) holds(field []byte) bool {
	if c.op == equal || c.op == unequal {
		same := c.value.matches(field)
		if !same && c.value.numeric {
			n, ok := parseNumber(field)
			same = ok && n.compare(c.value.number) == 0
		}
		return same == (c.op == equal)
	}
	n, ok := parseNumber(field)
	return ok && c.op.orders(n.compare(c.value.number))
}

func (s *slot) holds(field []byte) bool {
	for _, all := range s.any {
		holds := true
		for i := range all {
			if !all[i].holds(field) {
				holds = false
				break
			}
		}
		if holds {
			return true
		}
	}
	return len(s.any) == 0
}

func (l *line) match(event []byte) bool {
	var room [32][]byte
	fields := splitFields(event, room[:0])
	if !l.fits(len(fields)) {
		return false
	}
	for i := range l.head {
		if !l.head[i].holds(fields[i]) {
			return false
		}
	}
	for i := range l.tail {
		if !l.tail[i].holds(fields[len(fields)-len(l.tail)+i]) {
			return false
		}
	}
	return true
}

// fits says whether a line of n fields has as many as the pattern wants.
func (l *line) fits(n int) bool {
	wanted := len(l.head) + len(l.tail)
	return n == wanted || n > wanted && (l.open || l.words)
}

// splitFields splits a line at blanks; […] and "…" are one field, without their
// delimiters. A delimiter that is never closed is an ordinary character.
func splitFields(line []byte, into [][]byte) [][]byte {
	for i := 0; i < len(line); {
		c := line[i]
		if isBlank(c) {
			i++
			continue
		}
		if closing := closer(c); closing != 0 {
			if n := bytes.IndexByte(line[i+1:], closing); n >= 0 {
				into = append(into, line[i+1:i+1+n])
				i += n + 2
				continue
			}
		}
		start := i
		for i < len(line) && !isBlank(line[i]) {
			i++
		}
		into = append(into, line[start:i])
	}
	return into
}

func closer(c byte) byte {
	switch c {
	case '[':
		return ']'
	case '"':
		return '"'
	}
	return 0
}

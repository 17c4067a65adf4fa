package logpattern

import (
	"fmt"
	"strconv"
	"strings"
)

// maxWildcards is CloudWatch Logs' limit for one pattern; a selector has one.
const maxWildcards = 3

// json reads the whole pattern.
func (p *parser) json(f *Filter) *SyntaxError {
	if p.text[p.end-1] != '}' || p.end-p.pos < 2 {
		return p.failAt(p.end, "the pattern begins with { and must end with }")
	}
	p.pos++
	p.end--
	f.tree = newTree()
	p.into = f.tree
	e, err := p.or()
	if err != nil {
		return err
	}
	if p.blank(); p.pos < p.end {
		return p.fail("found %s; expected &&, || or }", p.found())
	}
	f.expr = e
	f.tree.number()
	return nil
}

func (p *parser) or() (expr, *SyntaxError) {
	if p.nesting++; p.nesting > maxNesting {
		return expr{}, p.fail("parentheses nested deeper than %d", maxNesting)
	}
	defer func() { p.nesting-- }()
	one, err := p.and()
	if err != nil {
		return one, err
	}
	all := []expr{one}
	for p.blank(); p.take("||"); p.blank() {
		if one, err = p.and(); err != nil {
			return one, err
		}
		all = append(all, one)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return expr{join: either, parts: all}, nil
}

func (p *parser) and() (expr, *SyntaxError) {
	one, err := p.primary()
	if err != nil {
		return one, err
	}
	all := []expr{one}
	for p.blank(); p.take("&&"); p.blank() {
		if one, err = p.primary(); err != nil {
			return one, err
		}
		all = append(all, one)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return expr{join: every, parts: all}, nil
}

func (p *parser) primary() (e expr, err *SyntaxError) {
	p.blank()
	start := p.pos
	if p.take("(") {
		if e, err = p.or(); err != nil {
			return e, err
		}
		if p.blank(); !p.take(")") {
			return e, p.fail("found %s; expected ) for the ( at offset %d", p.found(), start)
		}
		return e, nil
	}
	c := &condition{}
	if err = p.selector(c); err != nil {
		return e, err
	}
	p.blank()
	switch {
	case p.word("NOT"):
		if p.blank(); !p.word("EXISTS") {
			return e, p.fail("found %s; expected EXISTS behind NOT", p.found())
		}
		c.op = notExists
	case p.word("IS"):
		p.blank()
		switch {
		case p.word("NULL"):
			c.op = isNull
		case p.word("TRUE"):
			c.op = isTrue
		case p.word("FALSE"):
			c.op = isFalse
		default:
			return e, p.fail("found %s; expected NULL, TRUE or FALSE behind IS (IS NOT does not exist)", p.found())
		}
	case strings.HasPrefix(p.rest(), "EXISTS"):
		return e, p.fail("EXISTS does not exist, NOT EXISTS does; for a field that is there write = *")
	default:
		if c.op, err = p.comparison(); err != nil {
			err.Msg += ", IS NULL, IS TRUE, IS FALSE or NOT EXISTS"
			return e, err
		}
		if c.value, err = p.value(c.op, isBareRune); err != nil {
			return e, err
		}
	}
	c.source, c.offset = p.text[start:p.pos], start
	return expr{cond: c}, nil
}

// selector reads $.a.b[0].*.['c.d'].
func (p *parser) selector(c *condition) *SyntaxError {
	start := p.pos
	if !p.take("$") {
		return p.fail("found %s; expected a selector, as $.eventName", p.found())
	}
	var path []step
	wild := -1
	for p.pos < p.end && (p.text[p.pos] == '.' || p.text[p.pos] == '[') {
		at := p.pos
		one, err := p.step()
		if err != nil {
			return err
		}
		if one.wild() {
			if wild >= 0 {
				return p.failAt(at, "a second wildcard; a selector has at most one")
			}
			if p.wildcards++; p.wildcards > maxWildcards {
				return p.failAt(at, "more than %d wildcard selectors in one pattern", maxWildcards)
			}
			wild = len(path)
		}
		path = append(path, one)
	}
	if len(path) == 0 {
		return p.fail("found %s; expected . and a field's name behind $", p.found())
	}
	c.selector = p.text[start:p.pos]
	if wild < 0 {
		c.at = p.into.add(path)
		return nil
	}
	c.at = p.into.add(path[:wild])
	c.beyond = path[wild:]
	return nil
}

// step reads one step of a selector.
func (p *parser) step() (step, *SyntaxError) {
	dot := p.take(".")
	if p.take("[") {
		return p.bracket()
	}
	if dot && p.take("*") {
		return step{kind: anyMember}, nil
	}
	from := p.pos
	for p.pos < p.end && isName(p.text[p.pos]) {
		p.pos++
	}
	if p.pos == from {
		return step{}, p.fail("found %s; expected a field's name of letters, digits, _ and -, or ['name'] for another", p.found())
	}
	return step{kind: member, name: p.text[from:p.pos]}, nil
}

func (p *parser) bracket() (s step, err *SyntaxError) {
	p.blank()
	start := p.pos
	switch {
	case p.take("*"):
		s.kind = anyItem
	case p.take("'"):
		var b strings.Builder
		for p.pos < p.end && p.text[p.pos] != '\'' {
			if p.text[p.pos] == '\\' && p.pos+1 < p.end && (p.text[p.pos+1] == '\'' || p.text[p.pos+1] == '\\') {
				p.pos++
			}
			b.WriteByte(p.text[p.pos])
			p.pos++
		}
		if !p.take("'") {
			return s, p.failAt(start, "this quote is not closed; expected a ' behind the name")
		}
		s.name = b.String()
	default:
		for p.pos < p.end && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
			p.pos++
		}
		n, err := strconv.ParseUint(p.text[start:p.pos], 10, 31)
		if err != nil {
			return s, p.failAt(start, "expected a position in the list, *, or a name in single quotes")
		}
		s.kind, s.index = item, int(n)
	}
	p.blank()
	if !p.take("]") {
		return s, p.fail("found %s; expected ]", p.found())
	}
	return s, nil
}

// step is one step of a selector.
type step struct {
	kind  stepKind
	name  string
	index int
}

type stepKind uint8

const (
	member stepKind = iota
	item
	anyMember
	anyItem
)

func (s step) wild() bool { return s.kind == anyMember || s.kind == anyItem }

func (s step) String() string {
	switch s.kind {
	case item:
		return fmt.Sprintf("[%d]", s.index)
	case anyMember:
		return ".*"
	case anyItem:
		return "[*]"
	}
	return "." + s.name
}

package eventpattern

import "strings"

// anythingBut takes the value of anything-but: a string, a number, a list of
// either, or an object of one operator over strings.
func (p *patternReader) anythingBut() matcher {
	switch c := p.space(); {
	case c == '{':
		return p.anythingButOperator()
	case c == '[':
		return p.anythingButList()
	case c == '"':
		s := p.text("a value")
		return matcher{op: opNotStrings, texts: []string{s}, want: `{"anything-but": [` + quote(s) + `]}`}
	case isNumber(c):
		n := p.comparableNumber("anything-but")
		return matcher{op: opNotNumbers, numbers: []float64{n}, want: `{"anything-but": [` + formatNumber(n) + `]}`}
	}
	p.fail(p.pos, "the value of anything-but must be a string, a number, a list of either, or an object with prefix, suffix, equals-ignore-case or wildcard")
	return matcher{}
}

func (p *patternReader) anythingButList() matcher {
	start := p.pos
	p.pos++
	var m matcher
	var wants []string
	for first := true; p.more(first, ']'); first = false {
		switch c := p.space(); {
		case c == '"':
			s := p.text("a value")
			m.texts, wants = append(m.texts, s), append(wants, quote(s))
		case isNumber(c):
			n := p.comparableNumber("anything-but")
			m.numbers, wants = append(m.numbers, n), append(wants, formatNumber(n))
		default:
			p.fail(p.pos, "a list in anything-but may hold only strings or only numbers")
		}
	}
	if (len(m.texts) > 0) == (len(m.numbers) > 0) {
		p.fail(start, "a list in anything-but must hold strings or numbers, not none and not both")
	}
	m.op = opNotStrings
	if len(m.numbers) > 0 {
		m.op = opNotNumbers
	}
	m.want = `{"anything-but": [` + strings.Join(wants, ", ") + `]}`
	return m
}

func (p *patternReader) anythingButOperator() matcher {
	p.pos++
	p.enter()
	p.space()
	at := p.pos
	name := p.text("an operator")
	var m matcher
	switch name {
	case "prefix":
		m.op = opNotPrefix
	case "suffix":
		m.op = opNotSuffix
	case "equals-ignore-case":
		m.op = opNotFold
	case "wildcard":
		m.op = opNotWildcard
	default:
		p.fail(at, "inside anything-but only prefix, suffix, equals-ignore-case and wildcard are allowed, not %q", name)
	}
	p.expect(':', "after an operator")
	var wants []string
	one := func() {
		p.space()
		at := p.pos
		s := p.textValue("anything-but " + name)
		wants = append(wants, quote(s))
		switch m.op {
		case opNotFold:
			m.folds = append(m.folds, newFolded(s))
		case opNotWildcard:
			m.globs = append(m.globs, p.glob(s, at))
		default:
			if s == "" {
				p.fail(at, "an empty %s inside anything-but would refuse every string and is not allowed", name)
			}
			m.texts = append(m.texts, s)
		}
	}
	if p.space() == '[' {
		start := p.pos
		p.pos++
		for first := true; p.more(first, ']'); first = false {
			one()
		}
		if len(wants) == 0 {
			p.fail(start, "an empty list inside anything-but is not allowed")
		}
	} else {
		one()
	}
	p.end(name)
	m.want = `{"anything-but": {"` + name + `": [` + strings.Join(wants, ", ") + `]}}`
	return m
}

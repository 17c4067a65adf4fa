package eventpattern

import "strconv"

// alternatives takes the array of a field: values and objects of one operator.
func (p *patternReader) alternatives() []matcher {
	start := p.pos
	p.expect('[', "")
	p.enter()
	var wants []matcher
	for first := true; p.more(first, ']'); first = false {
		switch c := p.space(); {
		case c == '{':
			wants = append(wants, p.operator())
		case c == '"':
			wants = append(wants, literal(p.text("a value")))
		case isNumber(c):
			wants = append(wants, numberLiteral(p.number()))
		case c == '[':
			p.fail(p.pos, "a list of alternatives may hold strings, numbers, true, false, null and operators, no lists")
		default:
			switch p.word() {
			case 't':
				wants = append(wants, matcher{op: opTrue, want: "true"})
			case 'f':
				wants = append(wants, matcher{op: opFalse, want: "false"})
			default:
				wants = append(wants, matcher{op: opNull, want: "null"})
			}
		}
	}
	if len(wants) == 0 {
		p.fail(start, "an empty array matches nothing; empty arrays are not allowed")
	}
	p.depth--
	return wants
}

func literal(s string) matcher {
	if a := parseAddress([]byte(s)); a.family != 0 {
		return matcher{op: opAddress, addr: a, text: s, want: quote(s)}
	}
	return matcher{op: opString, text: s, want: quote(s)}
}

func numberLiteral(text string) matcher {
	if n, ok := comparable([]byte(text)); ok {
		return matcher{op: opNumber, number: n, want: formatNumber(n)}
	}
	return matcher{op: opText, text: text, want: text}
}

func formatNumber(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }

// operator takes an object of one operator.
func (p *patternReader) operator() matcher {
	start := p.pos
	p.expect('{', "")
	p.enter()
	if !p.more(true, '}') {
		p.fail(start, "an operator is missing: expected an object such as {\"prefix\": \"...\"}")
	}
	at := p.pos
	name := p.text("an operator")
	p.expect(':', "after an operator")
	p.space()
	var m matcher
	switch name {
	case "exactly":
		s := p.textValue(name)
		m = matcher{op: opString, text: s, want: `{"exactly": ` + quote(s) + `}`}
	case "prefix", "suffix":
		m = p.affix(name)
	case "equals-ignore-case":
		s := p.textValue(name)
		m = matcher{op: opFold, folds: []folded{newFolded(s)}, want: `{"equals-ignore-case": ` + quote(s) + `}`}
	case "wildcard":
		at := p.pos
		s := p.textValue(name)
		m = matcher{op: opWildcard, globs: []glob{p.glob(s, at)}, want: `{"wildcard": ` + quote(s) + `}`}
		if lit, ok := m.globs[0].literal(); ok {
			m = matcher{op: opString, text: lit, want: m.want}
		}
	case "numeric":
		m = p.numeric()
	case "cidr":
		m = p.cidr()
	case "exists":
		switch p.space() {
		case 't':
			m = matcher{op: opExists, want: `{"exists": true}`}
		case 'f':
			m = matcher{op: opAbsent, want: `{"exists": false}`}
		default:
			p.fail(p.pos, "the value of exists must be true or false")
		}
		p.word()
	case "anything-but":
		m = p.anythingBut()
	default:
		p.fail(at, "unknown operator %q (operators are written in lower case)", name)
	}
	p.end(name)
	return m
}

// end takes the brace after the only key of an operator.
func (p *patternReader) end(name string) {
	if p.space() == ',' {
		p.fail(p.pos, "only one operator may stand in an object, and %s is there already", name)
	}
	p.expect('}', "after the value of "+name)
	p.depth--
}

// textValue takes a string and refuses every other value.
func (p *patternReader) textValue(name string) string {
	if p.space() != '"' {
		p.fail(p.pos, "the value of %s must be a string", name)
	}
	return p.text("a value")
}

func (p *patternReader) glob(s string, at int) glob {
	g, err := parseGlob(s)
	if err != nil {
		p.fail(at, "%v", err)
	}
	return g
}

// affix takes the value of prefix or suffix.
func (p *patternReader) affix(name string) matcher {
	if p.space() != '{' {
		s := p.textValue(name)
		m := matcher{op: opPrefix, text: s, want: `{"` + name + `": ` + quote(s) + `}`}
		if name == "suffix" {
			m.op = opSuffix
		}
		return m
	}
	p.pos++
	p.enter()
	p.space()
	at := p.pos
	if inner := p.text("equals-ignore-case"); inner != "equals-ignore-case" {
		p.fail(at, "inside %s only equals-ignore-case is allowed, not %q", name, inner)
	}
	p.expect(':', "after equals-ignore-case")
	s := p.textValue("equals-ignore-case")
	p.end("equals-ignore-case")
	m := matcher{op: opFoldPrefix, folds: []folded{newFolded(s)}, want: `{"` + name + `": {"equals-ignore-case": ` + quote(s) + `}}`}
	if name == "suffix" {
		m.op = opFoldSuffix
	}
	return m
}

package eventpattern

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

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

// comparableNumber takes a number that EventBridge can compare.
func (p *patternReader) comparableNumber(what string) float64 {
	if !isNumber(p.space()) {
		p.fail(p.pos, "the value of %s must be a number", what)
	}
	at := p.pos
	text := p.number()
	n, ok := comparable([]byte(text))
	if !ok {
		p.fail(at, "%s cannot be compared exactly: it is not the shortest form of a 64-bit floating-point number", text)
	}
	return n
}

// numeric takes ["=", n], one bound, or a lower and then an upper bound.
func (p *patternReader) numeric() matcher {
	if p.space() != '[' {
		p.fail(p.pos, "the value of numeric must be an array such as [\">\", 0, \"<=\", 5]")
	}
	p.pos++
	b := bounds{low: math.Inf(-1), high: math.Inf(1)}
	p.space()
	at := p.pos
	first := p.textValue("numeric: the first member")
	p.comma(first)
	n := p.comparableNumber(first)
	want := `{"numeric": ["` + first + `", ` + formatNumber(n)
	switch first {
	case "=":
		p.close("=")
		return matcher{op: opNumber, number: n, want: formatNumber(n)}
	case "<", "<=":
		b.high, b.highOpen = n, first == "<"
		p.close(first)
	case ">", ">=":
		b.low, b.lowOpen = n, first == ">"
		if p.space() == ',' {
			p.pos++
			p.space()
			opAt := p.pos
			second := p.textValue("numeric: the third member")
			if second != "<" && second != "<=" {
				p.fail(opAt, "after a lower bound only < or <= may follow, not %q", second)
			}
			p.comma(second)
			b.high, b.highOpen = p.comparableNumber(second), second == "<"
			if b.low >= b.high {
				p.fail(opAt, "the lower bound must be less than the upper bound")
			}
			want += `, "` + second + `", ` + formatNumber(b.high)
			p.close(second)
		} else {
			p.close(first)
		}
	default:
		p.fail(at, "unknown comparison %q: expected =, <, <=, > or >=", first)
	}
	return matcher{op: opRange, bounds: b, want: want + `]}`}
}

func (p *patternReader) comma(after string) {
	if p.space() == ']' {
		p.fail(p.pos, "the value of %s must be a number", after)
	}
	p.expect(',', "after a comparison")
}

func (p *patternReader) close(after string) {
	if p.space() == ',' {
		p.fail(p.pos, "too many members after %s in numeric", after)
	}
	p.expect(']', "at the end of numeric")
}

// cidr takes a block of addresses.
func (p *patternReader) cidr() matcher {
	p.space()
	at := p.pos
	s := p.textValue("cidr")
	host, length, ok := strings.Cut(s, "/")
	if !ok || strings.Contains(length, "/") {
		p.fail(at, "a CIDR block has one / between address and length")
	}
	bits, err := strconv.Atoi(length)
	if err != nil || bits < 0 {
		p.fail(at, "the length of a CIDR block must be a whole number of bits")
	}
	a := parseAddress(bytes.TrimSpace([]byte(host)))
	if a.family == 0 || strings.TrimSpace(host) != host {
		p.fail(at, "%q is no IP address", host)
	}
	if bits >= a.size() {
		p.fail(at, "the length of an IPv%d block must be less than %d", a.family, a.size())
	}
	return matcher{op: opBlock, addr: a.masked(bits), bits: bits, want: `{"cidr": ` + quote(s) + `}`}
}

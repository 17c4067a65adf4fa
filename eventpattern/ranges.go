package eventpattern

import (
	"math"
	"strconv"
	"strings"
)

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
	a := parseAddress([]byte(host))
	if a.family == 0 {
		p.fail(at, "%q is no IP address", host)
	}
	if bits >= a.size() {
		p.fail(at, "the length of an IPv%d block must be less than %d", a.family, a.size())
	}
	return matcher{op: opBlock, addr: a.masked(bits), bits: bits, want: `{"cidr": ` + quote(s) + `}`}
}

package logpattern

import (
	"regexp"
	"strings"
)

// maxRegexes is CloudWatch Logs' limit for one pattern.
const maxRegexes = 2

// regex reads %…%, at which the parser stands ("Supported regular expressions",
// CloudWatch Logs user guide).
func (p *parser) regex() (*regexp.Regexp, *SyntaxError) {
	start := p.pos
	p.pos++
	from := p.pos
	for {
		if p.pos >= p.end {
			return nil, p.failAt(start, "this regular expression is not closed; expected a '%%' behind it")
		}
		c := p.text[p.pos]
		if c == '%' {
			break
		}
		n := 1
		switch {
		case c == '\\':
			var err *SyntaxError
			if n, err = p.escape(); err != nil {
				return nil, err
			}
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', strings.IndexByte(":_#=@/;,- ^$?[]{}|*+.", c) >= 0:
		default:
			return nil, p.fail(`%s cannot stand in a regular expression here; letters, digits, blanks, : _ # = @ / ; , - and the operators ^ $ ? [ ] { } | \ * + . can`, p.found())
		}
		p.pos += n
	}
	text := p.text[from:p.pos]
	if text == "" {
		return nil, p.failAt(start, "an empty regular expression")
	}
	p.pos++
	if p.regexes++; p.regexes > maxRegexes {
		return nil, p.failAt(start, "more than %d regular expressions in one pattern", maxRegexes)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, p.failAt(start, "%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re, nil
}

// escape measures an escape: of punctuation, of a class of characters, \xhh.
func (p *parser) escape() (int, *SyntaxError) {
	if p.pos+1 < p.end {
		switch c := p.text[p.pos+1]; {
		case strings.IndexByte("dDsSwW", c) >= 0, c > ' ' && c < 127 && c != '%' && !isName(c), c == '-', c == '_':
			if c == '_' { // RE2 knows no such escape
				return 0, p.fail(`\_ is no escape; write _`)
			}
			return 2, nil
		case c == 'x' && p.pos+3 < p.end && isHex(p.text[p.pos+2]) && isHex(p.text[p.pos+3]):
			return 4, nil
		}
	}
	return 0, p.fail(`expected \d, \s, \w, \D, \S, \W, \xhh or an escaped sign`)
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

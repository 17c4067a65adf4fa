package logpattern

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// value is what a condition compares with.
type value struct {
	text    string   // without quotes and escapes
	parts   []string // text split at its wildcards, where it has any
	regex   *regexp.Regexp
	number  number
	numeric bool
}

func textValue(text string) value {
	v := value{text: text}
	if strings.IndexByte(text, '*') >= 0 {
		v.parts = strings.Split(text, "*")
	}
	return v
}

// any says whether the value is nothing but a wildcard.
func (v *value) any() bool { return v.parts != nil && strings.Trim(v.text, "*") == "" }

// matches compares with text.
func (v *value) matches(text []byte) bool {
	switch {
	case v.regex != nil:
		return v.regex.Match(text)
	case v.parts == nil:
		return string(text) == v.text
	}
	head, tail := v.parts[0], v.parts[len(v.parts)-1]
	if len(text) < len(head)+len(tail) || string(text[:len(head)]) != head || string(text[len(text)-len(tail):]) != tail {
		return false
	}
	text = text[len(head) : len(text)-len(tail)]
	for _, part := range v.parts[1 : len(v.parts)-1] {
		i := bytes.Index(text, unsafeBytes(part))
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

// number is a decimal number. Whole numbers of at most 18 digits are compared
// exactly, others as float64.
type number struct {
	whole bool
	n     int64
	f     float64
}

// parseNumber reads a number with optional sign, decimals and exponent.
func parseNumber[T string | []byte](s T) (number, bool) {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	digits, whole := 0, true
	var n int64
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		n = n*10 + int64(s[i]-'0')
		digits++
	}
	if i < len(s) && s[i] == '.' {
		whole = false
		for i++; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			digits++
		}
	}
	if digits == 0 {
		return number{}, false
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		whole = false
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		from := i
		for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		}
		if i == from {
			return number{}, false
		}
	}
	if i != len(s) {
		return number{}, false
	}
	if whole && digits <= 18 {
		if s[0] == '-' {
			n = -n
		}
		return number{whole: true, n: n, f: float64(n)}, true
	}
	f, err := strconv.ParseFloat(unsafeString(s), 64)
	if err != nil {
		return number{}, false // out of range
	}
	return number{f: f}, true
}

func (a number) compare(b number) int {
	switch {
	case a.whole && b.whole && a.n < b.n, !(a.whole && b.whole) && a.f < b.f:
		return -1
	case a.whole && b.whole && a.n > b.n, !(a.whole && b.whole) && a.f > b.f:
		return 1
	}
	return 0
}

func (o operator) orders(c int) bool {
	switch o {
	case less:
		return c < 0
	case greater:
		return c > 0
	case lessOrEqual:
		return c <= 0
	}
	return c >= 0
}

package eventpattern

import (
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// folded is a string to be compared whatever the case, by EventBridge's rule:
// for each UTF-16 code unit of the pattern the event may hold its lower case or
// its upper case in the root locale, and the units of a surrogate pair have no
// case. So "straße" accepts "STRASSE" but not "strasse", and "ǅ" not itself.
type folded struct {
	ascii []byte      // lower case, where the pattern is ASCII
	chars [][2][]byte // else: lower and upper case of each character
}

func newFolded(s string) folded {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if ascii {
		b := make([]byte, len(s))
		for i := range b {
			b[i] = lowerASCII(s[i])
		}
		return folded{ascii: b}
	}
	var f folded
	lower, upper := cases.Lower(language.Und), cases.Upper(language.Und)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		c := s[i : i+n]
		i += n
		if r == utf8.RuneError || r > 0xffff { // half a surrogate pair, or a whole one
			f.chars = append(f.chars, [2][]byte{[]byte(c), []byte(c)})
			continue
		}
		f.chars = append(f.chars, [2][]byte{lower.Bytes([]byte(c)), upper.Bytes([]byte(c))})
	}
	return f
}

func (f *folded) equals(s []byte) bool {
	if f.chars == nil {
		return len(s) == len(f.ascii) && f.begins(s)
	}
	rest, ok := f.eat(s)
	return ok && len(rest) == 0
}

func (f *folded) begins(s []byte) bool {
	if f.chars == nil {
		return len(s) >= len(f.ascii) && equalASCII(s[:len(f.ascii)], f.ascii)
	}
	_, ok := f.eat(s)
	return ok
}

func (f *folded) ends(s []byte) bool {
	if f.chars == nil {
		return len(s) >= len(f.ascii) && equalASCII(s[len(s)-len(f.ascii):], f.ascii)
	}
	for i := len(f.chars) - 1; i >= 0; i-- {
		c := &f.chars[i]
		switch {
		case len(s) >= len(c[0]) && string(s[len(s)-len(c[0]):]) == string(c[0]):
			s = s[:len(s)-len(c[0])]
		case len(s) >= len(c[1]) && string(s[len(s)-len(c[1]):]) == string(c[1]):
			s = s[:len(s)-len(c[1])]
		default:
			return false
		}
	}
	return true
}

// eat takes the pattern off the front. No lower case begins (or ends) with its
// own upper case or the reverse, so the first fit is the only one.
func (f *folded) eat(s []byte) ([]byte, bool) {
	for i := range f.chars {
		c := &f.chars[i]
		switch {
		case len(s) >= len(c[0]) && string(s[:len(c[0])]) == string(c[0]):
			s = s[len(c[0]):]
		case len(s) >= len(c[1]) && string(s[:len(c[1])]) == string(c[1]):
			s = s[len(c[1]):]
		default:
			return nil, false
		}
	}
	return s, true
}

// equalASCII compares s with a text in lower case.
func equalASCII(s, lower []byte) bool {
	for i, c := range lower {
		if lowerASCII(s[i]) != c {
			return false
		}
	}
	return true
}

func lowerASCII(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

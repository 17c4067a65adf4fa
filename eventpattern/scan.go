package eventpattern

import (
	"encoding/binary"
	"unicode/utf8"
)

// scanString gives the index after the closing quote of the string whose bytes
// begin at i, or -1 when it is not valid.
func scanString(b []byte, i int) int {
	for i < len(b) && b[i] != '"' {
		switch {
		case b[i] == '\\':
			if i = escapeEnd(b, i); i < 0 {
				return -1
			}
		case b[i] < 0x20:
			return -1
		default:
			i++
		}
	}
	if i >= len(b) {
		return -1
	}
	return i + 1
}

// escapeEnd gives the index after the escape at i, or -1.
func escapeEnd(b []byte, i int) int {
	if b[i] != '\\' || i+1 >= len(b) {
		return -1
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if i+6 <= len(b) {
			if _, ok := hex4(b[i+2 : i+6]); ok {
				return i + 6
			}
		}
	}
	return -1
}

func hex4(b []byte) (rune, bool) {
	var r rune
	for _, c := range b[:4] {
		d, ok := hexDigit(c)
		if !ok {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

// unescape appends the text of a valid string. Half a surrogate pair keeps its
// own three bytes, so that it equals itself and nothing else.
func unescape(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		i += 2
		switch c := s[i-1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, _ := hex4(s[i:])
			i += 4
			if r >= 0xd800 && r < 0xe000 {
				if r < 0xdc00 && i+6 <= len(s) && s[i] == '\\' && s[i+1] == 'u' {
					if low, _ := hex4(s[i+2:]); low >= 0xdc00 && low < 0xe000 {
						dst = utf8.AppendRune(dst, (r-0xd800)<<10+(low-0xdc00)+0x10000)
						i += 6
						continue
					}
				}
				dst = append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
				continue
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// scanNumber gives the index after the number at i, or -1.
func scanNumber(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b):
		return -1
	case b[i] == '0':
		i++
	case b[i] >= '1' && b[i] <= '9':
		i = digits(b, i)
	default:
		return -1
	}
	if i < len(b) && b[i] == '.' {
		n := digits(b, i+1)
		if n == i+1 {
			return -1
		}
		i = n
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		n := digits(b, i)
		if n == i {
			return -1
		}
		i = n
	}
	return i
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

// scanWord gives the index after true, false or null at i, or -1.
func scanWord(b []byte, i int) int {
	if i+4 <= len(b) {
		switch binary.LittleEndian.Uint32(b[i:]) {
		case 't' | 'r'<<8 | 'u'<<16 | 'e'<<24, 'n' | 'u'<<8 | 'l'<<16 | 'l'<<24:
			return i + 4
		case 'f' | 'a'<<8 | 'l'<<16 | 's'<<24:
			if i+5 <= len(b) && b[i+4] == 'e' {
				return i + 5
			}
		}
	}
	return -1
}

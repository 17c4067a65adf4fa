package eventpattern

import (
	"encoding/binary"
	"math/bits"
)

// skip reads the object or array at i without looking at what it says, and
// gives the index after it, or -1. It checks all of JSON's grammar: a subtree
// that no pattern names must be well-formed too.
//
// It is one loop with jumps, and the scan of a string's plain bytes is written
// out twice, because most of the time of a match is spent here and a call for
// each of the many short strings would cost as much as reading them.
func (r *run) skip(i, outer int) int {
	var (
		b        = r.event
		seen     uint64
		kinds    uint64 // a bit for each of the innermost open containers: 1 = object
		depth    int
		inObject bool
		c        = b[i]
	)
open:
	if outer+depth >= maxDepth {
		return r.bad(i, "nested too deep")
	}
	if depth&63 == 0 {
		r.kinds[depth>>6] = kinds
		kinds = 0
	}
	depth++
	inObject = c == '{'
	kinds <<= 1
	i++
	if i >= len(b) {
		return r.bad(i, "")
	}
	if c = b[i]; c <= ' ' {
		if i, c = space(b, i); c == 0 {
			return r.bad(i, "")
		}
	}
	if !inObject {
		if c == ']' {
			goto closed
		}
		goto value
	}
	kinds |= 1
	if c == '}' {
		goto closed
	}

key:
	if c != '"' {
		return r.bad(i, "")
	}
	i++
	for {
		s := b[i:]
		if len(s) < 16 {
			end, bits := scanString(b, i)
			if seen |= bits; end < 0 {
				return r.badString(i)
			}
			i = end
			break
		}
		w, x := binary.LittleEndian.Uint64(s), binary.LittleEndian.Uint64(s[8:])
		seen |= w | x
		m, n, far := stops(w), stops(x), 0
		if m|n == 0 {
			i += 16
			continue
		}
		if m == 0 {
			m, far = n, 8
		}
		i += far + bits.TrailingZeros64(m)>>3
		if b[i] != '"' {
			end, bits := scanString(b, i)
			if seen |= bits; end < 0 {
				return r.badString(i)
			}
			i = end - 1
		}
		i++
		break
	}
	if i+1 >= len(b) {
		return r.bad(len(b), "")
	}
	if c = b[i]; c != ':' {
		if i, c = space(b, i); c != ':' {
			return r.bad(i, "")
		}
	}
	i++
	if i >= len(b) {
		return r.bad(i, "")
	}
	if c = b[i]; c <= ' ' {
		if i, c = space(b, i); c == 0 {
			return r.bad(i, "")
		}
	}

value:
	switch c {
	case '"':
		i++
		for {
			s := b[i:]
			if len(s) < 16 {
				end, bits := scanString(b, i)
				if seen |= bits; end < 0 {
					return r.badString(i)
				}
				i = end
				break
			}
			w, x := binary.LittleEndian.Uint64(s), binary.LittleEndian.Uint64(s[8:])
			seen |= w | x
			m, n, far := stops(w), stops(x), 0
			if m|n == 0 {
				i += 16
				continue
			}
			if m == 0 {
				m, far = n, 8
			}
			i += far + bits.TrailingZeros64(m)>>3
			if b[i] != '"' {
				end, bits := scanString(b, i)
				if seen |= bits; end < 0 {
					return r.badString(i)
				}
				i = end - 1
			}
			i++
			break
		}
	case '{', '[':
		goto open
	case 't', 'f', 'n':
		end := scanWord(b, i)
		if end < 0 {
			return r.bad(i, "")
		}
		i = end
	default:
		end := scanNumber(b, i)
		if end < 0 {
			return r.bad(i, "")
		}
		i = end
	}

after:
	if i >= len(b) {
		return r.bad(i, "")
	}
	if c = b[i]; c <= ' ' {
		if i, c = space(b, i); c == 0 {
			return r.bad(i, "")
		}
	}
	if c == ',' {
		i++
		if i >= len(b) {
			return r.bad(i, "")
		}
		if c = b[i]; c <= ' ' {
			if i, c = space(b, i); c == 0 {
				return r.bad(i, "")
			}
		}
		if inObject {
			goto key
		}
		goto value
	}
	if inObject && c != '}' || !inObject && c != ']' {
		return r.bad(i, "")
	}

closed:
	i++
	depth--
	if depth == 0 {
		r.seen |= seen
		return i
	}
	if kinds >>= 1; depth&63 == 0 {
		kinds = r.kinds[depth>>6]
	}
	inObject = kinds&1 == 1
	goto after
}

// space skips white space; the byte it stops at is 0 at the end and at a byte
// that no JSON holds outside strings.
func space(b []byte, i int) (int, byte) {
	for i < len(b) {
		switch c := b[i]; c {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			if c < ' ' {
				return i, 0
			}
			return i, c
		}
	}
	return i, 0
}

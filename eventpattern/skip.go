package eventpattern

import "math/bits"

// skip reads the object or array at i without looking at what it says, and
// gives the index after it, or -1. It checks all of JSON's grammar: a subtree
// that no pattern names must be well-formed too.
//
// It is one loop with jumps, and how a string is passed is written out twice,
// because most of the time of a match is spent here and a call for each of the
// many short strings would cost as much as passing them: the mark of its
// opening quote is dropped, and the next mark is its closing quote, unless the
// string has escapes.
func (r *run) skip(i, outer int) int {
	var (
		b        = r.event
		marks    = r.marks
		k, m     = r.block, r.left
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
	if uint(i) >= uint(len(b)) {
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
	for m == 0 {
		k++
		m = marks[k]
	}
	if k<<6+bits.TrailingZeros64(m) != i {
		k, m = r.after(i)
	} else {
		m &= m - 1
	}
	for m == 0 {
		k++
		m = marks[k]
	}
	i = k<<6 + bits.TrailingZeros64(m)
	if uint(i) < uint(len(b)) && b[i] == '"' {
		m &= m - 1
	} else {
		if i = r.closing(i); i < 0 {
			return i
		}
		k, m = r.after(i)
	}
	i++
	if uint(i) >= uint(len(b)) {
		return r.bad(i, "")
	}
	if c = b[i]; c != ':' {
		if i, c = space(b, i); c != ':' {
			return r.bad(i, "")
		}
	}
	i++
	if uint(i) >= uint(len(b)) {
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
		for m == 0 {
			k++
			m = marks[k]
		}
		if k<<6+bits.TrailingZeros64(m) != i {
			k, m = r.after(i)
		} else {
			m &= m - 1
		}
		for m == 0 {
			k++
			m = marks[k]
		}
		i = k<<6 + bits.TrailingZeros64(m)
		if uint(i) < uint(len(b)) && b[i] == '"' {
			m &= m - 1
		} else {
			if i = r.closing(i); i < 0 {
				return i
			}
			k, m = r.after(i)
		}
		i++
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
	if uint(i) >= uint(len(b)) {
		return r.bad(i, "")
	}
	if c = b[i]; c <= ' ' {
		if i, c = space(b, i); c == 0 {
			return r.bad(i, "")
		}
	}
	if c == ',' {
		i++
		if uint(i) >= uint(len(b)) {
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
		r.block, r.left = k, m
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

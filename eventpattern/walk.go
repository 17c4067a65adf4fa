package eventpattern

import (
	"math/bits"
	"unicode/utf8"
)

// walk reads the whole event and records the leaves at named paths.
func (r *run) walk() *EventError {
	r.mark()
	r.block, r.left = 0, r.marks[0]
	i, c := space(r.event, 0)
	if c != '{' {
		return &EventError{Offset: i, Msg: "not a JSON object"}
	}
	end := r.object(i+1, 0, 0, 1)
	if end < 0 {
		return r.fault()
	}
	if r.seen&highs != 0 && !utf8.Valid(r.event[:end]) {
		return &EventError{Msg: "not valid JSON: not UTF-8"}
	}
	return nil
}

// object reads an object from the byte after its brace; at is its node in the
// trie and within the array element that it lies in.
func (r *run) object(i int, at int32, within int32, depth int) int {
	b := r.event
	if depth > maxDepth {
		return r.bad(i, "nested too deep")
	}
	var (
		names = &r.set.names
		nd    = &names.nodes[at]
		marks = r.marks
		k, m  = r.block, r.left
	)
	i, c := space(b, i)
	if c == '}' {
		return i + 1
	}
	for {
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
		from, end := i+1, k<<6+bits.TrailingZeros64(m)
		escapes := false
		if uint(end) < uint(len(b)) && b[end] == '"' {
			m &= m - 1
		} else {
			if end = r.closing(end); end < 0 {
				return end
			}
			k, m = r.after(end)
			escapes = true
		}
		var next int32
		if !escapes {
			next = names.find(nd, b, from, end)
		} else {
			r.key = append(unescape(r.key[:0], b[from:end]), '"')
			next = names.find(nd, r.key, 0, len(r.key)-1)
		}
		i = end + 1
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
		if c == '"' {
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
			from, end := i+1, k<<6+bits.TrailingZeros64(m)
			escapes := false
			if uint(end) < uint(len(b)) && b[end] == '"' {
				m &= m - 1
			} else {
				if end = r.closing(end); end < 0 {
					return end
				}
				k, m = r.after(end)
				escapes = true
			}
			if next != 0 {
				if f := names.nodes[next].field; f >= 0 {
					r.str(f, from, end, within, escapes)
				}
			}
			i = end + 1
		} else {
			r.block, r.left = k, m
			if i = r.value(i, c, next, within, depth); i < 0 {
				return i
			}
			k, m = r.block, r.left
		}
		if uint(i) >= uint(len(b)) {
			return r.bad(i, "")
		}
		if c = b[i]; c <= ' ' {
			i, c = space(b, i)
		}
		if c != ',' {
			if c == '}' {
				r.block, r.left = k, m
				return i + 1
			}
			return r.bad(i, "")
		}
		i++
		if uint(i) >= uint(len(b)) {
			return r.bad(i, "")
		}
		if c = b[i]; c <= ' ' {
			i, c = space(b, i)
		}
	}
}

// value reads the value whose first byte c is at i; at is its node, 0 if it is
// not named.
func (r *run) value(i int, c byte, at int32, within int32, depth int) int {
	b := r.event
	switch c {
	case '"':
		end, escapes := r.pass(i)
		if end < 0 {
			return end
		}
		if at != 0 {
			if f := r.set.names.nodes[at].field; f >= 0 {
				r.str(f, i+1, end-1, within, escapes)
			}
		}
		return end
	case '{':
		if at == 0 || r.set.names.nodes[at].mask == 0 {
			return r.skip(i, depth)
		}
		return r.object(i+1, at, within, depth+1)
	case '[':
		if at == 0 {
			return r.skip(i, depth)
		}
		return r.array(i+1, at, within, depth+1)
	}
	var end int
	k := kindNumber
	switch c {
	case 't':
		k, end = kindTrue, scanWord(b, i)
	case 'f':
		k, end = kindFalse, scanWord(b, i)
	case 'n':
		k, end = kindNull, scanWord(b, i)
	default:
		end = scanNumber(b, i)
	}
	if end < 0 {
		return r.bad(i, "")
	}
	if at != 0 {
		if f := r.set.names.nodes[at].field; f >= 0 {
			r.token(f, k, i, end, within)
		}
	}
	return end
}

// array reads an array from the byte after its bracket. Its elements have its
// path; objects and arrays among them are told apart by their index, for no two
// values from different elements may serve the same rule.
func (r *run) array(i int, at int32, within int32, depth int) int {
	b := r.event
	if depth > maxDepth {
		return r.bad(i, "nested too deep")
	}
	id := r.arrays
	r.arrays++
	i, c := space(b, i)
	if c == ']' {
		return i + 1
	}
	for index := int32(0); ; index++ {
		inner := within
		if c == '{' || c == '[' {
			inner = int32(len(r.members))
			r.members = append(r.members, member{outer: within, array: id, index: index})
		}
		if i = r.value(i, c, at, inner, depth); i < 0 {
			return i
		}
		if i, c = space(b, i); c == ']' {
			return i + 1
		}
		if c != ',' {
			return r.bad(i, "")
		}
		i, c = space(b, i+1)
	}
}

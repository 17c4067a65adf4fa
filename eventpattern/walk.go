package eventpattern

import "unicode/utf8"

// walk reads the whole event and records the leaves at named paths.
func (r *run) walk() *EventError {
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
	names := &r.set.names
	nd := &names.nodes[at]
	i, c := space(b, i)
	if c == '}' {
		return i + 1
	}
	for {
		if c != '"' {
			return r.bad(i, "")
		}
		from := i + 1
		end, seen := scanString(b, from)
		if end < 0 {
			return r.badString(from)
		}
		r.seen |= seen
		var next int32
		if seen&escaped == 0 {
			next = names.find(nd, b, from, end-1)
		} else {
			r.key = unescape(r.key[:0], b[from:end-1])
			next = names.find(nd, r.key, 0, len(r.key))
		}
		i = end
		if i >= len(b) {
			return r.bad(i, "")
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
		if next == 0 && c == '"' {
			if end, seen = scanString(b, i+1); end < 0 {
				return r.badString(i + 1)
			}
			r.seen |= seen
			i = end
		} else if i = r.value(i, c, next, within, depth); i < 0 {
			return i
		}
		if i >= len(b) {
			return r.bad(i, "")
		}
		if c = b[i]; c <= ' ' {
			i, c = space(b, i)
		}
		if c != ',' {
			if c == '}' {
				return i + 1
			}
			return r.bad(i, "")
		}
		i++
		if i >= len(b) {
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
		end, seen := scanString(b, i+1)
		if end < 0 {
			return r.badString(i + 1)
		}
		r.seen |= seen
		if at != 0 {
			if f := r.set.names.nodes[at].field; f >= 0 {
				r.str(f, i+1, end-1, within, seen&escaped != 0)
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

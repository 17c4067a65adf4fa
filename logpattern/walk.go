package logpattern

import (
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of an event.
const maxDepth = 512

// node is a value in the event.
type node struct {
	kind       nodeKind
	escaped    bool // a string with a backslash in it
	start, end int  // of a string, without its quotes
}

type nodeKind uint8

const (
	missing nodeKind = iota
	null
	yes
	no
	numeral
	text
	object
	array
)

// walker walks over one event.
type walker struct {
	event []byte
	nodes []node
	buf   []byte
}

var walkers = sync.Pool{New: func() any { return new(walker) }}

// release gives the walker back without the event that it was lent.
func (w *walker) release() {
	w.event = nil
	walkers.Put(w)
}

// walk reads a whole event and notes the nodes of the tree's places; false if
// it is no JSON object.
func (w *walker) walk(event []byte, t *tree) bool {
	w.event = event
	if cap(w.nodes) < t.slots {
		w.nodes = make([]node, t.slots)
	}
	w.nodes = w.nodes[:t.slots]
	clear(w.nodes)
	pos := w.blank(0)
	if pos >= len(event) || event[pos] != '{' {
		return false
	}
	pos = w.value(pos, t.root, 0)
	return pos >= 0 && w.blank(pos) == len(event)
}

func (w *walker) blank(pos int) int {
	for pos < len(w.event) && isBlank(w.event[pos]) {
		pos++
	}
	return pos
}

// value reads the value at pos and returns the position behind it, -1 if it is
// malformed. b is nil for what nobody names.
func (w *walker) value(pos int, b *branch, depth int) int {
	if pos >= len(w.event) || depth > maxDepth {
		return -1
	}
	n := node{start: pos}
	switch c := w.event[pos]; {
	case c == '"':
		n.kind = text
		n.start++
		if n.end, n.escaped = w.quoted(n.start); n.end < 0 {
			return -1
		}
		if b != nil {
			w.nodes[b.slot] = n
		}
		return n.end + 1
	case c == '{':
		n.kind = object
		n.end = w.object(pos+1, b, depth+1)
	case c == '[':
		n.kind = array
		n.end = w.array(pos+1, b, depth+1)
	case c == '-' || c >= '0' && c <= '9':
		n.kind = numeral
		n.end = w.numeral(pos)
	case c == 't':
		n.kind = yes
		n.end = w.literal(pos, "true")
	case c == 'f':
		n.kind = no
		n.end = w.literal(pos, "false")
	case c == 'n':
		n.kind = null
		n.end = w.literal(pos, "null")
	default:
		return -1
	}
	if b != nil && n.end >= 0 {
		w.nodes[b.slot] = n
	}
	return n.end
}

func (w *walker) literal(pos int, word string) int {
	if len(w.event)-pos < len(word) || string(w.event[pos:pos+len(word)]) != word {
		return -1
	}
	return pos + len(word)
}

func (w *walker) object(pos int, b *branch, depth int) int {
	pos = w.blank(pos)
	if pos < len(w.event) && w.event[pos] == '}' {
		return pos + 1
	}
	for {
		if pos >= len(w.event) || w.event[pos] != '"' {
			return -1
		}
		name := pos + 1
		end, escaped := w.quoted(name)
		if end < 0 {
			return -1
		}
		if pos = w.blank(end + 1); pos >= len(w.event) || w.event[pos] != ':' {
			return -1
		}
		var below *branch
		if b != nil && len(b.names) > 0 {
			if below = w.member(b, name, end, escaped); below != nil {
				clear(w.nodes[below.slot:below.end])
			}
		}
		if pos = w.value(w.blank(pos+1), below, depth); pos < 0 {
			return -1
		}
		if pos = w.blank(pos); pos >= len(w.event) {
			return -1
		}
		switch w.event[pos] {
		case ',':
			pos = w.blank(pos + 1)
		case '}':
			return pos + 1
		default:
			return -1
		}
	}
}

func (w *walker) member(b *branch, start, end int, escaped bool) *branch {
	name := w.event[start:end]
	if escaped {
		name = w.unescape(name)
	}
	for i := range b.names {
		if string(name) == b.names[i].name {
			return b.names[i].to
		}
	}
	return nil
}

func (w *walker) array(pos int, b *branch, depth int) int {
	pos = w.blank(pos)
	if pos < len(w.event) && w.event[pos] == ']' {
		return pos + 1
	}
	for i := 0; ; i++ {
		var below *branch
		if b != nil {
			for _, e := range b.items {
				if e.index == i {
					below = e.to
				}
			}
		}
		if pos = w.value(pos, below, depth); pos < 0 {
			return -1
		}
		if pos = w.blank(pos); pos >= len(w.event) {
			return -1
		}
		switch w.event[pos] {
		case ',':
			pos = w.blank(pos + 1)
		case ']':
			return pos + 1
		default:
			return -1
		}
	}
}

// numeral reads a number as RFC 8259 has it.
func (w *walker) numeral(pos int) int {
	b := w.event
	if b[pos] == '-' {
		pos++
	}
	digits := func() bool {
		from := pos
		for pos < len(b) && b[pos] >= '0' && b[pos] <= '9' {
			pos++
		}
		return pos > from
	}
	if pos < len(b) && b[pos] == '0' {
		pos++
	} else if !digits() {
		return -1
	}
	if pos < len(b) && b[pos] == '.' {
		pos++
		if !digits() {
			return -1
		}
	}
	if pos < len(b) && b[pos]|0x20 == 'e' {
		pos++
		if pos < len(b) && (b[pos] == '+' || b[pos] == '-') {
			pos++
		}
		if !digits() {
			return -1
		}
	}
	return pos
}

// text returns what a node says as text; it is valid until the next call.
func (w *walker) text(n node) []byte {
	if n.escaped {
		return w.unescape(w.event[n.start:n.end])
	}
	return w.event[n.start:n.end]
}

// unescape resolves the escapes of a string that is known to be well formed.
func (w *walker) unescape(s []byte) []byte {
	b := w.buf[:0]
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r := hex4(s[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				pair := rune(utf8.RuneError)
				if i+6 < len(s) && s[i+1] == '\\' && s[i+2] == 'u' {
					pair = utf16.DecodeRune(r, hex4(s[i+3:]))
				}
				if pair != utf8.RuneError {
					i += 6
				}
				r = pair
			}
			b = utf8.AppendRune(b, r)
		default:
			b = append(b, s[i])
		}
	}
	w.buf = b
	return b
}

func hex4(s []byte) (r rune) {
	for _, c := range s[:4] {
		d := c - '0'
		if c > '9' {
			d = c | 0x20 - 'a' + 10
		}
		r = r<<4 | rune(d)
	}
	return r
}

package event

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// maxDepth bounds the nesting of one item, and with it how often hostile input
// can have the same bytes looked at. ASFF, OCSF and CloudTrail stay well below.
const maxDepth = 128

// progress is how far a scan came.
type progress int

const (
	needMore  progress = iota // the value goes on after the bytes at hand
	whole                     // the value ended before scan.pos
	container                 // scan.pos stands behind the '[' of a list of items
	broken                    // scan.fault says what is wrong at scan.pos
)

type expectation uint8

const (
	expectValue      expectation = iota // after ':' or, in an array, ','
	expectValueOrEnd                    // after '['
	expectKey                           // after ',' in an object
	expectKeyOrEnd                      // after '{'
	expectColon
	expectCommaOrEnd // after a value
)

// span is a part of an item, [from, to) counted from its first byte.
type span struct{ from, to int }

func (s span) of(b []byte) []byte { return b[s.from:s.to] }

// scan finds where one JSON value ends and notes the members of its outermost
// object by which items are recognised. It checks the grammar of RFC 8259 as
// far as is needed to tell where a broken value goes wrong (structure, strings,
// literals), not the inside of numbers or \u escapes: that is the decoder's
// work. It is resumable: positions count from the first byte of the value, so
// the caller may refill and move its buffer between calls of run.
type scan struct {
	pos      int
	depth    int
	want     expectation
	inString bool
	isKey    bool
	start    int // first byte of the string being read, after its quote
	member   member
	value    int // first byte of the present member's value
	skim     bool
	seen     members
	at       [memberCount]span
	name     span                  // of the present member
	top      []Member              // of the outermost object
	object   [maxDepth / 64]uint64 // a bit a level: set for an object
	fault    string
}

// reset readies the scan for the value that starts at position 0.
func (s *scan) reset() { *s = scan{want: expectValue, top: s.top[:0]} }

// resetInside readies the scan for the rest of an object of which a list of
// items has been read.
func (s *scan) resetInside() {
	*s = scan{want: expectCommaOrEnd, depth: 1, top: s.top[:0]}
	s.object[0] = 1 << 1
}

// skimOn stops the noting of members and makes the n bytes before pos
// forgettable: the value is too large to be kept.
func (s *scan) skimOn(n int) {
	s.skim, s.pos, s.seen = true, s.pos-n, 0
}

func (s *scan) inObject() bool { return s.object[s.depth>>6]&(1<<(s.depth&63)) != 0 }

func (s *scan) fail(at int, format string, args ...any) progress {
	s.pos, s.fault = at, fmt.Sprintf(format, args...)
	return broken
}

// run goes on through b, which starts at the value's first byte (in skim mode:
// at s.pos 0). last says that nothing follows b.
func (s *scan) run(b []byte, last bool) progress {
	i := s.pos
	for {
		if s.inString {
			end, state := stringEnd(b, i)
			i = end
			switch state {
			case stringOpen:
				s.pos = i
				return needMore
			case stringControl:
				return s.fail(i, "a string holds the control character %q", b[i])
			case stringEscape:
				return s.fail(i, "a string holds the unknown escape %q", b[i:i+2])
			}
			s.inString = false
			if s.isKey {
				if s.depth == 1 && !s.skim {
					s.member, s.name = memberOf(b[s.start:i]), span{s.start, i}
				}
				s.want = expectColon
			} else {
				s.endValue(i + 1)
			}
			i++
			if s.depth == 0 {
				s.pos = i
				return whole
			}
		}
		if i >= len(b) {
			s.pos = i
			return needMore
		}
		c := b[i]
		if c == ' ' || c == '\n' || c == '\r' || c == '\t' {
			i++
			continue
		}
		switch s.want {
		case expectCommaOrEnd:
			switch {
			case c == ',':
				if s.inObject() {
					s.want = expectKey
				} else {
					s.want = expectValue
				}
				i++
				continue
			case c == '}' && s.inObject(), c == ']' && !s.inObject():
				i++
				s.depth--
				if s.depth == 0 {
					s.pos = i
					return whole
				}
				s.endValue(i)
				continue
			case s.inObject():
				return s.fail(i, "expected ',' or '}' after a value, found %q", c)
			default:
				return s.fail(i, "expected ',' or ']' after a value, found %q", c)
			}
		case expectColon:
			if c != ':' {
				return s.fail(i, "expected ':' after a member's name, found %q", c)
			}
			s.want = expectValue
			i++
			continue
		case expectKey, expectKeyOrEnd:
			switch {
			case c == '"':
				i++
				s.inString, s.isKey, s.start = true, true, i
				continue
			case c == '}' && s.want == expectKeyOrEnd:
				i++
				s.depth--
				if s.depth == 0 {
					s.pos = i
					return whole
				}
				s.endValue(i)
				continue
			default:
				return s.fail(i, "expected a member's name in quotes, found %q", c)
			}
		}
		// A value stands here.
		if s.depth == 1 {
			s.value = i
		}
		switch {
		case c == '"':
			i++
			s.inString, s.isKey, s.start = true, false, i
		case c == '{' || c == '[':
			if c == '[' && s.depth == 1 && !s.skim && s.inObject() && s.member.isList() && s.seen&itemMembers == 0 {
				s.pos = i + 1
				return container
			}
			if s.depth+1 >= maxDepth {
				return s.fail(i, "nested deeper than %d levels", maxDepth)
			}
			i++
			s.depth++
			bit := uint64(1) << (s.depth & 63)
			if c == '{' {
				s.object[s.depth>>6] |= bit
				s.want = expectKeyOrEnd
			} else {
				s.object[s.depth>>6] &^= bit
				s.want = expectValueOrEnd
			}
		case c == ']' && s.want == expectValueOrEnd:
			i++
			s.depth--
			if s.depth == 0 {
				s.pos = i
				return whole
			}
			s.endValue(i)
		default:
			end := i
			for end < len(b) && isScalar[b[end]] {
				end++
			}
			if end == len(b) && !last {
				if end-i > 4096 {
					return s.fail(i, "a number or literal of more than 4096 characters")
				}
				s.pos = i
				return needMore
			}
			if !validScalar(b[i:end]) {
				if end == i {
					return s.fail(i, "expected a value, found %q", c)
				}
				return s.fail(i, "expected a value, found %q", clip(b[i:end], 32))
			}
			i = end
			s.endValue(i)
			if s.depth == 0 {
				s.pos = i
				return whole
			}
		}
	}
}

// endValue notes that a value ended at position to.
func (s *scan) endValue(to int) {
	s.want = expectCommaOrEnd
	if s.depth != 1 || s.skim {
		return
	}
	if s.name.to > 0 && len(s.top) <= MaxMembers {
		s.top = append(s.top, Member{int32(s.name.from), int32(s.name.to), int32(s.value), int32(to)})
	}
	if s.member != memberNone {
		s.at[s.member] = span{s.value, to}
		s.seen |= 1 << s.member
		s.member = memberNone
	}
}

type stringState uint8

const (
	stringOpen    stringState = iota // goes on after the bytes at hand
	stringClosed                     // the position is that of the closing quote
	stringControl                    // … of a bare control character
	stringEscape                     // … of a backslash that begins no escape
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// stringEnd finds the end of the string whose inside goes on at i, eight bytes
// at a time: a byte is of interest where it is '"', '\\' or below 0x20.
func stringEnd(b []byte, i int) (int, stringState) {
	for {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			quote, slash := w^(ones*'"'), w^(ones*'\\')
			hit := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & highs
			if hit != 0 {
				i += bits.TrailingZeros64(hit) >> 3
				goto special
			}
			i += 8
		}
		for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= 0x20 {
			i++
		}
		if i >= len(b) {
			return len(b), stringOpen
		}
	special:
		switch c := b[i]; {
		case c == '"':
			return i, stringClosed
		case c < 0x20:
			return i, stringControl
		}
		if i+1 >= len(b) {
			return i, stringOpen
		}
		switch b[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't', 'u':
			i += 2
		default:
			return i, stringEscape
		}
	}
}

// isScalar marks the bytes of numbers, true, false and null.
var isScalar = func() (t [256]bool) {
	for c := range 256 {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '+', c == '-', c == '.', c == '_':
			t[c] = true
		}
	}
	return t
}()

func validScalar(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	switch b[0] {
	case 't':
		return string(b) == "true"
	case 'f':
		return string(b) == "false"
	case 'n':
		return string(b) == "null"
	}
	if b[0] != '-' && (b[0] < '0' || b[0] > '9') {
		return false
	}
	for _, c := range b[1:] {
		if (c < '0' || c > '9') && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-' {
			return false
		}
	}
	return true
}

// clip shortens bytes for a message.
func clip(b []byte, n int) []byte {
	if len(b) > n {
		return b[:n]
	}
	return b
}

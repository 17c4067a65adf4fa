package eventpattern

import (
	"encoding/binary"
	"math/bits"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// stops has the high bit of every byte of a word that ends the plain run of a
// string: quote, backslash, control character. With its bit 1 turned, a quote
// is 0x20 and the control characters stay below, so one subtraction finds both.
// A borrow can set the bit of the byte after a true one falsely; who meets a
// mark looks at the byte.
func stops(w uint64) uint64 {
	return (((w ^ 2*ones) - 0x21*ones) | ((w ^ '\\'*ones) - ones)) &^ w & highs
}

// gather moves the high bits of the eight bytes into the low eight bits.
const gather = 0x0002040810204081

// mark makes a bit for every byte of the event, set where a string may end, and
// notes in seen whether any byte is not ASCII.
//
// To look for the end of one string after the other would make the place of
// each depend on the one before; on short strings that waiting, not the bytes,
// takes the time. Marked beforehand, 64 bytes at a time, nothing waits.
func (r *run) mark() {
	b := r.event
	blocks := len(b)/64 + 2
	if cap(r.marks) < blocks {
		r.marks = make([]uint64, blocks+blocks/4)
	}
	r.marks = r.marks[:blocks]
	out := r.marks
	var seen uint64
	n := markWide(b, out, &seen)
	b = b[64*n:]
	for len(b) >= 64 {
		out[n] = markBlock((*[64]byte)(b), &seen)
		n++
		b = b[64:]
	}
	var tail [64]byte // what lies after the event is marked like control characters
	copy(tail[:], b)
	out[n] = markBlock(&tail, &seen)
	out[n+1] = ^uint64(0)
	r.seen = seen
}

func markBlock(s *[64]byte, seen *uint64) uint64 {
	w := binary.LittleEndian.Uint64(s[0:])
	all := w
	m := stops(w) * gather >> 56
	w = binary.LittleEndian.Uint64(s[8:])
	all |= w
	m |= stops(w) * gather >> 56 << 8
	w = binary.LittleEndian.Uint64(s[16:])
	all |= w
	m |= stops(w) * gather >> 56 << 16
	w = binary.LittleEndian.Uint64(s[24:])
	all |= w
	m |= stops(w) * gather >> 56 << 24
	w = binary.LittleEndian.Uint64(s[32:])
	all |= w
	m |= stops(w) * gather >> 56 << 32
	w = binary.LittleEndian.Uint64(s[40:])
	all |= w
	m |= stops(w) * gather >> 56 << 40
	w = binary.LittleEndian.Uint64(s[48:])
	all |= w
	m |= stops(w) * gather >> 56 << 48
	w = binary.LittleEndian.Uint64(s[56:])
	all |= w
	m |= stops(w) * gather >> 56 << 56
	*seen |= all
	return m
}

// after gives the marks of i's block that lie above i.
func (r *run) after(i int) (block int, m uint64) {
	block = i >> 6
	return block, r.marks[block] &^ (2<<(i&63) - 1)
}

// pass gives the index after the string whose opening quote is at i, or -1, and
// whether it may hold escapes.
func (r *run) pass(i int) (end int, escapes bool) {
	k, m := r.block, r.left
	for m == 0 {
		k++
		m = r.marks[k]
	}
	if k<<6+bits.TrailingZeros64(m) != i {
		k, m = r.after(i)
	} else {
		m &= m - 1
	}
	for m == 0 {
		k++
		m = r.marks[k]
	}
	i = k<<6 + bits.TrailingZeros64(m)
	if uint(i) < uint(len(r.event)) && r.event[i] == '"' {
		r.block, r.left = k, m&(m-1)
		return i + 1, false
	}
	if i = r.closing(i); i < 0 {
		return i, true
	}
	r.block, r.left = r.after(i)
	return i + 1, true
}

// closing gives the place of the quote that closes a string, given the first
// mark in it, which was none; or -1 when the string is not valid.
func (r *run) closing(at int) int {
	b := r.event
	for at < len(b) {
		next := at
		switch c := b[at]; {
		case c == '"':
			return at
		case c == '\\':
			if next = escapeEnd(b, at) - 1; next < 0 {
				return r.bad(at, "bad escape in a string")
			}
		case c < 0x20:
			return r.bad(at, "a control character in a string must be escaped")
		}
		k, m := r.after(next)
		for m == 0 {
			k++
			m = r.marks[k]
		}
		at = k<<6 + bits.TrailingZeros64(m)
	}
	return r.bad(len(b), "a string has no closing quote")
}

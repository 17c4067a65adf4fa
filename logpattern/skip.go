package logpattern

import (
	"encoding/binary"
	"math/bits"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// quoted finds the quote that ends the string whose first byte is at pos, eight
// bytes at a time, and says whether there is a backslash before it; -1 if the
// string is malformed.
func (w *walker) quoted(pos int) (end int, escaped bool) {
	b := w.event
	for {
		for pos+8 <= len(b) {
			x := binary.LittleEndian.Uint64(b[pos:])
			quote := x ^ ones*'"'
			slash := x ^ ones*'\\'
			// The lowest bit that is set stands for the first such byte; above
			// it there may be false ones.
			hit := ((quote - ones) &^ quote) | ((slash - ones) &^ slash) | ((x - ones*0x20) &^ x)
			if hit &= highs; hit != 0 {
				pos += bits.TrailingZeros64(hit) / 8
				break
			}
			pos += 8
		}
		for pos < len(b) && b[pos] != '"' && b[pos] != '\\' && b[pos] >= 0x20 {
			pos++
		}
		if pos >= len(b) || b[pos] < 0x20 {
			return -1, false
		}
		if b[pos] == '"' {
			return pos, escaped
		}
		escaped = true
		if pos = w.escape(pos + 1); pos < 0 {
			return -1, false
		}
	}
}

// escape returns the position behind an escape whose second byte is at pos.
func (w *walker) escape(pos int) int {
	if pos >= len(w.event) {
		return -1
	}
	switch w.event[pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return pos + 1
	case 'u':
		if pos+5 > len(w.event) {
			return -1
		}
		for _, c := range w.event[pos+1 : pos+5] {
			if !isHex(c) {
				return -1
			}
		}
		return pos + 5
	}
	return -1
}

package eventpattern

import (
	"encoding/binary"
	"math/bits"
)

// table numbers strings. It is a hash table with open addressing, built once.
type table struct {
	slots []tableSlot
	mask  uint32
	text  []byte // all strings, one after the other
	sieve uint64 // a bit for each string, by its length and first byte

	// bits has one bit for each string, by its hash, in 16 to 32 times as many: a
	// string that is none of them is mostly known by it, without touching slots.
	bits  []uint64
	shift uint32
}

type tableSlot struct {
	hash  uint32
	size  uint32
	start uint32
	id    int32 // -1 in an empty slot
}

func newTable(strings map[string]int32) table {
	var t table
	if len(strings) == 0 {
		return t
	}
	size := 4
	for size < 2*len(strings) {
		size *= 2
	}
	t.slots, t.mask = make([]tableSlot, size), uint32(size-1)
	for i := range t.slots {
		t.slots[i].id = -1
	}
	t.bits = make([]uint64, max(1, size*8/64))
	t.shift = uint32(32 - bits.Len(uint(len(t.bits)*64-1)))
	for s, id := range strings {
		t.sieve |= 1 << textSieve([]byte(s))
		h := hashText([]byte(s))
		t.bits[h>>t.shift>>6] |= 1 << (h >> t.shift & 63)
		at := h & t.mask
		for t.slots[at].id >= 0 {
			at = (at + 1) & t.mask
		}
		t.slots[at] = tableSlot{hash: h, size: uint32(len(s)), start: uint32(len(t.text)), id: id}
		t.text = append(t.text, s...)
	}
	return t
}

// textSieve chooses a bit that turns most strings away unhashed.
func textSieve(s []byte) int {
	if len(s) == 0 {
		return 0
	}
	return sieveBit(s[0], len(s))
}

// find gives the number of s, or -1.
func (t *table) find(s []byte) int32 {
	if t.sieve>>textSieve(s)&1 == 0 {
		return -1
	}
	h := hashText(s)
	if bit := h >> t.shift; t.bits[bit>>6]>>(bit&63)&1 == 0 {
		return -1
	}
	for at := h & t.mask; ; at = (at + 1) & t.mask {
		slot := &t.slots[at]
		if slot.id < 0 {
			return -1
		}
		if slot.hash == h && slot.size == uint32(len(s)) && string(t.text[slot.start:slot.start+slot.size]) == string(s) {
			return slot.id
		}
	}
}

const (
	mixA = 0x9e3779b97f4a7c15
	mixB = 0xbf58476d1ce4e5b9
)

// hashText hashes eight bytes at a time; the last eight may overlap the ones before.
func hashText(s []byte) uint32 {
	n := len(s)
	h := uint64(n) * mixA
	if n < 8 {
		var w uint64
		switch {
		case n >= 4:
			w = uint64(binary.LittleEndian.Uint32(s)) | uint64(binary.LittleEndian.Uint32(s[n-4:]))<<32
		case n > 0:
			w = uint64(s[0]) | uint64(s[n/2])<<8 | uint64(s[n-1])<<16
		}
		return mix(h, w)
	}
	tail := binary.LittleEndian.Uint64(s[n-8:])
	for ; len(s) > 8; s = s[8:] {
		hi, lo := bits.Mul64(binary.LittleEndian.Uint64(s)^h^mixB, mixA)
		h = hi ^ lo
	}
	return mix(h, tail)
}

func mix(h, w uint64) uint32 {
	hi, lo := bits.Mul64(h^w^mixA, mixB)
	return uint32(hi ^ lo ^ (hi^lo)>>32)
}

package eventpattern

import (
	"bytes"
	"slices"
	"sort"
)

// affixes finds all texts that a string begins with, or, given them and it
// backwards, ends with. It is a radix tree: a node stands for a run of bytes.
// Node 0 is the root, for no bytes.
type affixes struct {
	nodes []affixNode
}

type affixNode struct {
	run   []byte  // the bytes that lead here from the parent; for suffixes as they stand in the text
	first []byte  // the first byte of each child
	next  []int32 // the children
	rules []int32
}

// child is the place of the child that begins with c, or -1.
func (nd *affixNode) child(c byte) int {
	for i, f := range nd.first {
		if f == c {
			return i
		}
	}
	return -1
}

func (t *affixes) add(text []byte, rule int32) {
	if t.nodes == nil {
		t.nodes = make([]affixNode, 1)
	}
	at := int32(0)
	for {
		if len(text) == 0 {
			t.nodes[at].rules = append(t.nodes[at].rules, rule)
			return
		}
		i := t.nodes[at].child(text[0])
		if i < 0 {
			t.nodes = append(t.nodes, affixNode{run: text, rules: []int32{rule}})
			nd := &t.nodes[at]
			nd.first, nd.next = append(nd.first, text[0]), append(nd.next, int32(len(t.nodes)-1))
			return
		}
		child := t.nodes[at].next[i]
		run, same := t.nodes[child].run, 0
		for same < len(run) && same < len(text) && run[same] == text[same] {
			same++
		}
		if same < len(run) { // split: the child keeps its head, a new node takes the rest
			rest := t.nodes[child]
			rest.run = run[same:]
			t.nodes = append(t.nodes, rest)
			t.nodes[child] = affixNode{run: run[:same], first: []byte{run[same]}, next: []int32{int32(len(t.nodes) - 1)}}
		}
		at, text = child, text[same:]
	}
}

// reverse turns the runs of a finished tree of suffixes the way a text has them.
func (t *affixes) reverse() {
	for i := range t.nodes {
		t.nodes[i].run = bytes.Clone(t.nodes[i].run)
		slices.Reverse(t.nodes[i].run)
	}
}

func (r *run) knockPrefixes(t *affixes, text []byte) {
	for at := int32(0); len(text) > 0; {
		nd := &t.nodes[at]
		i := nd.child(text[0])
		if i < 0 {
			return
		}
		at = nd.next[i]
		nd = &t.nodes[at]
		if !bytes.HasPrefix(text, nd.run) {
			return
		}
		text = text[len(nd.run):]
		r.verifyAll(nd.rules)
	}
}

func (r *run) knockSuffixes(t *affixes, text []byte) {
	for at := int32(0); len(text) > 0; {
		nd := &t.nodes[at]
		i := nd.child(text[len(text)-1])
		if i < 0 {
			return
		}
		at = nd.next[i]
		nd = &t.nodes[at]
		if !bytes.HasSuffix(text, nd.run) {
			return
		}
		text = text[:len(text)-len(nd.run)]
		r.verifyAll(nd.rules)
	}
}

// gramIndex finds texts anywhere in a string by three bytes of each. The three
// are the last: the beginnings of texts in a pattern are more often alike.
type gramIndex struct {
	rules map[uint32][]int32
	sieve [64]uint64 // a bit for each gram, by its hash
}

const gramSize = 3

func gramBit(gram uint32) uint32 { return gram * 0x9e3779b1 >> 20 }

func (x *gramIndex) add(text []byte, rule int32) {
	if x.rules == nil {
		x.rules = map[uint32][]int32{}
	}
	t := text[len(text)-gramSize:]
	gram := uint32(t[0]) | uint32(t[1])<<8 | uint32(t[2])<<16
	x.rules[gram] = append(x.rules[gram], rule)
	bit := gramBit(gram)
	x.sieve[bit>>6] |= 1 << (bit & 63)
}

func (r *run) knockGrams(x *gramIndex, text []byte) {
	if len(text) < gramSize {
		return
	}
	gram := uint32(text[0])<<8 | uint32(text[1])<<16
	for _, c := range text[2:] {
		gram = gram>>8 | uint32(c)<<16
		bit := gramBit(gram)
		if x.sieve[bit>>6]>>(bit&63)&1 == 1 {
			r.verifyAll(x.rules[gram])
		}
	}
}

// rangeIndex finds the ranges that hold a number. The bounds cut the numbers
// into slots, one for each bound and one for each gap; a range covers a run of
// slots and is kept at the few nodes of a binary tree that make up this run.
type rangeIndex struct {
	bounds  []float64
	nodes   [][]int32 // a heap: node i has the children 2i and 2i+1
	pending []pendingRange
}

type pendingRange struct {
	bounds bounds
	rule   int32
}

func (x *rangeIndex) build() {
	for _, p := range x.pending {
		x.bounds = append(x.bounds, p.bounds.low, p.bounds.high)
	}
	slices.Sort(x.bounds)
	x.bounds = slices.Compact(x.bounds)
	size := 2*len(x.bounds) + 1
	x.nodes = make([][]int32, 2*size)
	for _, p := range x.pending {
		low, high := x.slot(p.bounds.low), x.slot(p.bounds.high)
		for l, h := low+size, high+1+size; l < h; l, h = l/2, h/2 {
			if l&1 == 1 {
				x.nodes[l] = append(x.nodes[l], p.rule)
				l++
			}
			if h&1 == 1 {
				h--
				x.nodes[h] = append(x.nodes[h], p.rule)
			}
		}
	}
	x.pending = nil
}

// slot gives 2i+1 for the bound i itself and 2i for the gap below it.
func (x *rangeIndex) slot(n float64) int {
	i := sort.SearchFloat64s(x.bounds, n)
	if i < len(x.bounds) && x.bounds[i] == n {
		return 2*i + 1
	}
	return 2 * i
}

func (r *run) knockRanges(x *rangeIndex, n float64) {
	for at := x.slot(n) + len(x.nodes)/2; at > 0; at /= 2 {
		r.verifyAll(x.nodes[at])
	}
}

// blockIndex finds the CIDR blocks that hold an address: one look for each
// length that some block has.
type blockIndex struct {
	lengths []int // 4 or 6 in the low byte, above it the number of bits
	rules   map[block][]int32
}

type block struct {
	network address
	bits    int
}

func (x *blockIndex) add(network address, bits int, rule int32) {
	if x.rules == nil {
		x.rules = map[block][]int32{}
	}
	k := block{network, bits}
	x.rules[k] = append(x.rules[k], rule)
	if l := bits<<8 | int(network.family); !slices.Contains(x.lengths, l) {
		x.lengths = append(x.lengths, l)
	}
}

func (r *run) knockBlocks(x *blockIndex, a address) {
	for _, l := range x.lengths {
		if l&0xff == int(a.family) {
			r.verifyAll(x.rules[block{a.masked(l >> 8), l >> 8}])
		}
	}
}

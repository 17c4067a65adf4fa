package eventpattern

import (
	"encoding/binary"
	"strings"
)

// names is a trie of the paths that some pattern of a Set names. Node 0 is the
// top of the event. A node can be reached by every relative path that leads to
// it, because a key of an event may hold dots: {"a.b": 1} is {"a": {"b": 1}}.
type names struct {
	nodes []node
	slots []slot // the hash tables of all nodes
	text  []string
}

type node struct {
	field int32  // the field whose path ends here, or -1
	mask  uint32 // size of the node's hash table less one; 0 when nothing lies below
	first uint32 // where the table begins in slots
	sieve uint64 // a bit for each key that leads on, by its length and first byte
}

// slot is a key of a node's table. Keys of up to 16 bytes are wholly in head
// and tail.
type slot struct {
	head, tail uint64 // the first and the last eight bytes
	size       uint32
	node       int32 // where the key leads; 0 for an empty slot
}

// newNames builds the trie; the index of a path is the number of its field.
func newNames(paths []string) names {
	var n names
	type tree struct {
		id   int32
		next map[string]*tree
	}
	var all []*tree
	add := func() *tree {
		t := &tree{id: int32(len(all)), next: map[string]*tree{}}
		all = append(all, t)
		n.nodes = append(n.nodes, node{field: -1})
		return t
	}
	top := add()
	for f, path := range paths {
		t := top
		for step := range strings.SplitSeq(path, ".") {
			if t.next[step] == nil {
				t.next[step] = add()
			}
			t = t.next[step]
		}
		n.nodes[t.id].field = int32(f)
	}
	for _, t := range all {
		below := map[string]int32{}
		var collect func(*tree, string)
		collect = func(from *tree, path string) {
			for step, to := range from.next {
				below[path+step] = to.id
				collect(to, path+step+".")
			}
		}
		collect(t, "")
		if t.id != 0 {
			delete(below, "") // an empty key below the top is never seen by EventBridge
		}
		n.table(&n.nodes[t.id], below)
	}
	return n
}

func (n *names) table(nd *node, below map[string]int32) {
	if len(below) == 0 {
		return
	}
	size := 4
	for size < 3*len(below) {
		size *= 2
	}
	nd.first, nd.mask = uint32(len(n.slots)), uint32(size-1)
	n.slots = append(n.slots, make([]slot, size)...)
	for len(n.text) < len(n.slots) {
		n.text = append(n.text, "")
	}
	for key, to := range below {
		head, tail := ends([]byte(key), 0, len(key))
		at := hashEnds(head, tail, len(key)) & nd.mask
		for n.slots[nd.first+at].node != 0 {
			at = (at + 1) & nd.mask
		}
		n.slots[nd.first+at] = slot{head: head, tail: tail, size: uint32(len(key)), node: to}
		n.text[nd.first+at] = key
		nd.sieve |= 1 << sieveBit((key + "\"")[0], len(key))
	}
}

// sieveBit turns most keys away before they are hashed. An empty key has its
// closing quote for a first byte.
func sieveBit(first byte, size int) int { return (size + 7*int(first)) & 63 }

// find follows the key b[from:to] from a node; 0 means that nothing named lies
// there. One byte must follow the key: its closing quote.
func (n *names) find(nd *node, b []byte, from, to int) int32 {
	size := to - from
	if nd.sieve>>sieveBit(b[from], size)&1 == 0 {
		return 0
	}
	head, tail := ends(b, from, to)
	at := hashEnds(head, tail, size) & nd.mask
	for {
		s := &n.slots[nd.first+at]
		if s.node == 0 {
			return 0
		}
		if s.head == head && s.tail == tail && s.size == uint32(size) &&
			(size <= 16 || n.text[nd.first+at] == string(b[from:to])) {
			return s.node
		}
		at = (at + 1) & nd.mask
	}
}

// ends gives the first and last eight bytes of b[from:to]; of fewer, head has
// them all and tail is 0.
func ends(b []byte, from, to int) (head, tail uint64) {
	size := to - from
	if size >= 8 {
		return binary.LittleEndian.Uint64(b[from:]), binary.LittleEndian.Uint64(b[to-8:])
	}
	if from+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[from:]) & (1<<(8*size) - 1), 0
	}
	for i := to - 1; i >= from; i-- {
		head = head<<8 | uint64(b[i])
	}
	return head, 0
}

func hashEnds(head, tail uint64, size int) uint32 {
	h := (head ^ uint64(size)) * 0x9e3779b97f4a7c15
	h = (h ^ h>>29 ^ tail) * 0xbf58476d1ce4e5b9
	return uint32(h >> 32)
}

package eventpattern

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// fieldIndex finds what a value of one path can satisfy. What every value needs
// stands first, within one line of the processor's cache.
type fieldIndex struct {
	sieve      uint64    // by textSieve, the strings whose id may wake a rule
	gates      *gates    // what wakes rules without an exact value; nil if none
	wakes      [][]int32 // for each id, the rules to verify
	needNumber bool
	strings    table
	numbers    map[float64]int32
	texts      map[string]int32 // numbers that no float64 holds, by their text
	addresses  map[address]int32
	path       string
}

// compiler holds what is only needed while a Set is built.
type compiler struct {
	set     *Set
	keys    map[string]int32   // predicates by field and meaning
	strings []map[string]int32 // by field
	next    []int32            // the next id of each field
	uses    []map[int32]int    // for each field and id, the rules that name it
	drafts  []ruleDraft
}

type ruleDraft struct {
	pattern int32
	preds   []int32
}

func compile(patterns []*Pattern) *Set {
	s := &Set{patterns: len(patterns)}
	paths := map[string]bool{}
	for _, p := range patterns {
		for _, r := range p.rules {
			for _, f := range r.fields {
				paths[f.path] = true
			}
		}
	}
	sorted := slices.SortedFunc(maps.Keys(paths), compareUTF16)
	s.names = newNames(sorted)
	c := &compiler{set: s, keys: map[string]int32{}}
	number := map[string]int32{}
	for i, path := range sorted {
		number[path] = int32(i)
		s.fields = append(s.fields, fieldIndex{path: path})
		c.strings = append(c.strings, map[string]int32{})
		c.next = append(c.next, int32(kindFalse)+1)
		c.uses = append(c.uses, map[int32]int{})
	}
	for i, p := range patterns {
		for _, r := range p.rules {
			d := ruleDraft{pattern: int32(i)}
			for _, f := range r.fields {
				d.preds = append(d.preds, c.predicate(number[f.path], f.wants))
			}
			c.drafts = append(c.drafts, d)
		}
	}
	for f := range s.fields {
		s.fields[f].strings = newTable(c.strings[f])
		s.fields[f].wakes = make([][]int32, c.next[f])
	}
	c.wakeups()
	for f := range s.fields {
		s.fields[f].strain(c.strings[f])
	}
	return s
}

// strain sets the sieve of the strings that are looked up at once; the others
// are only when a predicate asks for them.
func (ix *fieldIndex) strain(strings map[string]int32) {
	for s, id := range strings {
		if len(ix.wakes[id]) > 0 {
			ix.sieve |= 1 << textSieve([]byte(s))
		}
	}
	for _, id := range ix.addresses {
		if len(ix.wakes[id]) > 0 {
			ix.sieve = ^uint64(0)
		}
	}
}

// predicate gives the number of a list of alternatives, new or known.
func (c *compiler) predicate(f int32, wants []matcher) int32 {
	texts := make([]string, len(wants))
	for i := range wants {
		texts[i] = string(rune(wants[i].op)) + wants[i].want
	}
	slices.Sort(texts)
	key := strconv.Itoa(int(f)) + "\x00" + strings.Join(slices.Compact(texts), "\x00")
	at, ok := c.keys[key]
	if !ok {
		at = int32(len(c.set.preds))
		c.keys[key] = at
		c.set.preds = append(c.set.preds, c.newPredicate(f, wants))
	}
	for _, id := range c.set.preds[at].ids {
		c.uses[f][id]++
	}
	return at
}

func (c *compiler) newPredicate(f int32, wants []matcher) predicate {
	ix := &c.set.fields[f]
	p := predicate{field: f}
	for i := range wants {
		m := &wants[i]
		switch m.op {
		case opNull, opTrue, opFalse:
			p.ids = append(p.ids, int32(m.op-opNull)+int32(kindNull))
		case opString:
			p.ids = append(p.ids, identify(c.strings[f], m.text, &c.next[f]))
		case opAddress:
			p.ids = append(p.ids, c.address(f, m.addr))
		case opNumber:
			p.ids = append(p.ids, c.number(f, m.number))
		case opText:
			ix.needNumber = true
			if ix.texts == nil {
				ix.texts = map[string]int32{}
			}
			p.ids = append(p.ids, identify(ix.texts, m.text, &c.next[f]))
		case opExists:
			p.exists = true
		case opAbsent:
			p.absent = true
		case opNotStrings, opNotNumbers:
			cond := condition{test: testUnlisted, m: m}
			p.byID = true
			for _, s := range m.texts {
				cond.listed = append(cond.listed, identify(c.strings[f], s, &c.next[f]))
			}
			for _, n := range m.numbers {
				cond.listed = append(cond.listed, c.number(f, n))
			}
			p.conds = append(p.conds, cond)
		default:
			ix.needNumber = ix.needNumber || m.op == opRange
			p.conds = append(p.conds, newCondition(m))
		}
	}
	slices.Sort(p.ids)
	p.ids = slices.Compact(p.ids)
	return p
}

func (c *compiler) number(f int32, n float64) int32 {
	ix := &c.set.fields[f]
	ix.needNumber = true
	if ix.numbers == nil {
		ix.numbers = map[float64]int32{}
	}
	return identify(ix.numbers, n, &c.next[f])
}

func (c *compiler) address(f int32, a address) int32 {
	ix := &c.set.fields[f]
	if ix.addresses == nil {
		ix.addresses = map[address]int32{}
	}
	return identify(ix.addresses, a, &c.next[f])
}

// identify gives the id of a value, the next one if it is new.
func identify[K interface{ string | float64 | address }](ids map[K]int32, k K, next *int32) int32 {
	id, ok := ids[k]
	if !ok {
		id = *next
		ids[k] = id
		*next++
	}
	return id
}

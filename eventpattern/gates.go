package eventpattern

import (
	"bytes"
	"slices"
)

// gates of a field wake the rules whose chosen predicate is no exact value. A
// gate may open in vain, since the rule is verified afterwards, but never stays
// shut when the predicate holds.
type gates struct {
	any      []int32 // rules that any value wakes
	strings  []int32 // rules that any string wakes
	prefixes affixes // by how a string begins
	suffixes affixes // by how it ends, last byte first
	folds    map[string][]int32
	foldMax  int // the longest key of folds
	grams    gramIndex
	ranges   rangeIndex
	blocks   blockIndex
}

// knock wakes the rules whose gates the value v opens.
func (r *run) knock(g *gates, v *value) {
	for _, rule := range g.any {
		r.verify(rule, false)
	}
	if v.kind != kindString {
		if v.counted && g.ranges.bounds != nil {
			r.knockRanges(&g.ranges, v.number)
		}
		return
	}
	for _, rule := range g.strings {
		r.verify(rule, false)
	}
	text := r.textOf(v)
	if g.blocks.rules != nil {
		if a := parseAddress(text); a.family != 0 {
			r.knockBlocks(&g.blocks, a)
		}
	}
	if g.prefixes.nodes != nil {
		r.knockPrefixes(&g.prefixes, text)
	}
	if g.suffixes.nodes != nil {
		r.knockSuffixes(&g.suffixes, text)
	}
	if g.folds != nil && len(text) <= g.foldMax {
		r.key = r.key[:0]
		for _, c := range text {
			r.key = append(r.key, lowerASCII(c))
		}
		r.verifyAll(g.folds[string(r.key)])
	}
	if g.grams.rules != nil {
		r.knockGrams(&g.grams, text)
	}
}

func (r *run) verifyAll(rules []int32) {
	for _, rule := range rules {
		r.verify(rule, false)
	}
}

// finish completes the indexes when all rules are hung.
func (g *gates) finish() {
	g.suffixes.reverse()
	if g.ranges.pending != nil {
		g.ranges.build()
	}
}

// hang puts a rule behind the gate of one alternative.
func (g *gates) hang(m *matcher, rule int32) {
	switch m.op {
	case opPrefix:
		g.hangText([]byte(m.text), nil, nil, rule)
	case opSuffix:
		g.hangText(nil, []byte(m.text), nil, rule)
	case opWildcard:
		parts := m.globs[0].parts
		var inner []byte
		for _, p := range parts[1 : len(parts)-1] {
			if len(p) > len(inner) {
				inner = p
			}
		}
		g.hangText(parts[0], parts[len(parts)-1], inner, rule)
	case opFold:
		if key := m.folds[0].ascii; m.folds[0].chars == nil {
			if g.folds == nil {
				g.folds = map[string][]int32{}
			}
			g.folds[string(key)] = append(g.folds[string(key)], rule)
			g.foldMax = max(g.foldMax, len(key))
			return
		}
		g.strings = append(g.strings, rule)
	case opFoldPrefix, opFoldSuffix:
		g.strings = append(g.strings, rule)
	case opRange:
		g.ranges.pending = append(g.ranges.pending, pendingRange{m.bounds, rule})
	case opBlock:
		g.blocks.add(m.addr, m.bits, rule)
	default:
		g.any = append(g.any, rule)
	}
}

// hangText chooses the longest of what a string must begin with, end with and
// hold; a text in the middle is dearer to look for.
func (g *gates) hangText(begin, end, inner []byte, rule int32) {
	switch {
	case len(inner) >= gramSize && len(inner) > 4*max(len(begin), len(end)):
		g.grams.add(inner, rule)
	case len(begin) >= len(end) && len(begin) > 0:
		g.prefixes.add(begin, rule)
	case len(end) > 0:
		back := bytes.Clone(end)
		slices.Reverse(back)
		g.suffixes.add(back, rule)
	case len(inner) >= gramSize:
		g.grams.add(inner, rule)
	default:
		g.strings = append(g.strings, rule)
	}
}

package eventpattern

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// search finds a choice of values, one for each field of a rule, of which no
// two lie in different elements of the same array.
type search struct {
	preds  []int32 // the rule's, in the order of their fields
	picked []int32 // for each array, the element chosen so far, or -1
	trail  []int32 // the arrays in picked, in the order they were chosen
	steps  int

	// After memoAfter steps dead ends are remembered: a field and what is picked
	// in the arrays that it and later fields still care about. The fields under
	// one array stand together in the order, so there are few of these, while the
	// number of choices grows as a power.
	cares []uint64 // for each field of the rule, a bit for each array
	dead  map[string]struct{}
	key   []byte
}

const memoAfter = 1 << 10

// consistent reports whether such a choice exists. Each predicate must have
// been accepted by some value, or be open.
func (r *run) consistent(preds []int32) bool {
	s := &r.search
	s.preds, s.steps = append(s.preds[:0], preds...), 0
	slices.SortFunc(s.preds, func(a, b int32) int { return int(r.set.preds[a].field - r.set.preds[b].field) })
	for len(s.picked) < int(r.arrays) {
		s.picked = append(s.picked, -1)
	}
	found := r.choose(0)
	s.undo(0)
	s.dead = nil
	return found
}

// choose settles the fields from the one at level on.
func (r *run) choose(level int) bool {
	s := &r.search
	if level == len(s.preds) {
		return true
	}
	if s.steps++; s.steps > memoAfter && r.remembered(level) {
		return false
	}
	p := &r.set.preds[s.preds[level]]
	hidden := true
	mark := len(s.trail)
	if h := &r.heads[p.field]; h.epoch == r.epoch {
		for i := h.first; i >= 0; i = r.values[i].next {
			v := &r.values[i]
			if !s.pick(r, v.within) {
				s.undo(mark)
				continue
			}
			hidden = false
			if r.accepts(p, v) && r.choose(level+1) {
				return true
			}
			s.undo(mark)
		}
	}
	if hidden && p.absent && r.choose(level+1) {
		return true
	}
	if s.steps > memoAfter {
		r.remember(level)
	}
	return false
}

// pick chooses the element and all that it lies in; false when another element
// of one of these arrays is chosen already. The caller undoes either way.
func (s *search) pick(r *run, within int32) bool {
	for within != 0 {
		m := &r.members[within]
		switch s.picked[m.array] {
		case -1:
			s.picked[m.array] = m.index
			s.trail = append(s.trail, m.array)
		case m.index:
		default:
			return false
		}
		within = m.outer
	}
	return true
}

func (s *search) undo(mark int) {
	for _, a := range s.trail[mark:] {
		s.picked[a] = -1
	}
	s.trail = s.trail[:mark]
}

func (r *run) remembered(level int) bool {
	s := &r.search
	if s.dead == nil {
		return false
	}
	s.situation(r, level)
	_, ok := s.dead[string(s.key)]
	return ok
}

func (r *run) remember(level int) {
	s := &r.search
	if s.dead == nil {
		s.dead = map[string]struct{}{}
		r.survey()
	}
	s.situation(r, level)
	s.dead[string(s.key)] = struct{}{}
}

// survey notes for each field the arrays that it or a later field lies in.
func (r *run) survey() {
	s := &r.search
	words := (int(r.arrays) + 63) / 64
	s.cares = append(s.cares[:0], make([]uint64, words*len(s.preds))...)
	for level := len(s.preds) - 1; level >= 0; level-- {
		mine := s.cares[level*words : (level+1)*words]
		if level+1 < len(s.preds) {
			copy(mine, s.cares[(level+1)*words:])
		}
		h := &r.heads[r.set.preds[s.preds[level]].field]
		if h.epoch != r.epoch {
			continue
		}
		for i := h.first; i >= 0; i = r.values[i].next {
			for w := r.values[i].within; w != 0; w = r.members[w].outer {
				a := r.members[w].array
				mine[a>>6] |= 1 << (a & 63)
			}
		}
	}
}

// situation writes the level and the picks that matter from it on into s.key.
func (s *search) situation(r *run, level int) {
	words := (int(r.arrays) + 63) / 64
	s.key = binary.AppendUvarint(s.key[:0], uint64(level))
	for i, w := range s.cares[level*words : (level+1)*words] {
		for ; w != 0; w &= w - 1 {
			a := i*64 + bits.TrailingZeros64(w)
			if s.picked[a] >= 0 {
				s.key = binary.AppendUvarint(s.key, uint64(a))
				s.key = binary.AppendUvarint(s.key, uint64(s.picked[a]))
			}
		}
	}
}

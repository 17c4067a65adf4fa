package logpattern

import "slices"

// Set matches many patterns at once: the JSON patterns among them share one walk
// over the event. It is immutable and safe for concurrent use.
type Set struct {
	filters []*Filter
	tree    *tree
	slots   [][]int32 // of each JSON filter: its slot → the set's
	texts   []int     // filters that are not JSON
	always  []int     // JSON filters without a gate
	gates   []gateSlot
	doors   []doorsOf
	open    bool // some filter has no doors
}

// NewSet makes a set of filters.
func NewSet(filters ...*Filter) *Set {
	s := &Set{filters: filters, tree: newTree(), slots: make([][]int32, len(filters))}
	places := make([][]*branch, len(filters))
	for i, f := range filters {
		if f.kind == JSON {
			places[i] = make([]*branch, f.tree.slots)
			graft(f.tree.root, s.tree.root, places[i])
		}
	}
	s.tree.number()
	for i, of := range places {
		if of == nil {
			continue
		}
		s.slots[i] = make([]int32, len(of))
		for j, b := range of {
			s.slots[i][j] = b.slot
		}
	}
	for i, f := range filters {
		s.open = s.open || f.kind != JSON || !s.addDoors(f)
		switch {
		case f.kind != JSON:
			s.texts = append(s.texts, i)
		case !s.addGate(i):
			s.always = append(s.always, i)
		}
	}
	return s
}

// graft repeats the branches below from under to.
func graft(from, to *branch, places []*branch) {
	places[from.slot] = to
	for _, e := range from.names {
		graft(e.to, to.grow(step{kind: member, name: e.name}), places)
	}
	for _, e := range from.items {
		graft(e.to, to.grow(step{kind: item, index: e.index}), places)
	}
}

// Len returns the number of filters.
func (s *Set) Len() int { return len(s.filters) }

// Match appends the indices of the filters that match a log event to dst,
// ascending. It does not allocate where dst has room.
func (s *Set) Match(event []byte, dst []int) []int {
	w := walkers.Get().(*walker)
	defer w.release()
	from := len(dst)
	if len(s.always)+len(s.gates) > 0 && w.walk(event, s.tree) {
		for _, i := range s.always {
			if s.filters[i].expr.holds(w, s.slots[i]) {
				dst = append(dst, i)
			}
		}
		for _, g := range s.gates {
			n := w.nodes[g.slot]
			if n.kind < yes || n.kind > text {
				continue
			}
			for _, i := range g.open[string(w.text(n))] {
				if !slices.Contains(dst[from:], i) && s.filters[i].expr.holds(w, s.slots[i]) {
					dst = append(dst, i)
				}
			}
		}
	}
	for _, i := range s.texts {
		if s.filters[i].Match(event) {
			dst = append(dst, i)
		}
	}
	slices.Sort(dst[from:])
	return dst
}

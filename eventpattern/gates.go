package eventpattern

import "slices"

// gates wake the rules whose chosen predicate holds no exact values.
type gates struct {
	any []int32 // rules that any value of the field wakes
}

// knock wakes the rules that the value v of the field opens a gate of.
func (r *run) knock(g *gates, v *value) {
	for _, rule := range g.any {
		r.verify(rule)
	}
}

// wakeups chooses for each rule the predicate that wakes it: the one that the
// fewest events are likely to satisfy.
func (c *compiler) wakeups() {
	s := c.set
	for i := range s.rules {
		r := &s.rules[i]
		costs := map[int32]int{}
		for _, p := range r.preds {
			costs[p] = c.cost(&s.preds[p])
		}
		r.check = slices.Clone(r.preds)
		slices.SortStableFunc(r.check, func(a, b int32) int { return costs[a] - costs[b] })
		p := &s.preds[r.check[0]]
		if p.absent {
			s.always = append(s.always, int32(i))
			continue
		}
		ix := &s.fields[p.field]
		for _, id := range p.ids {
			ix.wakes[id] = append(ix.wakes[id], int32(i))
		}
		if p.exists || len(p.conds) > 0 {
			if ix.gates == nil {
				ix.gates = &gates{}
			}
			ix.gates.any = append(ix.gates.any, int32(i))
		}
	}
}

// cost guesses how often a predicate would wake a rule in vain.
func (c *compiler) cost(p *predicate) int {
	if p.absent {
		return 1 << 30
	}
	n := 0
	for _, id := range p.ids {
		n += c.uses[p.field][id]
	}
	if p.exists {
		n += 1 << 20
	}
	return n + len(p.conds)<<16
}

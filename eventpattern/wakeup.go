package eventpattern

import (
	"cmp"
	"slices"
)

// Each rule is verified only when the event satisfies one chosen predicate of
// it: the one that is likely to wake it least often in vain. A rule whose choice
// can hold by absence is verified for every event.

// wakeups chooses the predicates and fills the indexes of the fields. Rules that
// wake together are laid out together, with their predicates, so that verifying
// one after the other walks forward through memory.
func (c *compiler) wakeups() {
	s := c.set
	chances := c.chances()
	for i := range c.drafts {
		slices.SortStableFunc(c.drafts[i].preds, func(a, b int32) int { return cmp.Compare(chances[a], chances[b]) })
	}
	slices.SortStableFunc(c.drafts, func(a, b ruleDraft) int { return cmp.Compare(c.home(a), c.home(b)) })
	moved := make([]int32, len(s.preds)) // 1 + the new number of each predicate
	var preds []predicate
	for _, d := range c.drafts {
		from := len(s.checks)
		for _, p := range d.preds {
			if moved[p] == 0 {
				preds = append(preds, s.preds[p])
				moved[p] = int32(len(preds))
			}
			s.checks = append(s.checks, moved[p]-1)
		}
		s.rules = append(s.rules, ruleIndex{pattern: d.pattern, from: uint32(from), to: uint32(len(s.checks))})
	}
	s.preds = preds
	c.settle()
	for i := range s.rules {
		c.hang(&s.preds[s.checks[s.rules[i].from]], int32(i))
	}
	for i := range s.fields {
		if g := s.fields[i].gates; g != nil {
			g.finish()
		}
	}
}

// home is where a rule is laid out: beside the others that its most common
// waking value wakes.
func (c *compiler) home(d ruleDraft) int64 {
	p := &c.set.preds[d.preds[0]]
	home := int64(p.field) << 32
	most := 0
	for _, id := range p.ids {
		if n := c.uses[p.field][id]; n > most {
			most, home = n, int64(p.field)<<32+int64(id)+1
		}
	}
	return home
}

// settle copies what the predicates need into one piece of memory of each kind,
// in the order of the predicates.
func (c *compiler) settle() {
	var (
		conds []condition
		kept  []matcher
		ids   []int32
	)
	for i := range c.set.preds {
		p := &c.set.preds[i]
		ids = append(ids, p.ids...)
		for j := range p.conds {
			conds = append(conds, p.conds[j])
			kept = append(kept, *p.conds[j].m)
		}
	}
	pack(conds)
	for i := range c.set.preds {
		p := &c.set.preds[i]
		n := len(p.ids)
		p.ids, ids = ids[:n:n], ids[n:]
		n = len(p.conds)
		p.conds, conds = conds[:n:n], conds[n:]
		for j := range p.conds {
			p.conds[j].m, kept = &kept[0], kept[1:]
		}
	}
}

// hang registers a rule with every alternative of the predicate that wakes it.
func (c *compiler) hang(p *predicate, rule int32) {
	s := c.set
	if p.absent {
		s.always = append(s.always, rule)
		return
	}
	ix := &s.fields[p.field]
	if (p.exists || len(p.conds) > 0) && ix.gates == nil {
		ix.gates = &gates{}
	}
	if p.exists {
		ix.gates.any = append(ix.gates.any, rule)
		return
	}
	for _, id := range p.ids {
		ix.wakes[id] = append(ix.wakes[id], rule)
	}
	for i := range p.conds {
		ix.gates.hang(p.conds[i].m, rule)
	}
}

// chances guesses for every predicate how likely an event is to satisfy it. The
// rules themselves tell: a field that many rules ask for many different values,
// like detail.eventName, tells events apart; a field that few rules name, or all
// with one value, may hold this value in every event. To look a field's value up
// costs about as much as to verify a rule, so the rules that share a field's
// index share that: a field that few rules ask for is not worth one.
func (c *compiler) chances() []float64 {
	s := c.set
	asked := make([]int, len(s.fields)) // exact values asked for, with repetitions
	for f := range s.fields {
		for _, n := range c.uses[f] {
			asked[f] += n
		}
	}
	chances := make([]float64, len(s.preds))
	for i := range s.preds {
		p := &s.preds[i]
		chance := 0.0
		for _, id := range p.ids {
			chance += float64(c.uses[p.field][id]) / float64(asked[p.field]+unknown)
		}
		if len(p.ids) > 0 {
			chance += 1 / float64(asked[p.field])
		}
		if p.exists {
			chance += 0.9
		}
		for j := range p.conds {
			chance += guess(p.conds[j].m)
		}
		if p.absent {
			chance += 100 // such rules are verified for every event
		}
		chances[i] = chance
	}
	return chances
}

// unknown stands for the values of a field that no rule asks for.
const unknown = 10

// guess is the chance of an alternative that is no exact value.
func guess(m *matcher) float64 {
	switch m.op {
	case opPrefix, opSuffix:
		if len(m.text) >= 3 {
			return 0.1
		}
		return 0.4
	case opFold, opBlock, opRange:
		return 0.1
	case opWildcard:
		if m.globs[0].longest() >= gramSize {
			return 0.1
		}
		return 0.4
	case opFoldPrefix, opFoldSuffix:
		return 0.3
	}
	return 0.9
}

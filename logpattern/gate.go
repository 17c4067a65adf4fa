package logpattern

// gate is what must hold for an expression to hold at all: one of these fields
// has exactly this text. A Set looks the texts up and evaluates only the filters
// whose gate is open.
type gate struct {
	at   *branch
	text string
}

// gates returns the gate of an expression; nil where it has none.
func (e *expr) gates() []gate {
	switch {
	case e.cond != nil:
		c := e.cond
		if c.op != equal || c.beyond != nil || c.value.regex != nil || c.value.parts != nil || c.value.numeric {
			return nil
		}
		return []gate{{c.at, c.value.text}}
	case e.join == every:
		var best []gate
		for i := range e.parts {
			if g := e.parts[i].gates(); g != nil && (best == nil || len(g) < len(best)) {
				best = g
			}
		}
		return best
	}
	var all []gate
	for i := range e.parts {
		g := e.parts[i].gates()
		if g == nil {
			return nil
		}
		all = append(all, g...)
	}
	return all
}

// gateSlot is a field of which gates speak.
type gateSlot struct {
	slot int32
	open map[string][]int // text → filters, ascending
}

// addGate files a filter under its gate; false where it has none.
func (s *Set) addGate(i int) bool {
	gates := s.filters[i].expr.gates()
	for _, g := range gates {
		slot := s.slots[i][g.at.slot]
		at := -1
		for j := range s.gates {
			if s.gates[j].slot == slot {
				at = j
			}
		}
		if at < 0 {
			at = len(s.gates)
			s.gates = append(s.gates, gateSlot{slot, map[string][]int{}})
		}
		list := s.gates[at].open[g.text]
		if n := len(list); n == 0 || list[n-1] != i {
			s.gates[at].open[g.text] = append(list, i)
		}
	}
	return gates != nil
}

package eventpattern

// predicate is the alternatives of one field, shared by all rules that have the same.
type predicate struct {
	field  int32
	ids    []int32     // values that the field's index knows, any of which is accepted
	conds  []condition // the other alternatives
	exists bool        // {"exists": true} is among them
	absent bool        // {"exists": false} is among them
	byID   bool        // a condition is
}

// condition is an alternative that must look at the value.
type condition struct {
	test   test
	text   string // for the tests of one text
	m      *matcher
	listed []int32 // for testUnlisted: the ids that are refused
}

// verdict is what a predicate says of an event.
type verdict uint32

const (
	refused verdict = iota
	free            // accepted, by a value that no array element restricts or by absence
	bound           // accepted, but only by values that lie in array elements
	open            // it depends on the array elements that other fields choose

	stateBits = 2
)

// wake verifies every rule that something in the event points to.
func (r *run) wake() {
	s := r.set
	for _, rule := range s.always {
		r.verify(rule, false)
	}
	for i := range r.values {
		v := &r.values[i]
		ix := &s.fields[v.field]
		if v.id >= 0 {
			for _, rule := range ix.wakes[v.id] {
				r.verify(rule, v.within == 0)
			}
		}
		if v.addrID >= 0 {
			for _, rule := range ix.wakes[v.addrID] {
				r.verify(rule, v.within == 0)
			}
		}
		if ix.gates != nil {
			r.knock(ix.gates, v)
		}
	}
}

// verify marks the pattern of a rule if the rule holds. When a value outside
// arrays has woken it by being what its first predicate asks for, sure is set:
// that predicate need not be judged.
func (r *run) verify(at int32, sure bool) {
	rule := &r.set.rules[at]
	if r.matched[rule.pattern>>6]>>(rule.pattern&63)&1 == 1 {
		return
	}
	bounds := 0
	searching := false
	checks := r.set.checks[rule.from:rule.to]
	rest := checks
	if sure {
		rest = checks[1:]
	}
	for _, p := range rest {
		v := verdict(r.states[p] & (1<<stateBits - 1))
		if r.states[p]>>stateBits != r.epoch {
			v = r.judge(&r.set.preds[p])
			r.states[p] = r.epoch<<stateBits | uint32(v)
		}
		switch v {
		case refused:
			return
		case bound:
			bounds++
		case open:
			searching = true
		}
	}
	if (searching || bounds > 1) && !r.consistent(checks) {
		return
	}
	r.matched[rule.pattern>>6] |= 1 << (rule.pattern & 63)
	r.touched[rule.pattern>>12] |= 1 << (rule.pattern >> 6 & 63)
}

// judge evaluates a predicate on all values of its field.
func (r *run) judge(p *predicate) verdict {
	h := &r.heads[p.field]
	if h.epoch != r.epoch {
		if p.absent {
			return free
		}
		return refused
	}
	if v := &r.values[h.first]; v.next < 0 && v.within == 0 { // most fields have one value, outside arrays
		if r.accepts(p, v) {
			return free
		}
		return refused
	}
	result := refused
	canHide := p.absent
	for i := h.first; i >= 0; i = r.values[i].next {
		v := &r.values[i]
		if v.within == 0 {
			canHide = false // every choice of elements sees this value
		}
		if result == free || !r.accepts(p, v) {
			continue
		}
		result = bound
		if v.within == 0 {
			result = free
		}
	}
	if canHide && result != free {
		return open
	}
	return result
}

// accepts reports whether a value satisfies one of the alternatives.
func (r *run) accepts(p *predicate, v *value) bool {
	if p.exists {
		return true
	}
	if v.id == unknownID && (len(p.ids) > 0 || p.byID) {
		r.set.fields[v.field].identify(v, r.textOf(v))
	}
	for _, id := range p.ids {
		if id == v.id || id == v.addrID {
			return true
		}
	}
	for i := range p.conds {
		if r.fulfils(&p.conds[i], v) {
			return true
		}
	}
	return false
}

func contains(ids []int32, id int32) bool {
	for _, x := range ids {
		if x == id {
			return true
		}
	}
	return false
}

package logpattern

// expr is a condition, or several joined.
type expr struct {
	cond  *condition
	join  join
	parts []expr
}

type join uint8

const (
	every  join = iota // &&
	either             // ||
)

// condition is one comparison of a JSON pattern.
type condition struct {
	selector string
	source   string // as written
	offset   int    // of source in the pattern
	at       *branch
	beyond   []step // from the selector's wildcard on
	op       operator
	value    value
}

// holds evaluates over the nodes that a walk has found. slots, where not nil,
// says where a Set keeps the filter's nodes.
func (e *expr) holds(w *walker, slots []int32) bool {
	if e.cond != nil {
		return e.cond.holds(w, slots)
	}
	for i := range e.parts {
		if e.parts[i].holds(w, slots) != (e.join == every) {
			return e.join == either
		}
	}
	return e.join == every
}

func (c *condition) node(w *walker, slots []int32) node {
	slot := c.at.slot
	if slots != nil {
		slot = slots[slot]
	}
	return w.nodes[slot]
}

func (c *condition) holds(w *walker, slots []int32) bool {
	n := c.node(w, slots)
	if c.beyond == nil {
		return c.test(w, n)
	}
	found := false
	holds := w.each(n, c.beyond, func(n node) bool {
		found = true
		return c.op != notExists && c.test(w, n)
	})
	if c.op == notExists {
		return !found
	}
	return holds
}

// test compares one node.
func (c *condition) test(w *walker, n node) bool {
	switch c.op {
	case notExists:
		return n.kind == missing
	case isNull:
		return n.kind == null
	case isTrue:
		return n.kind == yes
	case isFalse:
		return n.kind == no
	}
	switch n.kind {
	case missing, object, array:
		return false
	case null:
		return c.op == equal && c.value.any()
	}
	if c.op == equal || c.op == unequal {
		return c.same(w, n) == (c.op == equal)
	}
	if n.kind != numeral {
		return false
	}
	number, ok := parseNumber(w.event[n.start:n.end])
	return ok && c.op.orders(number.compare(c.value.number))
}

func (c *condition) same(w *walker, n node) bool {
	if c.value.matches(w.text(n)) {
		return true
	}
	if !c.value.numeric || n.kind != numeral {
		return false
	}
	number, ok := parseNumber(w.event[n.start:n.end])
	return ok && number.compare(c.value.number) == 0
}

package logpattern

// tree holds the paths that conditions name, so that one walk over an event
// finds them all and skips the rest.
type tree struct {
	root  *branch
	slots int
}

// branch is a place in an event that is named or leads to one that is.
type branch struct {
	slot  int32 // where the walk notes the node
	end   int32 // slots from slot to end belong to this branch
	names []nameEdge
	items []itemEdge
}

type nameEdge struct {
	name string
	to   *branch
}

type itemEdge struct {
	index int
	to    *branch
}

func newTree() *tree { return &tree{root: &branch{}} }

// add names a place, by steps without wildcards.
func (t *tree) add(path []step) *branch {
	at := t.root
	for _, s := range path {
		at = at.grow(s)
	}
	return at
}

// grow returns the branch that a step leads to, made where there is none.
func (b *branch) grow(s step) *branch {
	to := b.next(s)
	switch {
	case to != nil:
	case s.kind == item:
		to = &branch{}
		b.items = append(b.items, itemEdge{s.index, to})
	default:
		to = &branch{}
		b.names = append(b.names, nameEdge{s.name, to})
	}
	return to
}

func (b *branch) next(s step) *branch {
	if s.kind == item {
		for _, e := range b.items {
			if e.index == s.index {
				return e.to
			}
		}
		return nil
	}
	for _, e := range b.names {
		if e.name == s.name {
			return e.to
		}
	}
	return nil
}

// number gives each branch its slot, those below it behind its own, so that a
// repeated key can forget what an earlier one held.
func (t *tree) number() {
	n := int32(0)
	var visit func(b *branch)
	visit = func(b *branch) {
		b.slot = n
		n++
		for _, e := range b.names {
			visit(e.to)
		}
		for _, e := range b.items {
			visit(e.to)
		}
		b.end = n
	}
	visit(t.root)
	t.slots = int(n)
}

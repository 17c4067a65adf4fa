package logpattern

// each calls visit with the nodes that steps, of which the first is a wildcard,
// lead to from n, until one call returns true. The event is known to be well
// formed here.
func (w *walker) each(n node, steps []step, visit func(node) bool) bool {
	want := object
	if steps[0].kind == anyItem {
		want = array
	}
	if n.kind != want {
		return false
	}
	found := false
	w.children(n, func(_ int, _ []byte, child node) bool {
		if at := w.follow(child, steps[1:]); at.kind != missing {
			found = visit(at)
		}
		return !found
	})
	return found
}

// follow goes down from n.
func (w *walker) follow(n node, steps []step) node {
	for _, s := range steps {
		want := object
		if s.kind == item {
			want = array
		}
		if n.kind != want {
			return node{}
		}
		next := node{}
		w.children(n, func(i int, name []byte, child node) bool {
			if s.kind == item && i == s.index || s.kind == member && string(name) == s.name {
				next = child // of a repeated key the last counts
			}
			return true
		})
		n = next
	}
	return n
}

// children calls visit with the members or elements of n until it returns false.
func (w *walker) children(n node, visit func(i int, name []byte, child node) bool) {
	pos := w.blank(n.start + 1)
	for i := 0; pos < n.end-1; i++ {
		var name []byte
		if n.kind == object {
			end, escaped := w.quoted(pos + 1)
			name = w.event[pos+1 : end]
			if escaped {
				name = w.unescape(name)
			}
			pos = w.blank(w.blank(end+1) + 1) // over the colon
		}
		child, end := w.leaf(pos)
		if !visit(i, name, child) {
			return
		}
		pos = w.blank(w.blank(end) + 1) // over the comma
	}
}

// leaf reads the value at pos as a node and returns the position behind it.
func (w *walker) leaf(pos int) (node, int) {
	n := node{start: pos}
	end := w.value(pos, nil, 0)
	n.end = end
	switch w.event[pos] {
	case '"':
		n.kind = text
		n.start++
		n.end, n.escaped = w.quoted(n.start)
	case '{':
		n.kind = object
	case '[':
		n.kind = array
	case 't':
		n.kind = yes
	case 'f':
		n.kind = no
	case 'n':
		n.kind = null
	default:
		n.kind = numeral
	}
	return n, end
}

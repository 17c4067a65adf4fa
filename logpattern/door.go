package logpattern

import "bytes"

// door is a condition on a member of an event's outermost object that an event
// must meet for a filter to match at all.
type door struct {
	name   string
	value  *value // its text; nil: that it is there is enough
	nested bool   // the text stands somewhere below it
}

// doorsOf is what a Set knows of the doors in one member.
type doorsOf struct {
	name  string
	there bool                // that it is there opens
	texts map[string]struct{} // it is one of these
	forms []*value            // … or of such a form
	below []string            // or one of these texts stands below it
}

// doors returns doors of which an event must meet one; ok is false where there
// are none. tops says in which outermost member each place lies.
func (e *expr) doors(tops map[*branch]string, root *branch) (all []door, ok bool) {
	switch {
	case e.cond != nil:
		c := e.cond
		name, known := tops[c.at]
		if !known || c.op == notExists {
			return nil, false
		}
		d := door{name: name}
		direct := root.next(step{kind: member, name: name}) == c.at
		if c.op == equal && c.beyond == nil && !c.value.numeric {
			switch {
			case direct:
				d.value = &c.value
			case c.value.regex == nil && c.value.parts == nil:
				d.value, d.nested = &c.value, true
			}
		}
		return []door{d}, true
	case e.join == every:
		least := -1
		for i := range e.parts {
			if one, is := e.parts[i].doors(tops, root); is {
				if n := width(one); least < 0 || n < least {
					all, least = one, n
				}
			}
		}
		return all, least >= 0
	}
	for i := range e.parts {
		one, is := e.parts[i].doors(tops, root)
		if !is {
			return nil, false
		}
		all = append(all, one...)
	}
	return all, true
}

// width guesses how much passes through doors.
func width(all []door) (n int) {
	for _, d := range all {
		switch {
		case d.value == nil:
			n += 1000
		case d.nested:
			n += 20
		default:
			n++
		}
	}
	return n
}

// addDoors files a filter's doors; false where it has none.
func (s *Set) addDoors(f *Filter) bool {
	tops := map[*branch]string{}
	var visit func(b *branch, top string)
	visit = func(b *branch, top string) {
		tops[b] = top
		for _, e := range b.names {
			visit(e.to, top)
		}
		for _, e := range b.items {
			visit(e.to, top)
		}
	}
	for _, e := range f.tree.root.names {
		visit(e.to, e.name)
	}
	all, ok := f.expr.doors(tops, f.tree.root)
	for _, d := range all {
		at := s.doorsOf(d.name)
		switch {
		case d.value == nil:
			at.there = true
		case d.nested:
			at.below = append(at.below, d.value.text)
		case d.value.regex == nil && d.value.parts == nil:
			at.texts[d.value.text] = struct{}{}
		default:
			at.forms = append(at.forms, d.value)
		}
	}
	return ok
}

func (s *Set) doorsOf(name string) *doorsOf {
	for i := range s.doors {
		if s.doors[i].name == name {
			return &s.doors[i]
		}
	}
	s.doors = append(s.doors, doorsOf{name: name, texts: map[string]struct{}{}})
	return &s.doors[len(s.doors)-1]
}

// Opens says whether, because of this member of its outermost object, a JSON
// event may match one of the filters: where it says no to every member of an
// event, none matches, and the event need not be walked. name and value are as
// they stand in the event, the name without its quotes.
func (s *Set) Opens(name, value []byte) bool {
	if s.open {
		return true
	}
	var d *doorsOf
	for i := range s.doors {
		if string(name) == s.doors[i].name {
			d = &s.doors[i]
			break
		}
	}
	if d == nil {
		return bytes.IndexByte(name, '\\') >= 0
	}
	if d.there || len(value) == 0 || bytes.IndexByte(value, '\\') >= 0 {
		return true
	}
	switch value[0] {
	case '{', '[':
		for _, text := range d.below {
			if bytes.Contains(value, unsafeBytes(text)) {
				return true
			}
		}
		return false
	case '"':
		value = value[1 : len(value)-1]
	}
	if _, ok := d.texts[string(value)]; ok {
		return true
	}
	for _, form := range d.forms {
		if form.matches(value) {
			return true
		}
	}
	return false
}

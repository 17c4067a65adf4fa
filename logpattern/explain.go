package logpattern

import (
	"fmt"
	"strconv"
)

// Explanation says why a log event matches or not.
type Explanation struct {
	Match bool
	// Note says what holds for the event as a whole, where conditions were not
	// even reached ("the log event is no JSON object"), or is empty.
	Note  string
	Parts []Reason // in the order of the pattern
}

// Reason is the verdict of one condition, term or field.
type Reason struct {
	Part   string // as written
	Offset int    // of Part in the pattern; -1 where it has none
	Holds  bool
	Why    string // what was found
}

// Explain says of every condition whether it holds and what it found.
func (f *Filter) Explain(event []byte) Explanation {
	e := Explanation{Match: f.Match(event)}
	switch f.kind {
	case Terms:
		f.terms.explain(event, &e)
	case Fields:
		f.line.explain(event, &e)
	default:
		w := &walker{}
		if !w.walk(event, f.tree) {
			e.Note = "the log event is no JSON object, or malformed"
			return e
		}
		f.expr.explain(w, &e)
	}
	return e
}

func (x *expr) explain(w *walker, e *Explanation) {
	for i := range x.parts {
		x.parts[i].explain(w, e)
	}
	if c := x.cond; c != nil {
		e.Parts = append(e.Parts, Reason{Part: c.source, Offset: c.offset, Holds: c.holds(w, nil), Why: c.why(w)})
	}
}

func (c *condition) why(w *walker) string {
	n := c.node(w, nil)
	if c.beyond != nil {
		said := ""
		w.each(n, c.beyond, func(n node) bool {
			said = c.selector + " is " + w.describe(n)
			return c.op != notExists && c.test(w, n) // the one that decided, else the last
		})
		if said != "" {
			return said
		}
		n = node{}
	}
	switch {
	case n.kind == missing && c.op != notExists:
		return c.selector + " is missing, and a comparison with a missing field is false"
	case (n.kind == object || n.kind == array) && c.op <= greaterOrEqual:
		return c.selector + " is " + w.describe(n) + ", and every comparison with that is false"
	case n.kind == text && c.op.ordered():
		return c.selector + " is the string " + w.describe(n) + ", no number"
	}
	return c.selector + " is " + w.describe(n)
}

func (w *walker) describe(n node) string {
	switch n.kind {
	case missing:
		return "missing"
	case object:
		return "an object"
	case array:
		return "a list"
	case text:
		return quote(w.text(n))
	}
	return string(w.event[n.start:n.end])
}

func quote(b []byte) string {
	const most = 200
	if len(b) > most {
		return strconv.Quote(string(b[:most])) + "…"
	}
	return strconv.Quote(string(b))
}

func (t *terms) explain(event []byte, e *Explanation) {
	said := func(list []term, holds bool, note string) {
		for i := range list {
			in := list[i].in(event)
			why := "not in the log event"
			if in {
				why = "in the log event"
			}
			e.Parts = append(e.Parts, Reason{Part: list[i].source, Offset: -1, Holds: in == holds, Why: why + note})
		}
	}
	said(t.include, true, "")
	said(t.exclude, false, "")
	note := ""
	if len(t.include)+len(t.exclude) > 0 {
		note = "; ?terms do not count beside others"
	}
	said(t.either, true, note)
	if len(e.Parts) == 0 {
		e.Note = "an empty pattern matches every log event"
	}
}

func (l *line) explain(event []byte, e *Explanation) {
	fields := splitFields(event, nil)
	wanted := len(l.head) + len(l.tail)
	if !l.fits(len(fields)) {
		least := ""
		if l.open || l.words {
			least = "at least "
		}
		e.Note = fmt.Sprintf("the log event has %d fields and the pattern wants %s%d", len(fields), least, wanted)
		return
	}
	for i := range wanted {
		s, at := (*slot)(nil), i
		if i < len(l.head) {
			s = &l.head[i]
		} else {
			s, at = &l.tail[i-len(l.head)], len(fields)-wanted+i
		}
		for _, all := range s.any {
			for j := range all {
				e.Parts = append(e.Parts, Reason{
					Part: all[j].source, Offset: -1, Holds: all[j].holds(fields[at]),
					Why: fmt.Sprintf("field %d is %s", at+1, quote(fields[at])),
				})
			}
		}
	}
}

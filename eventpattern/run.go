package eventpattern

import "math"

// run is the working memory of one match. A Set keeps some for reuse, so that
// a match allocates nothing.
type run struct {
	set   *Set
	event []byte

	values  []value  // the leaves at named paths, in the event's order
	heads   []head   // for each field, its values in this event
	members []member // the array elements that values lie in; 0 is none
	arrays  int32    // how many arrays at named paths were met
	text    []byte   // the unescaped text of strings that had escapes
	key     []byte   // the same for one key

	epoch   uint32   // counts events; what bears an older one is empty
	states  []uint32 // for each predicate: epoch and verdict
	matched []uint64 // a bit for each pattern
	touched []uint64 // a bit for each word of matched that is not 0
	search  search

	marks []uint64 // see mark
	block int      // the block of marks that reading has come to
	left  uint64   // its marks that are still to come
	seen  uint64   // all bytes, or-ed
	kinds [maxDepth/64 + 2]uint64
	errAt int
	err   string
}

// value is a leaf of the event.
type value struct {
	start, end int32
	next       int32 // the next value of the field, or -1
	field      int32
	within     int32 // its innermost array element, or 0
	id, addrID int32 // what the field's index knows it as, -1 for nothing, or unknownID
	kind       kind
	unescaped  bool // start and end are in text, not in event
	counted    bool
	number     float64
}

// unknownID is the id of a string that was not looked up yet, because it wakes
// no rule.
const unknownID = -2

// identify looks a string up in the index of its field.
func (ix *fieldIndex) identify(v *value, text []byte) {
	v.id = ix.strings.find(text)
	if ix.addresses != nil {
		if a := parseAddress(text); a.family != 0 {
			if id, ok := ix.addresses[a]; ok {
				v.addrID = id
			}
		}
	}
}

type head struct {
	epoch       uint32
	first, last int32
}

// member is one element of an array; outer is the element that it lies in.
type member struct {
	outer, array, index int32
}

func newRun(s *Set) *run {
	return &run{
		set:     s,
		heads:   make([]head, len(s.fields)),
		members: make([]member, 1, 16),
		states:  make([]uint32, len(s.preds)),
		matched: make([]uint64, (s.patterns+63)/64),
		touched: make([]uint64, (s.patterns+4095)/4096),
		values:  make([]value, 0, 32),
	}
}

func (r *run) begin(event []byte) {
	r.event = event
	r.values = r.values[:0]
	r.members = r.members[:1]
	r.arrays = 0
	r.text = r.text[:0]
	if r.epoch++; r.epoch >= math.MaxUint32>>stateBits {
		clear(r.heads)
		clear(r.states)
		r.epoch = 1
	}
}

// str records a string at field f.
func (r *run) str(f int32, start, end int, within int32, escapes bool) {
	v := r.add(f)
	v.kind, v.within = kindString, within
	text := r.event[start:end]
	if escapes {
		at := len(r.text)
		r.text = unescape(r.text, text)
		text = r.text[at:]
		start, end = at, len(r.text)
	}
	v.unescaped, v.counted = escapes, false
	v.start, v.end = int32(start), int32(end)
	ix := &r.set.fields[f]
	if v.id, v.addrID = unknownID, -1; ix.sieve>>textSieve(text)&1 == 1 {
		ix.identify(v, text)
	}
}

// token records a number, true, false or null at field f.
func (r *run) token(f int32, k kind, start, end int, within int32) {
	v := r.add(f)
	v.kind, v.within = k, within
	v.unescaped, v.counted = false, false
	v.start, v.end = int32(start), int32(end)
	v.id, v.addrID = int32(k), -1
	if k == kindNumber {
		v.id = -1
		if ix := &r.set.fields[f]; ix.needNumber {
			text := r.event[start:end]
			v.number, v.counted = comparable(text)
			if v.counted {
				if id, ok := ix.numbers[v.number]; ok {
					v.id = id
				}
			} else if id, ok := ix.texts[string(text)]; ok {
				v.id = id
			}
		}
	}
}

// add makes room for a value of field f; the caller sets all that it holds.
func (r *run) add(f int32) *value {
	at := int32(len(r.values))
	if len(r.values) < cap(r.values) {
		r.values = r.values[:at+1]
	} else {
		r.values = append(r.values, value{})
	}
	v := &r.values[at]
	v.next, v.field = -1, f
	h := &r.heads[f]
	if h.epoch != r.epoch {
		*h = head{epoch: r.epoch, first: at, last: at}
		return v
	}
	r.values[h.last].next = at
	h.last = at
	return v
}

// leaf shows a value to a matcher.
func (r *run) leaf(v *value) leaf {
	return leaf{kind: v.kind, number: v.number, counted: v.counted, text: r.textOf(v)}
}

func (r *run) textOf(v *value) []byte {
	if v.unescaped {
		return r.text[v.start:v.end]
	}
	return r.event[v.start:v.end]
}

// bad notes where and why reading stopped; an empty reason is worked out by fault.
func (r *run) bad(at int, why string) int {
	r.errAt, r.err = at, why
	return -1
}

func (r *run) fault() *EventError {
	e := &EventError{Offset: r.errAt, Msg: "not valid JSON: " + r.err}
	switch {
	case r.err != "":
	case r.errAt >= len(r.event):
		e.Msg += "it ends too early"
	default:
		e.Msg += "unexpected " + quote(string(r.event[r.errAt:r.errAt+1]))
	}
	return e
}

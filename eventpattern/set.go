package eventpattern

import (
	"fmt"
	"math"
	"math/bits"
	"sync"
)

// Set matches an event against many patterns at once. It is immutable and safe
// for concurrent use.
type Set struct {
	patterns int
	names    names
	fields   []fieldIndex // one for each path that some pattern names, in UTF-16 order
	preds    []predicate  // every distinct list of alternatives of a field
	rules    []ruleIndex
	checks   []int32 // the predicates of all rules
	always   []int32 // rules that nothing in an event wakes
	idle     sync.Pool
}

// ruleIndex is one rule of one pattern as the Set sees it: checks[from:to] are
// its predicates, the one that wakes it first, then the ones most likely to fail.
type ruleIndex struct {
	pattern  int32
	from, to uint32
}

// NewSet indexes patterns. The answers of Match are their places in this list.
// A pattern may occur more than once. The error tells of a nil pattern.
func NewSet(patterns ...*Pattern) (*Set, error) {
	for i, p := range patterns {
		if p == nil {
			return nil, fmt.Errorf("event patterns: pattern %d is nil", i)
		}
	}
	return compile(patterns), nil
}

// Len is the number of patterns in the Set.
func (s *Set) Len() int { return s.patterns }

// Match appends to dst the indices of the patterns that match the event,
// ascending, and returns it. It reads the whole event: the error is an
// *EventError when the event is not a well-formed JSON object, and dst is then
// returned as it was. It allocates nothing when dst has room.
func (s *Set) Match(event []byte, dst []int) ([]int, error) {
	if len(event) > math.MaxInt32 {
		return dst, &EventError{Msg: "larger than 2 GB"}
	}
	r, _ := s.idle.Get().(*run)
	if r == nil {
		r = newRun(s)
	}
	r.begin(event)
	if err := r.walk(); err != nil {
		r.event = nil
		s.idle.Put(r)
		return dst, err
	}
	r.wake()
	dst = r.collect(dst)
	r.event = nil
	s.idle.Put(r)
	return dst, nil
}

// collect appends the patterns that matched and clears their bits.
func (r *run) collect(dst []int) []int {
	for i, t := range r.touched {
		r.touched[i] = 0
		for ; t != 0; t &= t - 1 {
			at := i*64 + bits.TrailingZeros64(t)
			for w := r.matched[at]; w != 0; w &= w - 1 {
				dst = append(dst, at*64+bits.TrailingZeros64(w))
			}
			r.matched[at] = 0
		}
	}
	return dst
}

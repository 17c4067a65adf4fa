package event

import (
	"bytes"
	"fmt"
)

// noObject passes over what is not an object: numbers, strings and the like in
// a list (a run of them is one item), or text outside of any value.
func (r *Reader) noObject(c byte) (Item, bool) {
	if c == '[' {
		return r.resync(r.w.offset, 0, "lists nested too deep"), true
	}
	offset, line := r.w.offset, r.w.line
	for count := 1; ; count++ {
		r.scan.reset()
		if count == 1 {
			r.kept = append(r.kept[:0], clip(r.w.bytes(), 64)...)
		}
		p := r.runScan()
		switch p {
		case broken:
			if count > 1 {
				// The run before is told first; the fault is met again.
				return r.passedOver(offset, line, count-1), true
			}
			return r.resync(offset, r.scan.pos, r.scan.fault), true
		case needMore:
			return r.cutOff(offset)
		}
		if count == 1 && !r.scan.skim {
			r.kept = r.kept[:min(len(r.kept), r.scan.pos)]
		}
		r.w.advance(r.scan.pos)
		if len(r.lists) == 0 {
			return r.passedOver(offset, line, count), true
		}
		next, more := r.w.next()
		if !more || next != ',' {
			return r.passedOver(offset, line, count), true
		}
		r.w.advance(1)
		next, more = r.w.next()
		if !more || next == '{' || next == '[' || next == ']' {
			r.lists[len(r.lists)-1].filled = false
			return r.passedOver(offset, line, count), true
		}
	}
}

func (r *Reader) passedOver(offset, line int64, count int) Item {
	found := "a value that is no object"
	if count > 1 {
		found = fmt.Sprintf("%d values that are no objects", count)
	}
	if len(r.kept) > 0 {
		found += fmt.Sprintf(" (%s)", printable(clip(r.kept, 40)))
	}
	e := r.fault(offset, 0, found, wanted)
	e.Line = line
	return Item{Offset: offset, Raw: r.kept, Err: e}
}

// resync tells of a fault at position at of the window, in what starts at
// offset, and finds where to read on. Places to go on are, in this order of trust:
//
//   - outside of lists, a line that begins with an object and a name ({"…): JSON
//     lines go on at the next line;
//   - an object behind a comma, an opening bracket or a line break which scans
//     whole and is recognised: in a list the next element, in other text the
//     next document. Objects inside a broken finding are not recognised, which
//     keeps them from being taken for one.
//
// What is passed over is counted and its first bytes are kept.
func (r *Reader) resync(offset int64, at int, fault string) Item {
	if offset == r.w.offset {
		r.kept = append(r.kept[:0], clip(r.w.bytes(), keepOfBroken)...)
	}
	line := r.w.line + int64(bytes.Count(clip(r.w.bytes(), at), newline))
	r.goOn()
	e := r.fault(offset, r.w.offset-offset, "broken JSON: "+fault, "whole JSON values")
	e.Line = line
	return Item{Offset: offset, Raw: r.kept, Err: e}
}

// goOn moves the window to where reading can be taken up, at least one byte on.
func (r *Reader) goOn() {
	trials := 4 * r.Limit // bytes that trials may scan: hostile input costs no more
	from := 1
	for {
		b := r.w.bytes()
		i := -1
		if from < len(b) {
			i = bytes.IndexByte(b[from:], '{')
		}
		if i < 0 {
			// Keep some bytes, so that what stands before the next brace is seen.
			if n := len(b) - 64; n > 0 {
				r.w.advance(n)
				from = max(1, from-n)
			}
			from = max(from, len(r.w.bytes()))
			if !r.w.fill() {
				r.w.advance(len(r.w.bytes()))
				r.lists = r.lists[:0]
				return
			}
			continue
		}
		at := from + i
		before, freshLine := lookBack(b, at)
		firstColumn := freshLine && b[at-1] == '\n'
		if len(r.lists) == 0 && firstColumn {
			for at+2 >= len(r.w.bytes()) && r.w.fill() {
			}
			if rest := bytes.TrimLeft(clip(r.w.bytes()[at+1:], 8), " \t"); len(rest) > 0 && rest[0] == '"' {
				r.takeUp(at)
				return
			}
		}
		if (before == ',' || before == '[' || freshLine) && trials > 0 {
			if at > 1024 {
				// Nothing before the place is needed any more.
				drop := at - 64
				r.w.advance(drop)
				at -= drop
			}
			ok, cost := r.trial(at)
			trials -= cost
			if ok {
				if freshLine && before != ',' && before != '[' {
					r.lists = r.lists[:0]
				}
				r.takeUp(at)
				return
			}
		}
		from = at + 1
	}
}

func (r *Reader) takeUp(at int) {
	r.w.advance(at)
	r.stray = true
	if n := len(r.lists); n > 0 {
		r.lists[n-1].filled = false
	}
}

// lookBack finds the last byte before position at that is no white space (0
// where none is at hand) and whether a line break lies between.
func lookBack(b []byte, at int) (before byte, freshLine bool) {
	for i := at - 1; i >= 0; i-- {
		switch b[i] {
		case '\n':
			freshLine = true
		case ' ', '\t', '\r':
		default:
			return b[i], freshLine
		}
	}
	return 0, freshLine
}

// trial scans the object at position at of the window and says whether it is
// whole and recognised, and how many bytes that cost.
func (r *Reader) trial(at int) (ok bool, cost int) {
	s := &scan{}
	s.reset()
	for {
		b := r.w.bytes()[at:]
		switch s.run(b, r.w.eof) {
		case whole:
			format, _ := recognise(s, b[:s.pos])
			_, wrapped := wrapperOf(s, b[:s.pos])
			return format != Unknown || wrapped, s.pos
		case container:
			return true, s.pos
		case broken:
			return false, s.pos
		}
		if len(b) > r.Limit || !r.w.fill() {
			return false, len(b)
		}
	}
}

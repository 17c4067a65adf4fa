package event

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// MaxItem is the largest item that a Reader keeps, in bytes, unless its Limit
// says otherwise. An ASFF finding has at most 240 KB, an EventBridge event
// 256 KB; a Custom Action event carries up to 20 findings.
const MaxItem = 10 << 20

// keepOfBroken is how much of an item that cannot be used stays in Item.Raw.
const keepOfBroken = 4 << 10

// maxNesting bounds lists in lists and messages in messages.
const maxNesting = 8

// Reader splits an input into items. It reads, by content and in any mixture:
// a single document; documents one after another, a line each or printed over
// many lines; arrays of them; the lists that AWS prints around them (GetFindings
// and ListFindings: Findings or findings; CloudTrail files and Lambda: Records;
// LookupEvents: Events; SQS ReceiveMessage: Messages); SNS, SQS and Lambda
// wrappers, whose inner messages become the items; each compressed with gzip or
// not, with a UTF-8 byte order mark or not.
//
// It is streaming: memory is bounded by the largest item, at most about four
// times Limit, however long the input is. It is not safe for concurrent use.
//
// Nothing is dropped in silence. A thing that is not recognised, a broken
// element or line, and an item above the limit each come out as an Item with
// Err set (*Error), and reading goes on behind it.
type Reader struct {
	// Limit is the largest item in bytes; set before the first call of Next.
	Limit int

	name    string
	counter *countingReader
	w       window
	scan    scan
	lists   []list // the lists that the reader stands in, outermost first
	inner   *Reader
	depth   int // of messages in messages
	index   int64
	at      int64 // where the message stands whose items come out
	line    int64 // of the present object
	started bool
	stray   bool // closing brackets may stand alone: reading was taken up behind a fault
	done    bool
	kept    []byte
}

// list is a list of items that is being read.
type list struct {
	inObject bool // it is a member's value: the object goes on behind it
	filled   bool // an element was read: a comma or the end follows
}

// NewReader returns a Reader of r. name is the Source of its items: a file
// name, queue or listener.
func NewReader(r io.Reader, name string) *Reader {
	c := &countingReader{r: r}
	return &Reader{Limit: MaxItem, name: name, counter: c, w: window{source: c, line: 1}}
}

// BytesRead is how much of the input has been read, as it came (compressed, if
// it is), for progress.
func (r *Reader) BytesRead() int64 { return r.counter.n }

// Next returns the next item. An item that cannot be used has Err set, and Next
// itself returns nil. After the last item Next returns io.EOF; any other error
// is one of the underlying reader, and repeats.
func (r *Reader) Next() (Item, error) {
	if r.inner != nil {
		if item, err := r.inner.Next(); err == nil {
			return r.fromMessage(item), nil
		}
		r.inner = nil
	}
	if !r.started {
		r.started = true
		if item, bad := r.open(); bad {
			return r.number(item), nil
		}
	}
	for !r.done {
		item, found := r.step()
		if !found {
			continue
		}
		if message, ok := r.unwrap(&item); ok {
			r.at = item.Offset
			r.inner = message
			first, err := message.Next()
			if err != nil {
				r.inner = nil
				e := r.fault(item.Offset, 0, "a message without content", wanted)
				e.Line = r.line
				item.Format, item.Err = Unknown, e
				return r.number(item), nil
			}
			return r.fromMessage(first), nil
		}
		return r.number(item), nil
	}
	if r.counter.err != nil {
		return Item{}, fmt.Errorf("reading %s: %w", r.name, r.counter.err)
	}
	return Item{}, io.EOF
}

func (r *Reader) number(item Item) Item {
	r.index++
	item.Index, item.Source = r.index, r.name
	return item
}

// fromMessage places an item of a message where the message stands.
func (r *Reader) fromMessage(item Item) Item {
	item.Offset = r.at
	if e, ok := item.Err.(*Error); ok {
		e.Found = "in a message: " + e.Found
		e.Offset, e.Line = r.at, r.line
	}
	return r.number(item)
}

// open looks at the first bytes: byte order mark, gzip.
func (r *Reader) open() (Item, bool) {
	for len(r.w.bytes()) < 3 && r.w.fill() {
	}
	if b := r.w.bytes(); len(b) >= 2 && b[0] == 0x1f && b[1] == 0x8b {
		rest := io.MultiReader(bytes.NewReader(bytes.Clone(b)), r.w.source)
		if r.w.eof {
			rest = bytes.NewReader(bytes.Clone(b))
		}
		z, err := gzip.NewReader(bufio.NewReaderSize(rest, 64<<10))
		if err != nil {
			r.done = true
			return r.broken(b, r.fault(0, 0, "gzip: "+err.Error(), "a whole gzip file")), true
		}
		r.w = window{source: z, line: 1}
		for len(r.w.bytes()) < 3 && r.w.fill() {
		}
	}
	b := r.w.bytes()
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		r.w.advance(3)
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		r.done = true
		return r.broken(b, r.fault(0, 0, "UTF-16 text", "UTF-8 (PowerShell: Out-File -Encoding utf8)")), true
	}
	return Item{}, false
}

// step reads one thing. Without an item it has only moved on.
func (r *Reader) step() (Item, bool) {
	c, more := r.w.next()
	if !more {
		return r.finish()
	}
	if n := len(r.lists); n > 0 {
		in := &r.lists[n-1]
		switch {
		case c == ']':
			return r.closeList()
		case c == ',' && in.filled:
			in.filled = false
			r.w.advance(1)
			return Item{}, false
		case in.filled:
			return r.resync(r.w.offset, 0, fmt.Sprintf("expected ',' or ']' after an element, found %q", c)), true
		}
		in.filled = true
	} else {
		switch {
		case c == ',', r.stray && (c == ']' || c == '}'):
			r.w.advance(1)
			return Item{}, false
		}
	}
	switch {
	case c == '{':
		return r.object()
	case c == '[' && len(r.lists) < maxNesting:
		r.w.advance(1)
		r.lists = append(r.lists, list{})
		return Item{}, false
	}
	return r.noObject(c)
}

// finish ends the reading, telling of what is cut off.
func (r *Reader) finish() (Item, bool) {
	r.done = true
	switch {
	case r.counter.err != nil:
		return Item{}, false
	case r.w.err != nil:
		return r.broken(nil, r.fault(r.w.offset, 0, "the input is damaged or cut off: "+r.w.err.Error(), "a whole gzip file")), true
	case len(r.lists) > 0:
		return r.broken(nil, r.fault(r.w.offset, 0, "the input ends inside a list", "']'")), true
	}
	return Item{}, false
}

// object reads one object: an item, or what stands around a list of them.
func (r *Reader) object() (Item, bool) {
	r.scan.reset()
	offset := r.w.offset
	r.line = r.w.line
	switch r.runScan() {
	case container:
		r.w.advance(r.scan.pos)
		if len(r.lists) >= maxNesting {
			return r.resync(r.w.offset, 0, "lists nested too deep"), true
		}
		r.lists = append(r.lists, list{inObject: true})
		return Item{}, false
	case whole:
		if r.scan.skim {
			return r.oversize(offset), true
		}
		item := Item{Offset: offset, Raw: r.w.bytes()[:r.scan.pos:r.scan.pos]}
		if _, wrapped := wrapperOf(&r.scan, item.Raw); !wrapped {
			item.Format, item.Err = r.recognise(item.Raw)
			if len(r.scan.top) <= MaxMembers {
				item.Members = r.scan.top
			}
		}
		r.w.advance(r.scan.pos)
		return item, true
	case broken:
		return r.resync(offset, r.scan.pos, r.scan.fault), true
	}
	return r.cutOff(offset)
}

// runScan scans until the value ends, filling the window. Behind Limit it goes
// on in skim mode, which forgets what it has passed.
func (r *Reader) runScan() progress {
	for {
		if p := r.scan.run(r.w.bytes(), r.w.eof); p != needMore {
			return p
		}
		if r.scan.skim || r.w.end-r.w.start > r.Limit {
			if !r.scan.skim {
				r.kept = append(r.kept[:0], clip(r.w.bytes(), keepOfBroken)...)
			}
			n := r.scan.pos
			r.scan.skimOn(n)
			r.w.advance(n)
		}
		if !r.w.fill() {
			if p := r.scan.run(r.w.bytes(), true); p != needMore {
				return p
			}
			return needMore
		}
	}
}

// closeList leaves a list and, where an object stands around it, reads on to
// the next list in that object or to its end.
func (r *Reader) closeList() (Item, bool) {
	r.w.advance(1)
	n := len(r.lists) - 1
	in := r.lists[n]
	r.lists = r.lists[:n]
	if !in.inObject {
		return Item{}, false
	}
	r.scan.resetInside()
	offset := r.w.offset
	switch r.runScan() {
	case container:
		r.w.advance(r.scan.pos)
		r.lists = append(r.lists, list{inObject: true})
	case whole:
		r.w.advance(r.scan.pos)
	case broken:
		return r.resync(offset, r.scan.pos, r.scan.fault), true
	case needMore:
		return r.cutOff(offset)
	}
	return Item{}, false
}

func (r *Reader) oversize(offset int64) Item {
	r.w.advance(r.scan.pos)
	lost := r.w.offset - offset
	return Item{Offset: offset, Raw: r.kept, Err: r.fault(offset, lost,
		fmt.Sprintf("an item of %d bytes", lost), fmt.Sprintf("at most %d bytes an item", r.Limit))}
}

// cutOff reports a value that the input's end cuts off.
func (r *Reader) cutOff(offset int64) (Item, bool) {
	if r.counter.err != nil {
		r.done = true
		return Item{}, false
	}
	fault := "the input ends inside a value"
	if r.w.err != nil {
		fault = "the input is damaged or cut off: " + r.w.err.Error()
		r.w.err = nil
	}
	return r.resync(offset, 0, fault), true
}

// broken is an item that cannot be used, with the first bytes of it.
func (r *Reader) broken(raw []byte, err *Error) Item {
	r.kept = append(r.kept[:0], clip(raw, keepOfBroken)...)
	item := Item{Offset: r.w.offset, Raw: r.kept}
	if err != nil {
		item.Err = err
	}
	return item
}

func (r *Reader) fault(offset, lost int64, found, want string) *Error {
	return &Error{Source: r.name, Offset: offset, Line: r.w.line, Lost: lost, Found: found, Want: want}
}

// countingReader counts and remembers the fault of the source itself, which is
// not a fault of the data.
type countingReader struct {
	r   io.Reader
	n   int64
	err error
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

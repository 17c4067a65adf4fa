package event

import (
	"bytes"
	"errors"
	"io"
)

const (
	firstWindow = 32 << 10
	fillAtLeast = 16 << 10
	// streamWindow is for inputs that turn out to be long: fewer reads.
	streamWindow = 256 << 10
)

// window is the part of an input that is in memory: the item being read and
// what has been read behind it. It grows to hold one item and no more.
type window struct {
	source io.Reader
	buf    []byte
	start  int // the window is buf[start:end]
	end    int
	offset int64 // of buf[start] in the input
	line   int64 // 1-based, of buf[start]
	eof    bool
	err    error // what ended the input other than io.EOF
}

func (w *window) bytes() []byte { return w.buf[w.start:w.end] }

// advance forgets the first n bytes.
func (w *window) advance(n int) {
	w.line += int64(bytes.Count(w.buf[w.start:w.start+n], newline))
	w.offset += int64(n)
	w.start += n
}

var newline = []byte{'\n'}

// fill reads more and reports whether there is any. The window may move in
// memory; positions counted from its start stay right.
func (w *window) fill() bool {
	if w.eof {
		return false
	}
	if len(w.buf)-w.end < fillAtLeast {
		have := w.end - w.start
		switch {
		case w.offset > 2*firstWindow && len(w.buf) < streamWindow:
			grown := make([]byte, streamWindow)
			copy(grown, w.buf[w.start:w.end])
			w.buf = grown
		case have+fillAtLeast <= len(w.buf)/2 || (w.start >= have && have+fillAtLeast <= len(w.buf)):
			copy(w.buf, w.buf[w.start:w.end])
		default:
			grown := make([]byte, max(firstWindow, 2*len(w.buf)))
			copy(grown, w.buf[w.start:w.end])
			w.buf = grown
		}
		w.start, w.end = 0, have
	}
	for range 100 {
		n, err := w.source.Read(w.buf[w.end:])
		w.end += n
		if err != nil {
			w.eof = true
			if !errors.Is(err, io.EOF) {
				w.err = err
			}
			return n > 0
		}
		if n > 0 {
			return true
		}
	}
	w.eof, w.err = true, io.ErrNoProgress
	return false
}

// next returns the first byte that is no white space, forgetting what stands
// before it; false at the end of the input.
func (w *window) next() (byte, bool) {
	for {
		b := w.bytes()
		i := 0
		for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
			i++
		}
		w.advance(i)
		if i < len(b) {
			return b[i], true
		}
		if !w.fill() {
			return 0, false
		}
	}
}

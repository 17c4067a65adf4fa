package intake

import (
	"context"
	"errors"
	"fmt"
	"io"

	"zesei/internal/casework"
	"zesei/internal/event"
)

// Read takes in a whole input. Three things go on side by side: reading and
// decoding; looking which events wake a detection rule; committing. With an
// error, the totals say what has been committed before it.
func (in *Intake) Read(ctx context.Context, r io.Reader, name string) (Totals, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rd := &reading{in: in, ctx: ctx, chunks: make(chan *chunk, 2), spare: make(chan *chunk, 4), batches: make(chan batch, 2)}
	failed := make(chan error, 1)
	go func() {
		defer close(rd.chunks)
		failed <- rd.split(r, name)
	}()
	go func() {
		defer close(rd.batches)
		rd.sift()
	}()
	var t Totals
	for b := range rd.batches {
		res, err := in.take(ctx, &b)
		if err != nil {
			cancel()
			for range rd.batches { // let the reader end
			}
			return t, fmt.Errorf("%s: %w", name, err)
		}
		t.took(&b, res)
		if in.Progress != nil {
			in.Progress(b.bytes)
		}
	}
	if err := <-failed; err != nil {
		return t, fmt.Errorf("reading %s: %w", name, err)
	}
	return t, nil
}

// take commits a batch; where it holds nothing there is nothing to commit.
func (in *Intake) take(ctx context.Context, b *batch) (casework.Result, error) {
	if len(b.findings)+len(b.events)+len(b.dead) == 0 {
		return casework.Result{}, ctx.Err()
	}
	return in.Work.Take(ctx, b.arrival())
}

// reading is one input on its way.
type reading struct {
	in      *Intake
	ctx     context.Context
	chunks  chan *chunk // read
	spare   chan *chunk // to be filled again
	batches chan batch  // to be committed
}

// chunk is what is read at a time: events side by side in one buffer, and what
// else was found, decoded.
type chunk struct {
	batch
	raw     []byte
	members []event.Member
	events  []place
}

// place is where an event lies in a chunk: where it ends, and the one behind it
// begins.
type place struct {
	format   event.Format
	raw      int
	members  int
	source   string
	position int64
}

// A chunk is handed on when it holds that much.
const (
	chunkBytes  = 512 << 10
	chunkEvents = 1000
)

func (c *chunk) full() bool {
	return len(c.raw) >= chunkBytes || len(c.events) >= chunkEvents || c.batch.full()
}

// split reads the input into chunks.
func (rd *reading) split(r io.Reader, name string) error {
	items := event.NewReader(r, name)
	c := rd.empty()
	send := func() bool {
		c.bytes = items.BytesRead()
		select {
		case rd.chunks <- c:
			c = rd.empty()
			return true
		case <-rd.ctx.Done():
			return false
		}
	}
	for {
		item, err := items.Next()
		if errors.Is(err, io.EOF) {
			if c.read > 0 && !send() {
				return rd.ctx.Err()
			}
			return nil
		}
		if err != nil {
			return err
		}
		if rd.in.detects(item) && noFinding(item) {
			c.read++
			c.raw = append(c.raw, item.Raw...)
			c.members = append(c.members, item.Members...)
			c.events = append(c.events, place{item.Format, len(c.raw), len(c.members), item.Source, item.Index})
		} else {
			rd.in.item(&c.batch, item, maxRaw)
		}
		if c.full() && !send() {
			return rd.ctx.Err()
		}
	}
}

func (rd *reading) empty() *chunk {
	select {
	case c := <-rd.spare:
		return c
	default:
		return &chunk{}
	}
}

// sift keeps of each chunk the events that wake a rule, and joins chunks into
// batches.
func (rd *reading) sift() {
	var b batch
	since := 0
	send := func() bool {
		select {
		case rd.batches <- b:
			b, since = batch{}, 0
			return true
		case <-rd.ctx.Done():
			return false
		}
	}
	for c := range rd.chunks {
		if len(b.findings)+len(b.dead)+len(c.findings)+len(c.dead) > casework.BatchSize && b.read > 0 && !send() {
			break
		}
		rd.join(&b, c)
		select {
		case rd.spare <- c:
		default:
		}
		if since++; (b.full() || since >= chunksATransaction) && !send() {
			break
		}
	}
	if b.read > 0 {
		send()
	}
	for range rd.chunks { // let the reader end
	}
}

// chunksATransaction bounds how much of an input that wakes no rule goes by
// before its progress is told.
const chunksATransaction = 16

// join adds a chunk to a batch, and empties it.
func (rd *reading) join(b *batch, c *chunk) {
	raw, members := 0, 0
	for _, p := range c.events {
		item := event.Item{Format: p.format, Raw: c.raw[raw:p.raw], Source: p.source, Index: p.position}
		if p.members > members {
			item.Members = c.members[members:p.members]
		}
		raw, members = p.raw, p.members
		rd.in.look(b, item)
	}
	b.read += c.read
	b.looked += c.looked
	b.bytes = c.bytes
	b.findings, b.dead = append(b.findings, c.findings...), append(b.dead, c.dead...)
	b.events = append(b.events, c.batch.events...)
	*c = chunk{raw: c.raw[:0], members: c.members[:0], events: c.events[:0]}
}

package detect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"zesei/internal/event"
	"zesei/internal/finding"
	"zesei/logpattern"
)

// Windows gives the stored state of thresholds.
type Windows interface {
	// Window returns the snapshot stored under a key, nil where there is none.
	Window(key string) ([]byte, error)
}

// Change is state to store in the transaction of the batch that made it.
type Change struct {
	Key     string
	State   []byte
	Expires time.Time // after which the row may be deleted
}

// Batch detects over the events of one transaction. It is used by one goroutine
// and thrown away with its transaction: what it has counted holds only when
// Changes is stored.
type Batch struct {
	engine  *Engine
	stored  Windows
	windows map[string]*Window
	buf     []byte
	hits    []int
	matched []entry
}

// Batch begins a batch. stored may be nil: thresholds then begin at nothing.
func (e *Engine) Batch(stored Windows) *Batch {
	return &Batch{engine: e, stored: stored, windows: map[string]*Window{}}
}

// Changes returns the state of the thresholds that the batch touched, in the
// order of their keys.
func (b *Batch) Changes() (all []Change) {
	for key, w := range b.windows {
		all = append(all, Change{Key: key, State: w.Snapshot(), Expires: w.Expires()})
	}
	slices.SortFunc(all, func(x, y Change) int { return strings.Compare(x.Key, y.Key) })
	return all
}

// Detect matches one item: an EventBridge event or a CloudTrail record, as
// event.Reader gives it. Other formats match nothing. now is when it was
// received; no hit is taken to be later than five minutes after it.
//
// The error says why the item cannot be judged, or why a match was refused (an
// event that does not say whose it is, or speaks for another's account); hits
// returned beside an error are good. Nothing returned refers to raw.
func (b *Batch) Detect(format event.Format, raw []byte, now time.Time) ([]Hit, error) {
	h, envelope, trail, ok := b.read(format, raw, nil)
	if !ok {
		return nil, nil
	}
	if err := b.match(envelope, trail); err != nil || len(b.matched) == 0 {
		return nil, err
	}
	if format == event.CloudTrailItem {
		if from := h.origin(); from != nil {
			b.countFirst(from, now)
		}
	}
	if len(b.matched) == 0 {
		return nil, nil
	}
	// Only what matches is decoded; the envelope's copy outlives the buffer.
	envelope = bytes.Clone(envelope)
	d := json.NewDecoder(bytes.NewReader(envelope))
	d.UseNumber()
	var decoded map[string]any
	if err := d.Decode(&decoded); err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	var hits []Hit
	var faults []error
	for _, m := range b.matched {
		made, err := b.hit(m, decoded, envelope, now)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", m.rule.Name(), err))
		}
		for _, one := range made {
			if !slices.ContainsFunc(hits, one.repeats) {
				hits = append(hits, one)
			}
		}
	}
	return hits, errors.Join(faults...)
}

// read gives an item as an EventBridge event, in the batch's buffer where it is
// none, and as the bare CloudTrail record that it holds where a log filter may
// match that; ok is false for what no rule looks at.
func (b *Batch) read(format event.Format, raw []byte, known []event.Member) (h head, envelope, trail []byte, ok bool) {
	switch format {
	case event.CloudTrailItem:
		h = headOf(raw, known, b.engine.logs)
		b.buf = h.wrap(raw, b.buf[:0])
		if h.logs {
			trail = raw
		}
		return h, b.buf, trail, true
	case event.OtherEvent:
		if h = headOf(raw, known, none); h.isTrail() {
			trail = h.detail
		}
		return h, raw, trail, true
	case event.ImportedEvent, event.CustomAction, event.ImportedV2:
		return h, raw, nil, true
	}
	return h, nil, nil, false
}

// none are the log filters for which nothing is read ahead.
var none = logpattern.NewSet()

// repeats says whether two rules (of two packs) say the same of the same thing.
func (h Hit) repeats(other Hit) bool {
	return h.Opens() == other.Opens() && h.Finding.Source == other.Finding.Source &&
		h.Finding.Subjects[0].Key == other.Finding.Subjects[0].Key
}

// match finds the rules that the event wakes, each once: where both its pattern
// and its closing pattern match, it closes.
func (b *Batch) match(envelope, trail []byte) (err error) {
	b.matched = b.matched[:0]
	if b.hits, err = b.engine.events.Match(envelope, b.hits[:0]); err != nil {
		return fmt.Errorf("reading the event: %w", err)
	}
	for _, i := range b.hits {
		m := b.engine.ofEvent[i]
		if n := len(b.matched); n > 0 && b.matched[n-1].rule == m.rule {
			b.matched[n-1] = m
			continue
		}
		b.matched = append(b.matched, m)
	}
	if trail != nil {
		b.hits = b.engine.logs.Match(trail, b.hits[:0])
		for _, i := range b.hits {
			b.matched = append(b.matched, entry{rule: b.engine.ofLog[i]})
		}
	}
	return nil
}

// countFirst counts a record for the rules that need no more of it than its
// head, and drops those that it does not bring to their threshold: a flood of
// refused calls is not decoded. What is wrong with it, the hit finds out.
func (b *Batch) countFirst(from *origin, now time.Time) {
	kept := b.matched[:0]
	for _, m := range b.matched {
		if t := m.rule.Threshold; t != nil && t.Per.empty() && m.rule.Account.empty() && m.rule.Region.empty() {
			if h, err := b.place(m.rule, nil, from, now); err == nil {
				var reached bool
				if m.since, reached, m.err = b.reached(m.rule, h); !reached && m.err == nil {
					continue
				}
				m.counted = true
			}
		}
		kept = append(kept, m)
	}
	b.matched = kept
}

// reached counts the event for a rule with a threshold.
func (b *Batch) reached(r *Rule, h *happening) (since time.Time, ok bool, err error) {
	t := r.Threshold
	key := strings.Join([]string{r.Name(), h.place.Partition, h.place.Account, h.place.Region}, "|")
	if !t.Per.empty() {
		key += "|" + strings.Join(t.Per.values(h.event), ",")
	}
	w := b.windows[key]
	if w == nil {
		if w, err = b.load(key, t); err != nil {
			return since, false, err
		}
		b.windows[key] = w
	}
	id := fnv.New64a()
	_, _ = id.Write([]byte(h.id))
	since, ok = w.Add(int64(id.Sum64()), h.at)
	return since, ok, nil
}

func (b *Batch) load(key string, t *Threshold) (*Window, error) {
	if b.stored != nil {
		state, err := b.stored.Window(key)
		if err != nil {
			return nil, fmt.Errorf("reading the stored state of a threshold: %w", err)
		}
		if state != nil {
			return RestoreWindow(t.Count, t.Within.Duration, state)
		}
	}
	return NewWindow(t.Count, t.Within.Duration), nil
}

// maxAhead is how far after its receipt an event may claim to have happened.
const maxAhead = 5 * time.Minute

// happening is what every rule that matched an event shares.
type happening struct {
	event any // decoded
	place finding.Place
	id    string // a CloudTrail record's own, whatever brings it; else the event's
	at    time.Time
}

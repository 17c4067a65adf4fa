// Package intake takes findings and events in, from files and standard input and
// from the ways that deliver them by themselves, and hands them to casework in
// batches. What arrived is acknowledged only after its batch has been committed.
//
// Input that cannot be used is kept as a dead letter with the reason, in the same
// transaction as the batch that it came with, so that nothing is dropped and one
// bad event never stops the next.
package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"zesei/internal/casework"
	"zesei/internal/control"
	"zesei/internal/event"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// Taker takes a batch: *casework.Work.
type Taker interface {
	Take(context.Context, casework.Arrival) (casework.Result, error)
}

// Decoder reads the findings in an item. Findings beside an error are good; the
// error is why the rest is a dead letter.
type Decoder interface {
	Decode(item event.Item, receivedAt time.Time) ([]finding.Finding, error)
}

// Intake reads inputs.
type Intake struct {
	Decoder Decoder
	Work    Taker
	Now     func() time.Time
	// Detects says whether the detection rules look at items of a format; nil:
	// there are no rules, and events are dead letters.
	Detects func(event.Format) bool
	// Wakes says whether an item wakes any detection rule; what wakes none is
	// counted and goes no further. Nil: the rules see all items.
	Wakes func(event.Item) bool
	// Objects takes in what a notification of S3 names; nil: such notifications
	// are dead letters.
	Objects Objects
	// Progress, if set, is told how many bytes of the (compressed) input have
	// been read after each batch.
	Progress func(bytesRead int64)
}

// Totals are what became of an input.
type Totals struct {
	Read      int             `json:"read"`     // items found in the input
	Findings  int             `json:"findings"` // statements taken, unchanged ones included
	Unchanged int             `json:"unchanged"`
	Dead      int             `json:"dead"`
	Events    int             `json:"events"`   // looked at by the detection rules
	Detected  int             `json:"detected"` // matches of detection rules
	Cases     casework.Counts `json:"cases"`
	Touched   []int64         `json:"-"` // cases that changed
}

// Add adds the totals of another input.
func (t *Totals) Add(o Totals) {
	t.Read += o.Read
	t.Findings += o.Findings
	t.Unchanged += o.Unchanged
	t.Dead += o.Dead
	t.Events += o.Events
	t.Detected += o.Detected
	t.Cases.Add(o.Cases)
	t.Touched = append(t.Touched, o.Touched...)
}

func (t *Totals) took(b *batch, r casework.Result) {
	t.Read += b.read
	t.Events += b.looked
	t.Findings += r.Findings
	t.Unchanged += r.Unchanged
	t.Dead += r.Dead
	t.Detected += r.Detected
	t.Cases.Add(r.Cases)
	t.Touched = append(t.Touched, r.Touched...)
}

// maxRaw is how much of a dead letter's document is kept.
const maxRaw = 256 << 10

// eventBatch is how many events that wake a rule one transaction takes at most.
const eventBatch = 4000

// batch is what one transaction takes.
type batch struct {
	read     int
	looked   int   // events that the detection rules looked at
	bytes    int64 // of the input, so far
	findings []finding.Finding
	events   []casework.Event
	dead     []store.Dead
}

func (b *batch) arrival() casework.Arrival {
	return casework.Arrival{Findings: b.findings, Events: b.events, Dead: b.dead}
}

func (b *batch) full() bool {
	return len(b.findings)+len(b.dead) >= casework.BatchSize || len(b.events) >= eventBatch
}

// item decodes one item into the batch. Of a document that cannot be used, at
// most keep bytes are kept.
func (in *Intake) item(b *batch, item event.Item, keep int) {
	b.read++
	if in.detects(item) {
		in.look(b, item)
	}
	if in.Detects != nil && item.Err == nil && noFinding(item) {
		return // no dead letter: most events match no rule
	}
	findings, err := in.Decoder.Decode(item, in.Now())
	for i := range findings {
		findings[i].Raw = nil // the store keeps no documents of good findings
	}
	b.findings = append(b.findings, findings...)
	for _, fault := range faults(err) {
		b.dead = append(b.dead, store.Dead{Source: item.Source, Position: item.Index, Reason: reason(fault), Raw: bytes.Clone(item.Raw[:min(len(item.Raw), keep)])})
	}
}

// detects says whether the detection rules look at an item.
func (in *Intake) detects(item event.Item) bool {
	return in.Detects != nil && item.Err == nil && in.Detects(item.Format)
}

// look adds an event to the batch if it wakes a rule.
func (in *Intake) look(b *batch, item event.Item) {
	b.looked++
	if in.Wakes == nil || in.Wakes(item) {
		b.events = append(b.events, casework.Event{Format: item.Format, Raw: bytes.Clone(item.Raw), Source: item.Source, Position: item.Index, At: in.Now()})
	}
}

// noFinding says whether an item is an event for the detection rules alone. An
// event of Security Hub's that holds no finding (Insight Results) is none: whoever
// sends it here expects cases.
func noFinding(item event.Item) bool {
	return item.Format == event.CloudTrailItem || item.Format == event.OtherEvent && !bytes.Contains(item.Raw, []byte(`"aws.securityhub"`))
}

// reason leaves out what the dead letter's own columns say.
func reason(err error) string {
	var e *finding.Error
	if errors.As(err, &e) {
		c := *e
		c.Source, c.Item = "", 0
		return c.Error()
	}
	return err.Error()
}

func faults(err error) []error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	return []error{err}
}

// Retry takes dead letters in again, up to limit of them, after what was wrong
// has been mended (a newer zesei, a delegation configured). Those that are still
// no use stay, counted once more.
func (in *Intake) Retry(ctx context.Context, db *store.DB, ids map[int64]bool) (Totals, error) {
	var t Totals
	// Parts of a letter that are still no use become letters of their own: they
	// wait for the next retry.
	last, err := store.LastDead(ctx, db.View())
	if err != nil {
		return t, err
	}
	for after := int64(0); ; {
		letters, err := store.DeadLetters(ctx, db.View(), after, casework.BatchSize)
		if err != nil || len(letters) == 0 || letters[0].ID > last {
			return t, err
		}
		var b batch
		var done []int64
		for _, d := range letters {
			after = d.ID
			if d.ID > last || len(ids) > 0 && !ids[d.ID] {
				continue
			}
			if in.letter(&b, d) {
				done = append(done, d.ID)
			}
		}
		res, err := in.Work.Take(ctx, b.arrival())
		if err != nil {
			return t, fmt.Errorf("taking dead letters in again: %w", err)
		}
		t.took(&b, res)
		err = db.Update(ctx, func(tx *store.Tx) error { return store.DeadRetried(ctx, tx, done) })
		if err != nil {
			return t, err
		}
	}
}

// letter decodes one letter into the batch, and says whether all of it is of use.
func (in *Intake) letter(b *batch, d store.Dead) bool {
	rd := event.NewReader(bytes.NewReader(d.Raw), d.Source)
	read, dead := b.read, len(b.dead)
	for {
		item, err := rd.Next()
		if err != nil {
			return b.read > read && len(b.dead) == dead
		}
		item.Source, item.Index = d.Source, d.Position
		in.item(b, item, maxRaw)
	}
}

// Controls lets a finding.Decoder ask our catalogue.
type Controls struct{ *control.Catalogue }

// Control finds a control by its own id.
func (c Controls) Control(id string) (finding.ControlRef, bool) {
	return ref(c.Lookup(id))
}

// Generator finds a control by a GeneratorId, a StandardsControlArn or a finding's id.
func (c Controls) Generator(name string) (finding.ControlRef, bool) {
	found, standard, ok := c.ByGenerator(name)
	r, ok := ref(found, ok)
	r.Standard = standard
	return r, ok
}

// Standard gives our id of a standard that AWS names.
func (c Controls) Standard(name string) (string, bool) { return control.StandardByARN(name) }

func ref(c *control.Control, ok bool) (finding.ControlRef, bool) {
	if !ok {
		return finding.ControlRef{}, false
	}
	return finding.ControlRef{ID: c.ID, Scope: c.Scope, Global: c.Global, ResourceTypes: append(append([]string(nil), c.ResourceTypes...), c.ConfigTypes...)}, true
}

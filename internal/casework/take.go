package casework

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// BatchSize is how many findings one transaction takes at most.
const BatchSize = 500

// Arrival is a batch that came in together.
type Arrival struct {
	Findings []finding.Finding
	Events   []Event      // for the detection rules
	Dead     []store.Dead // what could not be used, with the reason
}

// Take hears a batch of findings, lets the detection rules look at its events,
// and keeps its dead letters, in one transaction. When it returns without an error, everything that follows from
// the batch is committed; with an error, nothing is.
func (w *Work) Take(ctx context.Context, a Arrival) (Result, error) {
	var r Result
	err := w.DB.Update(ctx, func(tx *store.Tx) error {
		r = Result{Findings: len(a.Findings), Events: len(a.Events), Dead: len(a.Dead)}
		b := w.newBatch(tx, "")
		for _, d := range a.Dead {
			if err := store.AddDead(ctx, tx, d, b.now); err != nil {
				return err
			}
		}
		if err := b.hear(ctx, a.Findings, &r); err != nil {
			return err
		}
		if err := b.detect(ctx, a.Events, &r); err != nil {
			return err
		}
		if err := b.write(ctx); err != nil {
			return err
		}
		r.Cases, r.Touched = b.counts, b.touched()
		return nil
	})
	if err != nil {
		return Result{}, fmt.Errorf("taking %d findings and %d events: %w", len(a.Findings), len(a.Events), err)
	}
	w.committed()
	return r, nil
}

// hear applies the findings that are news; the rest are touched.
func (b *batch) hear(ctx context.Context, findings []finding.Finding, r *Result) error {
	if len(findings) == 0 {
		return nil
	}
	hashes := make([][16]byte, len(findings))
	for i := range findings {
		hashes[i] = findings[i].Source.Hash()
	}
	seen, err := store.SeenBy(ctx, b.tx, hashes)
	if err != nil {
		return err
	}
	var (
		news     []int
		touched  [][16]byte
		observed []time.Time
		keys     [][16]byte
		turned   = map[[16]byte]bool{} // sources that say something new in this batch
	)
	for i := range findings {
		s, known := seen[hashes[i]]
		if known && s.Content == findings[i].ContentHash && !turned[hashes[i]] {
			if s.ObservedAt.Before(findings[i].ObservedAt) {
				s.ObservedAt = findings[i].ObservedAt
				seen[hashes[i]] = s
			}
			touched, observed = append(touched, hashes[i]), append(observed, findings[i].ObservedAt)
			continue
		}
		turned[hashes[i]] = true
		news = append(news, i)
		for _, sub := range findings[i].Subjects {
			keys = append(keys, sub.Key.Hash())
		}
	}
	r.Unchanged += len(touched)
	if err := store.Touch(ctx, b.tx, touched, observed, b.now); err != nil {
		return err
	}
	if len(news) == 0 {
		return nil
	}
	files, err := store.CasesByHash(ctx, b.tx, keys)
	if err != nil {
		return err
	}
	if b.passes, err = store.PassesAmong(ctx, b.tx, keys); err != nil {
		return err
	}
	if err := b.ownWords(ctx, findings, news, hashes); err != nil {
		return err
	}
	for _, i := range news {
		f := &findings[i]
		s, known := seen[hashes[i]]
		if known && s.Content == f.ContentHash { // the same again within the batch
			r.Unchanged++
			continue
		}
		if known && f.ObservedAt.Before(s.ObservedAt) {
			continue // older never overrides newer, also where the newer one left no case
		}
		w, err := b.hearOne(ctx, files, f)
		if err != nil {
			return err
		}
		if w.Stale {
			continue
		}
		s = store.Seen{Content: f.ContentHash, ObservedAt: f.ObservedAt}
		if w.Unsettled {
			s.Content = [16]byte{}
		}
		seen[hashes[i]] = s
		if err := store.SaveSeen(ctx, b.tx, hashes[i], s, b.now); err != nil {
			return err
		}
	}
	return nil
}

// ownWords loads what we last told Security Hub of the findings that carry our
// note: the note stays on a finding for ever, so only one that also has the
// workflow status that we gave it is our own edit coming back.
func (b *batch) ownWords(ctx context.Context, findings []finding.Finding, news []int, hashes [][16]byte) error {
	var ours [][16]byte
	for _, i := range news {
		if findings[i].NoteUpdatedBy == NoteAuthor {
			ours = append(ours, hashes[i])
		}
	}
	if len(ours) == 0 {
		return nil
	}
	var err error
	b.own, err = store.HubWords(ctx, b.tx, ours)
	return err
}

// hearOne applies one finding to the case of each of its subjects.
func (b *batch) hearOne(ctx context.Context, files map[[16]byte]*casefile.File, f *finding.Finding) (casefile.Wants, error) {
	st := casefile.Statement{
		Source: f.Source, Account: f.Account, Region: f.Region, Status: f.Status, RecordState: f.RecordState, Workflow: f.Workflow,
		Severity: f.Severity, Standards: f.Standards, ObservedAt: f.ObservedAt, ArchivalReason: f.ArchivalReason, Closes: f.Closes,
		OwnEdit: f.NoteUpdatedBy == NoteAuthor && b.own[f.Source.Hash()] == string(f.Workflow),
	}
	var all casefile.Wants
	quiet, err := b.quiet(ctx, f)
	if err != nil {
		return all, err
	}
	for _, sub := range f.Subjects {
		h := sub.Key.Hash()
		c, known := files[h]
		if !known {
			c = b.newFile(sub, f, quiet)
			files[h] = c
		}
		o := b.take(c)
		was, tags, from := c.State, c.Life.Tags, c.Life.TagsFrom
		hearTags(c, f, sub.Tags)
		moves, w, keep := c.Hear(st, b.rules.env(c, b.now))
		all.Stale, all.Unsettled = all.Stale || w.Stale, all.Unsettled || w.Unsettled
		if w.Stale {
			c.Life.Tags, c.Life.TagsFrom = tags, from
			continue
		}
		if !keep {
			// No case stands: a pass is kept as one small row.
			delete(files, h)
			if st.Status == finding.Passed && st.Speaks() {
				if err := store.SavePass(ctx, b.tx, store.Pass{Hash: h, Account: sub.Key.Account, Region: sub.Key.Region, Control: sub.Key.Control,
					Standards: f.Standards, Status: string(f.Status), ObservedAt: f.ObservedAt}); err != nil {
					return all, err
				}
				b.passes[h] = true
			}
			continue
		}
		if was == "" && b.passes[h] {
			delete(b.passes, h)
			if err := store.DeletePass(ctx, b.tx, h); err != nil {
				return all, err
			}
		}
		if w.Reopened && f.Actor != nil {
			c.Life.BroughtBack = f.Actor
		}
		if err := b.note(o, actorOf(f), moves, w); err != nil {
			return all, err
		}
		o.sources = append(o.sources, st)
	}
	return all, nil
}

// hearTags takes up the tags that a source gives. Most sources give none, which
// says nothing; the one that gave them and gives none any more says that there are
// none, or that nobody could read them.
func hearTags(c *casefile.File, f *finding.Finding, tags map[string]string) {
	h := f.Source.Hash()
	from := hex.EncodeToString(h[:8])
	switch {
	case len(tags) > 0:
		c.Life.Tags, c.Life.TagsFrom = tags, from
	case c.Life.TagsFrom == from:
		c.Life.Tags, c.Life.TagsFrom = nil, ""
	}
}

// newFile is the case that a subject would open.
func (b *batch) newFile(sub finding.Subject, f *finding.Finding, quiet bool) *casefile.File {
	title := f.Title
	if c, ok := b.rules.Catalogue.Lookup(sub.Key.Control); ok && c.Title.EN != "" {
		title = c.Title.EN
	}
	return &casefile.File{
		Key: sub.Key, ResourceType: sub.ResourceType, Title: title,
		Life: casefile.Life{Remediation: f.RemediationURL, Actor: f.Actor, Tags: sub.Tags, Others: sub.Others, Backlog: quiet, Quiet: f.Quiet, EventDue: f.Due},
	}
}

// quiet says whether the finding belongs to the first import of its account, of
// one of its standards or of its control.
func (b *batch) quiet(ctx context.Context, f *finding.Finding) (bool, error) {
	if len(f.Subjects) == 0 || f.Subjects[0].Key.Kind == finding.Incident {
		return false, nil
	}
	names := [][2]string{{"account", f.Account}, {"control", f.Subjects[0].Key.Control}}
	for _, s := range f.Standards {
		names = append(names, [2]string{"standard", s})
	}
	quiet := false
	for _, n := range names {
		at, ok := b.firsts[n]
		if !ok {
			var err error
			if at, err = b.w.firstTime(ctx, b.tx, n[0], n[1], b.now); err != nil {
				return false, err
			}
			b.firsts[n] = at
		}
		quiet = quiet || b.now.Sub(at) < b.rules.ImportWindow
	}
	return quiet, nil
}

func actorOf(f *finding.Finding) string {
	p := f.Source.ProductARN
	return "source:" + p[strings.LastIndexByte(p, '/')+1:]
}

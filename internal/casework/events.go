package casework

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zesei/internal/detect"
	"zesei/internal/event"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// JobLook looks at a resource that an event has changed, before any source says
// anything of it: the subject is a Look.
const JobLook = "look"

// Event is one EventBridge event or CloudTrail record, for the detection rules.
type Event struct {
	Format   event.Format
	Raw      []byte
	Source   string // file, queue, listener
	Position int64
	At       time.Time // received
}

// Look asks for the controls of a resource to be checked because of an event.
type Look struct {
	Target   Target
	Controls []string
	Actor    *finding.Actor
}

// String is the job's subject.
func (l Look) String() string {
	actor := []byte("null")
	if b, err := json.Marshal(l.Actor); err == nil {
		actor = b
	}
	return l.Target.String() + "\n" + strings.Join(l.Controls, ",") + "\n" + string(actor)
}

// what is looked at, whoever changed it.
func (l Look) what() string { return l.Target.String() + "\n" + strings.Join(l.Controls, ",") }

// ParseLook reads a job's subject.
func ParseLook(s string) (Look, error) {
	p := strings.SplitN(s, "\n", 3)
	if len(p) != 3 {
		return Look{}, fmt.Errorf("%q asks for no look", s)
	}
	t, err := ParseTarget(p[0])
	if err != nil {
		return Look{}, err
	}
	l := Look{Target: t, Controls: strings.Split(p[1], ",")}
	return l, json.Unmarshal([]byte(p[2]), &l.Actor)
}

// detect lets the detection rules look at the events of a batch. What opens a
// case is heard like any finding; a notice is told once; a changed resource is
// looked at.
func (b *batch) detect(ctx context.Context, events []Event, r *Result) error {
	if b.rules.Detect == nil || len(events) == 0 {
		return nil
	}
	d := b.rules.Detect.Batch(store.Windows{Ctx: ctx, Tx: b.tx})
	var all []followed
	for _, ev := range events {
		hits, err := d.Detect(ev.Format, ev.Raw, ev.At)
		if err != nil {
			r.Dead++
			if err := store.AddDead(ctx, b.tx, store.Dead{Source: ev.Source, Position: ev.Position, Reason: err.Error(), Raw: ev.Raw}, b.now); err != nil {
				return err
			}
		}
		r.Detected += len(hits)
		for i := range hits {
			all = append(all, followed{Hit: &hits[i], looks: b.looks(&hits[i])})
		}
	}
	for _, c := range d.Changes() {
		if err := store.SaveWindow(ctx, b.tx, c.Key, c.State, b.now); err != nil {
			return err
		}
	}
	found, err := b.news(ctx, all)
	if err != nil {
		return err
	}
	r.Findings += len(found)
	return b.hear(ctx, found, r)
}

// followed is a match with what follows from it.
type followed struct {
	*detect.Hit
	looks []Look
}

// news carries out what has not followed from these events before, and returns
// the findings that open cases.
func (b *batch) news(ctx context.Context, all []followed) (found []finding.Finding, err error) {
	var hashes [][16]byte
	for _, f := range all {
		if f.once() {
			hashes = append(hashes, f.hash("told"))
		}
		for _, l := range f.looks {
			hashes = append(hashes, f.hash(l.what()))
		}
	}
	fresh, err := store.FirstTime(ctx, b.tx, hashes, b.now)
	if err != nil {
		return nil, err
	}
	first := func(h [16]byte) bool {
		is := fresh[h]
		delete(fresh, h) // the same record may stand in a batch twice
		return is
	}
	for _, f := range all {
		for _, l := range f.looks {
			if first(f.hash(l.what())) {
				b.ask(JobLook, l.String(), time.Time{})
			}
		}
		if f.once() && !first(f.hash("told")) {
			continue
		}
		opens, err := b.hit(ctx, f.Hit)
		if err != nil {
			return nil, err
		}
		if opens {
			one := f.Finding
			one.Raw, one.Due = nil, f.Due
			found = append(found, one)
		}
	}
	return found, nil
}

// once says whether the match is told once. What a source says of a state may
// have to be heard again.
func (f *followed) once() bool {
	return f.Opens() == detect.OpensIncident || f.Opens() == detect.OpensNotice
}

// hash names one thing that follows from a match.
func (f *followed) hash(what string) [16]byte {
	key := f.Finding.Subjects[0].Key
	sum := sha256.Sum256([]byte(strings.Join([]string{f.Rule.Name(), f.Event, key.Account, key.Control, key.Resource, what}, "\x00")))
	return [16]byte(sum[:16])
}

// hit carries out one match, and says whether its finding opens a case.
func (b *batch) hit(ctx context.Context, h *detect.Hit) (opens bool, err error) {
	own, err := b.ownCall(ctx, h.Session)
	if err != nil || own {
		return false, err // our own API call coming back rechecks, and tells nobody
	}
	switch h.Opens() {
	case detect.OpensNotice:
		return false, b.notice(ctx, h)
	case detect.OpensNothing:
		return false, nil
	}
	return true, nil
}

// looks are the resources of a hit that are to be checked at once.
func (b *batch) looks(h *detect.Hit) (all []Look) {
	if len(h.Finding.Recheck) == 0 || b.rules.CanRead == nil {
		return nil
	}
	key := h.Finding.Subjects[0].Key
	for _, res := range h.Resources {
		var controls []string
		for _, id := range h.Finding.Recheck {
			if c, ok := b.rules.Catalogue.Lookup(id); ok && c.Covers(res.Type) && b.rules.CanRead(key.Account, c.ID) {
				controls = append(controls, c.ID)
			}
		}
		if len(controls) == 0 {
			continue
		}
		slices.Sort(controls)
		t := Target{Partition: key.Partition, Account: key.Account, Region: res.Region, Type: res.Type, ARN: res.ARN}
		all = append(all, Look{Target: t, Controls: controls, Actor: h.Finding.Actor})
	}
	return all
}

// fixSession begins the role session name of a fix's calls: zesei-<fix id>.
const fixSession = "zesei-f"

// ownCall says whether a role session is one of our fixes'. The name alone proves
// nothing: a fix of that id must have been applied.
func (b *batch) ownCall(ctx context.Context, session string) (bool, error) {
	if !strings.HasPrefix(session, fixSession) {
		return false, nil
	}
	f, err := store.LoadFix(ctx, b.tx, strings.TrimPrefix(session, "zesei-"))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && !f.AppliedAt.IsZero(), err
}

// notice lets a happening join a message row of its owner, once.
func (b *batch) notice(ctx context.Context, h *detect.Hit) error {
	f := &h.Finding
	key := f.Subjects[0].Key
	n := store.Notice{Hash: f.Source.Hash(), Rule: key.Control, Severity: f.Severity, TitleEN: h.Rule.Title.EN, TitleJA: h.Rule.Title.JA,
		Account: key.Account, Region: key.Region, Resource: key.Resource, Actor: f.Actor, At: f.ObservedAt}
	added, err := store.AddNotice(ctx, b.tx, &n)
	if err != nil || !added {
		return err
	}
	owner, _ := b.rules.Directory.Owner(key.Account, f.Subjects[0].Tags, "")
	channels := slices.DeleteFunc(slices.Clone(b.rules.Directory.Channels(owner)), func(c string) bool {
		return !Carries(c, store.MessageNotice, false)
	})
	if len(channels) == 0 {
		return nil
	}
	// The first channel tells it; the others are for cases.
	m, err := b.message(ctx, group{store.MessageNotice, owner, channels[0], key.Control})
	if err != nil {
		return err
	}
	b.ask(JobMessage, strconv.FormatInt(m.ID, 10), later(b.now, *m))
	return store.JoinNotice(ctx, b.tx, m, n.ID)
}

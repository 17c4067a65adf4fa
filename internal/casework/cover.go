package casework

import (
	"context"
	"errors"
	"strings"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

// wide are the exceptions in force that cover more than one case, found by what
// they name: a case is compared with few of them, however many there are.
type wide struct {
	byResource, byControl map[string][]store.Exception // control ids in lower case
	byTag                 []store.Exception            // that name neither
}

// wideExceptions are those that the transaction sees: read once, when the first
// case asks.
func (b *batch) wideExceptions(ctx context.Context) (*wide, error) {
	if b.wide != nil {
		return b.wide, nil
	}
	list, err := store.WideExceptions(ctx, b.tx, b.now)
	if err != nil {
		return nil, err
	}
	b.wide = &wide{byResource: map[string][]store.Exception{}, byControl: map[string][]store.Exception{}}
	for _, x := range list {
		switch control := strings.ToLower(x.Scope.Control); {
		case x.Scope.Resource != "":
			b.wide.byResource[x.Scope.Resource] = append(b.wide.byResource[x.Scope.Resource], x)
		case control != "":
			b.wide.byControl[control] = append(b.wide.byControl[control], x)
		default:
			b.wide.byTag = append(b.wide.byTag, x)
		}
	}
	return b.wide, nil
}

// covering are the exceptions over more than one case that cover this one.
func (b *batch) covering(ctx context.Context, f *casefile.File) ([]store.Exception, error) {
	all, err := b.wideExceptions(ctx)
	if err != nil {
		return nil, err
	}
	var out []store.Exception
	for _, list := range [][]store.Exception{all.byResource[f.Key.Resource], all.byControl[strings.ToLower(f.Key.Control)], all.byTag} {
		for _, x := range list {
			if covers(x, f, b.now) {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

// cover brings a changed case and the exceptions over more than one case
// together: one that opens, or gets the tag or owner, is accepted at once; one
// that an exception no longer covers leaves it; and where a resource has gone,
// the exceptions on it end.
func (b *batch) cover(ctx context.Context, o *opened) error {
	f := o.f
	switch {
	case f.State == casefile.Open:
		covering, err := b.covering(ctx, f)
		if err != nil {
			return err
		}
		for _, x := range covering {
			if err := b.accept(o, x); err != nil {
				return err
			}
		}
	case f.State == casefile.Accepted && f.Life.Exception != nil && f.Life.Exception.Wide:
		return b.stillCovered(ctx, o)
	case f.State == casefile.Closed && f.Reason == casefile.Gone && o.was.state != string(casefile.Closed):
		return b.goneWith(ctx, f)
	}
	return nil
}

// accept puts an exception on a case.
func (b *batch) accept(o *opened, x store.Exception) error {
	moves, wants, err := o.f.Accept(held(x), b.rules.env(o.f, b.now))
	if err != nil {
		return err
	}
	o.joins = append(o.joins, x.ID)
	wants.Updated = wants.Updated && !o.wants.Opened && !o.wants.Reopened // it is counted as that
	return b.note(o, x.ApprovedBy, moves, wants)
}

// stillCovered lets a case leave an exception whose scope it no longer stands in,
// or that is over.
func (b *batch) stillCovered(ctx context.Context, o *opened) error {
	id := o.f.Life.Exception.ID
	x, err := store.LoadException(ctx, b.tx, id)
	if errors.Is(err, store.ErrNotFound) {
		x = store.Exception{ID: id} // what cannot be read covers nothing
	} else if err != nil {
		return err
	}
	if covers(x, o.f, b.now) {
		return nil
	}
	moves, wants, err := b.leave(ctx, o.f, x)
	if err != nil {
		return err
	}
	return b.note(o, "zesei", moves, wants)
}

// leave takes an exception off a case. Another that covers it holds from then on;
// otherwise the case opens with a fresh deadline.
func (b *batch) leave(ctx context.Context, f *casefile.File, x store.Exception) ([]casefile.Move, casefile.Wants, error) {
	o := b.take(f)
	o.leaves = append(o.leaves, x.ID)
	if f.State != casefile.Accepted || f.Life.Exception == nil || f.Life.Exception.ID != x.ID {
		return []casefile.Move{{What: "exception ended", Why: endOf(x)}}, casefile.Wants{Updated: true}, nil
	}
	next, err := b.other(ctx, f, x.ID)
	if err != nil {
		return nil, casefile.Wants{}, err
	}
	if next != nil {
		o.joins = append(o.joins, next.ID)
	}
	return f.EndException(endOf(x), next, b.rules.env(f, b.now))
}

// endOf says why an exception holds no longer on a case.
func endOf(x store.Exception) string {
	switch x.State {
	case store.ExceptionRevoked:
		return "revoked by " + x.EndedBy + ": " + x.EndedWhy
	case store.ExceptionEnded:
		return x.EndedWhy
	}
	return "it covers the case no longer"
}

// other is the exception that covers a case beside one, and ends last; nil: none.
func (b *batch) other(ctx context.Context, f *casefile.File, but string) (*casefile.Exception, error) {
	var last *casefile.Exception
	better := func(x store.Exception) {
		if x.ID != but && x.ExpiresAt.After(b.now) && (last == nil || x.ExpiresAt.After(last.Until)) {
			h := held(x)
			last = &h
		}
	}
	covering, err := b.covering(ctx, f)
	if err != nil {
		return nil, err
	}
	for _, x := range covering {
		better(x)
	}
	own, err := store.ExceptionsOfCase(ctx, b.tx, f.ID)
	if err != nil {
		return nil, err
	}
	for _, x := range own {
		if x.State == store.ExceptionActive && x.CaseID == f.ID {
			better(x)
		}
	}
	return last, nil
}

// goneWith ends the exceptions on a resource that exists no longer: one that is
// made again under the same name is another.
func (b *batch) goneWith(ctx context.Context, f *casefile.File) error {
	all, err := b.wideExceptions(ctx)
	if err != nil {
		return err
	}
	for _, x := range all.byResource[f.Key.Resource] {
		if _, err := b.endRow(ctx, x, "the resource is gone"); err != nil {
			return err
		}
	}
	delete(all.byResource, f.Key.Resource)
	return nil
}

// endRow ends an exception, and asks for its cases to be opened.
func (b *batch) endRow(ctx context.Context, x store.Exception, why string) (store.Exception, error) {
	x.State, x.EndedAt, x.EndedBy, x.EndedWhy, x.Phase = store.ExceptionEnded, b.now, "zesei", why, store.PhaseEnd
	if err := b.exceptionMove(ctx, x, "zesei", "ended", why); err != nil {
		return x, err
	}
	b.ask(JobException, x.ID, b.now)
	return x, store.SaveException(ctx, b.tx, x)
}

// covered writes which exceptions cover a case, once the case has an id, and ends
// those that held on it alone and hold no longer.
func (b *batch) covered(ctx context.Context, o *opened) error {
	for _, id := range o.leaves {
		if err := store.LeaveCase(ctx, b.tx, id, o.f.ID, b.now); err != nil {
			return err
		}
	}
	for _, id := range o.joins {
		if err := store.CoverCase(ctx, b.tx, id, o.f.ID, b.now); err != nil {
			return err
		}
	}
	if o.exception == "" {
		return nil
	}
	closed := o.f.State == casefile.Closed
	if closed {
		if err := store.LeaveCase(ctx, b.tx, "", o.f.ID, b.now); err != nil {
			return err
		}
	} else if o.f.Life.Exception != nil {
		return nil // one holds still: what ended was ended by its own row
	} else if err := store.LeaveCase(ctx, b.tx, o.exception, o.f.ID, b.now); err != nil {
		return err
	}
	own, err := store.ExceptionsOfCase(ctx, b.tx, o.f.ID)
	if err != nil {
		return err
	}
	why := "it expired"
	if closed {
		why = "the case is closed: " + o.f.Reason
	}
	for _, x := range own {
		if x.CaseID != o.f.ID || x.State != store.ExceptionActive || !closed && x.ID != o.exception {
			continue
		}
		if _, err := b.endRow(ctx, x, why); err != nil {
			return err
		}
	}
	return nil
}

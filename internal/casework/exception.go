package casework

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

// ExceptionRules bound accepted risks, and say who is told before one ends. Its
// functions may be nil.
type ExceptionRules struct {
	// Latest is the latest end of an exception that begins at a time; nil: any.
	Latest func(begin time.Time) time.Time
	// Warn is how long before its end people are told; 0: not at all.
	Warn time.Duration
	// Owner says whether there is an owner of that name; nil: not known.
	Owner func(name string) bool
	// DefaultOwner gets whatever nobody is known to own; "" none.
	DefaultOwner string
	// Reach are the channels of the person with an ID of the audit chain
	// (cli:taro); none: they cannot be reached.
	Reach func(id string) []string
	// Approvers are the channels of those who may approve for an owner; askedBy, the
	// ID of who asked, is none of them. They are told where the owner has no channel
	// in which approvers are called.
	Approvers func(owner, askedBy string) []string
}

// Ask is a wish that a risk be accepted.
type Ask struct {
	Case      int64       // of one case; 0: of all that Scope covers
	Scope     store.Scope // where Case is 0
	Reason    string
	Evidence  string // https address where the reason can be read up; "" none
	Until     time.Time
	CloseHole bool // keep open until then, and fix by itself afterwards
	// Renews is the id of an exception that this one follows; where neither Case
	// nor Scope is given, it covers the same. "" none.
	Renews string
}

// AskException records the wish to accept a risk. Nothing changes until another
// person approves it. What cannot be asked for is a *casefile.RefusedError.
func (w *Work) AskException(ctx context.Context, p Person, ask Ask) (store.Exception, error) {
	now := w.Now().UTC()
	x := store.Exception{State: store.ExceptionAsked, CaseID: ask.Case, Scope: ask.Scope, Reason: strings.TrimSpace(ask.Reason), Evidence: ask.Evidence,
		AskedBy: p.ID, ExpiresAt: ask.Until.UTC(), CloseHole: ask.CloseHole, Renews: ask.Renews}
	if x.Reason == "" {
		return x, refused("an exception needs a reason")
	}
	if err := checkEvidence(x.Evidence); err != nil {
		return x, err
	}
	if err := w.Rules().checkEnd(x.ExpiresAt, now); err != nil {
		return x, err
	}
	if err := w.renews(ctx, &x); err != nil {
		return x, err
	}
	if x.CaseID == 0 {
		var err error
		if x.Scope, err = w.Rules().checkScope(x.Scope); err != nil {
			return x, err
		}
	}
	var err error
	if x.ID, err = w.newID("x"); err != nil {
		return x, err
	}
	return w.exception(ctx, p, x, func(b *batch, f *casefile.File, x *store.Exception) ([]casefile.Move, casefile.Wants, error) {
		x.AskedAt = b.now
		if f != nil {
			if f.State == casefile.Closed {
				return nil, casefile.Wants{}, refused("the case is closed: there is nothing to accept")
			}
			x.Scope = store.Scope{Case: store.ShortKey(f.Key)}
		}
		if err := b.exceptionMove(ctx, *x, p.ID, "asked", x.Reason); err != nil {
			return nil, casefile.Wants{}, err
		}
		if f == nil {
			return nil, casefile.Wants{}, b.tellWish(ctx, *x)
		}
		if err := b.tellCaseWish(ctx, f, *x); err != nil {
			return nil, casefile.Wants{}, err
		}
		return []casefile.Move{{What: "exception asked", Why: x.Reason, Data: *x}}, casefile.Wants{Updated: true, Tell: true}, nil
	})
}

// renews completes a wish that follows another exception.
func (w *Work) renews(ctx context.Context, x *store.Exception) error {
	if x.Renews == "" {
		return nil
	}
	old, err := store.LoadException(ctx, w.DB.View(), x.Renews)
	if errors.Is(err, store.ErrNotFound) {
		return refused("there is no exception %s to renew", x.Renews)
	}
	if err != nil {
		return err
	}
	if old.State == store.ExceptionAsked || old.State == store.ExceptionRefused {
		return refused("exception %s is %s: there is nothing to renew", old.ID, old.State)
	}
	if x.CaseID == 0 && x.Scope == (store.Scope{}) {
		x.CaseID, x.Scope = old.CaseID, old.Scope
	}
	if x.Evidence == "" && checkEvidence(old.Evidence) == nil {
		x.Evidence = old.Evidence
	}
	return nil
}

// ApproveException approves an exception that another person asked for. Where it
// covers more than one case, the job that is asked for puts it on them.
func (w *Work) ApproveException(ctx context.Context, p Person, exceptionID string) (store.Exception, error) {
	return w.changeException(ctx, p, exceptionID, func(b *batch, f *casefile.File, x *store.Exception) ([]casefile.Move, casefile.Wants, error) {
		switch {
		case x.State != store.ExceptionAsked:
			return nil, casefile.Wants{}, refused("exception %s is %s", x.ID, x.State)
		case !p.Approver:
			return nil, casefile.Wants{}, refused("%s has not the role of an approver", p.ID)
		case p.Is(x.AskedBy):
			return nil, casefile.Wants{}, refused("%s asked for it: another person must approve", p.ID)
		}
		if err := b.rules.checkEnd(x.ExpiresAt, b.now); err != nil {
			return nil, casefile.Wants{}, err
		}
		if f == nil {
			if _, err := b.rules.checkScope(x.Scope); err != nil { // the catalogue or the owners may have changed
				return nil, casefile.Wants{}, err
			}
		}
		x.State, x.ApprovedBy, x.ApprovedAt = store.ExceptionActive, p.ID, b.now
		if err := b.exceptionMove(ctx, *x, p.ID, "approved", x.Reason); err != nil {
			return nil, casefile.Wants{}, err
		}
		b.ask(JobException, x.ID, b.now)
		if f == nil {
			x.Phase, x.Swept = store.PhaseCover, 0
			return nil, casefile.Wants{}, nil
		}
		b.take(f).joins = append(b.take(f).joins, x.ID)
		return f.Accept(held(*x), b.rules.env(f, b.now))
	})
}

// RefuseException turns down a wish: nothing of it comes into force. Whoever may
// approve may refuse.
func (w *Work) RefuseException(ctx context.Context, p Person, exceptionID, why string) (store.Exception, error) {
	return w.changeException(ctx, p, exceptionID, func(b *batch, f *casefile.File, x *store.Exception) ([]casefile.Move, casefile.Wants, error) {
		switch {
		case x.State != store.ExceptionAsked:
			return nil, casefile.Wants{}, refused("exception %s is %s", x.ID, x.State)
		case !p.Approver:
			return nil, casefile.Wants{}, refused("%s has not the role of an approver", p.ID)
		}
		x.State, x.EndedAt, x.EndedBy, x.EndedWhy = store.ExceptionRefused, b.now, p.ID, why
		if err := b.exceptionMove(ctx, *x, p.ID, "refused", why); err != nil {
			return nil, casefile.Wants{}, err
		}
		return []casefile.Move{{What: "exception refused", Why: why, Data: *x}}, casefile.Wants{Updated: true, Tell: true}, nil
	})
}

// RevokeException ends an exception, or takes the wish for one back. Who asked for
// it may, and whoever may approve: an end opens cases, and a fix may follow.
func (w *Work) RevokeException(ctx context.Context, p Person, exceptionID, why string) (store.Exception, error) {
	return w.changeException(ctx, p, exceptionID, func(b *batch, f *casefile.File, x *store.Exception) ([]casefile.Move, casefile.Wants, error) {
		if x.State != store.ExceptionAsked && x.State != store.ExceptionActive {
			return nil, casefile.Wants{}, refused("exception %s is %s", x.ID, x.State)
		}
		if !p.Approver && !p.Is(x.AskedBy) {
			return nil, casefile.Wants{}, refused("%s has not the role of an approver, and did not ask for exception %s", p.ID, x.ID)
		}
		held := x.State == store.ExceptionActive
		x.State, x.EndedAt, x.EndedBy, x.EndedWhy = store.ExceptionRevoked, b.now, p.ID, why
		if err := b.exceptionMove(ctx, *x, p.ID, "revoked", why); err != nil {
			return nil, casefile.Wants{}, err
		}
		if f == nil {
			if held {
				x.Phase = store.PhaseEnd
				b.ask(JobException, x.ID, b.now)
			}
			return nil, casefile.Wants{}, nil
		}
		if err := store.SaveException(ctx, b.tx, *x); err != nil { // it no longer covers what is asked about next
			return nil, casefile.Wants{}, err
		}
		if held {
			return b.leave(ctx, f, *x)
		}
		return []casefile.Move{{What: "exception withdrawn", Why: why}}, casefile.Wants{Updated: true, Tell: true}, nil
	})
}

// exceptionAct decides on an exception, and on its case where it has one (nil
// otherwise). What it changes of the exception is written.
type exceptionAct func(*batch, *casefile.File, *store.Exception) ([]casefile.Move, casefile.Wants, error)

// changeException acts on an exception as it is when the transaction begins.
func (w *Work) changeException(ctx context.Context, p Person, id string, act exceptionAct) (store.Exception, error) {
	x, err := store.LoadException(ctx, w.DB.View(), id)
	if err != nil {
		return x, err
	}
	return w.exception(ctx, p, x, func(b *batch, f *casefile.File, x *store.Exception) (moves []casefile.Move, wants casefile.Wants, err error) {
		if *x, err = store.LoadException(ctx, b.tx, id); err != nil {
			return nil, wants, err
		}
		return act(b, f, x)
	})
}

func (w *Work) exception(ctx context.Context, p Person, x store.Exception, act exceptionAct) (store.Exception, error) {
	err := w.DB.Update(ctx, func(tx *store.Tx) error {
		b := w.newBatch(tx, "")
		if err := b.once(ctx, p); err != nil {
			return err
		}
		var f *casefile.File
		if x.CaseID != 0 {
			files, err := store.CasesByID(ctx, tx, []int64{x.CaseID})
			if err != nil {
				return err
			}
			if len(files) == 0 {
				return store.ErrNotFound
			}
			f = files[0]
			b.take(f)
		}
		moves, wants, err := act(b, f, &x)
		if err != nil {
			return err
		}
		if err := store.SaveException(ctx, tx, x); err != nil {
			return err
		}
		if f != nil {
			if err := b.note(b.take(f), p.ID, moves, wants); err != nil {
				return err
			}
		}
		return b.write(ctx)
	})
	if err == nil {
		w.committed()
	}
	return x, err
}

// exceptionMove adds a row to the exception's own audit chain, which proves also
// one that covered no case.
func (b *batch) exceptionMove(ctx context.Context, x store.Exception, actor, what, why string) error {
	data, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("writing the audit chain: %w", err)
	}
	told, err := store.MessagesOfException(ctx, b.tx, x.ID, store.MessageWish)
	if err != nil {
		return err
	}
	for _, id := range told {
		b.ask(JobMessage, strconv.FormatInt(id, 10), b.now)
	}
	return store.AddExceptionAudit(ctx, b.tx, x.ID, casefile.Entry{At: b.now, Actor: actor, What: what, Why: why, Data: data})
}

// tellWish lets those hear who may approve a wish over more than one case: where
// the owner of what it would cover is told. A wish about one case is told in that
// case's thread.
func (b *batch) tellWish(ctx context.Context, x store.Exception) error {
	owner := b.ownerOf(x.Scope)
	for _, channel := range b.wishChannels(owner, x) {
		m, err := b.open(ctx, group{store.MessageWish, owner, channel, ""})
		if err != nil {
			return err
		}
		if err := b.joinException(ctx, m, x); err != nil {
			return err
		}
	}
	return nil
}

// joinException lets a message tell of an exception.
func (b *batch) joinException(ctx context.Context, m *store.Message, x store.Exception) error {
	if err := store.JoinException(ctx, b.tx, m, x.ID); err != nil {
		return err
	}
	if err := store.SaveJoined(ctx, b.tx, m); err != nil {
		return err
	}
	b.ask(JobMessage, strconv.FormatInt(m.ID, 10), later(b.now, *m))
	return nil
}

// wishChannels are where a wish is told in a message of its own: the owner's
// channels, and where none of them calls approvers also those who may approve.
func (b *batch) wishChannels(owner string, x store.Exception) []string {
	var out []string
	calls := false
	for _, c := range b.rules.Directory.Channels(owner) {
		if Carries(c, store.MessageWish, false) {
			out = append(out, c)
			calls = calls || b.rules.Threads != nil && b.rules.Threads(c)
		}
	}
	if calls || b.rules.Exceptions.Approvers == nil {
		return out
	}
	for _, c := range b.rules.Exceptions.Approvers(owner, x.AskedBy) {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// ownerOf is whose what a scope covers is: the owner that it names, else that of
// its account.
func (b *batch) ownerOf(s store.Scope) string {
	if s.Owner != "" {
		return s.Owner
	}
	owner, _ := b.rules.Directory.Owner(accountOf(s), nil, "")
	return owner
}

// held is an exception as a case carries it.
func held(x store.Exception) casefile.Exception {
	return casefile.Exception{ID: x.ID, Until: x.ExpiresAt, CloseHole: x.CloseHole, Wide: x.Wide(), Reason: x.Reason, AskedBy: x.AskedBy, ApprovedBy: x.ApprovedBy}
}

func refused(format string, args ...any) error {
	return &casefile.RefusedError{Why: fmt.Sprintf(format, args...)}
}

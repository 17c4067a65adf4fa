package casework

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

// Person is who asks. ID is what the audit chain shows: cli:<OS user>, or
// slack:<user id> once looked up.
type Person struct {
	ID       string
	Approver bool // may approve exceptions and fixes
	// Also are the other IDs of the same person: cli:taro, slack:U012AB3CD,
	// mail:taro@example.com, redmine:taro. Who asked one way does not approve
	// another.
	Also []string
	// Delivery names what carried the act, where the same may be brought twice:
	// the act is done once, and ErrHeard says that it was. "" is done each time.
	Delivery string
}

// Is says whether an ID of the audit chain is this person's, whichever way it
// came. Case does not tell two people apart.
func (p Person) Is(id string) bool {
	same := func(other string) bool { return strings.EqualFold(other, id) }
	return same(p.ID) || slices.ContainsFunc(p.Also, same)
}

// Close closes a case on a person's word.
func (w *Work) Close(ctx context.Context, p Person, id int64, reason, why string) error {
	return w.act(ctx, p, id, func(f *casefile.File, e casefile.Env) ([]casefile.Move, casefile.Wants, error) {
		return f.CloseByPerson(reason, why, e)
	})
}

// Reopen opens a closed or suppressed case on a person's word.
func (w *Work) Reopen(ctx context.Context, p Person, id int64, why string) error {
	return w.act(ctx, p, id, func(f *casefile.File, e casefile.Env) ([]casefile.Move, casefile.Wants, error) {
		return f.ReopenByPerson(why, e)
	})
}

// Lift lets fixes of a case apply by themselves again after one was undone. It
// needs an approver, as undoing did.
func (w *Work) Lift(ctx context.Context, p Person, id int64, why string) error {
	return w.act(ctx, p, id, func(f *casefile.File, e casefile.Env) ([]casefile.Move, casefile.Wants, error) {
		if !p.Approver {
			return nil, casefile.Wants{}, &casefile.RefusedError{Why: p.ID + " has not the role of an approver"}
		}
		return f.Lift(why, e)
	})
}

// Note keeps a person's words on a case.
func (w *Work) Note(ctx context.Context, p Person, id int64, text string) error {
	return w.act(ctx, p, id, func(f *casefile.File, e casefile.Env) ([]casefile.Move, casefile.Wants, error) {
		return f.Note(text, e)
	})
}

// Assign names the person who works on a case.
func (w *Work) Assign(ctx context.Context, p Person, id int64, to, why string) error {
	return w.act(ctx, p, id, func(f *casefile.File, e casefile.Env) ([]casefile.Move, casefile.Wants, error) {
		return f.Assign(to, why, e)
	})
}

// Snooze keeps the reminders of a case quiet until a time.
func (w *Work) Snooze(ctx context.Context, p Person, id int64, until time.Time, why string) error {
	return w.act(ctx, p, id, func(f *casefile.File, e casefile.Env) ([]casefile.Move, casefile.Wants, error) {
		return f.Snooze(until, why, e)
	})
}

func (w *Work) act(ctx context.Context, p Person, id int64, do func(*casefile.File, casefile.Env) ([]casefile.Move, casefile.Wants, error)) error {
	return w.change(ctx, []int64{id}, func(b *batch, f *casefile.File) error {
		if err := b.once(ctx, p); err != nil {
			return err
		}
		o := b.take(f)
		moves, wants, err := do(f, b.rules.env(f, b.now))
		if err != nil {
			return err
		}
		return b.note(o, p.ID, moves, wants)
	})
}

// Ask is a wish that a risk be accepted.
type Ask struct {
	Case      int64       // of one case; 0: of all that Scope covers
	Scope     store.Scope // where Case is 0
	Reason    string
	Evidence  string // https address where the reason can be read up; "" none
	Until     time.Time
	CloseHole bool // keep open until then, and fix by itself afterwards
}

// AskException records the wish to accept a risk. Nothing changes until another
// person approves it. What cannot be asked for is a *casefile.RefusedError.
func (w *Work) AskException(ctx context.Context, p Person, ask Ask) (store.Exception, error) {
	var x store.Exception
	id, reason, evidence, until, closeHole := ask.Case, ask.Reason, ask.Evidence, ask.Until, ask.CloseHole
	if id == 0 {
		return x, &casefile.RefusedError{Why: "an exception names a case"}
	}
	if strings.TrimSpace(reason) == "" {
		return x, &casefile.RefusedError{Why: "an exception needs a reason"}
	}
	now := w.Now().UTC()
	if !until.After(now) {
		return x, &casefile.RefusedError{Why: "an exception needs an end in the future"}
	}
	xid, err := w.newID("x")
	if err != nil {
		return x, err
	}
	err = w.change(ctx, []int64{id}, func(b *batch, f *casefile.File) error {
		if err := b.once(ctx, p); err != nil {
			return err
		}
		if f.State == casefile.Closed {
			return &casefile.RefusedError{Why: "the case is closed: there is nothing to accept"}
		}
		x = store.Exception{ID: xid, State: store.ExceptionAsked, Scope: store.Scope{Case: store.ShortKey(f.Key)}, CaseID: f.ID,
			Reason: reason, Evidence: evidence, AskedBy: p.ID, AskedAt: b.now, ExpiresAt: until.UTC(), CloseHole: closeHole}
		if err := store.SaveException(ctx, b.tx, x); err != nil {
			return err
		}
		return b.note(b.take(f), p.ID, []casefile.Move{{What: "exception asked", Why: reason, Data: x}}, casefile.Wants{Updated: true, Tell: true})
	})
	return x, err
}

// ApproveException approves an exception that another person asked for.
func (w *Work) ApproveException(ctx context.Context, p Person, exceptionID string) (store.Exception, error) {
	x, err := store.LoadException(ctx, w.DB.View(), exceptionID)
	if err != nil {
		return x, err
	}
	err = w.change(ctx, []int64{x.CaseID}, func(b *batch, f *casefile.File) error {
		if err := b.once(ctx, p); err != nil {
			return err
		}
		if x, err = store.LoadException(ctx, b.tx, exceptionID); err != nil {
			return err
		}
		switch {
		case x.State != store.ExceptionAsked:
			return &casefile.RefusedError{Why: fmt.Sprintf("exception %s is %s", x.ID, x.State)}
		case !p.Approver:
			return &casefile.RefusedError{Why: p.ID + " has not the role of an approver"}
		case p.Is(x.AskedBy):
			return &casefile.RefusedError{Why: p.ID + " asked for it: another person must approve"}
		}
		moves, wants, err := f.Accept(casefile.Exception{ID: x.ID, Until: x.ExpiresAt, CloseHole: x.CloseHole},
			fmt.Sprintf("%s (asked by %s, approved by %s)", x.Reason, x.AskedBy, p.ID), b.rules.env(f, b.now))
		if err != nil {
			return err
		}
		x.State, x.ApprovedBy, x.ApprovedAt = store.ExceptionActive, p.ID, b.now
		if err := store.SaveException(ctx, b.tx, x); err != nil {
			return err
		}
		return b.note(b.take(f), p.ID, moves, wants)
	})
	return x, err
}

// RefuseException turns down a wish: nothing of it comes into force. Whoever may
// approve may refuse.
func (w *Work) RefuseException(ctx context.Context, p Person, exceptionID, why string) (store.Exception, error) {
	x, err := store.LoadException(ctx, w.DB.View(), exceptionID)
	if err != nil {
		return x, err
	}
	err = w.change(ctx, []int64{x.CaseID}, func(b *batch, f *casefile.File) error {
		if err := b.once(ctx, p); err != nil {
			return err
		}
		if x, err = store.LoadException(ctx, b.tx, exceptionID); err != nil {
			return err
		}
		switch {
		case x.State != store.ExceptionAsked:
			return &casefile.RefusedError{Why: fmt.Sprintf("exception %s is %s", x.ID, x.State)}
		case !p.Approver:
			return &casefile.RefusedError{Why: p.ID + " has not the role of an approver"}
		}
		x.State, x.EndedAt = store.ExceptionRefused, b.now
		if err := store.SaveException(ctx, b.tx, x); err != nil {
			return err
		}
		return b.note(b.take(f), p.ID, []casefile.Move{{What: "exception refused", Why: why, Data: x}}, casefile.Wants{Updated: true, Tell: true})
	})
	return x, err
}

// RevokeException ends an exception, or takes the wish for one back.
func (w *Work) RevokeException(ctx context.Context, p Person, exceptionID, why string) (store.Exception, error) {
	x, err := store.LoadException(ctx, w.DB.View(), exceptionID)
	if err != nil {
		return x, err
	}
	err = w.change(ctx, []int64{x.CaseID}, func(b *batch, f *casefile.File) error {
		if err := b.once(ctx, p); err != nil {
			return err
		}
		if x, err = store.LoadException(ctx, b.tx, exceptionID); err != nil {
			return err
		}
		if x.State != store.ExceptionAsked && x.State != store.ExceptionActive {
			return &casefile.RefusedError{Why: fmt.Sprintf("exception %s is %s", x.ID, x.State)}
		}
		moves, wants := []casefile.Move{{What: "exception withdrawn", Why: why}}, casefile.Wants{Updated: true, Tell: true}
		if x.State == store.ExceptionActive && f.State == casefile.Accepted {
			if moves, wants, err = f.EndException("revoked by "+p.ID+": "+why, b.rules.env(f, b.now)); err != nil {
				return err
			}
		}
		x.State, x.EndedAt = store.ExceptionRevoked, b.now
		if err := store.SaveException(ctx, b.tx, x); err != nil {
			return err
		}
		return b.note(b.take(f), p.ID, moves, wants)
	})
	return x, err
}

// newID makes the id of a fix or an exception: a letter and 10 hexadecimal digits.
func (w *Work) newID(kind string) (string, error) {
	var b [5]byte
	if _, err := io.ReadFull(w.Rand, b[:]); err != nil {
		return "", fmt.Errorf("making an id: %w", err)
	}
	return kind + hex.EncodeToString(b[:]), nil
}

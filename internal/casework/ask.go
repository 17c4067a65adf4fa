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

// newID makes the id of a fix or an exception: a letter and 10 hexadecimal digits.
func (w *Work) newID(kind string) (string, error) {
	var b [5]byte
	if _, err := io.ReadFull(w.Rand, b[:]); err != nil {
		return "", fmt.Errorf("making an id: %w", err)
	}
	return kind + hex.EncodeToString(b[:]), nil
}

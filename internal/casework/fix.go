package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// FixLease is how long a resource is held for a fix without a sign of life.
const FixLease = 10 * time.Minute

// NotNowError says that a fix may not start yet, and when to ask again.
type NotNowError struct {
	Until time.Time
	Why   string
}

func (e *NotNowError) Error() string { return e.Why }

// Planned records a plan for the open cases of a resource. A live fix of the
// same resource with the same plan stays as it is; one with another plan, not
// yet started, is replaced. It returns the fix that now stands.
func (w *Work) Planned(ctx context.Context, f store.Fix) (store.Fix, error) {
	if f.ID == "" {
		id, err := w.newID("f")
		if err != nil {
			return f, err
		}
		f.ID = id
	}
	kept := false
	err := w.DB.Update(ctx, func(tx *store.Tx) error {
		b := w.newBatch(tx, "zesei")
		former, err := store.Fixes(ctx, tx, f.Resource, "", 50)
		if err != nil {
			return err
		}
		for _, old := range former {
			switch {
			case !old.Live() || old.Remedy != f.Remedy:
			case old.State == store.FixApplying || old.State == store.FixVerifying || old.State == store.FixHeld:
				f, kept = old, true
				return nil
			case old.PlanHash == f.PlanHash && old.Mode == f.Mode && old.State == f.State && b.now.Before(old.ExpiresAt):
				f, kept = old, true
				return nil
			default:
				old.State, old.EndedAt, old.Why = store.FixExpired, b.now, "replaced by "+f.ID
				if err := store.SaveFix(ctx, tx, &old); err != nil {
					return err
				}
			}
		}
		f.CreatedAt = b.now
		if f.ApplyAfter.IsZero() {
			f.ApplyAfter = b.now
		}
		if err := store.SaveFix(ctx, tx, &f); err != nil {
			return err
		}
		if f.State == store.FixReady {
			b.ask(JobApply, f.ID, f.ApplyAfter)
		}
		if err := b.fixNote(ctx, &f, "zesei", "fix "+f.State, f.Why, map[string]string{"fix": f.ID, "plan": f.PlanHash, "mode": f.Mode}, true); err != nil {
			return err
		}
		return b.write(ctx)
	})
	if err != nil {
		return f, fmt.Errorf("recording the plan for %s: %w", f.Resource, err)
	}
	if !kept {
		w.committed()
	}
	return f, nil
}

// fixNote writes an audit row into each case of a fix.
func (b *batch) fixNote(ctx context.Context, f *store.Fix, actor, what, why string, data any, tell bool) error {
	cases, err := store.CasesByID(ctx, b.tx, f.Cases)
	if err != nil {
		return err
	}
	for _, c := range cases {
		if err := b.note(b.take(c), actor, []casefile.Move{{What: what, Why: why, Data: data}}, casefile.Wants{Updated: true, Tell: tell}); err != nil {
			return err
		}
	}
	return nil
}

// ApproveFix approves exactly one plan, by its hash. A request and its approval
// by the same person are possible: the plan was made by zesei, not by a person;
// an undo that opens a hole again needs an approver of its own.
func (w *Work) ApproveFix(ctx context.Context, p Person, fixID, planHash string) (store.Fix, error) {
	return w.onFix(ctx, fixID, func(b *batch, f *store.Fix) error {
		if err := b.once(ctx, p); err != nil {
			return err
		}
		switch {
		case f.State != store.FixWaiting && f.State != store.FixSuggested:
			return &casefile.RefusedError{Why: fmt.Sprintf("fix %s is %s", f.ID, f.State)}
		case !p.Approver:
			return &casefile.RefusedError{Why: p.ID + " has not the role of an approver"}
		case planHash != "" && planHash != f.PlanHash:
			return &casefile.RefusedError{Why: fmt.Sprintf("fix %s has another plan now: look at it again (%s)", f.ID, f.PlanHash)}
		case !b.now.Before(f.ExpiresAt):
			return &casefile.RefusedError{Why: fmt.Sprintf("the plan of fix %s has expired: plan again", f.ID)}
		}
		f.State, f.ApprovedBy, f.ApprovedAt = store.FixReady, p.ID, b.now
		b.ask(JobApply, f.ID, f.ApplyAfter)
		return b.fixNote(ctx, f, p.ID, "fix approved", "plan "+f.PlanHash, map[string]string{"fix": f.ID, "plan": f.PlanHash}, true)
	})
}

// StartFix takes the resource and the limits for a fix that is ready, in one
// transaction. Errors: *NotNowError where the resource is held or a limit is
// reached, *casefile.RefusedError where the fix is not ready any more.
func (w *Work) StartFix(ctx context.Context, fixID string) (store.Fix, error) {
	return w.onFix(ctx, fixID, func(b *batch, f *store.Fix) error {
		resume := f.State == store.FixApplying
		switch {
		case resume:
		case f.State != store.FixReady:
			return &casefile.RefusedError{Why: fmt.Sprintf("fix %s is %s", f.ID, f.State)}
		case b.now.Before(f.ApplyAfter):
			return &NotNowError{f.ApplyAfter, "the policy waits before it applies"}
		case !b.now.Before(f.ExpiresAt):
			f.State, f.EndedAt, f.Why = store.FixExpired, b.now, "it was not applied in time"
			return b.fixNote(ctx, f, "zesei", "fix expired", f.Why, map[string]string{"fix": f.ID}, true)
		}
		if !resume || untouched(f) {
			if over, err := b.overtaken(ctx, f); err != nil {
				return err
			} else if over {
				return store.Release(ctx, b.tx, f.Resource, f.ID)
			}
		}
		ok, err := store.Lease(ctx, b.tx, f.Resource, f.ID, b.now, b.now.Add(FixLease))
		if err != nil {
			return err
		}
		if !ok {
			return &NotNowError{b.now.Add(5 * time.Second), "another fix holds the resource"}
		}
		if resume {
			return nil
		}
		if err := b.withinLimits(ctx, f.Account); err != nil {
			return err
		}
		f.State, f.AppliedAt = store.FixApplying, b.now
		return b.fixNote(ctx, f, "zesei", "fix started", "", map[string]string{"fix": f.ID}, false)
	})
}

// untouched says that no step of a fix was so much as intended: it was begun, and
// came no further.
func untouched(f *store.Fix) bool { return len(f.Log) == 0 || string(f.Log) == "[]" }

// overtaken ends a fix that has done nothing yet and one of whose cases is not open any
// more: its risk was accepted, it was suppressed, or it is mended. What is still
// open is planned again.
func (b *batch) overtaken(ctx context.Context, f *store.Fix) (bool, error) {
	cases, err := store.CasesByID(ctx, b.tx, f.Cases)
	if err != nil {
		return false, err
	}
	for _, c := range cases {
		if c.State == casefile.Open {
			continue
		}
		f.State, f.EndedAt = store.FixExpired, b.now
		f.Why = fmt.Sprintf("case %s is %s now", store.ShortKey(c.Key), c.State)
		b.ask(JobPlan, TargetOf(c).String(), time.Time{})
		return true, b.fixNote(ctx, f, "zesei", "fix expired", f.Why, map[string]string{"fix": f.ID}, true)
	}
	return false, nil
}

func (b *batch) withinLimits(ctx context.Context, account string) error {
	for _, l := range []struct {
		Limit
		of string
	}{{b.rules.Limits.All, "all accounts"}, {b.rules.Limits.PerAccount, "account " + account}} {
		if l.N <= 0 {
			continue
		}
		all, in, err := store.AppliedSince(ctx, b.tx, account, b.now.Add(-l.Per))
		if err != nil {
			return err
		}
		n := all
		if l.of != "all accounts" {
			n = in
		}
		if n >= l.N {
			return &NotNowError{b.now.Add(max(l.Per/20, time.Second)), fmt.Sprintf("the limit of %d fixes in %s for %s is reached", l.N, l.Per, l.of)}
		}
	}
	return nil
}

// LogFix keeps the log of a running fix: each step intended, sent and done.
func (w *Work) LogFix(ctx context.Context, fixID string, log json.RawMessage) error {
	_, err := w.onFix(ctx, fixID, func(b *batch, f *store.Fix) error {
		f.Log = log
		_, err := store.Lease(ctx, b.tx, f.Resource, f.ID, b.now, b.now.Add(FixLease))
		return err
	})
	return err
}

// FixTo moves a fix on and tells the cases why. Where the state is an end, the
// resource is given back. verdicts, if any, are applied to the resource's cases
// in the same transaction, so that a case closes with the proof of its fix.
func (w *Work) FixTo(ctx context.Context, fixID, state, why string, log json.RawMessage, verdicts []Verdict) (store.Fix, error) {
	return w.onFix(ctx, fixID, func(b *batch, f *store.Fix) error {
		f.State, f.Why = state, why
		if log != nil {
			f.Log = log
		}
		switch state {
		case store.FixVerifying:
			b.ask(JobVerify, f.ID, b.now)
		case store.FixVerified, store.FixFailed, store.FixRefused, store.FixUndone, store.FixExpired:
			f.EndedAt = b.now
			fallthrough
		case store.FixHeld:
			if err := store.Release(ctx, b.tx, f.Resource, f.ID); err != nil {
				return err
			}
		}
		if err := b.fixNote(ctx, f, "zesei", "fix "+state, why, map[string]string{"fix": f.ID}, true); err != nil {
			return err
		}
		return b.verdicts(ctx, f, verdicts)
	})
}

// verdicts applies what verification saw to the cases of the fixed resource.
func (b *batch) verdicts(ctx context.Context, f *store.Fix, verdicts []Verdict) error {
	if len(verdicts) == 0 {
		return nil
	}
	known := map[finding.Key]*casefile.File{}
	for o := range b.byCase {
		known[o.Key] = o
	}
	files, err := store.AllCasesOfResource(ctx, b.tx, f.Account, f.Resource)
	if err != nil {
		return err
	}
	for _, c := range files {
		if have, ok := known[c.Key]; ok {
			c = have
		}
		for _, v := range verdicts {
			if v.Control != c.Key.Control {
				continue
			}
			o := b.take(c)
			v.By = "fix " + f.ID
			if v.At.IsZero() {
				v.At = b.now
			}
			moves, wants, _ := c.Check(v.Verdict, b.rules.env(c, b.now))
			if slices.Contains(f.Cases, c.ID) {
				wants.Fix = false // the fix that has just run answers for it
			}
			if err := b.note(o, "zesei", moves, wants); err != nil {
				return err
			}
		}
	}
	return nil
}

// StartUndo takes the resource for undoing a fix that has been applied.
func (w *Work) StartUndo(ctx context.Context, p Person, fixID, why string) (store.Fix, error) {
	return w.onFix(ctx, fixID, func(b *batch, f *store.Fix) error {
		switch {
		case f.State != store.FixVerified && f.State != store.FixHeld:
			return &casefile.RefusedError{Why: fmt.Sprintf("fix %s is %s: only a fix that was applied can be undone", f.ID, f.State)}
		case !p.Approver:
			return &casefile.RefusedError{Why: p.ID + " has not the role of an approver: undoing opens again what the fix closed"}
		}
		ok, err := store.Lease(ctx, b.tx, f.Resource, f.ID, b.now, b.now.Add(FixLease))
		if err != nil {
			return err
		}
		if !ok {
			return &NotNowError{b.now.Add(5 * time.Second), "another fix holds the resource"}
		}
		return b.fixNote(ctx, f, p.ID, "undo started", why, map[string]string{"fix": f.ID}, false)
	})
}

// SawActor notes who is behind cases that name nobody yet.
func (w *Work) SawActor(ctx context.Context, ids []int64, a *finding.Actor) error {
	return w.change(ctx, ids, func(b *batch, f *casefile.File) error {
		if f.Life.Actor != nil {
			return nil
		}
		o := b.take(f)
		f.Life.Actor = a
		return b.note(o, "zesei", []casefile.Move{{What: "traced", Why: "CloudTrail: " + a.Event + " by " + a.Principal, Data: a}}, casefile.Wants{Updated: true, Tell: true})
	})
}

// Undone records that a fix was taken back by an approver: its cases are open
// again and drop to mode approve until a person lifts it.
func (w *Work) Undone(ctx context.Context, p Person, fixID, why string, log json.RawMessage) (store.Fix, error) {
	return w.onFix(ctx, fixID, func(b *batch, f *store.Fix) error {
		f.State, f.Why, f.EndedAt, f.Log = store.FixUndone, why, b.now, log
		if err := store.Release(ctx, b.tx, f.Resource, f.ID); err != nil {
			return err
		}
		cases, err := store.CasesByID(ctx, b.tx, f.Cases)
		if err != nil {
			return err
		}
		for _, c := range cases {
			o := b.take(c)
			c.Life.ApproveOnly = true
			if err := b.note(o, p.ID, []casefile.Move{{What: "fix undone", Why: why, Data: map[string]string{"fix": f.ID}}}, casefile.Wants{Updated: true, Tell: true}); err != nil {
				return err
			}
			if c.State != casefile.Closed {
				continue
			}
			moves, wants, err := c.ReopenByPerson("fix "+f.ID+" was undone: "+why, b.rules.env(c, b.now))
			if err != nil {
				return err
			}
			wants.Fix = false
			if err := b.note(o, p.ID, moves, wants); err != nil {
				return err
			}
		}
		return nil
	})
}

// onFix changes one fix and what follows from it in one transaction.
func (w *Work) onFix(ctx context.Context, id string, do func(*batch, *store.Fix) error) (store.Fix, error) {
	var f store.Fix
	err := w.DB.Update(ctx, func(tx *store.Tx) error {
		b := w.newBatch(tx, "zesei")
		var err error
		if f, err = store.LoadFix(ctx, tx, id); err != nil {
			return err
		}
		if err := do(b, &f); err != nil {
			return err
		}
		if err := store.SaveFix(ctx, tx, &f); err != nil {
			return err
		}
		return b.write(ctx)
	})
	if err == nil {
		w.committed()
	}
	return f, err
}

// Told keeps what a channel has delivered of a message. When people have been
// told for the first time, Security Hub is told NOTIFIED.
func (w *Work) Told(ctx context.Context, messageID int64, told json.RawMessage, delivered bool) error {
	err := w.DB.Update(ctx, func(tx *store.Tx) error {
		b := w.newBatch(tx, "zesei")
		at := time.Time{}
		if delivered {
			at = b.now
		}
		if err := store.SaveTold(ctx, tx, messageID, told, at); err != nil {
			return err
		}
		if !delivered {
			return nil
		}
		row, err := store.LoadMessage(ctx, tx, messageID)
		if err != nil {
			return err
		}
		summary := row.Kind == store.MessageDigest && b.rules.ThenSuppress
		if b.rules.Hub == nil && !summary {
			return nil
		}
		ids, err := store.MessageCaseIDs(ctx, tx, messageID)
		if err != nil {
			return err
		}
		cases, err := store.CasesByID(ctx, tx, ids)
		if err != nil {
			return err
		}
		for _, c := range cases {
			if err := b.notified(ctx, c); err != nil {
				return err
			}
			if !summary {
				continue
			}
			o := b.take(c)
			if moves, wants := c.ToldInSummary(b.rules.env(c, b.now)); len(moves) > 0 {
				if err := b.note(o, "zesei", moves, wants); err != nil {
					return err
				}
			}
		}
		return b.write(ctx)
	})
	if err != nil {
		return fmt.Errorf("keeping what was told in message %d: %w", messageID, err)
	}
	w.committed()
	return nil
}

// notified asks Security Hub to show the findings of a tracked case as NOTIFIED.
func (b *batch) notified(ctx context.Context, c *casefile.File) error {
	if b.rules.Hub == nil || c.State != casefile.Open || c.Terms.Response != "track" {
		return nil
	}
	for h, s := range c.Sources {
		if !s.Source.IsSecurityHub() || !s.Speaks() || s.Workflow == finding.Notified {
			continue
		}
		account, region, ok := b.rules.Hub(s.Account, s.Region)
		if !ok {
			continue
		}
		u := store.HubUpdate{Hash: h, Product: s.Source.ProductARN, FindingID: s.Source.ID, Account: account, Region: region,
			Workflow: string(finding.Notified), Note: "zesei: told " + c.Terms.Owner}
		if err := store.WantHub(ctx, b.tx, u, false, b.now); err != nil {
			return err
		}
		b.ask(JobHub, account+"|"+region, b.now)
	}
	return nil
}

package controlstate

import (
	"context"
	"encoding/json"

	"zesei/internal/store"
)

// rows are the records of a plan's changes.
func (p *Plan) rows() ([]store.ControlChange, error) {
	rows := make([]store.ControlChange, len(p.Changes))
	for i, c := range p.Changes {
		prior, err := json.Marshal(c.Prior)
		if err != nil {
			return nil, err
		}
		rows[i] = store.ControlChange{N: i, Account: c.Account, Region: c.Region, Standard: c.Standard, Control: c.Control,
			Prior: prior, To: c.To(), Reason: c.Reason, Rule: c.Rule, State: store.ChangePlanned}
	}
	return rows, nil
}

// begin records a run before anything of it is done.
func (a *Applier) begin(ctx context.Context, plan, actor string, rows []store.ControlChange) (store.ControlRun, error) {
	run := store.ControlRun{At: a.Now().UTC(), Actor: actor, Plan: plan}
	return run, a.DB.Update(ctx, func(tx *store.Tx) error { return store.AddControlRun(ctx, tx, &run, rows) })
}

// idle says that a run would change nothing and close no record of an earlier
// one: it needs no record of its own.
func (a *Applier) idle(ctx context.Context, rows []store.ControlChange, enabled func(Item) (bool, bool)) (bool, error) {
	if len(rows) > 0 {
		return false, nil
	}
	open, err := store.OpenControlChanges(ctx, a.DB.View(), "")
	for _, c := range open {
		if _, looked := enabled(Item{c.Account, c.Region, c.Standard, c.Control}); looked {
			return false, err
		}
	}
	return err == nil, err
}

// settle closes the records of earlier runs that were cut off, as far as this
// plan has looked at what they are about: enabled says how an item stands. What
// was not looked at stays open.
func (a *Applier) settle(ctx context.Context, run string, again map[Item]bool, enabled func(Item) (bool, bool)) (int, error) {
	open, err := store.OpenControlChanges(ctx, a.DB.View(), run)
	if err != nil || len(open) == 0 {
		return 0, err
	}
	made := 0
	return made, a.DB.Update(ctx, func(tx *store.Tx) error {
		for _, c := range open {
			it := Item{c.Account, c.Region, c.Standard, c.Control}
			on, looked := enabled(it)
			if !looked {
				continue
			}
			state, why := store.ChangeFailed, "the run was cut off; run "+run+" asks for it again"
			switch {
			case again[it]:
			case c.State == store.ChangeSent && on == (c.To == Enabled):
				state, why = store.ChangeDone, "found done by run "+run
				made++
			default:
				why = "the run was cut off; it was not made, and is not wanted any more"
			}
			if err := store.SetControlChange(ctx, tx, c.Run, []int{c.N}, state, why, a.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *Applier) end(ctx context.Context, run string, s *Summary) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return a.DB.Update(ctx, func(tx *store.Tx) error { return store.EndControlRun(ctx, tx, run, string(b), a.Now()) })
}

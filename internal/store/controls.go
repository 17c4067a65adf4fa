package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// States of a change of a control.
const (
	ChangePlanned = "planned"
	ChangeSent    = "sent" // intended: it may have been made
	ChangeDone    = "done"
	ChangeFailed  = "failed"
)

// ControlRun is one application of a plan for controls.
type ControlRun struct {
	ID      string    `json:"id"` // set by AddControlRun
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Plan    string    `json:"plan"` // hash
	EndedAt time.Time `json:"ended_at,omitzero"`
	// Summary is null where the run is under way or was cut off.
	Summary json.RawMessage `json:"summary"`
}

// ControlChange is one change of a run.
type ControlChange struct {
	Run      string          `json:"-"`
	N        int             `json:"n"` // place in the plan
	Account  string          `json:"account"`
	Region   string          `json:"region"`
	Standard string          `json:"standard"`
	Control  string          `json:"control"`
	Prior    json.RawMessage `json:"prior"`
	To       string          `json:"to"` // enabled, disabled
	Reason   string          `json:"reason,omitempty"`
	Rule     string          `json:"rule"`
	State    string          `json:"state"`
	Why      string          `json:"why,omitempty"`
	At       time.Time       `json:"at,omitzero"`
}

// AddControlRun records a plan before anything of it is done, and gives it an id:
// c and a number that grows.
func AddControlRun(ctx context.Context, tx *Tx, r *ControlRun, changes []ControlChange) error {
	var n int64
	if err := tx.QueryRowContext(ctx, `SELECT count(*) + 1 FROM control_runs`).Scan(&n); err != nil {
		return fmt.Errorf("recording a plan for controls: %w", err)
	}
	r.ID = fmt.Sprintf("c%06d", n)
	if _, err := tx.Exec(ctx, `INSERT INTO control_runs (id, at, actor, plan, summary) VALUES ($1,$2,$3,$4,'')`, r.ID, r.At.UnixMilli(), r.Actor, r.Plan); err != nil {
		return fmt.Errorf("recording a plan for controls: %w", err)
	}
	for _, c := range changes {
		if _, err := tx.Exec(ctx, `INSERT INTO control_changes (run, n, account, region, standard, control, prior, wanted, reason, rule, state, why) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,'')`,
			r.ID, c.N, c.Account, c.Region, c.Standard, c.Control, string(c.Prior), c.To, c.Reason, c.Rule, c.State); err != nil {
			return fmt.Errorf("recording a plan for controls: %w", err)
		}
	}
	return nil
}

// SetControlChange moves changes of a run on.
func SetControlChange(ctx context.Context, tx *Tx, run string, n []int, state, why string, at time.Time) error {
	list, err := json.Marshal(n)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE control_changes SET state = $3, why = $4, at = $5 WHERE run = $1 AND n IN (SELECT value FROM json_each($2))`, run, string(list), state, why, at.UnixMilli()); err != nil {
		return fmt.Errorf("recording the changes of run %s: %w", run, err)
	}
	return nil
}

// EndControlRun records what came of a run.
func EndControlRun(ctx context.Context, tx *Tx, run, summary string, at time.Time) error {
	if _, err := tx.Exec(ctx, `UPDATE control_runs SET ended_at = $2, summary = $3 WHERE id = $1`, run, at.UnixMilli(), summary); err != nil {
		return fmt.Errorf("recording the end of run %s: %w", run, err)
	}
	return nil
}

const changeColumns = `run, n, account, region, standard, control, prior, wanted, reason, rule, state, why, at`

func controlChanges(ctx context.Context, q Querier, where string, args ...any) ([]ControlChange, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+changeColumns+` FROM control_changes WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading changes of controls: %w", err)
	}
	defer rows.Close()
	var out []ControlChange
	for rows.Next() {
		var c ControlChange
		var prior string
		var at sql.NullInt64
		if err := rows.Scan(&c.Run, &c.N, &c.Account, &c.Region, &c.Standard, &c.Control, &prior, &c.To, &c.Reason, &c.Rule, &c.State, &c.Why, &at); err != nil {
			return nil, fmt.Errorf("reading changes of controls: %w", err)
		}
		c.Prior, c.At = json.RawMessage(prior), Time(at)
		out = append(out, c)
	}
	return out, rows.Err()
}

// OpenControlChanges lists changes of other runs whose end is not recorded.
func OpenControlChanges(ctx context.Context, q Querier, notRun string) ([]ControlChange, error) {
	return controlChanges(ctx, q, `state IN ('planned', 'sent') AND run <> $1 ORDER BY run, n`, notRun)
}

// ControlChangesOf lists the changes of one run in the order of its plan.
func ControlChangesOf(ctx context.Context, q Querier, run string) ([]ControlChange, error) {
	return controlChanges(ctx, q, `run = $1 ORDER BY n`, run)
}

// DisabledByUs lists the items whose last change that was made by zesei disabled
// them.
func DisabledByUs(ctx context.Context, q Querier) ([]ControlChange, error) {
	return controlChanges(ctx, q, `(account, region, standard, control, at) IN (SELECT account, region, standard, control, max(at)
		FROM control_changes WHERE state = 'done' GROUP BY account, region, standard, control) AND state = 'done' AND wanted = 'disabled'`)
}

// ControlRuns lists runs, newest first.
func ControlRuns(ctx context.Context, q Querier, limit int) ([]ControlRun, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, at, actor, plan, ended_at, summary FROM control_runs ORDER BY at DESC, id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("listing changes of controls: %w", err)
	}
	defer rows.Close()
	var out []ControlRun
	for rows.Next() {
		var r ControlRun
		var at int64
		var ended sql.NullInt64
		var summary string
		if err := rows.Scan(&r.ID, &at, &r.Actor, &r.Plan, &ended, &summary); err != nil {
			return nil, fmt.Errorf("listing changes of controls: %w", err)
		}
		r.At, r.EndedAt = ms(at), Time(ended)
		if summary != "" {
			r.Summary = json.RawMessage(summary)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

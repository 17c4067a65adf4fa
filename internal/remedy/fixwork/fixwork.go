// Package fixwork carries fixes through their life as jobs: it plans for the open
// cases of a resource, applies what the policy or a person has allowed, verifies
// by reading again, and undoes on a person's word.
//
// What a plan is and how it is carried out safely is package remedy's; what a fix
// means for its cases is casework's. This package only leads one into the other,
// and records each step before and after it happens.
package fixwork

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/policy"
	"zesei/internal/recheck"
	"zesei/internal/remedy"
	"zesei/internal/remedy/traffic"
	"zesei/internal/store"
)

// ApprovalLasts is how long a plan waits for its approval before it must be made
// anew from the resource as it is then.
const ApprovalLasts = 7 * 24 * time.Hour

// applyWithin is how long after its time an allowed fix may still start.
const applyWithin = 24 * time.Hour

// tries is how often a fix that a fault stopped is carried on by itself.
const tries = 6

// Fixes works the jobs of fixes.
type Fixes struct {
	DB      *store.DB
	Work    *casework.Work
	Engine  *remedy.Engine
	Recheck *recheck.Recheck
	// Params are the parameters of controls that have any; nil: the defaults.
	Params map[string]traffic.Params
	Now    func() time.Time
	Log    *slog.Logger
}

// Log is what is recorded of a fix while it runs.
type Log struct {
	Steps   []remedy.StepRecord `json:"steps,omitempty"`
	Calls   []Call              `json:"calls,omitempty"` // every call as it was sent
	Undo    []remedy.StepRecord `json:"undo,omitempty"`
	Repair  []remedy.StepRecord `json:"repair,omitempty"`
	Outcome *remedy.Outcome     `json:"outcome,omitempty"`
	Verdict *Verdict            `json:"verdict,omitempty"`
	After   json.RawMessage     `json:"after,omitempty"` // the resource as verification read it
}

// Call is one call as it was intended.
type Call struct {
	At   time.Time   `json:"at"`
	Run  string      `json:"run"` // apply, undo, repair
	Step int         `json:"step"`
	Call remedy.Step `json:"call"`
}

// Verdict is what verification came to.
type Verdict struct {
	State    remedy.VerdictState        `json:"state"`
	Why      string                     `json:"why,omitempty"`
	Controls map[string]control.Verdict `json:"controls,omitempty"`
	Reads    int                        `json:"reads"`
	At       time.Time                  `json:"at"`
}

// ApplyJob applies a fix that is ready.
func (x *Fixes) ApplyJob(ctx context.Context, j job.Job) error {
	f, err := x.Work.StartFix(ctx, j.Subject)
	var notNow *casework.NotNowError
	var refused *casefile.RefusedError
	switch {
	case errors.As(err, &notNow):
		return job.Later(notNow.Until, notNow.Why)
	case errors.As(err, &refused), err == nil && f.State != store.FixApplying:
		return nil
	case err != nil:
		return err
	}
	p, log, err := read(f)
	if err != nil {
		_, err = x.Work.FixTo(ctx, f.ID, store.FixHeld, err.Error(), nil, nil)
		return err
	}
	out := x.Engine.Apply(ctx, f.ID, p, x.recorder(f.ID, &log, &log.Steps, "apply"))
	log.Outcome = &out
	switch {
	case out.State == remedy.Applied:
		_, err = x.Work.FixTo(ctx, f.ID, store.FixVerifying, "", x.raw(log), nil)
		return err
	case out.Retry() && j.Attempt < tries:
		return fmt.Errorf("applying fix %s: %s: %w", f.ID, out.Why.EN, cmp.Or(out.Err, errors.New("stopped")))
	}
	return x.stopped(ctx, f, p, log, out)
}

// stopped ends a fix that did not come through. What it took away of kept access
// is given back; what is unclear is held for a person.
func (x *Fixes) stopped(ctx context.Context, f store.Fix, p remedy.Plan, log Log, out remedy.Outcome) error {
	why := out.Why.EN
	if out.State == remedy.Gone {
		_, err := x.Work.FixTo(ctx, f.ID, store.FixFailed, why, x.raw(log), x.gone(p))
		return err
	}
	if len(out.Done)+len(out.Unknown) == 0 {
		state := store.FixFailed
		if out.State == remedy.Refused {
			state = store.FixRefused
		}
		_, err := x.Work.FixTo(ctx, f.ID, state, why, x.raw(log), nil)
		return err
	}
	why = fmt.Sprintf("stopped after %d of %d steps: %s", len(out.Done), len(p.Steps), why)
	why += x.repair(ctx, f, p, &log)
	_, err := x.Work.FixTo(ctx, f.ID, store.FixHeld, why, x.raw(log), nil)
	return err
}

func (x *Fixes) gone(p remedy.Plan) []casework.Verdict {
	var out []casework.Verdict
	for _, id := range p.Controls {
		out = append(out, casework.Verdict{Control: id, Verdict: casefile.Verdict{Gone: true, At: x.Now()}})
	}
	return out
}

// repair gives back kept access that the fix took away, and says what it did.
func (x *Fixes) repair(ctx context.Context, f store.Fix, p remedy.Plan, log *Log) string {
	lost, out := x.Engine.Repair(ctx, f.ID, p, log.Steps, x.recorder(f.ID, log, &log.Repair, "repair"))
	switch {
	case out.State != remedy.Applied:
		return "; whether kept access was lost could not be told: " + out.Why.EN
	case len(lost) == 1:
		return "; 1 entry of kept access was given back"
	case len(lost) > 0:
		return fmt.Sprintf("; %d entries of kept access were given back", len(lost))
	}
	return ""
}

// VerifyJob reads the resource again and judges a fix that has been applied.
func (x *Fixes) VerifyJob(ctx context.Context, j job.Job) error {
	f, err := store.LoadFix(ctx, x.DB.View(), j.Subject)
	if err != nil || f.State != store.FixVerifying {
		return err
	}
	p, log, err := read(f)
	if err != nil {
		_, err = x.Work.FixTo(ctx, f.ID, store.FixHeld, err.Error(), nil, nil)
		return err
	}
	cases, err := store.CasesOfResource(ctx, x.DB.View(), f.Resource)
	if err != nil {
		return err
	}
	var open []string
	for _, c := range cases {
		if c.Key.Account == f.Account && c.Key.Region == f.Region && x.Recheck.Checker.Has(c.Key.Control) {
			open = append(open, c.Key.Control)
		}
	}
	traced := make(chan error, 1)
	served := slices.DeleteFunc(cases, func(c *casefile.File) bool { return !slices.Contains(f.Cases, c.ID) })
	go func() { traced <- x.opened(ctx, p, served) }()
	v := x.Engine.Verify(ctx, p, open)
	select {
	case err := <-traced:
		traced <- err
	case <-time.After(traceWait): // it is closed without the name; the name follows
	}
	if err := x.judge(ctx, f, p, log, v); err != nil {
		return err
	}
	return <-traced
}

// traceWait is how long the proof of a fix waits for CloudTrail to say who opened
// the hole.
const traceWait = time.Second

// judge ends a fix as its verification says.
func (x *Fixes) judge(ctx context.Context, f store.Fix, p remedy.Plan, log Log, v remedy.Verdict) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	log.Verdict = &Verdict{State: v.State, Why: v.Why.EN, Controls: v.Controls, Reads: v.Reads, At: v.At}
	if after, err := json.Marshal(v.Resource.Properties); err == nil {
		log.After = after
	}
	verdicts := verdictsOf(v)
	var err error
	switch {
	case v.Gone:
		verdicts = x.gone(p)
		fallthrough
	case v.State == remedy.Passed && len(v.Missing) == 0:
		_, err = x.Work.FixTo(ctx, f.ID, store.FixVerified, "read again: "+passed(p), x.raw(log), verdicts)
	case v.State == remedy.Passed:
		why := fmt.Sprintf("the controls pass, and %d entries that should stand are missing", len(v.Missing))
		if len(v.Missing) == 1 {
			why = "the controls pass, and 1 entry that should stand is missing"
		}
		why += x.repair(ctx, f, p, &log)
		_, err = x.Work.FixTo(ctx, f.ID, store.FixVerified, why, x.raw(log), verdicts)
	case v.State == remedy.Failed:
		why := "verification failed: " + v.Why.EN + x.repair(ctx, f, p, &log)
		_, err = x.Work.FixTo(ctx, f.ID, store.FixHeld, why, x.raw(log), verdicts)
	default:
		_, err = x.Work.FixTo(ctx, f.ID, store.FixHeld, "verification could not tell: "+v.Why.EN, x.raw(log), nil)
	}
	return err
}

func passed(p remedy.Plan) string {
	if len(p.Post.Pass) == 0 {
		return "the resource shows every step"
	}
	return fmt.Sprintf("%v pass", p.Post.Pass)
}

func verdictsOf(v remedy.Verdict) []casework.Verdict {
	var out []casework.Verdict
	for id, one := range v.Controls {
		c := casework.Verdict{Control: id, Verdict: casefile.Verdict{Why: one.In("en"), At: v.At}}
		switch one.Status {
		case control.Passed:
			c.Status = finding.Passed
		case control.Failed:
			c.Status = finding.Failed
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b casework.Verdict) int { return control.Compare(a.Control, b.Control) })
	return out
}

// Undo takes a fix back: permissions, descriptions and tags are restored. It
// opens again what the control forbids, so it needs an approver.
func (x *Fixes) Undo(ctx context.Context, p casework.Person, fixID, why string) (store.Fix, error) {
	f, err := x.Work.StartUndo(ctx, p, fixID, why)
	if err != nil {
		return f, err
	}
	plan, log, err := read(f)
	if err != nil {
		return f, err
	}
	out := x.Engine.Undo(ctx, f.ID, plan, x.recorder(f.ID, &log, &log.Undo, "undo"))
	if out.State != remedy.Applied {
		log.Outcome = &out
		held := fmt.Sprintf("undoing stopped after %d of %d steps: %s", len(out.Done), len(plan.Inverse), out.Why.EN)
		if len(out.Done)+len(out.Unknown) == 0 {
			// Nothing was changed: the fix stands as it stood.
			if _, err := x.Work.FixTo(ctx, f.ID, f.State, f.Why, x.raw(log), nil); err != nil {
				return f, err
			}
			return f, &casefile.RefusedError{Why: "nothing was undone: " + out.Why.EN}
		}
		f, err := x.Work.FixTo(ctx, f.ID, store.FixHeld, held, x.raw(log), nil)
		return f, errors.Join(err, errors.New(held))
	}
	return x.Work.Undone(ctx, p, f.ID, why, x.raw(log))
}

// read takes a fix's plan and log out of its row, and makes sure that the plan is
// the one that was hashed.
func read(f store.Fix) (p remedy.Plan, log Log, err error) {
	if err := json.Unmarshal(f.Plan, &p); err != nil {
		return p, log, fmt.Errorf("reading the plan of fix %s: %w", f.ID, err)
	}
	if p.Hash() != f.PlanHash {
		return p, log, fmt.Errorf("the plan of fix %s is not the one that was recorded: its hash differs", f.ID)
	}
	if len(f.Log) > 0 && f.Log[0] == '{' {
		if err := json.Unmarshal(f.Log, &log); err != nil {
			return p, log, fmt.Errorf("reading the log of fix %s: %w", f.ID, err)
		}
	}
	return p, log, nil
}

func (x *Fixes) raw(log Log) json.RawMessage {
	b, err := json.Marshal(log)
	if err != nil { // every part was JSON before
		x.Log.Error("writing the log of a fix", "error", err)
		return nil
	}
	return b
}

// recorder keeps one run's records in the fix's log.
func (x *Fixes) recorder(fixID string, log *Log, records *[]remedy.StepRecord, run string) remedy.Recorder {
	return &recorder{x: x, fix: fixID, log: log, records: records, run: run}
}

type recorder struct {
	x       *Fixes
	fix     string
	log     *Log
	records *[]remedy.StepRecord
	run     string
}

func (r *recorder) Steps(context.Context) ([]remedy.StepRecord, error) {
	return slices.Clone(*r.records), nil
}

func (r *recorder) Intended(ctx context.Context, i int, s remedy.Step) error {
	r.log.Calls = append(r.log.Calls, Call{At: r.x.Now(), Run: r.run, Step: i, Call: s})
	return r.set(ctx, i, remedy.StepRecord{State: remedy.Intended})
}

func (r *recorder) Done(ctx context.Context, i int, res remedy.Result) error {
	return r.set(ctx, i, remedy.StepRecord{State: remedy.Done, Result: res})
}

func (r *recorder) set(ctx context.Context, i int, s remedy.StepRecord) error {
	for len(*r.records) <= i {
		*r.records = append(*r.records, remedy.StepRecord{})
	}
	(*r.records)[i] = s
	return r.x.Work.LogFix(ctx, r.fix, r.x.raw(*r.log))
}

// modes, from the most to the least.
var modes = []policy.FixMode{policy.FixAuto, policy.FixApprove, policy.FixSuggest}

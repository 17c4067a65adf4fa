package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/policy"
	"zesei/internal/remedy"
	"zesei/internal/store"
)

type fixCmd struct {
	Plan    fixPlanCmd    `cmd:"" help:"Read a resource now and show what would fix its open cases: words, calls, undo."`
	Approve fixApproveCmd `cmd:"" help:"Approve exactly one plan; it is applied by whoever works the store."`
	Apply   fixApplyCmd   `cmd:"" help:"Approve a plan and apply and verify it at once. Exit code 1 when it does not end verified."`
	Undo    fixUndoCmd    `cmd:"" help:"Restore what a fix changed. Its cases open again, and their next fix needs approval."`
	List    fixListCmd    `cmd:"" help:"List fixes, newest first."`
	Show    fixShowCmd    `cmd:"" help:"Show one fix: its plan, what was called, how it ended."`
}

// fixJSON is a fix for machines. Times are RFC 3339, UTC; null where not yet.
type fixJSON struct {
	ID         string          `json:"id"`
	State      string          `json:"state"`
	Mode       string          `json:"mode"`
	Remedy     string          `json:"remedy"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	Resource   string          `json:"resource"`
	Plan       json.RawMessage `json:"plan"`
	PlanHash   string          `json:"plan_hash"`
	Why        string          `json:"why"`
	CreatedAt  time.Time       `json:"created_at"`
	ApplyAfter *time.Time      `json:"apply_after"`
	ExpiresAt  *time.Time      `json:"expires_at"`
	ApprovedBy string          `json:"approved_by,omitempty"`
	ApprovedAt *time.Time      `json:"approved_at"`
	AppliedAt  *time.Time      `json:"applied_at"`
	EndedAt    *time.Time      `json:"ended_at"`
	Log        json.RawMessage `json:"log,omitempty"`
}

func fixToJSON(f store.Fix) fixJSON {
	at := func(t time.Time) *time.Time {
		if t.IsZero() || t.UnixMilli() == 0 {
			return nil
		}
		return &t
	}
	j := fixJSON{
		ID: f.ID, State: f.State, Mode: f.Mode, Remedy: f.Remedy, Account: f.Account, Region: f.Region, Resource: f.Resource,
		Plan: f.Plan, PlanHash: f.PlanHash, Why: f.Why, CreatedAt: f.CreatedAt, ApplyAfter: at(f.ApplyAfter), ExpiresAt: at(f.ExpiresAt),
		ApprovedBy: f.ApprovedBy, ApprovedAt: at(f.ApprovedAt), AppliedAt: at(f.AppliedAt), EndedAt: at(f.EndedAt),
	}
	if json.Valid(f.Log) {
		j.Log = f.Log
	}
	return j
}

func planOf(f store.Fix) (remedy.Plan, error) {
	var p remedy.Plan
	if err := json.Unmarshal(f.Plan, &p); err != nil {
		return p, fmt.Errorf("reading the plan of fix %s: %w", f.ID, err)
	}
	return p, nil
}

type fixPlanCmd struct {
	Target string `arg:"" name:"key|arn" help:"A case's key (or its beginning), or the ARN of a resource."`
}

func (c *fixPlanCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	cases, err := e.casesNamed(a, c.Target)
	if err != nil {
		return err
	}
	fixes, err := e.planFor(a, cases)
	if err != nil {
		return err
	}
	if err := e.follow(a); err != nil {
		return err
	}
	if e.root.JSON {
		out := make([]fixJSON, len(fixes))
		for i, f := range fixes {
			out[i] = fixToJSON(f)
		}
		if err := e.print(out); err != nil {
			return err
		}
	}
	if len(fixes) == 0 {
		return e.noPlan(a, cases)
	}
	if e.root.JSON {
		return nil
	}
	for i, f := range fixes {
		if i > 0 {
			fmt.Fprintln(e.Out)
		}
		if err := e.printFix(a, f); err != nil {
			return err
		}
		if f.State == store.FixSuggested || f.State == store.FixWaiting {
			fmt.Fprintf(e.Err, "zesei: `zesei fix apply %s` applies exactly this plan\n", f.ID)
		}
	}
	return nil
}

// casesNamed finds the case of a key, or the cases of a resource that are not
// closed.
func (e *env) casesNamed(a *app.App, target string) ([]*casefile.File, error) {
	if !strings.HasPrefix(target, "arn:") {
		f, err := e.find(a, target)
		if err != nil {
			return nil, err
		}
		return []*casefile.File{f}, nil
	}
	cases, err := store.CasesOfResource(e.ctx, a.DB.View(), target)
	if err != nil {
		return nil, err
	}
	if len(cases) == 0 {
		return nil, use("no open case is about %s; `zesei case list` shows what is", target)
	}
	return cases, nil
}

// planFor reads the resources of cases and plans for them.
func (e *env) planFor(a *app.App, cases []*casefile.File) ([]store.Fix, error) {
	var targets []casework.Target
	for _, f := range cases {
		switch {
		case f.State != casefile.Open && len(cases) == 1:
			return nil, &casefile.RefusedError{Why: fmt.Sprintf("case %s is %s: there is nothing to fix", store.ShortKey(f.Key), stateWords(f))}
		case f.Key.Kind != finding.State && len(cases) == 1:
			return nil, &casefile.RefusedError{Why: fmt.Sprintf("case %s is a happening, not a state of a resource: nothing can be planned for it", store.ShortKey(f.Key))}
		}
		if t := casework.TargetOf(f); f.Key.Kind == finding.State && !slices.Contains(targets, t) {
			targets = append(targets, t)
		}
	}
	var all []store.Fix
	for _, t := range targets {
		fixes, err := a.Fixes.Plan(e.ctx, t, policy.FixSuggest)
		all = append(all, fixes...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// noPlan says why nothing was planned.
func (e *env) noPlan(a *app.App, cases []*casefile.File) error {
	ids := make([]int64, len(cases))
	for i, f := range cases {
		ids[i] = f.ID
	}
	now, err := store.CasesByID(e.ctx, a.DB.View(), ids)
	if err != nil {
		return err
	}
	open := false
	for _, f := range now {
		switch {
		case f.State == casefile.Closed:
			fmt.Fprintf(e.Err, "zesei: case %s %s: read just now, it is %s\n", store.ShortKey(f.Key), f.Key.Control, stateWords(f))
			continue
		case remedy.For(f.Key.Control) == "":
			fmt.Fprintf(e.Err, "zesei: case %s: no remedy is known for %s; guidance: %s\n", store.ShortKey(f.Key), f.Key.Control, dash(printable(f.Life.Remediation)))
		case f.State != casefile.Open:
			fmt.Fprintf(e.Err, "zesei: case %s %s is %s\n", store.ShortKey(f.Key), f.Key.Control, stateWords(f))
		default:
			fmt.Fprintf(e.Err, "zesei: case %s %s: nothing was planned: our check of the resource did not say that it fails\n", store.ShortKey(f.Key), f.Key.Control)
		}
		open = true
	}
	if open {
		return errFound
	}
	return nil
}

// printFix prints a fix with its plan in words and calls.
func (e *env) printFix(a *app.App, f store.Fix) error {
	p, err := planOf(f)
	if err != nil {
		return err
	}
	zone := a.Config.Zone()
	fmt.Fprintf(e.Out, "fix %s: %s (mode %s)", f.ID, f.State, f.Mode)
	if f.Why != "" {
		fmt.Fprintf(e.Out, ": %s", printable(f.Why))
	}
	fmt.Fprintln(e.Out)
	when := func(name string, t time.Time, by string) {
		if !t.IsZero() && t.UnixMilli() != 0 {
			fmt.Fprintf(e.Out, "%s %s%s\n", name, t.In(zone).Format("2006-01-02 15:04:05 MST"), by)
		}
	}
	by := ""
	if f.ApprovedBy != "" {
		by = " by " + f.ApprovedBy
	}
	when("planned ", f.CreatedAt, "")
	when("approved", f.ApprovedAt, printable(by))
	when("applied ", f.AppliedAt, "")
	when("ended   ", f.EndedAt, "")
	if f.State == store.FixRefused && len(p.Steps) == 0 {
		return nil
	}
	fmt.Fprintln(e.Out)
	return printLines(e.Out, p.Text(a.Config.Language))
}

// printLines prints text of several lines without control characters.
func printLines(w io.Writer, text string) error {
	for line := range strings.Lines(text) {
		if _, err := fmt.Fprintln(w, printable(strings.TrimRight(line, "\n"))); err != nil {
			return err
		}
	}
	return nil
}

func noFix(err error, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return use("there is no fix %s; `zesei fix list` shows them", id)
	}
	return err
}

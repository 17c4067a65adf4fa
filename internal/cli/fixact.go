package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/store"
)

type fixApproveCmd struct {
	ID   string `arg:"" help:"The fix's id."`
	Plan string `placeholder:"HASH" help:"The plan's hash (or its beginning), as it was shown: another plan is refused."`
}

func (c *fixApproveCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	f, err := store.LoadFix(e.ctx, a.DB.View(), c.ID)
	if err != nil {
		return noFix(err, c.ID)
	}
	if err := e.approve(a, f, c.Plan); err != nil {
		return err
	}
	if err := e.follow(a); err != nil {
		return err
	}
	return e.fixNow(a, f.ID)
}

// approve approves the plan that a fix shows, after holding it to the hash that
// the person names.
func (e *env) approve(a *app.App, f store.Fix, hash string) error {
	if hash != "" && (len(hash) < 8 || !strings.HasPrefix(f.PlanHash, strings.ToLower(hash))) {
		return &casefile.RefusedError{Why: fmt.Sprintf("fix %s has the plan %s, not %s: look at it again", f.ID, f.PlanHash, hash)}
	}
	_, err := a.Work.ApproveFix(e.ctx, e.person(a), f.ID, f.PlanHash)
	return err
}

type fixApplyCmd struct {
	Target string `arg:"" name:"id|key" help:"The fix's id, or a case's key: then the case's resource is planned for now."`
	Plan   string `placeholder:"HASH" help:"The plan's hash (or its beginning), as it was shown: another plan is refused."`
}

func (c *fixApplyCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	f, err := e.fixNamed(a, c.Target)
	if err != nil {
		return err
	}
	if !e.root.JSON {
		if err := e.printFix(a, f); err != nil {
			return err
		}
		fmt.Fprintln(e.Out)
	}
	if f.State == store.FixSuggested || f.State == store.FixWaiting {
		p, err := planOf(f)
		if err != nil {
			return err
		}
		if len(p.SuggestOnly) > 0 {
			return &casefile.RefusedError{Why: "this plan is only a suggestion: " + p.SuggestOnly[0].In(a.Config.Language)}
		}
		if err := e.approve(a, f, c.Plan); err != nil {
			return err
		}
	}
	if err := e.workFix(a, f.ID); err != nil {
		return err
	}
	if err := e.follow(a); err != nil {
		return err
	}
	return e.fixNow(a, f.ID)
}

// fixNamed is the fix of an id, or a fresh plan for the case of a key.
func (e *env) fixNamed(a *app.App, target string) (store.Fix, error) {
	f, err := store.LoadFix(e.ctx, a.DB.View(), target)
	if !errors.Is(err, store.ErrNotFound) {
		return f, err
	}
	cases, err := e.casesNamed(a, target)
	if err != nil {
		return f, noFix(err, target)
	}
	fixes, err := e.planFor(a, cases)
	if err != nil {
		return f, err
	}
	fixes = slices.DeleteFunc(fixes, func(x store.Fix) bool {
		return !slices.ContainsFunc(cases, func(f *casefile.File) bool { return slices.Contains(x.Cases, f.ID) })
	})
	switch len(fixes) {
	case 0:
		if err := e.noPlan(a, cases); err != nil {
			return f, err
		}
		return f, &casefile.RefusedError{Why: "there is nothing to fix any more"}
	case 1:
		return fixes[0], nil
	}
	var ids []string
	for _, x := range fixes {
		ids = append(ids, x.ID+" ("+x.Remedy+")")
	}
	return f, use("several fixes are planned for it: %s; apply one by its id", strings.Join(ids, ", "))
}

// waitForServe bounds how long a fix that serve works is waited for: verification
// reads for a minute at most.
const waitForServe = 90 * time.Second

// workFix applies and verifies one fix now. Where serve has taken its jobs, it
// waits for how they end.
func (e *env) workFix(a *app.App, id string) error {
	for deadline := time.After(waitForServe); ; {
		err := a.Queue.DrainOnly(e.ctx, 0, func(kind, subject string) bool {
			return subject == id && (kind == casework.JobApply || kind == casework.JobVerify)
		})
		if err != nil {
			return fmt.Errorf("applying fix %s: %w", id, err)
		}
		f, err := store.LoadFix(e.ctx, a.DB.View(), id)
		if err != nil {
			return err
		}
		serving, err := a.Serving(e.ctx)
		if err != nil {
			return err
		}
		if serving == "" || f.State != store.FixReady && f.State != store.FixApplying && f.State != store.FixVerifying || e.Now().Before(f.ApplyAfter) {
			return nil
		}
		select {
		case <-e.ctx.Done():
			return e.ctx.Err()
		case <-deadline:
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// fixNow prints how a fix stands after an act, and its cases. It ends with exit
// code 1 where the fix has not come to a good end.
func (e *env) fixNow(a *app.App, id string) error {
	f, err := store.LoadFix(e.ctx, a.DB.View(), id)
	if err != nil {
		return err
	}
	if e.root.JSON {
		if err := e.print(fixToJSON(f)); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(e.Out, "fix %s: %s", f.ID, f.State)
		if f.Why != "" {
			fmt.Fprintf(e.Out, ": %s", printable(f.Why))
		}
		fmt.Fprintln(e.Out)
		if f.State == store.FixReady && e.Now().Before(f.ApplyAfter) {
			fmt.Fprintf(e.Out, "the policy waits until %s before it is applied\n", f.ApplyAfter.In(a.Config.Zone()).Format("2006-01-02 15:04:05 MST"))
		}
		list, err := casesByID(e, a, f.Cases)
		if err != nil {
			return err
		}
		if err := printCases(e, a, list); err != nil {
			return err
		}
	}
	if f.State != store.FixVerified && f.State != store.FixUndone {
		return errFound
	}
	return nil
}

type fixUndoCmd struct {
	ID  string `arg:"" help:"The fix's id."`
	Why string `required:"" help:"The reason, for the audit chain."`
}

func (c *fixUndoCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	if _, err := a.Fixes.Undo(e.ctx, e.person(a), c.ID, c.Why); err != nil {
		return noFix(err, c.ID)
	}
	if err := e.follow(a); err != nil {
		return err
	}
	return e.fixNow(a, c.ID)
}

package cli

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/config/document"
	"zesei/internal/controlstate"
	"zesei/internal/policy"
	"zesei/internal/store"
)

// controlScope narrows plan, apply and import.
type controlScope struct {
	Account  []string `help:"Account ids or names (default: all known)."`
	Region   []string `help:"Regions (default: those of the accounts)."`
	Standard []string `help:"Standards: fsbp, cis-1.4, … (default: all enabled)."`
}

func (c controlScope) read(e *env, a *app.App) (*controlstate.Live, error) {
	var accounts, standards []string
	for _, s := range c.Account {
		id := a.AccountNamed(s)
		if id == "" {
			return nil, use("--account %s: expected 12 digits or the name of a configured account", s)
		}
		accounts = append(accounts, id)
	}
	for _, s := range c.Standard {
		id, ok := app.StandardNamed(s)
		if !ok {
			return nil, use("--standard %s: expected %s%s", s, document.OneOf(policy.Standards), hint(document.DidYouMean(s, policy.Standards)))
		}
		standards = append(standards, id)
	}
	targets, note, err := a.ControlTargets(e.ctx, accounts, c.Region)
	if err != nil {
		return nil, err
	}
	if note != "" {
		e.showNotes([]string{note})
	}
	if len(targets) == 0 {
		return nil, use("no known account and Region is meant: check accounts: in the configuration, --account and --region")
	}
	return controlstate.Read(e.ctx, a.ControlClients, targets, standards)
}

type controlPlanCmd struct {
	controlScope
	controlCentral
	File string `short:"f" placeholder:"FILE" help:"What is wanted, as rules (default: what the policy's disable says)."`
}

func (c *controlPlanCmd) Run(e *env) error {
	if err := c.alone(c.controlScope); err != nil {
		return err
	}
	if c.Central {
		return c.planCentral(e)
	}
	a, p, err := c.plan(e)
	if err != nil {
		return err
	}
	defer a.Close()
	if e.root.JSON {
		out := struct {
			Hash string `json:"hash"`
			*controlstate.Plan
		}{p.Hash(), p}
		if err := e.print(out); err != nil {
			return err
		}
	} else if err := e.showPlan(a, p); err != nil {
		return err
	}
	switch {
	case p.Items == 0 && len(p.Problems) > 0:
		return &controlstate.UnreadError{Problems: p.Problems}
	case len(p.Problems) > 0:
		return errFound
	}
	return nil
}

func (c *controlPlanCmd) plan(e *env) (*app.App, *controlstate.Plan, error) {
	a, err := e.open(false)
	if err != nil {
		return nil, nil, err
	}
	p, err := func() (*controlstate.Plan, error) {
		want, err := a.ControlsWanted(e.ctx, c.File, nil)
		if err != nil {
			return nil, e.unread(err)
		}
		live, err := c.controlScope.read(e, a)
		if err != nil {
			return nil, err
		}
		p := controlstate.NewPlan(live, want.Of)
		if len(p.Changes) == 0 {
			return p, nil
		}
		governed, why, err := a.GovernedControls(e.ctx)
		if err != nil {
			return nil, err
		}
		if why != "" {
			e.showNotes([]string{why})
		}
		if governed != nil {
			p.Without(governed)
		}
		return p, nil
	}()
	if err != nil {
		a.Close()
		return nil, nil, err
	}
	return a, p, nil
}

func (e *env) showPlan(a *app.App, p *controlstate.Plan) error {
	e.showProblems(p.Problems)
	if p.Items == 0 && len(p.Problems) > 0 {
		return nil // nothing to change is not what is known
	}
	if len(p.Changes) == 0 {
		_, err := fmt.Fprintf(e.Out, "%d controls read, %d not managed: nothing to change\n", p.Items, p.Unchosen)
		return err
	}
	var rows [][]string
	for _, c := range p.Changes {
		account := c.Account
		if name := a.Directory.Account(account).Name; name != "" {
			account = name
		}
		from := controlstate.Disabled
		if c.Prior.Enabled {
			from = controlstate.Enabled
		}
		rows = append(rows, []string{account, c.Region, c.Standard, c.Control, from + " → " + c.To(), dash(c.Reason), c.Rule})
	}
	if err := printTable(e, []string{"ACCOUNT", "REGION", "STANDARD", "CONTROL", "CHANGE", "REASON", "RULE"}, rows, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.Out, "\n%d changes, plan %s; %d controls read, %d not managed\n", len(p.Changes), p.Hash(), p.Items, p.Unchosen)
	return err
}

func (e *env) showProblems(list []controlstate.Problem) {
	for _, g := range controlstate.Group(list) {
		fmt.Fprintf(e.Err, "zesei: %s\n", printable(g.String()))
	}
}

type controlApplyCmd struct {
	controlPlanCmd
	Plan string `placeholder:"HASH" help:"Only exactly the plan that control plan has shown; another one is not applied."`
}

func (c *controlApplyCmd) Run(e *env) error {
	if err := c.alone(c.controlScope); err != nil {
		return err
	}
	if c.Central {
		return c.applyCentral(e)
	}
	a, p, err := c.plan(e)
	if err != nil {
		return err
	}
	defer a.Close()
	person, err := c.may(e, a, p.Hash(), "")
	if err != nil {
		return err
	}
	if p.Items == 0 && len(p.Problems) > 0 {
		unread := &controlstate.UnreadError{Problems: p.Problems}
		if e.root.JSON {
			return errors.Join(e.print(controlstate.Summary{Plan: p.Hash(), Actor: person, Problems: p.Problems}), unread)
		}
		e.showProblems(p.Problems)
		return unread
	}
	s, err := a.ControlApplier().Apply(e.ctx, p, person)
	return e.applied(s, err)
}

// may says who applies a plan; an error where nobody who may, or another plan than
// the one that was looked at.
func (c *controlApplyCmd) may(e *env, a *app.App, hash, flag string) (string, error) {
	person := e.person(a)
	switch {
	case !person.Approver:
		return "", &casefile.RefusedError{Why: person.ID + " has not the role of an approver: controls are switched for whole accounts"}
	case c.Plan != "" && c.Plan != hash:
		return "", &casefile.RefusedError{Why: fmt.Sprintf("the plan is %s by now, not %s: look at it again with `zesei control plan%s`", hash, c.Plan, flag)}
	}
	return person.ID, nil
}

// applied prints what came of a run.
func (e *env) applied(s *controlstate.Summary, err error) error {
	if err != nil {
		return fmt.Errorf("%w; run %s: %d changes done, %d failed, %d left: run it again to go on", err, s.Run, s.Done, s.Failed, s.Left)
	}
	if e.root.JSON {
		err = e.print(s)
	} else {
		e.showProblems(s.Problems)
		e.showNotes(s.Notes)
		if s.Run == "" {
			_, err = fmt.Fprintln(e.Out, "nothing to change: no run was recorded")
		} else {
			_, err = fmt.Fprintf(e.Out, "run %s: %d changes done, %d failed\n", s.Run, s.Done, s.Failed)
		}
	}
	if err == nil && !s.OK() {
		err = errFound
	}
	return err
}

type controlImportCmd struct {
	controlScope
	controlCentral
	Out string `short:"o" placeholder:"FILE" help:"Write to a file (default: standard output)."`
}

func (c *controlImportCmd) Run(e *env) error {
	if err := c.alone(c.controlScope); err != nil {
		return err
	}
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	if c.Central {
		return c.central(e, a)
	}
	live, err := c.controlScope.read(e, a)
	if err != nil {
		return err
	}
	if err := live.Nothing(); err != nil {
		e.showProblems(live.Problems)
		return err
	}
	if err := c.write(e, controlstate.Import(live)); err != nil {
		return err
	}
	e.showProblems(live.Problems)
	if len(live.Problems) > 0 {
		return errFound
	}
	return nil
}

func (c *controlImportCmd) write(e *env, text string) error {
	if c.Out == "" {
		_, err := fmt.Fprint(e.Out, text)
		return err
	}
	if err := os.WriteFile(c.Out, []byte(text), 0o600); err != nil {
		return wrongUse{err}
	}
	return nil
}

type controlLogCmd struct {
	ID    string `arg:"" optional:"" name:"run" help:"A run, to show each of its changes."`
	Limit int    `default:"30" help:"At most so many runs."`
}

func (c *controlLogCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	if c.ID != "" {
		return e.showRun(a, c.ID)
	}
	runs, err := store.ControlRuns(e.ctx, a.DB.View(), c.Limit)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(append([]store.ControlRun{}, runs...))
	}
	var rows [][]string
	for _, r := range runs {
		ended := "-"
		if !r.EndedAt.IsZero() {
			ended = r.EndedAt.In(a.Config.Zone()).Format("2006-01-02 15:04 MST")
		}
		rows = append(rows, []string{r.ID, r.At.In(a.Config.Zone()).Format("2006-01-02 15:04 MST"), ended, r.Actor, r.Plan})
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(e.Out, "no changes")
		return err
	}
	return printTable(e, []string{"RUN", "BEGUN", "ENDED", "ACTOR", "PLAN"}, rows, nil)
}

func (e *env) showRun(a *app.App, run string) error {
	changes, err := store.ControlChangesOf(e.ctx, a.DB.View(), run)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(append([]store.ControlChange{}, changes...))
	}
	if len(changes) == 0 {
		return use("there is no run %s with changes; `zesei control log` shows the runs", run)
	}
	var rows [][]string
	for _, c := range changes {
		rows = append(rows, []string{strconv.Itoa(c.N + 1), c.Account, c.Region, standardOf(c), c.Control, c.To, c.State, dash(c.Reason), dash(c.Why)})
	}
	return printTable(e, []string{"N", "ACCOUNT", "REGION", "STANDARD", "CONTROL", "TO", "STATE", "REASON", "WHY"}, rows, nil)
}

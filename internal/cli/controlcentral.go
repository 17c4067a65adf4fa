package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"zesei/internal/app"
	"zesei/internal/controlstate"
	"zesei/internal/store"
)

// controlCentral switches controls by the configuration policies of Security
// Hub's central configuration, not account by account.
type controlCentral struct {
	Central bool     `help:"By the delegated administrator's configuration policies, for all accounts that they govern."`
	Policy  []string `help:"With --central: only these configuration policies, by name or id."`
}

// alone refuses what cannot be said together.
func (c controlCentral) alone(scope controlScope) error {
	switch {
	case !c.Central && len(c.Policy) > 0:
		return use("--policy names configuration policies: say --central with it")
	case c.Central && len(scope.Account)+len(scope.Region)+len(scope.Standard) > 0:
		return use("a configuration policy switches a control for all its accounts, Regions and standards: --central goes with --policy only, not with --account, --region or --standard")
	}
	return nil
}

// read asks for the policies, and refuses names of none.
func (c controlCentral) read(e *env, a *app.App) (*controlstate.Central, error) {
	centre, err := a.CentralControls(e.ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range centre.Policies {
		names = append(names, p.Name, p.ID)
	}
	for _, s := range c.Policy {
		if len(names) > 0 && !slices.Contains(names, s) {
			return nil, use("--policy %s: there is no such configuration policy; there are %s", s, strings.Join(everySecond(names), ", "))
		}
	}
	return centre, nil
}

// everySecond takes the names, and leaves the ids.
func everySecond(list []string) (out []string) {
	for i := 0; i < len(list); i += 2 {
		out = append(out, list[i])
	}
	return out
}

func (c *controlPlanCmd) central(e *env) (*app.App, *controlstate.CentralPlan, error) {
	a, err := e.open(false)
	if err != nil {
		return nil, nil, err
	}
	p, err := func() (*controlstate.CentralPlan, error) {
		if _, err := a.ControlsWanted(e.ctx, c.File, nil); err != nil { // a mistake in the file needs no cloud
			return nil, e.unread(err)
		}
		centre, err := c.controlCentral.read(e, a)
		if err != nil {
			return nil, err
		}
		want, err := a.ControlsWanted(e.ctx, c.File, centre)
		if err != nil {
			return nil, e.unread(err)
		}
		known := func(account string) bool { return a.Directory.Account(account).Known }
		return controlstate.NewCentralPlan(centre, want, known, c.Policy), nil
	}()
	if err != nil {
		a.Close()
		return nil, nil, err
	}
	return a, p, nil
}

func (c *controlPlanCmd) planCentral(e *env) error {
	a, p, err := c.central(e)
	if err != nil {
		return err
	}
	defer a.Close()
	if e.root.JSON {
		out := struct {
			Hash string `json:"hash"`
			*controlstate.CentralPlan
		}{p.Hash(), p}
		err = e.print(out)
	} else {
		err = e.showCentralPlan(p)
	}
	if err == nil && len(p.Problems) > 0 {
		err = errFound
	}
	return err
}

func (e *env) showCentralPlan(p *controlstate.CentralPlan) error {
	e.showProblems(p.Problems)
	e.showNotes(p.Notes)
	n := p.Count()
	if n == 0 {
		_, err := fmt.Fprintf(e.Out, "%d controls of configuration policies read, %d not managed: nothing to change\n", p.Controls, p.Unchosen)
		return err
	}
	var rows [][]string
	for _, one := range p.Policies {
		for _, c := range one.Changes {
			rows = append(rows, []string{one.Name, howMany(one.Accounts), strings.Join(c.Standards, ","), c.Control, c.From() + " → " + c.To(), dash(c.Reason), c.Rule})
		}
	}
	if err := printTable(e, []string{"POLICY", "ACCOUNTS", "STANDARDS", "CONTROL", "CHANGE", "REASON", "RULE"}, rows, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.Out, "\n%d changes of configuration policies, plan %s; %d controls read, %d not managed\n", n, p.Hash(), p.Controls, p.Unchosen)
	return err
}

// howMany names a single account, and counts more.
func howMany(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return fmt.Sprintf("%d accounts", len(list))
}

func (e *env) showNotes(list []string) {
	for _, s := range list {
		fmt.Fprintf(e.Err, "zesei: %s\n", printable(s))
	}
}

func (c *controlApplyCmd) applyCentral(e *env) error {
	a, p, err := c.central(e)
	if err != nil {
		return err
	}
	defer a.Close()
	person, err := c.may(e, a, p.Hash(), " --central")
	if err != nil {
		return err
	}
	s, err := a.ControlApplier().ApplyCentral(e.ctx, p, person)
	return e.applied(s, err)
}

func (c *controlImportCmd) central(e *env, a *app.App) error {
	centre, err := c.controlCentral.read(e, a)
	if err != nil {
		return err
	}
	centre.Policies = slices.DeleteFunc(centre.Policies, func(p *controlstate.ConfigurationPolicy) bool {
		return len(c.Policy) > 0 && !slices.Contains(c.Policy, p.Name) && !slices.Contains(c.Policy, p.ID)
	})
	if err := c.write(e, controlstate.ImportCentral(centre)); err != nil {
		return err
	}
	e.showProblems(centre.Problems)
	e.showNotes(centre.Notes)
	if len(centre.Problems) > 0 {
		return errFound
	}
	return nil
}

// standardOf is where a change was made: a standard, or a configuration policy by
// the name that it had.
func standardOf(c store.ControlChange) string {
	var prior struct {
		Policy string `json:"policy"`
	}
	if err := json.Unmarshal(c.Prior, &prior); err == nil && prior.Policy != "" {
		return "policy " + prior.Policy
	}
	return c.Standard
}

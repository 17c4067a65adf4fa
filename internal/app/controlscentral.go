package app

import (
	"context"
	"errors"

	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"

	"zesei/internal/controlstate"
)

// CentralControls asks the delegated administrator how its configuration policies
// stand. The error is a *controlstate.NotCentralError where there are none to be
// had.
func (a *App) CentralControls(ctx context.Context) (*controlstate.Central, error) {
	account, region, err := a.centre(ctx)
	if err != nil {
		return nil, err
	}
	return controlstate.ReadCentral(ctx, a.centreClients, account, region)
}

// GovernedControls says which accounts are governed centrally, and nil where none
// are, or where who asks is not told. why is set where a configured administrator
// could not be asked.
func (a *App) GovernedControls(ctx context.Context) (c *controlstate.Central, why string, err error) {
	account, region, err := a.centre(ctx)
	if err != nil {
		return nil, "", err
	}
	c, err = controlstate.ReadGoverned(ctx, a.centreClients, account, region)
	var not *controlstate.NotCentralError
	switch {
	case errors.As(err, &not) && not.Err != nil && a.Directory.administrator() != "":
		return nil, "whether accounts are governed centrally is not known: " + not.Error(), nil
	case errors.As(err, &not):
		a.Log.Debug("no account is known to be governed centrally", "account", account, "error", not)
		return nil, "", nil
	}
	if err == nil && len(c.Problems) > 0 {
		return nil, "whether accounts are governed centrally is not known: " + c.Problems[0].String(), nil
	}
	return c, "", err
}

// centre is the delegated administrator of Security Hub: the account of the role
// that the intake names, else the caller's own. The Region is any that it uses.
func (a *App) centre(ctx context.Context) (account, region string, err error) {
	if a.Cloud == nil {
		return "", "", errNoAccount
	}
	if account = a.Directory.administrator(); account == "" {
		account = a.Directory.own
	}
	if account == "" {
		return "", "", errNoAccount
	}
	if s, _ := a.hubIntake(); len(s.Regions) > 0 {
		return account, s.Regions[0], nil
	}
	cfg, err := a.Cloud.Ambient(ctx, "")
	return account, cfg.Region, err
}

// centreClients reach the delegated administrator: through its row's roles, and
// to read also through the intake's.
func (a *App) centreClients(ctx context.Context, t controlstate.Target, session string) (*hub.Client, error) {
	_, access := a.Directory.lookup(t.Account)
	if s := a.Config.Intake.SecurityHub; session == "" && access.ReadRole == "" && s != nil && s.Role != "" {
		cfg, err := a.as(ctx, s.Role, t.Region)
		if err != nil {
			return nil, err
		}
		return hub.NewFromConfig(cfg), nil
	}
	return a.ControlClients(ctx, t, session)
}

package app

import (
	"context"
	"fmt"
	"slices"

	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"

	"zesei/internal/awscloud"
	"zesei/internal/control"
	"zesei/internal/controlstate"
	"zesei/internal/store"
)

// ControlTargets are the accounts and Regions whose controls are kept as wanted:
// each known account in its own Regions, else in those of the intake, else in
// those that are asked for, else in the caller's. Empty lists want all. note says
// so where a Region is asked that nobody named.
func (a *App) ControlTargets(ctx context.Context, accounts, regions []string) (out []controlstate.Target, note string, err error) {
	if a.Cloud == nil {
		return nil, "", errNoAccount
	}
	intake, _ := a.hubIntake()
	otherwise := intake.Regions
	if len(otherwise) == 0 {
		otherwise = regions
	}
	unnamed := len(otherwise) == 0
	if unnamed {
		cfg, err := a.Cloud.Ambient(ctx, "")
		if err != nil {
			return nil, "", err
		}
		otherwise = []string{cfg.Region}
	}
	known := a.Directory.Accounts()
	if len(known) == 0 && len(accounts) == 0 {
		return nil, "", errNoAccount
	}
	meant, asked := 0, 0
	for _, id := range known {
		if len(accounts) > 0 && !slices.Contains(accounts, id) {
			continue
		}
		meant++
		_, access := a.Directory.lookup(id)
		in := access.Regions
		if len(in) == 0 {
			in = otherwise
			asked++
		}
		for _, region := range in {
			if len(regions) == 0 || slices.Contains(regions, region) {
				out = append(out, controlstate.Target{Account: id, Region: region})
			}
		}
	}
	if unnamed && asked > 0 {
		note = fmt.Sprintf("no Region is configured for %d of %d accounts: they are asked in %s only, the Region of the AWS credentials (us-east-1 where these have none); name theirs with --region, with regions: of the accounts, or with intake.securityhub.regions",
			asked, meant, otherwise[0])
	}
	return out, note, nil
}

// ControlClients reach Security Hub through the roles of the accounts.
func (a *App) ControlClients(ctx context.Context, t controlstate.Target, session string) (*hub.Client, error) {
	purpose := awscloud.Write
	if session == "" {
		purpose = awscloud.Read
	}
	cfg, err := a.Cloud.For(ctx, t.Account, t.Region, purpose, session)
	if err != nil {
		return nil, err
	}
	return hub.NewFromConfig(cfg), nil
}

// ControlsWanted are what a file of rules says, or, without one, what the
// policy's `disable` says. centre is how configuration policies stand, where
// controls are switched centrally, and nil otherwise.
func (a *App) ControlsWanted(ctx context.Context, file string, centre *controlstate.Central) (controlstate.Wanted, error) {
	if file != "" {
		return controlstate.Load(file, a.Catalogue, a.Directory)
	}
	rows, err := store.DisabledByUs(ctx, a.DB.View())
	if err != nil {
		return controlstate.Wanted{}, err
	}
	if centre != nil {
		return controlstate.Wanted{Of: controlstate.FromPolicy(a.Policy, a.Catalogue, a.Directory, centre.Ours(rows))}, nil
	}
	ours := map[controlstate.Item]bool{}
	for _, r := range rows {
		ours[controlstate.Item{Account: r.Account, Region: r.Region, Standard: r.Standard, Control: r.Control}] = true
	}
	return controlstate.Wanted{Of: controlstate.FromPolicy(a.Policy, a.Catalogue, a.Directory, func(it controlstate.Item) bool { return ours[it] })}, nil
}

// ControlApplier makes the changes of a plan for controls.
func (a *App) ControlApplier() *controlstate.Applier {
	return &controlstate.Applier{DB: a.DB, Clients: a.ControlClients, Now: a.Now, Sleep: rest, Log: a.Log}
}

// StandardNamed is our id of a standard; ok is false for a name that is none.
func StandardNamed(name string) (string, bool) {
	s, ok := control.StandardByID(name)
	return s.ID, ok
}

package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"

	"zesei/internal/awscloud"
	"zesei/internal/finding"
	"zesei/internal/report"
	hub "zesei/internal/securityhub"
)

// Where a list of findings comes from.
const (
	FromStore = "store"
	FromLive  = "live"
)

// Findings asks for a list of findings.
type Findings struct {
	report.Query
	Regions  []string // live only; none: those of the configuration
	From     string   // FromStore, FromLive; "": the store where it holds any case, else live
	Language string   // of titles; "": the configuration's
}

// Found is a list of findings.
type Found struct {
	Rows     []report.Row `json:"findings"`
	From     string       `json:"from"`
	Unread   []string     `json:"unread"` // what could not be read, each with the reason
	Accounts []string     `json:"-"`      // whose findings they are
}

// List lists findings. What could not be read is in Unread; the error says that
// nothing could.
func (a *App) List(ctx context.Context, want Findings) (Found, error) {
	f := Found{From: want.From, Unread: []string{}}
	if f.From == "" {
		known, err := report.Known(ctx, a.DB.View())
		if err != nil {
			return f, err
		}
		if f.From = FromLive; known {
			f.From = FromStore
		}
	}
	var err error
	if f.From == FromLive {
		err = a.live(ctx, want, &f)
	} else {
		f.Rows, err = report.FromStore(ctx, a.DB.View(), want.Query, a.Now())
	}
	if err != nil {
		return f, err
	}
	f.Unread = append(f.Unread, report.Owners(ctx, a.Config, a.Directory.Account, a.creators(), f.Rows)...)
	if len(want.Owners) > 0 {
		f.Rows = slices.DeleteFunc(f.Rows, func(r report.Row) bool { return !slices.Contains(want.Owners, r.Owner) })
	}
	language := want.Language
	if language == "" {
		language = a.Config.Language
	}
	if f.Rows == nil {
		f.Rows = []report.Row{}
	}
	report.Titles(f.Rows, a.Catalogue, language)
	report.Sort(f.Rows)
	f.Accounts = a.scope(want, f.Rows)
	return f, nil
}

// scope are the accounts that a list speaks of: those asked for, else those of
// its rows, else all.
func (a *App) scope(want Findings, rows []report.Row) []string {
	if len(want.Accounts) > 0 {
		return want.Accounts
	}
	var ids []string
	for _, r := range rows {
		if !slices.Contains(ids, r.Account) {
			ids = append(ids, r.Account)
		}
	}
	if len(ids) == 0 {
		ids = a.Directory.Accounts()
	}
	return ids
}

// live asks Security Hub wherever it can be asked. An account that refuses is a
// line in Unread; that all refuse is an error.
func (a *App) live(ctx context.Context, want Findings, f *Found) error {
	if a.Cloud == nil {
		return errors.New("asking Security Hub: nothing here can reach AWS")
	}
	ask, unseen := a.hubs(want.Accounts)
	var all []finding.Finding
	var faults []error
	asked, home := 0, aws.Config{}
	for _, account := range ask {
		for _, region := range a.hubRegions(ctx, want.Regions, account) {
			cfg, err := a.hub(ctx, account, region)
			if err == nil {
				q := want.Query
				q.Owners = nil
				var got []finding.Finding
				got, err = report.FromHub(ctx, securityhub.NewFromConfig(cfg), a.Intake.Decoder, q, a.Now())
				all = append(all, got...)
				if err == nil || len(got) > 0 {
					asked, home = asked+1, cfg
				}
			}
			if err != nil {
				faults = append(faults, fmt.Errorf("account %s %s: %w", account, region, err))
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if asked == 0 {
		if len(faults) == 0 {
			faults = append(faults, errors.New("no account has a read role, and there are no AWS credentials of the caller's own; `zesei account list` shows what is configured"))
		}
		return fmt.Errorf("asking Security Hub: %w", errors.Join(faults...))
	}
	for _, err := range faults {
		f.Unread = append(f.Unread, strings.Join(strings.Fields(err.Error()), " "))
	}
	f.Unread = append(f.Unread, a.unseen(ctx, home, unseen)...)
	var err error
	f.Rows, err = report.FromFindings(ctx, a.DB.View(), want.Query, all, a.Now())
	return err
}

// hubs are the accounts in which Security Hub is asked: the configured
// administrator's; otherwise each that can be read, with the caller's own, which
// may see others. unseen are wanted accounts that only the last can show.
func (a *App) hubs(wanted []string) (ask, unseen []string) {
	d := a.Directory
	all := wanted
	if len(all) == 0 {
		all = d.Accounts()
	}
	first := d.administrator()
	if first == "" {
		first = d.own
	}
	if first != "" {
		ask = append(ask, first)
	}
	for _, id := range all {
		switch {
		case id == first:
		case d.administrator() == "" && d.reads(id):
			ask = append(ask, id)
		default:
			unseen = append(unseen, id)
		}
	}
	return ask, unseen
}

// unseen says which accounts the asked Security Hub does not report on: those
// that are not its members. No findings of such an account means nothing.
func (a *App) unseen(ctx context.Context, home aws.Config, accounts []string) []string {
	if len(accounts) == 0 {
		return nil
	}
	members := map[string]bool{}
	var fault error
	p := securityhub.NewListMembersPaginator(securityhub.NewFromConfig(home), &securityhub.ListMembersInput{})
	for p.HasMorePages() && fault == nil {
		var page *securityhub.ListMembersOutput
		if page, fault = p.NextPage(ctx); fault == nil {
			for _, m := range page.Members {
				members[aws.ToString(m.AccountId)] = true
			}
		}
	}
	var out []string
	for _, id := range accounts {
		if !members[id] {
			why := "no role to read it is configured, and it is no member of the Security Hub that was asked"
			if fault != nil {
				why = "no role to read it is configured, and whether the Security Hub that was asked sees it cannot be told (" + awscloud.Code(fault) + ")"
			}
			out = append(out, "account "+id+": "+why)
		}
	}
	return out
}

// hub is the way to the Security Hub of an account: the administrator's with the
// role that the intake names.
func (a *App) hub(ctx context.Context, account, region string) (aws.Config, error) {
	if account == a.Directory.administrator() {
		return a.as(ctx, a.Config.Intake.SecurityHub.Role, region)
	}
	return a.Cloud.For(ctx, account, region, awscloud.Read, "")
}

// hubRegions are the Regions in which an account is asked: the wanted, else the
// configured ones, else where its findings are aggregated; "" is the caller's.
func (a *App) hubRegions(ctx context.Context, wanted []string, account string) []string {
	var configured []string
	if s := a.Config.Intake.SecurityHub; s != nil {
		configured = s.Regions
	}
	_, access := a.Directory.lookup(account)
	for _, list := range [][]string{wanted, configured, access.Regions} {
		if len(list) > 0 {
			return list
		}
	}
	cfg, err := a.hub(ctx, account, "")
	if err != nil {
		return []string{""} // asked there, it says why
	}
	home, err := hub.Home(ctx, securityhub.NewFromConfig(cfg), cfg.Region)
	if err != nil {
		a.Log.Debug("where findings are aggregated cannot be told", "account", account, "region", home, "error", err)
	}
	return []string{home}
}

// creators asks CloudTrail who made a resource, once for each.
func (a *App) creators() report.Creators {
	if a.Cloud == nil {
		return nil
	}
	known := map[string]string{}
	return func(ctx context.Context, account, region, resource string) (string, error) {
		if who, ok := known[resource]; ok {
			return who, nil
		}
		cfg, err := a.Cloud.For(ctx, account, region, awscloud.Read, "")
		if err != nil {
			return "", err
		}
		who, err := report.Creator(ctx, cloudtrail.NewFromConfig(cfg), resource)
		if err == nil {
			known[resource] = who
		}
		return who, err
	}
}

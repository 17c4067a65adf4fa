package app

import (
	"bytes"
	"context"
	"errors"
	"time"

	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"

	"zesei/internal/awscloud"
	"zesei/internal/calendar"
	"zesei/internal/config"
	"zesei/internal/intake"
	"zesei/internal/securityhub"
)

// errNoAccount says that there are no credentials to poll with.
var errNoAccount = errors.New("no AWS credentials: Security Hub is not asked")

// Polling is what a poll brought.
type Polling struct {
	intake.Totals
	Regions []securityhub.Polled `json:"regions"`
}

// hubIntake is the configured way to poll; without one, what serves an account
// without a configuration. asked says whether somebody configured it.
func (a *App) hubIntake() (s config.SecurityHubIntake, asked bool) {
	if c := a.Config.Intake.SecurityHub; c != nil {
		return *c, true
	}
	return config.SecurityHubIntake{Every: calendar.Span{N: 15, Unit: calendar.Minute}, Products: config.DefaultProducts()}, false
}

// poller prepares the polling of Security Hub; what it finds goes into dest, and
// how far it came is kept there. totals is told of each commit.
func (a *App) poller(ctx context.Context, dest *App, totals func(intake.Totals)) (*securityhub.Poller, error) {
	if a.Cloud == nil {
		return nil, errNoAccount
	}
	s, _ := a.hubIntake()
	account := accountOf(s.Role)
	if account == "" {
		if account = a.Directory.own; account == "" {
			return nil, errNoAccount
		}
	}
	p := &securityhub.Poller{DB: dest.DB, Account: account, Regions: s.Regions, Products: s.Products, Now: a.Now, Log: a.Log,
		CanRead: dest.Work.Rules().CanRead,
		Client: func(ctx context.Context, region string) (*hub.Client, error) {
			cfg, err := a.as(ctx, s.Role, region)
			if err != nil {
				return nil, err
			}
			return hub.NewFromConfig(cfg), nil
		},
		Take: func(ctx context.Context, page []byte) error {
			t, err := dest.Intake.Read(ctx, bytes.NewReader(page), "securityhub "+account)
			totals(t)
			return err
		}}
	if len(s.Products) == 1 && s.Products[0] == config.AllProducts {
		p.Products = nil
	}
	if len(p.Regions) == 0 {
		cfg, err := a.as(ctx, s.Role, "")
		if err != nil {
			return nil, err
		}
		home, err := securityhub.Home(ctx, hub.NewFromConfig(cfg), cfg.Region)
		if err != nil {
			a.Log.Debug("where findings are aggregated cannot be told", "region", home, "error", err)
		}
		p.Regions = []string{home}
	}
	return p, nil
}

// Poll asks Security Hub once and commits what it says to dest (a itself, or a
// rehearsal of it). Refusals are in the answer's Regions; the error is of the
// store or the context, or says that there is nothing to ask with.
func (a *App) Poll(ctx context.Context, dest *App) (Polling, error) {
	var out Polling
	p, err := a.poller(ctx, dest, func(t intake.Totals) { out.Add(t) })
	if err != nil {
		return out, err
	}
	out.Regions, err = p.Poll(ctx, true)
	return out, err
}

// keepPolling polls until the context ends.
func (a *App) keepPolling(ctx context.Context, m *intake.Metrics, polls func(securityhub.Polled)) {
	s, _ := a.hubIntake()
	every := s.Every.Duration()
	told := map[string]string{} // the refusal of each Region that was logged
	for ctx.Err() == nil {
		wait := every
		p, err := a.poller(ctx, a, func(t intake.Totals) { m.Count("securityhub", t) })
		if err == nil {
			var due time.Time
			if due, err = p.Due(ctx, every); err == nil && due.After(a.Now()) {
				wait = due.Sub(a.Now())
			} else if err == nil {
				err = a.pollOnce(ctx, p, told, polls)
			}
		}
		if err != nil && ctx.Err() == nil {
			a.refusal(told, "", err)
			wait = min(every, time.Minute)
		}
		if rest(ctx, wait) != nil {
			return
		}
	}
}

func (a *App) pollOnce(ctx context.Context, p *securityhub.Poller, told map[string]string, polls func(securityhub.Polled)) error {
	all, err := p.Poll(ctx, false)
	for _, r := range all {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		polls(r)
		a.refusal(told, r.Region, r.Err)
		a.Log.Info("Security Hub was asked", "region", r.Region, "calls", r.Calls, "findings", r.Findings, "full", r.Full)
	}
	return err
}

// refusal logs why a Region could not be read, once until the reason changes.
func (a *App) refusal(told map[string]string, region string, err error) {
	why := ""
	if err != nil {
		if w, ok := securityhub.Refused(err); ok {
			why = w
		} else {
			why = err.Error()
		}
	}
	if told[region] == why {
		return
	}
	told[region] = why
	if why == "" {
		a.Log.Info("Security Hub is read again", "region", region)
		return
	}
	a.Log.Error("Security Hub cannot be read: everything else goes on", "region", region, "kind", string(awscloud.Classify(err)), "error", why)
}

package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/store"
)

// Inspect makes as much of an App as can be made where Open refuses: what a look
// at the parts needs, and nothing that works. It decides nothing and asks for no
// jobs. The faults are what stands in the way, in the order in which Open meets
// them. Where the configuration cannot be read, or the store cannot be opened,
// Config or DB is nil. Close it.
func Inspect(ctx context.Context, o Options) (*App, []error) {
	a := &App{Config: o.Config, Policy: o.Policy, Now: o.Now, Log: o.Log}
	if a.Now == nil {
		a.Now = time.Now
	}
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	var faults []error
	wrong := func(err error) bool {
		if err != nil {
			faults = append(faults, err)
		}
		return err != nil
	}
	var err error
	if a.Catalogue, err = control.Load(); wrong(err) {
		return a, faults
	}
	if a.Config == nil {
		a.Config, err = LoadConfig(o.ConfigPath)
		if wrong(err) {
			a.Config = nil
		}
	}
	url := o.Store
	if a.Config != nil {
		a.inspectConfig(ctx, o, wrong)
		if url == "" {
			url = a.Config.Store
		}
	}
	if url != "" {
		if a.DB, err = store.Open(ctx, url); wrong(err) {
			a.DB = nil
		}
	}
	if a.DB != nil && a.Directory != nil {
		_, err = a.loadAccounts(ctx, false)
		wrong(err)
	}
	return a, faults
}

// inspectConfig looks at what the configuration names.
func (a *App) inspectConfig(ctx context.Context, o Options, wrong func(error) bool) {
	var err error
	if a.Policy == nil {
		a.Policy, err = LoadPolicy(a.Config, a.Catalogue)
		wrong(err)
	}
	wrong(CheckSchedules(a.Config, a.Catalogue))
	a.Checker = control.NewChecker(a.Catalogue)
	if a.Directory, err = newDirectory(a.Config); !wrong(err) {
		wrong(a.cloud(ctx, o))
	}
	_, err = Packs(a.Config)
	wrong(wrongPacks(a.Config, err))
	if a.Config.Notify.Templates != "" {
		_, err = Templates(a.Config)
		wrong(err)
	}
}

// wrongPacks makes what is wrong with the detection packs a mistake of the
// configuration.
func wrongPacks(c *config.Config, err error) error {
	var known config.Problems
	if err == nil || errors.As(err, &known) {
		return err
	}
	return config.Problems{{File: c.File(), Field: "detect.packs", Message: strings.TrimPrefix(err.Error(), "detect.packs: "),
		Expected: "shipped packs by name, or files", Hint: "`zesei config check` finds every mistake"}}
}

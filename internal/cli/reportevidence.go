package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zesei/internal/app"
	"zesei/internal/audit"
	"zesei/internal/control"
	"zesei/internal/report"
	"zesei/internal/store"
)

type reportEvidenceCmd struct {
	Standard string `required:"" help:"The standard: pci-dss-3.2.1, cis-1.4, fsbp, …"`
	From     string `required:"" help:"The period's first day (2026-10-01), or a time with its zone."`
	To       string `help:"The period's last day, or a time with its zone (default: now)."`
	Out      string `short:"o" required:"" placeholder:"FILE" help:"The zip to write."`
	Lang     string `enum:"ja,en," default:"" help:"Language of the page (default: the configuration's)."`
}

func (c *reportEvidenceCmd) Run(e *env) error {
	s, ok := control.StandardByID(c.Standard)
	if !ok {
		var ids []string
		for _, s := range control.Standards() {
			ids = append(ids, s.ID)
		}
		return use("--standard %s: expected one of %s", c.Standard, strings.Join(ids, ", "))
	}
	a, err := e.openAudit()
	if err != nil {
		return err
	}
	defer a.Close()
	from, to, err := c.period(e, a)
	if err != nil {
		return err
	}
	x, err := e.exporter(a)
	if err != nil {
		return err
	}
	language := cmp.Or(c.Lang, a.Config.Language)
	ev := &audit.Evidence{
		DB: a.DB, Exporter: x, Standard: s.ID, StandardTitle: s.Title.In(language), From: from, To: to, Language: language, Zone: a.Config.Zone(),
		Title: func(id string) string {
			if one, ok := a.Catalogue.Lookup(id); ok {
				return one.Title.In(language)
			}
			return ""
		},
		Account: func(id string) string { return strings.TrimSpace(id + " " + a.Directory.Account(id).Name) },
	}
	scores, err := report.Scores(e.ctx, a.DB.View(), nil, language)
	if err != nil {
		return err
	}
	for _, one := range scores {
		if one.Standard == s.ID {
			ev.Score, ev.Percent = one, one.Score
		}
	}
	if ev.Days, err = keptScores(e, a, s.ID, from, to); err != nil {
		return err
	}
	p, err := writeWhole(c.Out, func(f *os.File) (audit.Packed, error) { return ev.Pack(e.ctx, f) })
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(p)
	}
	_, err = fmt.Fprintf(e.Out, "wrote %s: %s (%d open), %d exceptions, %d anchored\n", c.Out, cases(p.Cases), p.Open, p.Exceptions, p.Anchored)
	return err
}

// keptScores are the scores of the days of a period.
func keptScores(e *env, a *app.App, standard string, from, to time.Time) ([]audit.DayScore, error) {
	zone := a.Config.Zone()
	rows, err := store.ScoreHistory(e.ctx, a.DB.View(), store.ScopeAll, "", store.DayOf(from.In(zone)), store.DayOf(to.Add(-time.Nanosecond).In(zone)))
	var out []audit.DayScore
	for _, r := range rows {
		if r.Standard != standard {
			continue
		}
		d := audit.DayScore{Day: r.Day, Passed: r.Passed, Failed: r.Failed, Unknown: r.Unknown, NoData: r.NoData}
		if p, ok := report.Percent(r.Passed, r.Failed, r.Unknown); ok {
			d.Percent = &p
		}
		out = append(out, d)
	}
	return out, err
}

// period reads the first and the last day; the last one belongs to the period.
func (c *reportEvidenceCmd) period(e *env, a *app.App) (from, to time.Time, err error) {
	zone := a.Config.Zone()
	if from, err = parseDay("--from", c.From, zone, 0); err != nil {
		return from, to, err
	}
	to = e.Now()
	if c.To != "" {
		to, err = parseDay("--to", c.To, zone, 1)
	}
	if err == nil && !from.Before(to) {
		err = use("--from %s: the period would end before it begins", c.From)
	}
	return from, to, err
}

func parseDay(flag, s string, zone *time.Location, later int) (time.Time, error) {
	if t, err := time.ParseInLocation("2006-01-02", s, zone); err == nil {
		return t.AddDate(0, 0, later), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Time{}, use("%s %s: expected a day such as 2026-10-01, or a time with its zone", flag, s)
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole[T any](name string, do func(*os.File) (T, error)) (T, error) {
	var none T
	f, err := os.CreateTemp(filepath.Dir(name), ".zesei-*")
	if err != nil {
		return none, wrongUse{err}
	}
	defer os.Remove(f.Name())
	v, err := do(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return none, err
	}
	return v, os.Rename(f.Name(), name)
}

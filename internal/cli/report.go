package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"zesei/internal/app"
	"zesei/internal/control"
	"zesei/internal/report"
	"zesei/internal/store"
)

type reportCmd struct {
	Summary  reportSummaryCmd  `cmd:"" help:"How things stand, and what changed in a month: by standard and severity."`
	Score    reportScoreCmd    `cmd:"" help:"The security score of each standard, as Security Hub computes it, with its history."`
	Evidence reportEvidenceCmd `cmd:"" help:"Pack the cases, exceptions and score of a standard and a period, each case with its proofs, into a zip."`
}

// written is how a report is written.
type written struct {
	Format string `enum:"text,markdown,html,csv" default:"text" help:"text, markdown, html (a page that prints on A4) or csv (for Excel)."`
	CSV    bool   `name:"csv" help:"The same as --format csv."`
	Out    string `short:"o" placeholder:"FILE" help:"Write it to a file instead of printing it."`
}

func (w written) format() string {
	if w.CSV {
		return "csv"
	}
	return w.Format
}

// check refuses formats that contradict each other.
func (w written) check(e *env) error {
	switch {
	case w.CSV && w.Format != "text" && w.Format != "csv":
		return use("--csv and --format %s: choose one", w.Format)
	case e.root.JSON && w.format() != "text":
		return use("--json and --format %s: choose one", w.format())
	}
	return nil
}

// give prints a report, or writes it to the file, whole or not at all.
func (w written) give(e *env, data []byte) error {
	if w.Out == "" {
		_, err := e.Out.Write(data)
		return err
	}
	if _, err := writeWhole(w.Out, func(f *os.File) (int, error) { return f.Write(data) }); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.Err, "zesei: %s written\n", w.Out)
	return err
}

// text lets a function print a report to where it goes.
func (w written) text(e *env, print func(*env) error) error {
	if w.Out == "" {
		return print(e)
	}
	var b bytes.Buffer
	to := *e
	to.Out, to.Terminal = &b, false
	if err := print(&to); err != nil {
		return err
	}
	return w.give(e, b.Bytes())
}

// json prints a report for machines, or writes it to the file.
func (w written) json(e *env, v any) error {
	if w.Out == "" {
		return e.print(v)
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return w.give(e, append(data, '\n'))
}

type reportSummaryCmd struct {
	Owner    string `help:"One owner's; default all together."`
	Month    string `placeholder:"YYYY-MM" xor:"period" help:"What changed in a month."`
	Since    string `placeholder:"DAY" xor:"period" help:"What changed since a day (2026-10-01). Default: the last month; on the first of a month the one that has just ended."`
	Until    string `placeholder:"DAY" help:"With --since, the last day (default: today)."`
	Language string `name:"language" aliases:"lang" enum:"ja,en," default:"" help:"ja or en; default the owner's."`
	Slack    string `placeholder:"CHANNEL" help:"Post it to a Slack channel instead of printing it."`
	written
}

func (c *reportSummaryCmd) Run(e *env) error {
	if err := c.check(e); err != nil {
		return err
	}
	if c.Slack != "" && c.format() != "text" {
		return use("--slack posts text: leave --format away")
	}
	a, err := e.open(c.Slack == "")
	if err != nil {
		return err
	}
	defer a.Close()
	owner := a.Config.OwnerNamed(c.Owner)
	if c.Owner != "" && owner == "" {
		return use("--owner %s: no such owner is configured", c.Owner)
	}
	if c.Slack != "" && a.Config.Notify.Slack == nil {
		return wrongUse{app.ErrNoSlack}
	}
	today := store.DayOf(e.Now().In(a.Config.Zone()))
	from, to, err := c.period(today)
	if err != nil {
		return err
	}
	language := cmp.Or(c.Language, a.Config.OwnerLanguage(owner))
	if c.Slack != "" {
		if err := a.PostSummary(e.ctx, app.SummaryPost{Owner: owner, Channel: c.Slack, Language: language, From: from, To: to}); err != nil {
			return err
		}
		fmt.Fprintf(e.Err, "zesei: posted to %s\n", c.Slack)
		if !e.root.JSON {
			return nil
		}
	}
	s, err := a.SummaryOf(e.ctx, app.SummaryAsk{Owner: owner, Language: language, From: from, To: to})
	if err != nil {
		return err
	}
	if e.root.JSON {
		return c.json(e, s)
	}
	data, err := c.write(s, language, a)
	if err != nil {
		return err
	}
	return c.give(e, data)
}

func (c *reportSummaryCmd) write(s report.Summary, language string, a *app.App) ([]byte, error) {
	zone := a.Config.OwnerZone(s.Owner)
	switch c.format() {
	case "html":
		return s.HTML(language, zone)
	case "csv":
		return s.CSV(language), nil
	case "markdown":
		text, err := s.Markdown(language, zone)
		return []byte(text), err
	}
	text, err := s.Text(report.Plain{}, language, zone)
	return []byte(text), err
}

// period reads the days that a summary covers; both zero: the default.
func (c *reportSummaryCmd) period(today store.Day) (from, to store.Day, err error) {
	if c.Month != "" {
		if from, err = readDay("--month", c.Month+"-01", "a month such as 2026-10"); err != nil {
			return 0, 0, err
		}
		if from > today {
			return 0, 0, use("--month %s has not begun", c.Month)
		}
		return from, (from.Add(31)/100*100 + 1).Add(-1), nil
	}
	if c.Since == "" {
		if c.Until != "" {
			return 0, 0, use("--until %s needs --since", c.Until)
		}
		return 0, 0, nil
	}
	if from, err = readDay("--since", c.Since, "a day such as 2026-10-01"); err != nil {
		return 0, 0, err
	}
	to = today
	if c.Until != "" {
		if to, err = readDay("--until", c.Until, "a day such as 2026-10-31"); err != nil {
			return 0, 0, err
		}
	}
	if from > to {
		return 0, 0, use("--since %s: the period would end (%s) before it begins", c.Since, to)
	}
	return from, to, nil
}

type reportScoreCmd struct {
	Standard string   `help:"One standard (fsbp, cis-1.4, …), with every control and why; default each, and all together."`
	Account  []string `help:"Account ids or names; default all."`
	Owner    string   `help:"What is one owner's."`
	Since    string   `placeholder:"DAY" help:"The scores that were kept day by day since then (2026-10-01)."`
	Language string   `name:"language" aliases:"lang" enum:"ja,en," default:"" help:"ja or en; default the configuration's."`
	written
}

func (c *reportScoreCmd) Run(e *env) error {
	if err := c.check(e); err != nil {
		return err
	}
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	if _, ok := control.StandardByID(c.Standard); c.Standard != "" && c.Standard != report.AllStandards && !ok {
		var ids []string
		for _, s := range control.Standards() {
			ids = append(ids, s.ID)
		}
		return use("--standard %s: expected one of %s, %s", c.Standard, strings.Join(ids, ", "), report.AllStandards)
	}
	accounts, err := accountsNamed(a, c.Account)
	if err != nil {
		return err
	}
	owner := a.Config.OwnerNamed(c.Owner)
	if c.Owner != "" && owner == "" {
		return use("--owner %s: no such owner is configured", c.Owner)
	}
	language := cmp.Or(c.Language, a.Config.Language)
	if c.Since != "" {
		return c.history(e, a, accounts, owner, language)
	}
	all, err := a.Scores(e.ctx, accounts, owner, language)
	if err != nil {
		return err
	}
	shown := []report.Score{}
	for _, s := range all {
		if c.Standard == "" || strings.EqualFold(s.Standard, c.Standard) {
			shown = append(shown, s)
		}
	}
	if e.root.JSON {
		return c.json(e, shown)
	}
	switch c.format() {
	case "csv":
		return c.give(e, report.ScoresCSV(shown, language))
	case "text":
		return c.text(e, func(e *env) error { return c.table(e, shown) })
	}
	p := report.ScorePage{At: e.Now(), Scores: shown, Owner: owner}
	for _, id := range accounts {
		p.Accounts = append(p.Accounts, strings.TrimSpace(id+" "+a.Directory.Account(id).Name))
	}
	if scope, name, ok := app.ScoreScope(accounts, owner); ok {
		today := store.DayOf(e.Now().In(a.Config.Zone()))
		if p.History, err = report.History(e.ctx, a.DB.View(), scope, name, today.Add(-365), today, language); err != nil {
			return err
		}
		p.History = c.only(p.History)
	}
	var data []byte
	if c.format() == "html" {
		data, err = p.HTML(language, a.Config.Zone())
	} else {
		var text string
		text, err = p.Markdown(language, a.Config.Zone())
		data = []byte(text)
	}
	if err != nil {
		return err
	}
	return c.give(e, data)
}

func accountsNamed(a *app.App, names []string) ([]string, error) {
	var ids []string
	for _, s := range names {
		id := a.AccountNamed(s)
		if id == "" {
			return nil, use("--account %s: expected 12 digits or the name of a configured account", s)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// table prints scores, and every control of one that was asked for.
func (c *reportScoreCmd) table(e *env, shown []report.Score) error {
	var rows [][]string
	for _, s := range shown {
		percent, change := "no data", ""
		if s.Score != nil {
			percent = strconv.Itoa(*s.Score) + "%"
		}
		if n, ok := s.Change(); ok {
			change = fmt.Sprintf("%+d since %s", n, s.Before.Day)
		}
		rows = append(rows, []string{s.Standard, percent, strconv.Itoa(s.Passed), strconv.Itoa(s.Failed), strconv.Itoa(s.Unknown), strconv.Itoa(s.NoData), strconv.Itoa(s.Disabled), change, s.Title})
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintf(e.Out, "no findings of %s\n", c.Standard)
		return err
	}
	if err := printTable(e, strings.Fields("STANDARD SCORE PASSED FAILED UNKNOWN NO-DATA DISABLED CHANGE TITLE"), rows, nil); err != nil || c.Standard == "" {
		return err
	}
	rows = nil
	for _, status := range report.Statuses {
		for _, one := range shown[0].Controls {
			// Most controls of a standard are about services that nobody uses.
			if one.Status == status && (status != report.NoData || one.LeftOut > 0) {
				rows = append(rows, []string{string(status), one.Control, one.Severity, one.Why, one.Title})
			}
		}
	}
	fmt.Fprintln(e.Out)
	if err := printTable(e, strings.Fields("STATUS CONTROL SEVERITY WHY TITLE"), rows, nil); err != nil {
		return err
	}
	if n := shown[0].NoData; n > 0 {
		_, err := fmt.Fprintf(e.Out, "\nno data: %d controls; --csv and --json list them all\n", n)
		return err
	}
	return nil
}

// history prints what was kept of the scores day by day.
func (c *reportScoreCmd) history(e *env, a *app.App, accounts []string, owner, language string) error {
	scope, name, ok := app.ScoreScope(accounts, owner)
	if !ok {
		return use("--since: scores are kept for everything, for each account and for each owner; ask for one of them")
	}
	if f := c.format(); f == "html" || f == "markdown" {
		return use("--since and --format %s: the page without --since has the history of a year", f)
	}
	from, err := readDay("--since", c.Since, "a day such as 2026-10-01")
	if err != nil {
		return err
	}
	history, err := report.History(e.ctx, a.DB.View(), scope, name, from, store.DayOf(e.Now().In(a.Config.Zone())), language)
	if err != nil {
		return err
	}
	history = c.only(history)
	if e.root.JSON {
		return c.json(e, append([]report.ScoreDays{}, history...))
	}
	if c.format() == "csv" {
		return c.give(e, report.HistoryCSV(history, language))
	}
	var rows [][]string
	for _, h := range history {
		before, known := 0, false
		for _, r := range h.Days {
			percent, change := "no data", ""
			if p, ok := report.Percent(r.Passed, r.Failed, r.Unknown); ok {
				percent = strconv.Itoa(p) + "%"
				if known && p != before {
					change = fmt.Sprintf("%+d", p-before)
				}
				before, known = p, true
			}
			rows = append(rows, []string{r.Day.String(), h.Standard, percent, change, strconv.Itoa(r.Passed), strconv.Itoa(r.Failed), strconv.Itoa(r.Unknown), strconv.Itoa(r.NoData)})
		}
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintf(e.Out, "no scores were kept since %s: `zesei run` and `zesei serve` keep them once a day\n", from)
		return err
	}
	return c.text(e, func(e *env) error {
		return printTable(e, strings.Fields("DAY STANDARD SCORE CHANGE PASSED FAILED UNKNOWN NO-DATA"), rows, nil)
	})
}

// only leaves the standard that was asked for.
func (c *reportScoreCmd) only(history []report.ScoreDays) []report.ScoreDays {
	var out []report.ScoreDays
	for _, h := range history {
		if c.Standard == "" || strings.EqualFold(h.Standard, c.Standard) {
			out = append(out, h)
		}
	}
	return out
}

// readDay reads a day of the calendar.
func readDay(flag, s, expected string) (store.Day, error) {
	d, err := store.ParseDay(s)
	if err != nil {
		return 0, use("%s %s: expected %s", flag, strings.TrimSuffix(s, "-01"), expected)
	}
	return d, nil
}

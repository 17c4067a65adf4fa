package cli

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"zesei/internal/app"
	"zesei/internal/control"
	"zesei/internal/report"
)

type reportCmd struct {
	Summary  reportSummaryCmd  `cmd:"" help:"How things stand, by standard and severity."`
	Score    reportScoreCmd    `cmd:"" help:"The security score of each standard, as Security Hub computes it."`
	Evidence reportEvidenceCmd `cmd:"" help:"Pack the cases, exceptions and score of a standard and a period, each case with its proofs, into a zip."`
}

type reportSummaryCmd struct {
	Owner string `help:"One owner's; default all together."`
	Lang  string `enum:"ja,en," default:"" help:"ja or en; default the owner's."`
	Slack string `placeholder:"CHANNEL" help:"Post it to a Slack channel instead of printing it."`
}

func (c *reportSummaryCmd) Run(e *env) error {
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
	language := cmp.Or(c.Lang, a.Config.OwnerLanguage(owner))
	if c.Slack != "" {
		if err := a.PostSummary(e.ctx, app.SummaryPost{Owner: owner, Channel: c.Slack, Language: language}); err != nil {
			return err
		}
		fmt.Fprintf(e.Err, "zesei: posted to %s\n", c.Slack)
		if !e.root.JSON {
			return nil
		}
	}
	s, err := a.Summary(e.ctx, owner, language)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(s)
	}
	text, err := s.Text(report.Plain{}, language, a.Config.OwnerZone(owner))
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(e.Out, text)
	return err
}

type reportScoreCmd struct {
	Standard string   `help:"One standard (fsbp, cis-1.4, …); default each, and all together."`
	Account  []string `help:"Account ids or names; default all."`
}

func (c *reportScoreCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	if _, ok := control.StandardByID(c.Standard); c.Standard != "" && !ok {
		var ids []string
		for _, s := range control.Standards() {
			ids = append(ids, s.ID)
		}
		return use("--standard %s: expected one of %s", c.Standard, strings.Join(ids, ", "))
	}
	var accounts []string
	for _, s := range c.Account {
		id := a.AccountNamed(s)
		if id == "" {
			return use("--account %s: expected 12 digits or the name of a configured account", s)
		}
		accounts = append(accounts, id)
	}
	all, err := report.Scores(e.ctx, a.DB.View(), accounts, a.Config.Language)
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
		return e.print(shown)
	}
	var rows [][]string
	for _, s := range shown {
		percent := "no data"
		if s.Score != nil {
			percent = strconv.Itoa(*s.Score) + "%"
		}
		rows = append(rows, []string{s.Standard, percent, strconv.Itoa(s.Passed), strconv.Itoa(s.Failed), strconv.Itoa(s.Unknown), strconv.Itoa(s.NoData), s.Title})
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintf(e.Out, "no findings of %s\n", c.Standard)
		return err
	}
	if err := printTable(e, strings.Fields("STANDARD SCORE PASSED FAILED UNKNOWN NO-DATA TITLE"), rows, nil); err != nil || c.Standard == "" {
		return err
	}
	for _, status := range []report.ControlStatus{report.Failed, report.Unknown, report.NoData} {
		if ids := shown[0].With(status); len(ids) > 0 {
			fmt.Fprintf(e.Out, "\n%s: %s\n", status, strings.Join(ids, ", "))
		}
	}
	return nil
}

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"charm.land/lipgloss/v2"

	"zesei/internal/app"
	"zesei/internal/finding"
	"zesei/internal/notify/slack"
	"zesei/internal/report"
)

type findingsCmd struct {
	Control []string `help:"Control ids, * as a wildcard (S3.*); default all."`
	Account []string `help:"Account ids or names; default all."`
	Owner   []string `help:"Owners."`
	Region  []string `help:"Regions to ask Security Hub in; default those of the configuration."`
	Live    bool     `xor:"from" help:"Ask Security Hub now: FAILED, NEW or NOTIFIED, ACTIVE."`
	Stored  bool     `xor:"from" help:"Take the open cases of the store. Default: the store where it holds cases, else live."`
	CSV     string   `name:"csv" placeholder:"FILE" help:"Write the list as CSV that Excel opens; - writes it to standard output."`
	Slack   string   `placeholder:"CHANNEL" help:"Post the list as a file to a Slack channel (\"#ops\" or its id), calling the owners."`
	Lang    string   `enum:"ja,en," default:"" help:"ja or en; default the configuration's."`
	Empty   string   `enum:"send,skip" default:"send" help:"With --slack, what to do when nothing is found: send or skip."`
}

// Help is printed by --help.
func (c *findingsCmd) Help() string {
	return "Exit code 1: some account could not be read, so the list is not complete."
}

func (c *findingsCmd) Run(e *env) error {
	a, err := e.open(c.Stored && c.Slack == "")
	if err != nil {
		return err
	}
	defer a.Close()
	want, err := c.query(a)
	if err != nil {
		return err
	}
	f, err := a.List(e.ctx, want)
	if err != nil {
		return err
	}
	for _, why := range f.Unread {
		fmt.Fprintf(e.Err, "zesei: %s\n", printable(why))
	}
	if err := c.give(e, a, f); err != nil {
		return err
	}
	if len(f.Unread) > 0 {
		return errFound
	}
	return nil
}

// query checks the flags.
func (c *findingsCmd) query(a *app.App) (app.Findings, error) {
	q := app.Findings{Regions: c.Region, Language: c.Lang}
	switch {
	case c.Live:
		q.From = app.FromLive
	case c.Stored:
		q.From = app.FromStore
	}
	var err error
	if q.Controls, err = report.Controls(a.Catalogue, c.Control); err != nil {
		return q, wrongUse{fmt.Errorf("--control: %w", err)}
	}
	for _, s := range c.Account {
		id := a.AccountNamed(s)
		if id == "" {
			return q, use("--account %s: expected 12 digits or the name of a configured account", s)
		}
		q.Accounts = append(q.Accounts, id)
	}
	for _, s := range c.Owner {
		name := a.Config.OwnerNamed(s)
		if name == "" {
			return q, use("--owner %s: no such owner is configured", s)
		}
		q.Owners = append(q.Owners, name)
	}
	if c.Slack != "" && a.Config.Notify.Slack == nil {
		return q, wrongUse{app.ErrNoSlack}
	}
	return q, nil
}

// give prints, writes and posts the list, as the flags ask.
func (c *findingsCmd) give(e *env, a *app.App, f app.Found) error {
	language := cmp.Or(c.Lang, a.Config.Language)
	from := "the store's open cases"
	if f.From == app.FromLive {
		from = "Security Hub, asked now"
	}
	fmt.Fprintf(e.Err, "zesei: %d findings from %s\n", len(f.Rows), from)
	if c.CSV == "-" {
		if e.root.JSON {
			return use("--csv - and --json both want standard output: name a file for the CSV")
		}
		if err := report.WriteCSV(e.Out, f.Rows, language, a.Config.Zone()); err != nil {
			return err
		}
	} else if c.CSV != "" {
		if err := os.WriteFile(c.CSV, report.CSV(f.Rows, language, a.Config.Zone()), 0o644); err != nil {
			return wrongUse{err}
		}
		fmt.Fprintf(e.Err, "zesei: %s written\n", c.CSV)
	}
	if c.Slack != "" {
		posted, err := a.PostFindings(e.ctx, f, app.Post{Channel: c.Slack, Controls: c.Control, Language: c.Lang, CSV: true, Skip: c.Empty == "skip"})
		var doubt *slack.InDoubt
		switch {
		case errors.As(err, &doubt):
			return fmt.Errorf("%w", doubt)
		case err != nil:
			return err
		case posted.Said:
			fmt.Fprintf(e.Err, "zesei: posted to %s %s\n", c.Slack, posted.File)
		default:
			fmt.Fprintln(e.Err, "zesei: nothing was found, nothing was posted")
		}
	}
	switch {
	case e.root.JSON:
		return e.print(f)
	case c.CSV != "" || c.Slack != "":
		return nil
	}
	return c.table(e, a, f.Rows)
}

func (c *findingsCmd) table(e *env, a *app.App, rows []report.Row) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(e.Out, "no findings")
		return err
	}
	var lines [][]string
	for _, r := range rows {
		due := "-"
		if r.Due != nil {
			due = r.Due.In(a.Config.Zone()).Format("2006-01-02 15:04 MST")
		}
		lines = append(lines, []string{string(r.Severity), r.Control, cmp.Or(r.AccountName, r.Account), r.Region, findingResource(r), r.State, dash(r.Owner), due, demand(a, r.Control, cmp.Or(c.Lang, a.Config.Language), r.Title)})
	}
	return printTable(e, strings.Fields("SEVERITY CONTROL ACCOUNT REGION RESOURCE STATE OWNER DUE TITLE"), lines, func(row, col int) lipgloss.Style {
		s := lipgloss.NewStyle()
		if col == 0 {
			s = s.Foreground(lipgloss.Color(severityColour[rows[row].Severity])).Bold(rows[row].Severity == finding.Critical)
		}
		return s
	})
}

// accountARN is how findings name a whole account: by its root user.
var accountARN = regexp.MustCompile(`^arn:[a-z-]+:iam::[0-9]{12}:root$`)

// findingResource is the resource as a table shows it: an account as cases do.
func findingResource(r report.Row) string {
	if accountARN.MatchString(r.Resource) {
		return cmp.Or(r.AccountName, r.Account)
	}
	return shortResource(r.Resource)
}

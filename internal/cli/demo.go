package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"zesei/internal/demo"
	"zesei/internal/finding"
)

type demoCmd struct {
	Once     bool      `help:"Play the weeks after the day too and end with a summary; exit code 1 unless everything that should have happened did."`
	Listen   string    `default:"127.0.0.1:0" placeholder:"ADDR" help:"Where to show a page with the counts and all messages, on this machine only (default: a free port)."`
	Dir      string    `placeholder:"FOLDER" help:"Write zesei.yaml, policy.yaml and the store there (default: a new temporary folder). It stays."`
	At       time.Time `placeholder:"TIME" help:"When the day of the demo is, e.g. 2026-04-28T10:00:00+09:00 (default: now; with --once 28 April 2027, before Golden Week)."`
	Language string    `enum:"ja,en," default:"" help:"ja or en (default: as LANG says)."`
}

func (c *demoCmd) Run(e *env) error {
	o := demo.Options{Dir: c.Dir, Now: e.Now, At: c.At, Language: cmp.Or(c.Language, languageOf(os.Getenv)), User: cmp.Or(e.User, osUser()), Program: program(), Log: e.log}
	if !e.root.JSON {
		o.Tell = func(line string) { fmt.Fprintln(e.Out, e.demoLine(line)) }
	}
	if c.Once && o.At.IsZero() {
		o.At = demo.GoldenWeek()
	}
	d, err := demo.Start(e.ctx, o)
	var folder *demo.FolderError
	if errors.As(err, &folder) {
		return wrongUse{err}
	}
	if err != nil {
		return err
	}
	defer d.Close()
	url := ""
	if !c.Once {
		if url, err = d.Serve(c.Listen); err != nil {
			return e.listening(err)
		}
	}
	if err := d.Day(e.ctx); err != nil {
		return err
	}
	if c.Once {
		if err := d.Weeks(e.ctx); err != nil {
			return err
		}
	}
	r, err := d.Report(e.ctx)
	if err != nil {
		return err
	}
	if e.root.JSON {
		err = e.print(r)
	} else if err = (&demoReport{env: e, language: o.Language}).print(r); err == nil {
		_, err = fmt.Fprintln(e.Out, d.Next(url))
	}
	switch {
	case err != nil:
		return err
	case !c.Once:
		return d.Stay(e.ctx, demo.Pace)
	case !r.OK:
		return errFound
	}
	return nil
}

func (e *env) listening(err error) error {
	var address *demo.AddressError
	if errors.As(err, &address) {
		return use("--listen %w", err)
	}
	return fmt.Errorf("--listen: %w", err)
}

// program is how the reader starts this program again: by its name where the
// shell finds it, by its path, or as it was with go run, whose file goes away.
func program() string {
	self, err := os.Executable()
	if err != nil {
		return "zesei"
	}
	if found, err := exec.LookPath("zesei"); err == nil && found == self {
		return "zesei"
	}
	if strings.Contains(self, "go-build") {
		return "go run ./cmd/zesei"
	}
	return self
}

// languageOf reads the language of the environment, as POSIX orders its names.
func languageOf(getenv func(string) string) string {
	if strings.HasPrefix(cmp.Or(getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG")), "ja") {
		return "ja"
	}
	return "en"
}

// demoLine makes a line of the story stand out on a terminal.
func (e *env) demoLine(line string) string {
	line = printable(line)
	switch {
	case !e.Terminal:
	case strings.HasPrefix(line, "20"): // a date: something begins
		return lipgloss.NewStyle().Bold(true).Render(line)
	case strings.Contains(line, "→"):
		return lipgloss.NewStyle().Foreground(lipgloss.Color("10")).Render(line)
	}
	return line
}

// demoReport prints how the day ended.
type demoReport struct {
	*env
	language string
}

func (p *demoReport) t(en, ja string) string {
	if p.language == "ja" {
		return ja
	}
	return en
}

func (p *demoReport) print(r demo.Report) error {
	for _, part := range []func(demo.Report) error{p.cases, p.channels, p.tickets, p.fixes, p.checks} {
		fmt.Fprintln(p.Out)
		if err := part(r); err != nil {
			return err
		}
	}
	return nil
}

func (p *demoReport) cases(r demo.Report) error {
	var rows [][]string
	for _, s := range demo.Severities() {
		by := r.Cases.By[s]
		if len(by) > 0 {
			rows = append(rows, []string{s, fmt.Sprint(by["open"]), fmt.Sprint(by["suppressed"]), fmt.Sprint(by["closed"])})
		}
	}
	return printTable(p.env, []string{p.t("CASES", "ケース"), p.t("OPEN", "未対応"), p.t("SUPPRESSED", "対象外"), p.t("CLOSED", "終了")}, rows, func(row, col int) lipgloss.Style {
		s := lipgloss.NewStyle()
		if col == 0 {
			s = s.Foreground(lipgloss.Color(severityColour[finding.Severity(rows[row][0])]))
		}
		return s
	})
}

func (p *demoReport) channels(r demo.Report) error {
	var rows [][]string
	for _, c := range r.Channels {
		rows = append(rows, []string{c.Name, c.Owner, fmt.Sprint(c.Messages), fmt.Sprint(c.Replies), fmt.Sprint(c.Updates)})
	}
	return printTable(p.env, []string{"SLACK", p.t("OWNER", "担当"), p.t("MESSAGES", "メッセージ"), p.t("IN THREADS", "スレッド"), p.t("EDITED", "更新")}, rows, nil)
}

func (p *demoReport) fixes(r demo.Report) error {
	var rows [][]string
	for _, f := range r.Fixes {
		rows = append(rows, []string{f.ID, f.State, f.Name + "/" + f.Group, f.OpenedBy, strings.Join(f.Cases, " ")})
	}
	if err := printTable(p.env, []string{p.t("FIX", "修復"), p.t("STATE", "状態"), p.t("GROUP", "グループ"), p.t("OPENED BY", "公開した人"), p.t("CASES", "ケース")}, rows, nil); err != nil {
		return err
	}
	for _, f := range r.Fixes {
		stays := 0
		fmt.Fprintf(p.Out, "\n%s (%s)\n", f.Name+"/"+f.Group, f.State)
		for _, rule := range f.Before {
			if slices.Contains(f.After, rule) {
				stays++
				continue
			}
			fmt.Fprintln(p.Out, p.rule("- ", rule))
		}
		for _, rule := range f.After {
			if !slices.Contains(f.Before, rule) {
				fmt.Fprintln(p.Out, p.rule("+ ", rule))
			}
		}
		fmt.Fprintf(p.Out, p.t("    %d rules as they were\n", "    ほかの %d 個のルールは変更なし\n"), stays)
	}
	return nil
}

// tickets counts the tickets of each team.
func (p *demoReport) tickets(r demo.Report) error {
	var rows [][]string
	for _, c := range demo.CountTickets(r.Tickets) {
		rows = append(rows, []string{c.Tracker, c.Owner, fmt.Sprint(c.Open), fmt.Sprint(c.Closed)})
	}
	return printTable(p.env, []string{p.t("TICKETS", "チケット"), p.t("OWNER", "担当"), p.t("OPEN", "未対応"), p.t("CLOSED", "完了")}, rows, nil)
}

func (p *demoReport) rule(mark, rule string) string {
	line := "  " + mark + printable(rule)
	colour := map[string]string{"- ": "9", "+ ": "10"}[mark]
	if !p.Terminal || colour == "" {
		return line
	}
	return lipgloss.NewStyle().Foreground(lipgloss.Color(colour)).Render(line)
}

func (p *demoReport) checks(r demo.Report) error {
	good := 0
	for _, c := range r.Checks {
		if c.OK {
			good++
			continue
		}
		fmt.Fprintf(p.Out, p.t("NOT AS IT SHOULD BE: %s: got %s\n", "想定と違う結果：%s：実際は %s\n"), c.Name, c.Got)
	}
	_, err := fmt.Fprintf(p.Out, p.t("%d of %d things that should have happened did, in %.1f s; %d findings read, %d unchanged, %d dead letter\n",
		"確認項目 %d/%d 件が想定どおり（%.1f 秒）。検出結果 %d 件、変化なし %d 件、デッドレター %d 件\n"), good, len(r.Checks), r.Seconds, r.Findings, r.Unchanged, r.Dead)
	return err
}

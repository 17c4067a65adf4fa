package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// sorted gives the sources in a stable order.
func sorted(sources map[[16]byte]casefile.Statement) []casefile.Statement {
	keys := slices.SortedFunc(maps.Keys(sources), func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	out := make([]casefile.Statement, len(keys))
	for i, k := range keys {
		out[i] = sources[k]
	}
	return out
}

// casesByID lists cases that a command has touched, in the order of the list.
func casesByID(e *env, a *app.App, ids []int64) ([]store.Listed, error) {
	files, err := store.CasesByID(e.ctx, a.DB.View(), ids)
	if err != nil {
		return nil, err
	}
	out := make([]store.Listed, len(files))
	for i, f := range files {
		out[i] = store.Listed{File: f, LastSeen: f.ChangedAt}
	}
	return out, nil
}

// controlsNamed finds the controls that a flag names; another product's rule
// (with a slash) is taken as it is.
func controlsNamed(cat *control.Catalogue, s string) ([]string, error) {
	if strings.Contains(s, "/") {
		return []string{s}, nil
	}
	var ids []string
	for _, c := range cat.Match(s) {
		ids = append(ids, c.ID)
	}
	if len(ids) == 0 {
		if c, ok := cat.Lookup(s); ok {
			return []string{c.ID}, nil
		}
		return nil, noControl(cat, s)
	}
	return ids, nil
}

var severityColour = map[finding.Severity]string{finding.Critical: "9", finding.High: "208", finding.Medium: "11", finding.Low: "12"}

// printCases prints a table. In a pipe it has neither borders nor colours.
func printCases(e *env, a *app.App, list []store.Listed) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(e.Out, "no cases")
		return err
	}
	zone := a.Config.Zone()
	headers := []string{"KEY", "SEVERITY", "CONTROL", "ACCOUNT", "REGION", "RESOURCE", "STATE", "RESPONSE", "OWNER", "DUE", "TITLE"}
	var rows [][]string
	for _, l := range list {
		f := l.File
		account := f.Key.Account
		if name := a.Directory.Account(account).Name; name != "" {
			account = name
		}
		rows = append(rows, []string{store.ShortKey(f.Key), string(f.Severity), f.Key.Control, account, f.Key.Region, resourceWords(a, f),
			stateWords(f), f.Terms.Response, cmp.Or(f.Terms.Owner, "-"), dueWords(f, e.Now(), zone), title(a, f)})
	}
	return printTable(e, headers, rows, func(row, col int) lipgloss.Style {
		s := lipgloss.NewStyle()
		f := list[row].File
		switch {
		case col == 1 && f.State == casefile.Open:
			s = s.Foreground(lipgloss.Color(severityColour[f.Severity])).Bold(f.Severity == finding.Critical)
		case col == 9 && f.Overdue(e.Now()):
			s = s.Foreground(lipgloss.Color("9"))
		case f.State != casefile.Open:
			s = s.Faint(true)
		}
		return s
	})
}

// printTable prints rows under headers: styled and no wider than it on a terminal,
// plain columns in a pipe.
func printTable(e *env, headers []string, rows [][]string, style func(row, col int) lipgloss.Style) error {
	for _, r := range rows {
		for i := range r {
			r[i] = printable(r[i])
		}
	}
	if e.Width > 0 {
		fit(e.Width, headers, rows)
	}
	t := table.New().Headers(headers...).Rows(rows...).Border(lipgloss.HiddenBorder()).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderHeader(false).BorderColumn(false).Wrap(false).
		StyleFunc(func(row, col int) lipgloss.Style {
			s := lipgloss.NewStyle()
			if e.Terminal && row == table.HeaderRow {
				s = s.Bold(true).Faint(true)
			} else if e.Terminal && row >= 0 && style != nil {
				s = style(row, col)
			}
			if col < len(headers)-1 {
				s = s.PaddingRight(2)
			}
			return s
		})
	for line := range strings.SplitSeq(t.Render(), "\n") {
		if _, err := fmt.Fprintln(e.Out, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

// printable keeps control characters of outside text off the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, s)
}

// title is what a case is about: what its control demands, for a control's title
// alone reads as if it held.
func title(a *app.App, f *casefile.File) string {
	return demand(a, f.Key.Control, a.Config.Language, f.Title)
}

// demand is what a control demands; otherwise where the catalogue does not know it.
func demand(a *app.App, controlID, language, otherwise string) string {
	if c, ok := a.Catalogue.Lookup(controlID); ok {
		return c.Title.Demand().In(language)
	}
	return otherwise
}

// resourceWords is the resource as a table shows it; an account by its name, not
// as the root user that its ARN looks like.
func resourceWords(a *app.App, f *casefile.File) string {
	if f.ResourceType == "AWS::::Account" {
		return cmp.Or(a.Directory.Account(f.Key.Account).Name, f.Key.Account)
	}
	return shortResource(f.Key.Resource)
}

func shortResource(arn string) string {
	if i := strings.LastIndexAny(arn, "/:"); i >= 0 && i < len(arn)-1 {
		return arn[i+1:]
	}
	return arn
}

func stateWords(f *casefile.File) string {
	if f.State == casefile.Closed {
		return "closed (" + f.Reason + ")"
	}
	if f.Life.Recurrences > 0 {
		return fmt.Sprintf("%s (×%d)", f.State, f.Life.Recurrences+1)
	}
	return string(f.State)
}

func dueWords(f *casefile.File, now time.Time, zone *time.Location) string {
	if f.State != casefile.Open || f.Terms.Due.IsZero() {
		return "-"
	}
	s := f.Terms.Due.In(zone).Format("2006-01-02 15:04 MST")
	if f.Overdue(now) {
		s += " overdue"
	}
	return s
}

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/finding"
)

// MostMentions is how many people one comment calls; the rest stand in its
// thread.
const MostMentions = 20

// Markup makes text fit for where a comment goes.
type Markup interface {
	Escape(text string) string // text from outside, as one line
	Mention(id string) string  // calls a person; "" for what is no id
}

// Comment is what goes with a list.
type Comment struct {
	Text   string
	Thread []string // further messages for its thread
}

// About is what a comment tells beside the rows.
type About struct {
	Environment string   // whose findings they are
	Controls    []string // those that were asked for; none: all
	Live        bool     // straight from Security Hub
	Unread      []string // what could not be read, each with the reason
	File        bool     // a file with the list is attached
}

// Environment names accounts for people: their names, or how many there are.
func Environment(accounts []string, name func(id string) string, language string) string {
	const most = 3
	if len(accounts) > most || len(accounts) == 0 {
		return fmt.Sprintf(control.Text{EN: "%d accounts", JA: "%d アカウント"}.In(language), len(accounts))
	}
	var names []string
	for _, id := range accounts {
		names = append(names, cmp.Or(name(id), id))
	}
	return strings.Join(names, ", ")
}

// Said writes the comment: environment, count, counts by severity, who is to
// look after it. Owners are called in the order of their severest finding, the
// creator in place of the team where the owner was found by the creator.
func Said(rows []Row, about About, c *config.Config, m Markup, language string) Comment {
	in := func(en, ja string, args ...any) string {
		return fmt.Sprintf(control.Text{EN: en, JA: ja}.In(language), args...)
	}
	which := ""
	if len(about.Controls) > 0 {
		which = in(" of %s", "(対象コントロール: %s)", m.Escape(strings.Join(about.Controls, ", ")))
	}
	env := m.Escape(about.Environment)
	var lines []string
	if len(rows) == 0 {
		lines = append(lines, in("✅ %s: no open findings%s.", "✅ %s: 未対応の違反は 0 件です%s。", env, which))
	} else {
		lines = append(lines, in("🚨 %s: *%d* open findings%s.", "🚨 %s: 未対応の違反が *%d* 件あります%s。", env, len(rows), which))
		lines = append(lines, severities(rows))
	}
	if about.File {
		lines = append(lines, in("The list is in the attached CSV file.", "一覧は添付の CSV ファイルにあります。"))
	}
	for _, u := range about.Unread {
		lines = append(lines, in("⚠️ Incomplete: %s", "⚠️ 一部取得できていません: %s", m.Escape(u)))
	}
	called, rest := mentions(rows, c, m)
	if len(called) > 0 {
		lines = append(lines, in("Owners: %s", "担当: %s", strings.Join(called, " ")))
	}
	out := Comment{}
	if len(rest) > 0 {
		lines = append(lines, in("%d more, called in the thread.", "ほか %d 名はスレッドで連絡します。", len(rest)))
		for group := range slices.Chunk(rest, MostMentions) {
			out.Thread = append(out.Thread, in("Owners, continued: %s", "担当(続き): %s", strings.Join(group, " ")))
		}
	}
	out.Text = strings.Join(lines, "\n")
	return out
}

func severities(rows []Row) string {
	n := map[finding.Severity]int{}
	for _, r := range rows {
		n[r.Severity]++
	}
	var out []string
	for _, s := range []finding.Severity{finding.Critical, finding.High, finding.Medium, finding.Low, finding.Informational} {
		if n[s] > 0 {
			out = append(out, fmt.Sprintf("%s %d", s, n[s]))
		}
	}
	return strings.Join(out, " · ")
}

// mentions are the calls for the owners of rows, each person once. An owner
// whom nobody answers for is named without a call, so that it is seen.
func mentions(rows []Row, c *config.Config, m Markup) (first, rest []string) {
	var all []string
	add := func(s string) {
		if s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	sorted := slices.Clone(rows)
	Sort(sorted)
	for _, r := range sorted {
		if id := m.Mention(c.People[r.Person].Slack); id != "" {
			add(id)
			continue
		}
		before := len(all)
		called := false
		for _, name := range c.Owners[r.Owner].Mention {
			if id := m.Mention(c.People[name].Slack); id != "" {
				add(id)
				called = true
			}
		}
		if len(all) == before && !called {
			add(m.Escape(r.Owner))
		}
	}
	n := min(len(all), MostMentions)
	return all[:n], all[n:]
}

// mostLines is how many rows stand in a text without a file.
const mostLines = 20

// Lines are the first rows as text, for a message that has no file.
func Lines(rows []Row, m Markup, language string) string {
	var b strings.Builder
	for i, r := range rows {
		if i == mostLines {
			fmt.Fprintf(&b, "\n%s", fmt.Sprintf(control.Text{EN: "… and %d more", JA: "… ほか %d 件"}.In(language), len(rows)-i))
			break
		}
		fmt.Fprintf(&b, "\n• %s %s %s %s: %s", r.Severity, m.Escape(r.Control), m.Escape(cmp.Or(r.AccountName, r.Account)), m.Escape(r.Resource), m.Escape(r.Title))
	}
	return b.String()
}

package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"zesei/internal/config"
	"zesei/internal/notify/slack"
	"zesei/internal/report"
	"zesei/internal/store"
)

// SummaryPost is a summary on its way to Slack.
type SummaryPost struct {
	Owner    string // "": all owners
	Channel  string // "": the owner's own
	Language string // "": the owner's, else the configuration's
	Zone     *time.Location
	From, To store.Day // both zero: report.DefaultPeriod
	Skip     bool      // say nothing where nothing is open
	// Key marks the message and Begun is when an earlier try of it began, as in
	// Post.
	Key   string
	Begun time.Time
}

// SummaryAsk asks for a summary.
type SummaryAsk struct {
	Owner    string // "": all owners
	Language string // of titles; "": the owner's
	Zone     *time.Location
	From, To store.Day // both zero: report.DefaultPeriod
}

// Summary counts how things stand, and what changed in the period that
// report.DefaultPeriod names.
func (a *App) Summary(ctx context.Context, owner, language string) (report.Summary, error) {
	return a.SummaryOf(ctx, SummaryAsk{Owner: owner, Language: language})
}

// SummaryOf counts how things stand, and what changed in a period.
func (a *App) SummaryOf(ctx context.Context, ask SummaryAsk) (report.Summary, error) {
	if ask.Language == "" {
		ask.Language = a.Config.OwnerLanguage(ask.Owner)
	}
	closing, err := a.closing()
	if err != nil {
		return report.Summary{}, err
	}
	region, err := a.consoleRegion(ctx)
	if err != nil {
		return report.Summary{}, err
	}
	of := report.SummaryOf{
		Owner: ask.Owner, Standards: a.Policy.Standards(), Language: ask.Language, At: a.Now(), Zone: a.Config.Zone(), From: ask.From, To: ask.To,
		Catalogue: a.Catalogue, Closing: closing, Score: a.scoreOf(),
		Account: func(id string) string { return a.Directory.Account(id).Name }, Console: &report.Console{Region: region},
	}
	if ask.Owner != "" {
		of.Accounts = a.accountsOf(ask.Owner)
		of.Tickets = a.ticketList(ask.Owner)
	}
	if of.Score.Switched, err = store.DisabledByUs(ctx, a.DB.View()); err != nil {
		return report.Summary{}, err
	}
	return report.Summarize(ctx, a.DB.View(), of)
}

// scoreOf says whose accounts are whose.
func (a *App) scoreOf() report.ScoreOf {
	return report.ScoreOf{Catalogue: a.Catalogue, OwnerOf: a.ownerOf}
}

func (a *App) ownerOf(account string) string {
	if owner := a.Directory.Account(account).Owner; owner != "" {
		return owner
	}
	return a.Config.DefaultOwner()
}

// accountsOf are the configured accounts of an owner.
func (a *App) accountsOf(owner string) []string {
	var out []string
	for _, id := range a.Directory.Accounts() {
		if a.Directory.Account(id).Owner == owner {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// Scores computes the scores of a part, with what was kept of a month before.
func (a *App) Scores(ctx context.Context, accounts []string, owner, language string) ([]report.Score, error) {
	of := a.scoreOf()
	of.Accounts, of.Owner, of.Language = accounts, owner, language
	var err error
	if of.Switched, err = store.DisabledByUs(ctx, a.DB.View()); err != nil {
		return nil, err
	}
	all, err := report.ScoresOf(ctx, a.DB.View(), of)
	if err != nil {
		return nil, err
	}
	scope, name, kept := ScoreScope(accounts, owner)
	if !kept {
		return all, nil
	}
	before := report.AMonthBefore(store.DayOf(a.Now().In(a.Config.Zone())))
	history, err := report.History(ctx, a.DB.View(), scope, name, before.Add(-31), before, language)
	report.Since(all, history, before)
	return all, err
}

// ScoreScope is under which scope and name the score of a part is kept; ok is
// false where it is not kept: several accounts, or an owner's in some.
func ScoreScope(accounts []string, owner string) (scope, name string, ok bool) {
	switch {
	case len(accounts) == 0 && owner == "":
		return store.ScopeAll, "", true
	case len(accounts) == 0:
		return store.ScopeOwner, owner, true
	case len(accounts) == 1 && owner == "":
		return store.ScopeAccount, accounts[0], true
	}
	return "", "", false
}

// consoleRegion is the Region whose console shows the findings of all: the first
// that the intake polls, else the one in which Security Hub was polled, which is
// where it aggregates. "" where none or several are known.
func (a *App) consoleRegion(ctx context.Context) (string, error) {
	hub, _ := a.hubIntake()
	if len(hub.Regions) > 0 {
		return hub.Regions[0], nil
	}
	prefix := "securityhub " + cmp.Or(accountOf(hub.Role), a.Directory.own) + " "
	polled, err := store.MetaNames(ctx, a.DB.View(), prefix)
	if err != nil || len(polled) != 1 {
		return "", err
	}
	return strings.TrimPrefix(polled[0], prefix), nil
}

// ticketList is where an owner's tickets are listed in the tracker's pages; ""
// where that is not known.
func (a *App) ticketList(owner string) string {
	name, project, ok := a.Directory.tracker(owner)
	if !ok {
		return ""
	}
	return ticketList(a.Config.Ticket[name], project)
}

func ticketList(t config.Tracker, project string) string {
	base := strings.TrimSuffix(t.URL, "/")
	switch t.Kind {
	case "github":
		// The API of github.com has a host of its own; that of an Enterprise server
		// is a path under its pages.
		base = strings.TrimSuffix(cmp.Or(base, "https://api.github.com"), "/api/v3")
		if base == "https://api.github.com" {
			base = "https://github.com"
		}
		return base + "/" + project + "/issues"
	case "jira":
		return base + "/issues/?jql=" + url.QueryEscape(`project = "`+strings.ReplaceAll(project, `"`, `\"`)+`"`)
	case "backlog":
		return base + "/find/" + url.PathEscape(project)
	case "redmine":
		return base + "/projects/" + url.PathEscape(project) + "/issues"
	}
	return ""
}

// closing are the user's templates of the last sentences of a summary, by
// language: ja/closing.tmpl and en/closing.tmpl among the message templates.
func (a *App) closing() (map[string]string, error) {
	if a.Config.Notify.Templates == "" {
		return nil, nil
	}
	out := map[string]string{}
	for _, language := range []string{"ja", "en"} {
		b, err := os.ReadFile(filepath.Join(a.Config.Path(a.Config.Notify.Templates), language, "closing.tmpl"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := report.CheckClosing(language, string(b)); err != nil {
			return nil, fmt.Errorf("%s: %w", a.Config.Notify.Templates, err)
		}
		out[language] = string(b)
	}
	return out, nil
}

// Link leads a number or a name to an address; report.Linker.
func (slackMarkup) Link(address, text string) string {
	return "<" + strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace(address) + "|" + text + ">"
}

// PostSummary posts a summary. In doubt it is a *slack.InDoubt.
func (a *App) PostSummary(ctx context.Context, p SummaryPost) error {
	if p.Language == "" {
		p.Language = a.Config.OwnerLanguage(p.Owner)
	}
	if p.Zone == nil {
		p.Zone = a.Config.OwnerZone(p.Owner)
	}
	if p.Channel == "" {
		p.Channel = a.Config.Owners[p.Owner].Slack
	}
	s, err := a.SummaryOf(ctx, SummaryAsk{Owner: p.Owner, Language: p.Language, From: p.From, To: p.To})
	if err != nil || s.Open == 0 && p.Skip {
		return err
	}
	d, err := a.Deliverer(ctx)
	if err != nil {
		return err
	}
	text, err := s.Text(slackMarkup{}, p.Language, p.Zone)
	if err != nil {
		return err
	}
	_, err = d.Say(ctx, slack.Saying{Channel: p.Channel, Text: text, Key: p.Key, Since: p.Begun})
	return err
}

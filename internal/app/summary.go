package app

import (
	"context"
	"time"

	"zesei/internal/notify/slack"
	"zesei/internal/report"
)

// SummaryPost is a summary on its way to Slack.
type SummaryPost struct {
	Owner    string // "": all owners
	Channel  string // "": the owner's own
	Language string // "": the owner's, else the configuration's
	Zone     *time.Location
	Skip     bool // say nothing where nothing is open
	// Key marks the message and Begun is when an earlier try of it began, as in
	// Post.
	Key   string
	Begun time.Time
}

// Summary counts how things stand; what is new and closed is counted over
// the last 30 days.
func (a *App) Summary(ctx context.Context, owner, language string) (report.Summary, error) {
	now := a.Now()
	return report.Summarize(ctx, a.DB.View(), report.SummaryOf{
		Owner: owner, Standards: a.Policy.Standards(), Language: language, At: now, Since: now.AddDate(0, 0, -30),
	})
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
	s, err := a.Summary(ctx, p.Owner, p.Language)
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

package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zesei/internal/notify/slack"
	"zesei/internal/report"
)

// ErrNoSlack says that Slack was asked for and is not configured.
var ErrNoSlack = errors.New("no Slack is configured: add notify.slack with its token to zesei.yaml")

// Post is a list on its way to a Slack channel.
type Post struct {
	Channel  string
	Controls []string // as they were asked for
	Language string   // "": the configuration's
	Zone     *time.Location
	CSV      bool // with the list as a file; otherwise its first rows in the text
	Skip     bool // say nothing where nothing was found
	// Key marks what is said, so that a repetition finds it; "" repeats nothing.
	Key string
	// Begun is when an earlier try of the same post began; zero: there was none.
	// File is the id of the file that it was about to share.
	Begun time.Time
	File  string
	// Intend keeps the id of a file before the file becomes visible.
	Intend func(fileID string) error
}

// Posted says what became of a post.
type Posted struct {
	Said    bool
	File    string // name of the file
	Message string // ts of the message; "" where Slack has not told yet
}

// slackMarkup is report.Markup for Slack.
type slackMarkup struct{}

func (slackMarkup) Escape(text string) string { return slack.Escape(text) }
func (slackMarkup) Mention(id string) string  { return slack.Mention(id) }

// Deliverer is the way into Slack, or ErrNoSlack.
func (a *App) Deliverer(ctx context.Context) (*slack.Deliverer, error) {
	if a.slack == nil {
		return nil, ErrNoSlack
	}
	return a.slack.deliverer(ctx)
}

// PostFindings posts a list. An upload or post whose answer was lost is a
// *slack.InDoubt; with Key, Begun and File of that try the next one looks before
// it repeats anything.
func (a *App) PostFindings(ctx context.Context, f Found, p Post) (Posted, error) {
	out := Posted{}
	if len(f.Rows) == 0 && len(f.Unread) == 0 && p.Skip {
		return out, nil
	}
	d, err := a.Deliverer(ctx)
	if err != nil {
		return out, err
	}
	if p.Language == "" {
		p.Language = a.Config.Language
	}
	if p.Zone == nil {
		p.Zone = a.Config.Zone()
	}
	report.Titles(f.Rows, a.Catalogue, p.Language)
	file := p.CSV && len(f.Rows) > 0
	c := report.Said(f.Rows, report.About{
		Environment: report.Environment(f.Accounts, func(id string) string { return a.Directory.Account(id).Name }, p.Language),
		Controls:    p.Controls, Unread: f.Unread, File: file,
	}, a.Config, slackMarkup{}, p.Language)
	if file {
		out.File = report.FileName(a.Now(), p.Zone)
		out.Message, err = a.upload(ctx, d, p, out.File, report.CSV(f.Rows, p.Language, p.Zone), c.Text, len(c.Thread) > 0)
	} else {
		out.Message, err = d.Say(ctx, slack.Saying{Channel: p.Channel, Text: c.Text + report.Lines(f.Rows, slackMarkup{}, p.Language), Key: p.Key, Since: p.Begun})
	}
	if err != nil {
		return out, err
	}
	out.Said = true
	for i, text := range c.Thread {
		// Without the message's ts the rest is said in the channel: better than not.
		s := slack.Saying{Channel: p.Channel, Thread: out.Message, Text: text, Since: p.Begun}
		if p.Key != "" {
			s.Key = fmt.Sprintf("%s|thread|%d", p.Key, i)
		}
		if _, err := d.Say(ctx, s); err != nil {
			return out, err
		}
	}
	return out, nil
}

// shownWithin is how often, a second apart, a file's message is looked for:
// Slack shares a file a moment after it has said yes.
const shownWithin = 3

// upload shares the file, unless an earlier try did, and finds its message where
// a thread is wanted.
func (a *App) upload(ctx context.Context, d *slack.Deliverer, p Post, name string, content []byte, comment string, thread bool) (string, error) {
	if p.File != "" {
		ts, err := d.Shared(ctx, p.Channel, p.File, p.Begun)
		if ts != "" || err != nil {
			return ts, err
		}
	}
	began := a.Now()
	id, err := d.Upload(ctx, p.Channel, name, content, comment, "", p.Intend)
	if err != nil || !thread {
		return "", err
	}
	for i := range shownWithin {
		ts, err := d.Shared(ctx, p.Channel, id, began)
		if ts != "" || err != nil || i == shownWithin-1 {
			return ts, err
		}
		if err := rest(ctx, time.Second); err != nil {
			return "", err
		}
	}
	return "", nil
}

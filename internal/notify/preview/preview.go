// Package preview shows messages as the channels would send them, and sends
// nothing: the text that people read, and beside it what only the service sees
// (Slack's blocks, the HTML of a mail, the card for Teams, the payload for SNS and
// webhooks).
//
// What is shown comes from package notify: its samples, or a message that was
// made of a real case. A template that fails is an error here, with file and
// line; only when a message is really sent does the built-in text stand in.
package preview

import (
	"encoding/json"
	"fmt"
	"time"

	"zesei/internal/finding"
	"zesei/internal/notify"
	"zesei/internal/notify/email"
	"zesei/internal/notify/slack"
	"zesei/internal/notify/teams"
	"zesei/internal/notify/webhook"
)

// Channels are the kinds of channel that can be shown: those with words. What
// pages people has none.
var Channels = []notify.Via{notify.Slack, notify.Email, notify.Teams, notify.SNS, notify.Webhook}

// Sheet is one part of a message on one kind of channel.
type Sheet struct {
	Channel  notify.Via       `json:"channel"`
	Language string           `json:"language"`
	Kind     string           `json:"kind"` // one of notify.PreviewKinds
	Shows    string           `json:"shows"`
	Template string           `json:"template"` // file that the words come from, without language and .tmpl
	Severity finding.Severity `json:"severity,omitempty"`
	Subject  string           `json:"subject,omitempty"` // mail
	Text     string           `json:"text"`
	HTML     string           `json:"html,omitempty"`    // mail
	Blocks   json.RawMessage  `json:"blocks,omitempty"`  // Slack
	Request  json.RawMessage  `json:"request,omitempty"` // Teams
	Payload  *webhook.Payload `json:"payload,omitempty"` // SNS, webhook
}

// Sheets lays parts out for one kind of channel. now is the time at which they
// would be sent. An error is a template's.
func Sheets(t *notify.Templates, via notify.Via, parts []notify.Preview, now time.Time) ([]Sheet, error) {
	plain, err := t.For(notify.Plain{})
	if err != nil {
		return nil, err
	}
	fill, err := filler(t, via, plain, now)
	if err != nil {
		return nil, err
	}
	var out []Sheet
	for _, p := range parts {
		v := p.View
		s := Sheet{Channel: via, Language: v.Language, Kind: p.Kind, Shows: p.Name, Template: v.Template, Severity: v.Severity}
		if s.Text, err = plain.Render(v); err != nil {
			return nil, err
		}
		if err := fill(&s, p); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// filler adds what only a kind of channel has.
func filler(t *notify.Templates, via notify.Via, plain *notify.Set, now time.Time) (func(*Sheet, notify.Preview) error, error) {
	switch via {
	case notify.Slack:
		show, err := slack.Show(t)
		return func(s *Sheet, p notify.Preview) error {
			shown, err := show(p.View, p.Message.Key)
			s.Text, s.Blocks = shown.Text, shown.Blocks
			return err
		}, err
	case notify.Email:
		show, err := email.Show(t)
		return func(s *Sheet, p notify.Preview) error {
			mail, err := show(p.View)
			s.Subject, s.Text, s.HTML = mail.Subject, mail.Text, mail.HTML
			return err
		}, err
	case notify.Teams:
		show, err := teams.Show(t)
		return func(s *Sheet, p notify.Preview) (err error) {
			s.Request, err = show(p.View)
			return err
		}, err
	case notify.SNS, notify.Webhook:
		return func(s *Sheet, p notify.Preview) error {
			h := p.View.Hash()
			payload := webhook.NewPayload(p.Message, notify.Action{Part: notify.Main, Why: "first post", Hash: h, View: p.View}, notify.Part{Version: 1, Hash: h}, plain, now)
			s.Payload = &payload
			return nil
		}, nil
	}
	return nil, fmt.Errorf("messages on %q have no words to show", via)
}

package notify

import (
	"strings"
	"time"
)

// Failure is the kind of a message about zesei's own trouble to tell people
// something. It goes to who looks after zesei.
const Failure Kind = "failure"

// What a Trouble is about.
const (
	ChannelFails = "channel-fails" // messages do not go out by a channel
	ChannelWorks = "channel-works" // they do again
	MessageFails = "message-fails" // one message is refused, others go out
	RunFails     = "run-fails"     // a scheduled report was given up, or a part of it
)

// Trouble is what a message of kind Failure tells. It is a snapshot.
type Trouble struct {
	What string `json:"what"`
	// Channel is what fails: a kind of channel (slack), or that and a target
	// (slack:#shop-sec).
	Channel string   `json:"channel,omitempty"`
	Owners  []string `json:"owners,omitempty"` // who is told by that target
	// Report is the scheduled report: findings, summary or score. Cron says when.
	Report  string    `json:"report,omitempty"`
	Cron    string    `json:"cron,omitempty"`
	Unmade  bool      `json:"unmade,omitempty"` // the report could not be made; else not delivered
	Since   time.Time `json:"since"`            // first failure; of a report, when it was due
	Until   time.Time `json:"until,omitzero"`   // of what works again; of a report, when it is next due
	Waiting int       `json:"waiting"`          // messages that wait
	Reasons []string  `json:"reasons,omitempty"`
	Hint    string    `json:"hint,omitempty"` // what a person can do
	HintJA  string    `json:"hint_ja,omitempty"`
}

// utc makes equal instants equal in a hash.
func (t *Trouble) utc() *Trouble {
	if t == nil {
		return nil
	}
	out := *t
	out.Since, out.Until = second(out.Since), second(out.Until)
	return &out
}

// services are the kinds of channel as people call them, in English and
// Japanese.
var services = map[Via][2]string{
	Slack: {"Slack", "Slack"}, Email: {"mail", "メール"}, Teams: {"Teams", "Teams"},
	SNS: {"SNS", "SNS"}, Webhook: {"webhook", "Webhook"}, PagerDuty: {"PagerDuty", "PagerDuty"},
}

// Place names a channel for people: "Slack #shop-sec", "メール a@example.com".
func (v View) Place(channel string) string {
	via, target, _ := strings.Cut(channel, ":")
	name, known := services[Via(via)]
	if !known {
		return channel
	}
	if target == via { // webhook:webhook
		target = ""
	}
	if v.Language == "ja" {
		return strings.TrimSpace(name[1] + " " + target)
	}
	return strings.TrimSpace(name[0] + " " + target)
}

// Hint is what a person can do about the trouble, in the view's language.
func (v View) Hint() string {
	switch {
	case v.Trouble == nil:
		return ""
	case v.Language == "ja" && v.Trouble.HintJA != "":
		return v.Trouble.HintJA
	}
	return v.Trouble.Hint
}

// sampleTroubles are troubles for trying the template on.
func sampleTroubles() []Trouble {
	at := sampleDue
	return []Trouble{
		{What: ChannelFails, Channel: "slack", Since: at, Waiting: 12, Reasons: []string{`chat.postMessage to #sec: Slack answered "token_revoked"`},
			Hint: "the token has been revoked: install the app again", HintJA: "トークンが取り消されています。アプリをインストールし直してください"},
		{What: ChannelFails, Channel: "slack:#shop-sec", Owners: []string{"shop"}, Since: at, Waiting: 1, Reasons: []string{`Slack has no channel "#shop-sec" that the app can see`}},
		{What: ChannelWorks, Channel: "email", Since: at, Until: at.Add(3 * time.Hour), Waiting: 4},
		{What: MessageFails, Channel: "webhook:webhook", Owners: []string{"shop"}, Since: at, Waiting: 1, Reasons: []string{"webhook webhook: HTTP status 413"}, Hint: "the receiver does not take the message"},
		{What: RunFails, Report: "summary", Cron: "0 9 1 * *", Since: at, Until: at.AddDate(0, 1, 0), Reasons: []string{"slack:#ops: is_archived"}},
		{What: RunFails, Report: "findings", Cron: "0 9 * * MON", Unmade: true, Since: at, Until: at.AddDate(0, 0, 7), Reasons: []string{"asking Security Hub: AccessDenied"}},
		{What: RunFails, Report: "score", Cron: "0 9 1 1 *", Since: at, Reasons: []string{"email:a@example.com: no such user"}},
	}
}

package slack

import (
	"regexp"
	"strings"

	"zesei/internal/notify"
)

// markup is Slack's mrkdwn. Text from outside has `&`, `<` and `>` escaped, so
// that it can form no link, mention or date; the sections that it stands in are
// verbatim, so that Slack makes no links or mentions out of bare words.
// https://docs.slack.dev/messaging/formatting-message-text/
type markup struct{}

var _ notify.Markup = markup{}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func (markup) Escape(text string) string { return escaper.Replace(text) }

func (m markup) Bold(text string) string {
	if text == "" {
		return ""
	}
	return "*" + m.Escape(strings.ReplaceAll(text, "*", "∗")) + "*"
}

func (m markup) Code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + m.Escape(strings.ReplaceAll(text, "`", "'")) + "`"
}

func (m markup) Link(url, text string) string {
	if text == "" || text == url {
		return "<" + m.Escape(url) + ">"
	}
	return "<" + m.Escape(url) + "|" + m.Escape(strings.ReplaceAll(text, "|", "¦")) + ">"
}

var (
	userID  = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)
	groupID = regexp.MustCompile(`^S[A-Z0-9]{2,20}$`)
)

func (markup) Mention(id string) string {
	switch {
	case userID.MatchString(id):
		return "<@" + id + ">"
	case groupID.MatchString(id):
		return "<!subteam^" + id + ">"
	}
	return ""
}

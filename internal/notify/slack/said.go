package slack

import (
	"regexp"
	"strings"
	"unicode"
)

// MaxSaid is how many characters of a person's words are kept: what a text field
// of a form holds.
const MaxSaid = 3000

// reference is Slack's writing for a person, channel, group or address.
// https://docs.slack.dev/messaging/formatting-message-text/
var reference = regexp.MustCompile(`<([^<>|]*)(?:\|([^<>]*))?>`)

var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// Said is what a person wrote, as plain text: without the mention of the app,
// with people, channels and addresses in words, Slack's entities undone, without
// control characters but line ends, and at most MaxSaid characters long. app is
// the member id of the app; "" takes the first person that is mentioned.
func Said(text, app string) string {
	dropped := false
	text = reference.ReplaceAllStringFunc(text, func(s string) string {
		m := reference.FindStringSubmatch(s)
		what, label := m[1], m[2]
		switch {
		case strings.HasPrefix(what, "@"):
			if id := what[1:]; !dropped && (app == "" || id == app) || id == app {
				dropped = true
				return " "
			}
			return "@" + first(label, what[1:])
		case strings.HasPrefix(what, "#"):
			return "#" + first(label, what[1:])
		case strings.HasPrefix(what, "!"):
			return "@" + strings.TrimPrefix(first(label, what[1:]), "@")
		case label != "" && label != what:
			return label + " (" + what + ")"
		}
		return what
	})
	return bounded(plainText(entities.Replace(text)), MaxSaid)
}

// Typed is what a person typed into a form, as plain text and bounded. A form
// sends text as it was typed, without entities.
func Typed(text string, most int) string { return bounded(plainText(text), most) }

func plainText(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\u2028', r == '\u2029', unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD")))
}

// bounded cuts to at most so many characters, counted as the strictest reader would
// (UTF-16 units): a form refuses a first value that is longer than its field.
func bounded(s string, most int) string {
	if size(s) <= most {
		return s
	}
	n := 0
	for i, r := range s {
		if n += size(string(r)); n > most-1 {
			return strings.TrimSpace(s[:i]) + "…"
		}
	}
	return s
}

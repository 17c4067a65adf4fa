// Package markdown writes ticket texts in the Markdown of GitHub and Backlog.
//
// Every ASCII character that can begin markup is escaped (CommonMark §2.4). What
// the sites look for in the text that Markdown has made of it (mentions, issue
// numbers, addresses) is broken with a zero-width space, as escapes do not help
// against it.
package markdown

import (
	"regexp"
	"strings"

	"zesei/internal/ticket"
)

// Markup is Markdown.
type Markup struct{}

var _ ticket.Markup = Markup{}

const gap = "&#8203;"

// autolinks are what becomes a link or a mention by itself.
var autolinks = regexp.MustCompile(`(?i)(@|#|\bgh-|\bwww|https?:|ftp:)`)

// Escape makes text harmless.
func (Markup) Escape(s string) string {
	var b strings.Builder
	if strings.HasPrefix(s, "- ") { // a bullet of the template
		b.WriteString("- ")
		s = s[2:]
	}
	for len(s) > 0 {
		loc := autolinks.FindStringIndex(s)
		if loc == nil {
			escape(&b, s)
			break
		}
		escape(&b, s[:loc[1]])
		b.WriteString(gap)
		s = s[loc[1]:]
	}
	return b.String()
}

func escape(b *strings.Builder, s string) {
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]<>()#+!|~&$=-@^\"", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
}

// Bold is strong emphasis.
func (m Markup) Bold(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return "**" + m.Escape(s) + "**"
}

// Code is a code span, fenced by more backticks than the text has in a row.
func (Markup) Code(s string) string {
	if s == "" {
		return ""
	}
	fence, run := "`", 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		if run++; run >= len(fence) {
			fence += "`"
		}
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// Link is an address between angle brackets.
func (Markup) Link(u string) string { return "<" + u + ">" }

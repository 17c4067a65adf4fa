package backlog

import (
	"strings"

	"zesei/internal/ticket"
)

// notation is Backlog's own notation, of projects that are not set to Markdown
// (https://support-ja.backlog.com/hc/ja/articles/360035641594). A backslash takes
// the meaning from the character after it.
type notation struct{}

var _ ticket.Markup = notation{}

// Escape makes text harmless.
func (notation) Escape(s string) string {
	var b strings.Builder
	if strings.HasPrefix(s, "- ") { // a bullet of the template
		b.WriteString("- ")
		s = s[2:]
	}
	for i, r := range s {
		switch {
		case r == '\'' && strings.HasPrefix(s[i:], "''"), r == '%' && strings.HasPrefix(s[i:], "%%"):
			// two quotes or percent signs are markup: a space between them is not
			b.WriteRune(r)
			b.WriteByte(' ')
			continue
		case r == ':' && strings.HasPrefix(s[i:], "://"):
			b.WriteString(" :") // no address becomes a link by itself
			continue
		case strings.ContainsRune("\\{}[]#&|*@", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Bold is strong text.
func (n notation) Bold(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return "''" + n.Escape(s) + "''"
}

// Code is text: the notation has code blocks only.
func (n notation) Code(s string) string { return n.Escape(s) }

// Link becomes one by itself.
func (notation) Link(u string) string { return u }

package jira

import (
	"strings"

	"zesei/internal/ticket"
)

// wiki is the markup of Jira Data Center. A backslash takes the meaning from the
// character after it.
type wiki struct{}

var _ ticket.Markup = wiki{}

// Escape makes text harmless.
func (wiki) Escape(s string) string {
	var b strings.Builder
	if strings.HasPrefix(s, "- ") { // a bullet of the template
		b.WriteString("- ")
		s = s[2:]
	}
	for i, r := range s {
		switch {
		case r == '\\':
			b.WriteString("&#92;") // two would be a line break
			continue
		case r == '&':
			b.WriteString("&amp;")
			continue
		case r == ':' && strings.HasPrefix(s[i:], "://"):
			b.WriteString("&#58;") // no address becomes a link by itself
			continue
		case r == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www"):
			b.WriteString("&#46;")
			continue
		case strings.ContainsRune("{}[]*_-+^~?!|#@<>():;", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Bold is strong text.
func (m wiki) Bold(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return "*" + m.Escape(s) + "*"
}

// Code is monospaced text.
func (m wiki) Code(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return "{{" + m.Escape(s) + "}}"
}

// Link is an address between brackets.
func (wiki) Link(u string) string { return "[" + u + "]" }

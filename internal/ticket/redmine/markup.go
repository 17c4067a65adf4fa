package redmine

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"zesei/internal/ticket"
)

// markup writes text that both of Redmine's formats read alike: whatever either
// could take for markup, a link to an object or a mention is a character
// reference, which both show as the character.
type markup struct{}

var _ ticket.Markup = markup{}

// Escape makes every character that could begin markup a character reference. A
// character that is markup at the edge of a word only stays within one: mails show
// the text as it is written, and names are full of hyphens.
func (markup) Escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		// A bullet of the template stays one: it is read alike in both formats.
		if r == '-' && i == 0 && strings.HasPrefix(s, "- ") {
			b.WriteByte('-')
			continue
		}
		if (r == '-' || r == '_') && within(s, i) {
			b.WriteRune(r)
			continue
		}
		if r == ':' && strings.HasPrefix(s[i:], "://") || r == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www") { // addresses become links by themselves
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		if strings.ContainsRune("!\"#$%&'*+-<=>?@[\\]^_`{|}~", r) {
			fmt.Fprintf(&b, "&#%d;", r)
			if r == '@' || r == '#' { // Redmine looks for mentions and issues in what Markdown has made
				b.WriteString("&#8203;")
			}
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// within says whether the character at i stands between two letters or digits.
// Textile begins what is struck out or emphasised after a space or a bracket, and
// ends it before one or before a punctuation mark; CommonMark does not emphasise
// within words, and draws lines and lists of a hyphen at the start of a line.
func within(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i+1:])
	word := func(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
	return word(before) && word(after)
}

// Bold is strong in Textile and emphasis in Markdown.
func (m markup) Bold(s string) string {
	if s == "" {
		return ""
	}
	return "*" + m.Escape(s) + "*"
}

// Code is text as it is: the formats share no way to write code.
func (m markup) Code(s string) string { return m.Escape(s) }

// Link is found by both formats.
func (markup) Link(u string) string { return u }

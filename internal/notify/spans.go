package notify

import "strings"

// Marked is the markup of channels that build their own structure out of lines
// and spans. It writes control characters, which Clean lets through from no
// outside value, so what Spans reads out of them cannot be forged.
type Marked struct{}

var _ Markup = Marked{}

const (
	boldOn, boldOff           = "\x0e", "\x0f"
	codeOn, codeOff           = "\x10", "\x11"
	linkOn, linkText, linkOff = "\x12", "\x13", "\x14"
)

// Escape returns the text as it is: it is escaped when it is laid out.
func (Marked) Escape(text string) string { return text }

// Bold marks the text as bold.
func (Marked) Bold(text string) string { return boldOn + text + boldOff }

// Code marks the text as code.
func (Marked) Code(text string) string { return codeOn + text + codeOff }

// Link marks the text as a link.
func (Marked) Link(url, text string) string {
	if text == "" {
		text = url
	}
	return linkOn + url + linkText + text + linkOff
}

// Mention calls nobody.
func (Marked) Mention(string) string { return "" }

// Span is a piece of a line that is written in one way. Text is as it came from
// outside: whoever writes it escapes it.
type Span struct {
	Text string
	Bold bool
	Code bool
	URL  string // https; empty: no link
}

// Spans reads a text that was rendered with Marked: a list of spans for each
// line, empty for an empty line.
func Spans(text string) [][]Span {
	var out [][]Span
	var now Span
	for _, l := range strings.Split(text, "\n") {
		var line []Span
		for l != "" {
			i := strings.IndexAny(l, boldOn+boldOff+codeOn+codeOff+linkOn+linkText+linkOff)
			if i < 0 {
				i = len(l)
			}
			if i > 0 {
				now.Text = l[:i]
				line = append(line, now)
			}
			if l = l[i:]; l == "" {
				break
			}
			mark := l[:1]
			l = l[1:]
			switch mark {
			case boldOn, boldOff:
				now.Bold = mark == boldOn
			case codeOn, codeOff:
				now.Code = mark == codeOn
			case linkOn:
				now.URL, l, _ = strings.Cut(l, linkText)
			case linkOff:
				now.URL = ""
			}
		}
		out = append(out, line)
	}
	return out
}

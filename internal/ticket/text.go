package ticket

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is what a template made: lines of words in which some are marked bold,
// code or link. It is in no tracker's markup; In writes it in one.
type Text string

// Kind is how a span is shown.
type Kind rune

// The kinds of span. Their values mark the beginning of the span in a Text; they
// are private-use characters, which Clean takes out of what comes from outside.
const (
	Words Kind = 0
	Bold  Kind = '\uE000'
	Code  Kind = '\uE001'
	Link  Kind = '\uE002' // the URL, which is its own text
	// Marker is our key, letters, digits, '-' and '/' only: it is written as it
	// is, so that it is found again.
	Marker Kind = '\uE003'
	ended  rune = '\uE004'
)

// Span is a piece of a line.
type Span struct {
	Kind Kind
	Text string
}

// Markup is a tracker's way to write text. Its methods take one line as it came
// from outside and return what the tracker may be sent.
type Markup interface {
	Escape(text string) string
	Bold(text string) string
	Code(text string) string
	// Link is given an https URL of the AWS documentation.
	Link(url string) string
}

func mark(k Kind, text string) string { return string(rune(k)) + text + string(ended) }

// Lines are the spans of the text, line by line.
func (t Text) Lines() [][]Span {
	var out [][]Span
	for _, l := range strings.Split(string(t), "\n") {
		var spans []Span
		for l != "" {
			i := strings.IndexFunc(l, func(r rune) bool { return r >= rune(Bold) && r <= rune(Marker) })
			if i < 0 {
				i = len(l)
			}
			if i > 0 {
				spans = append(spans, Span{Words, l[:i]})
				l = l[i:]
				continue
			}
			r, n := utf8.DecodeRuneInString(l)
			text, rest, _ := strings.Cut(l[n:], string(ended))
			spans = append(spans, Span{Kind(r), text})
			l = rest
		}
		out = append(out, spans)
	}
	return out
}

// In writes the text in a tracker's markup.
func (t Text) In(m Markup) string {
	var b strings.Builder
	for i, line := range t.Lines() {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, s := range line {
			switch s.Kind {
			case Bold:
				b.WriteString(m.Bold(s.Text))
			case Code:
				b.WriteString(m.Code(s.Text))
			case Marker:
				b.WriteString(s.Text)
			case Link:
				b.WriteString(m.Link(s.Text))
			default:
				b.WriteString(m.Escape(s.Text))
			}
		}
	}
	return b.String()
}

// Plain is the markup of trackers that show text as it is.
type Plain struct{}

var _ Markup = Plain{}

// Escape returns the text as it is.
func (Plain) Escape(s string) string { return s }

// Bold returns the text as it is.
func (Plain) Bold(s string) string { return s }

// Code returns the text as it is.
func (Plain) Code(s string) string { return s }

// Link returns the URL as it is.
func (Plain) Link(s string) string { return s }

// maxValue is how many characters of one outside value are shown.
const maxValue = 2048

// Clean makes one harmless line of text from outside: control characters and
// line ends become spaces; characters that reorder or hide text and private-use
// characters go; what is longer than 2,048 characters ends with "…".
func Clean(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			r = '\uFFFD'
		case r == '\u2028', r == '\u2029', unicode.IsControl(r):
			r = ' '
		case unicode.In(r, unicode.Cf, unicode.Co):
			continue
		}
		if n++; n > maxValue {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// CleanText is Clean for a text of several lines, such as a person's comment.
func CleanText(s string) string {
	var out []string
	for _, l := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		out = append(out, Clean(l))
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

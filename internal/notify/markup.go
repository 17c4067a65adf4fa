package notify

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Markup is a channel's way to write text. Its methods take text as it came
// from outside, made one line by Clean, and return what the channel may be sent.
type Markup interface {
	Escape(text string) string
	Bold(text string) string
	Code(text string) string
	// Link is given an https URL that has been checked.
	Link(url, text string) string
	// Mention returns "" for what is no id of a person or group.
	Mention(id string) string
}

// MaxMentions is how many people one message calls.
const MaxMentions = 20

// Plain is the markup of channels that have none.
type Plain struct{}

var _ Markup = Plain{}

// Escape returns the text as it is: Clean has done what plain text needs.
func (Plain) Escape(text string) string { return text }

// Bold returns the text as it is.
func (Plain) Bold(text string) string { return text }

// Code returns the text as it is.
func (Plain) Code(text string) string { return text }

// Link writes the text and the URL.
func (Plain) Link(url, text string) string {
	if text == "" || text == url {
		return url
	}
	return text + " " + url
}

// Mention calls nobody.
func (Plain) Mention(string) string { return "" }

// maxValue is how many characters of one outside value are shown: an ARN has at
// most 2,048, a message's paragraph 3,000.
const maxValue = 2048

// Clean makes one harmless line of text from outside: control characters and
// line ends become spaces, characters that reorder or hide text (bidirectional
// controls, zero-width ones) go, invalid UTF-8 becomes U+FFFD, and what is
// longer than 2,048 characters ends with "…".
func Clean(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			r = '\uFFFD'
		case r == '\u2028', r == '\u2029', unicode.IsControl(r):
			r = ' '
		case unicode.Is(unicode.Cf, r):
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

// docHosts are the hosts that a remediation link may lead to: AWS's
// documentation, and that of the China Regions.
var docHosts = map[string]bool{"docs.aws.amazon.com": true, "docs.amazonaws.cn": true}

// DocURL returns the URL where it is https on a host of the AWS documentation,
// else "".
func DocURL(raw string) string {
	u := httpsURL(raw)
	if u == nil || !docHosts[strings.ToLower(u.Host)] {
		return ""
	}
	return u.String()
}

func httpsURL(raw string) *url.URL {
	if raw != Clean(raw) || strings.ContainsAny(raw, "<>|\"` \\") {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Opaque != "" {
		return nil
	}
	return u
}

// written is text that a Markup has made: the escaper leaves it alone.
type written string

// functions are what templates may call; each escapes what it is given.
func functions(m Markup) map[string]any {
	return map[string]any{
		escaper: func(v any) written {
			if w, ok := v.(written); ok {
				return w
			}
			return written(m.Escape(line(v)))
		},
		"bold": func(v any) written { return written(m.Bold(line(v))) },
		"code": func(v any) written { return written(m.Code(line(v))) },
		"link": func(raw, text any) written {
			u := httpsURL(line(raw))
			if u == nil {
				return written(m.Escape(line(text)))
			}
			return written(m.Link(u.String(), line(text)))
		},
		"doc": func(raw any) written {
			u := DocURL(line(raw))
			if u == "" {
				return ""
			}
			return written(m.Link(u, u))
		},
		"mention": func(ids []string) written {
			var out []string
			for _, id := range ids {
				if s := m.Mention(id); s != "" && len(out) < MaxMentions {
					out = append(out, s)
				}
			}
			return written(strings.Join(out, " "))
		},
	}
}

func line(v any) string {
	if w, ok := v.(written); ok {
		return string(w)
	}
	return Clean(fmt.Sprint(v))
}

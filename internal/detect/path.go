package detect

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"zesei/internal/config/document"
)

// maxText bounds a value taken from an event, in bytes.
const maxText = 512

// Path names a field of an event: detail.requestParameters.groupId. Lists on the
// way are gone through, so that a path may have several values.
type Path struct{ parts []string }

func (p Path) empty() bool { return len(p.parts) == 0 }

// String returns the path as written.
func (p Path) String() string { return strings.Join(p.parts, ".") }

// roots are the members of EventBridge's envelope, with one of which a path begins.
var roots = []string{"detail", "detail-type", "source", "account", "region", "time", "id", "resources"}

func parsePath(text string) (Path, error) {
	parts := strings.Split(text, ".")
	for _, root := range roots {
		if parts[0] == root {
			for _, part := range parts {
				if part == "" {
					return Path{}, fmt.Errorf("%q has an empty part", text)
				}
			}
			return Path{parts}, nil
		}
	}
	return Path{}, fmt.Errorf("%q does not begin with detail or another field of the event", text)
}

// ReadValue implements document.Reader.
func (p *Path) ReadValue(v document.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	path, err := parsePath(text)
	if err != nil {
		v.Wrong(err.Error(), "the path of a field, as detail.requestParameters.groupId", "")
		return
	}
	*p = path
}

// Paths are one path or a list of them.
type Paths []Path

// ReadValue implements document.Reader.
func (p *Paths) ReadValue(v document.Value) {
	for _, item := range v.Items(true) {
		var one Path
		one.ReadValue(item)
		*p = append(*p, one)
	}
}

// maxValues bounds what one path may find.
const maxValues = 64

// values appends what the event has under the path, as text.
func (p Path) values(e any) []string {
	if p.empty() {
		return nil
	}
	return gather(e, p.parts, nil)
}

// first is the first value, or "".
func (p Path) first(e any) string {
	if all := p.values(e); len(all) > 0 {
		return all[0]
	}
	return ""
}

// first gives the values of the first path that has any.
func (p Paths) first(e any) []string {
	for _, path := range p {
		if all := path.values(e); len(all) > 0 {
			return all
		}
	}
	return nil
}

func gather(v any, parts []string, into []string) []string {
	if len(into) >= maxValues {
		return into
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			into = gather(item, parts, into)
		}
	case map[string]any:
		if len(parts) > 0 {
			if below, ok := v[parts[0]]; ok {
				into = gather(below, parts[1:], into)
			}
		}
	case string:
		if text := clean(v); len(parts) == 0 && text != "" {
			into = append(into, text)
		}
	case json.Number:
		if len(parts) == 0 {
			into = append(into, v.String())
		}
	case bool:
		if len(parts) == 0 {
			into = append(into, fmt.Sprint(v))
		}
	}
	return into
}

// clean makes text from outside fit to be kept: one line, no control
// characters, bounded.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	if len(s) > maxText {
		n := maxText
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.TrimSpace(s)
}

// Template is text with {path} in it; {a|b} is the first of them that the event
// has.
type Template struct {
	source string
	parts  []templatePart
}

type templatePart struct {
	text  string
	paths Paths
}

// String returns the template as written.
func (t Template) String() string { return t.source }

// ReadValue implements document.Reader.
func (t *Template) ReadValue(v document.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	made, err := parseTemplate(text)
	if err != nil {
		v.Wrong(err.Error(), "text with {path} in it, as {detail.arn}", "")
		return
	}
	*t = made
}

func parseTemplate(text string) (Template, error) {
	t := Template{source: text}
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		if before != "" {
			t.parts = append(t.parts, templatePart{text: before})
		}
		if !found {
			break
		}
		inner, behind, closed := strings.Cut(after, "}")
		if !closed {
			return t, fmt.Errorf("%q: a { is not closed", text)
		}
		var part templatePart
		for one := range strings.SplitSeq(inner, "|") {
			path, err := parsePath(one)
			if err != nil {
				return t, err
			}
			part.paths = append(part.paths, path)
		}
		t.parts = append(t.parts, part)
		rest = behind
	}
	return t, nil
}

// of renders the template; "" where the event has none of its fields.
func (t Template) of(e any) string {
	var b strings.Builder
	known := len(t.parts) == 0
	for _, part := range t.parts {
		if part.paths == nil {
			b.WriteString(part.text)
			continue
		}
		values := part.paths.first(e)
		known = known || len(values) > 0
		b.WriteString(strings.Join(values, ","))
	}
	if !known && len(t.parts) > 1 || !known && len(t.parts) == 1 && t.parts[0].paths != nil {
		return ""
	}
	return clean(b.String())
}

package report

import (
	"bytes"
	"fmt"
	"strings"
	"text/template"
	"time"
	"unicode"
)

// Markdown writes a summary for a wiki, an issue or a repository (GitHub's
// Markdown, with tables).
func (s Summary) Markdown(language string, zone *time.Location) (string, error) {
	v := newVoice(language, zone)
	funcs := v.funcs()
	funcs["esc"] = markdown
	funcs["link"] = func(address string, text any) string { return markdownLink(webLink(address), fmt.Sprint(text)) }
	funcs["heading"] = func() string { return markdown(v.title(s)) }
	funcs["period"] = func() string { return v.period(s.From, s.To) }
	funcs["closing"] = func() (string, error) { return s.closingIn(v, markdown) }
	t, err := template.New("").Funcs(funcs).ParseFS(templates, "templates/summary.md.tmpl")
	if err != nil {
		return "", fmt.Errorf("summary template: %w", err)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "summary.md.tmpl", s); err != nil {
		return "", fmt.Errorf("summary template: %w", err)
	}
	return b.String(), nil
}

// markdown makes text from outside harmless, on one line: every character that
// Markdown or HTML could take for its own is escaped.
func markdown(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsControl(r):
			b.WriteByte(' ')
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '@': // a name after it would be called
			b.WriteString("&#64;")
		case strings.ContainsRune("\\`*_{}[]()#+!|~", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func markdownLink(address, text string) string {
	if address == "" {
		return markdown(text)
	}
	address = strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", " ", "%20", "|", "%7C", "\\", "%5C").Replace(address)
	return "[" + markdown(text) + "](" + address + ")"
}

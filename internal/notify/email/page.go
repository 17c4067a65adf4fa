package email

import (
	"html"
	"strings"

	"zesei/internal/notify"
)

// page writes a marked text as HTML. Everything that is read is escaped here;
// links are those that notify has checked. Nothing is loaded from anywhere.
func page(language, marked string) string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html lang=\"" + html.EscapeString(language) + "\"><head><meta charset=\"utf-8\"></head>\n<body style=\"font-family:sans-serif;line-height:1.5\">\n")
	for _, line := range notify.Spans(marked) {
		if len(line) == 0 {
			b.WriteString("<br>\n")
			continue
		}
		b.WriteString("<div>")
		for _, s := range line {
			b.WriteString(piece(s))
		}
		b.WriteString("</div>\n")
	}
	b.WriteString("</body></html>\n")
	return b.String()
}

func piece(s notify.Span) string {
	out := html.EscapeString(s.Text)
	if s.Code {
		out = "<code>" + out + "</code>"
	}
	if s.Bold {
		out = "<b>" + out + "</b>"
	}
	if s.URL != "" {
		out = `<a href="` + html.EscapeString(s.URL) + `">` + out + "</a>"
	}
	return out
}

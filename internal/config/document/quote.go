package document

import (
	"fmt"
	"strings"
)

// Quote writes text as a YAML double-quoted scalar that Value.String reads back:
// a $ is put before what would be expanded.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range reference.ReplaceAllString(s, "$$$0") {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// QuoteList writes a flow sequence of Quote'd texts.
func QuoteList(list []string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = Quote(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

package cli

import (
	"regexp"
	"strings"

	"charm.land/lipgloss/v2"
)

// narrowest is how far a column is cut: an account id and a case's key stay whole.
const narrowest = 12

// gap is what stands between two columns.
const gap = 2

var timeCell = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}`)

// fit cuts the widest columns of text, until a table is no wider than a terminal.
// The first column, which names the row, and times stay whole.
func fit(width int, headers []string, rows [][]string) {
	widths, fixed := make([]int, len(headers)), make([]bool, len(headers))
	total := gap * (len(headers) - 1)
	for col, h := range headers {
		widths[col], fixed[col] = lipgloss.Width(h), col == 0
		for _, r := range rows {
			widths[col] = max(widths[col], lipgloss.Width(r[col]))
			fixed[col] = fixed[col] || timeCell.MatchString(r[col])
		}
		total += widths[col]
	}
	for ; total > width; total-- {
		widest := -1
		for col, w := range widths {
			if !fixed[col] && w > max(narrowest, lipgloss.Width(headers[col])) && (widest < 0 || w > widths[widest]) {
				widest = col
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	for _, r := range rows {
		for col := range r {
			r[col] = cut(r[col], widths[col])
		}
	}
}

// cut cuts text to a width in columns of a terminal, where a wide character takes
// two; what is cut ends in ….
func cut(s string, width int) string {
	if lipgloss.Width(s) <= width {
		return s
	}
	var b strings.Builder
	used := 0
	for _, r := range s {
		w := lipgloss.Width(string(r))
		if used+w > width-1 {
			break
		}
		used += w
		b.WriteRune(r)
	}
	return strings.TrimRight(b.String(), " ") + "…"
}

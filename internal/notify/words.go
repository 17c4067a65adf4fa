package notify

import (
	"strconv"
	"strings"
	"time"

	"zesei/internal/finding"
)

var japaneseDays = [7]string{"日", "月", "火", "水", "木", "金", "土"}

// Date writes an instant in the message's zone and language, with weekday and
// zone: "2026年12月1日(火) 18:00 JST", "Tue 1 Dec 2026 18:00 JST".
func (v View) Date(t time.Time) string {
	zone := v.zone
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	name := t.Format("MST")
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		name = "UTC" + name
	}
	if v.Language == "ja" {
		return t.Format("2006年1月2日") + "(" + japaneseDays[t.Weekday()] + ") " + t.Format("15:04 ") + name
	}
	return t.Format("Mon 2 Jan 2006 15:04 ") + name
}

// Day is Date without the time of day, for lists: "12月1日(火)", "Tue 1 Dec".
func (v View) Day(t time.Time) string {
	zone := v.zone
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	if v.Language == "ja" {
		return t.Format("1月2日") + "(" + japaneseDays[t.Weekday()] + ")"
	}
	return t.Format("Mon 2 Jan")
}

// Num writes a count with separators: 12,345.
func (v View) Num(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Count writes a number of things in English: "1 finding", "1,200 findings".
func (v View) Count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return v.Num(n) + " " + more
}

// WithCase is the view seen from one of its cases, for templates that write a
// list.
func (v View) WithCase(c Case) View {
	v.Case, v.Severity = &c, c.Severity
	return v
}

// Unknown says that nobody graded the severity.
func (v View) Unknown() bool { return v.Severity == finding.Severity("") }

// Is says whether the only case, or the one of this part, is in the state.
func (v View) Is(state string) bool { return v.Case != nil && string(v.Case.State) == state }

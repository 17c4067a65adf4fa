package calendar

import (
	"fmt"
	"strings"
	"time"

	"zesei/internal/config/document"
)

// event is what is read of a VEVENT (RFC 5545, section 3.6.1).
type event struct {
	start, end Date
	hasStart   bool
	hasEnd     bool
	summary    string
	rule       string
	line       int
}

// parseICS reads all-day events as days off. DTEND is the day after the last
// (section 3.6.1). Of recurrence only a plain yearly one is understood; any
// other is a problem, since leaving it out would silently make a day off a
// business day.
func parseICS(file, text string) (Days, error) {
	var days Days
	var problems document.Problems
	wrong := func(line int, message, hint string) {
		problems = append(problems, document.Problem{File: file, Line: line, Column: 1, Message: message, Hint: hint})
	}
	var e event
	inside := false
	for _, l := range unfold(text) {
		name, params, value := property(l.text)
		switch {
		case name == "BEGIN" && strings.EqualFold(value, "VEVENT"):
			e, inside = event{line: l.number}, true
		case name == "END" && strings.EqualFold(value, "VEVENT"):
			if inside {
				if msg, hint := days.addEvent(e); msg != "" {
					wrong(e.line, msg, hint)
				}
			}
			inside = false
		case !inside:
		case name == "SUMMARY":
			e.summary = strings.NewReplacer(`\,`, ",", `\;`, ";", `\n`, " ", `\\`, `\`).Replace(value)
		case name == "RRULE":
			e.rule = strings.ToUpper(value)
		case name == "DTSTART" || name == "DTEND":
			d, err := icsDate(value)
			if err != nil {
				wrong(l.number, fmt.Sprintf("%s%s: %v", name, params, err), "")
				continue
			}
			if name == "DTSTART" {
				e.start, e.hasStart = d, true
			} else {
				e.end, e.hasEnd = d, true
			}
		}
	}
	if err := problems.Err(); err != nil {
		return Days{}, err
	}
	return days, nil
}

func (d *Days) addEvent(e event) (problem, hint string) {
	if !e.hasStart {
		return "the event has no readable DTSTART", ""
	}
	last := e.start
	if e.hasEnd && e.start.Before(e.end) {
		last = e.end.Add(-1)
	}
	if e.start.Add(maxDays).Before(last) {
		return fmt.Sprintf("the event is longer than %d days", maxDays), ""
	}
	name := Name{JA: e.summary, EN: e.summary}
	if e.summary == "" {
		name = companyHoliday
	}
	switch e.rule {
	case "":
		d.add(e.start, last, OwnDay{Name: name})
	case "FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=1":
		if d.yearly == nil {
			d.yearly = map[[2]int]OwnDay{}
		}
		for day := e.start; !last.Before(day); day = day.Add(1) {
			d.yearly[[2]int{int(day.Month), day.Day}] = OwnDay{Name: name}
		}
	default:
		return "the recurrence " + e.rule + " is not understood", "write the days out, or use FREQ=YEARLY alone"
	}
	return "", ""
}

// icsDate reads the day of a DATE or DATE-TIME (sections 3.3.4 and 3.3.5).
func icsDate(s string) (Date, error) {
	if len(s) < 8 {
		return Date{}, fmt.Errorf("%q is not a date like 20270503", s)
	}
	t, err := time.Parse("20060102", s[:8])
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date like 20270503", s)
	}
	return DateOf(t), nil
}

type icsLine struct {
	text   string
	number int
}

// unfold joins folded lines (section 3.1).
func unfold(text string) []icsLine {
	var out []icsLine
	for i, raw := range strings.Split(text, "\n") {
		raw = strings.TrimSuffix(raw, "\r")
		if len(out) > 0 && (strings.HasPrefix(raw, " ") || strings.HasPrefix(raw, "\t")) {
			out[len(out)-1].text += raw[1:]
			continue
		}
		out = append(out, icsLine{raw, i + 1})
	}
	return out
}

func property(line string) (name, params, value string) {
	head, value, _ := strings.Cut(line, ":")
	name, params, _ = strings.Cut(head, ";")
	if params != "" {
		params = ";" + params
	}
	return strings.ToUpper(strings.TrimSpace(name)), params, value
}

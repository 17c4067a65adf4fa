package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"zesei/internal/calendar"
	"zesei/internal/config/document"
)

// Reminder is one step of the ladder by which a tracked case is brought to mind.
type Reminder struct {
	// Kind: half (the morning of the day half-way to the deadline), before (Span before it), on (at the
	// start of the work of that day), after (Span after it, again and again).
	Kind string
	Span calendar.Span
}

var repeats = map[string]calendar.Span{
	"daily": {N: 1, Unit: calendar.Day}, "weekly": {N: 1, Unit: calendar.Week}, "monthly": {N: 1, Unit: calendar.Month},
}

// ReadValue reads half, on the day, "3 days before", weekly after or "2 weeks
// after".
func (r *Reminder) ReadValue(v document.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	switch text {
	case "half", "half-way":
		r.Kind = "half"
		return
	case "on the day":
		r.Kind = "on"
		return
	}
	span, kind := text, ""
	for _, k := range []string{"before", "after"} {
		if s, found := strings.CutSuffix(text, " "+k); found {
			span, kind = s, k
		}
	}
	every, named := repeats[span]
	if !named || kind != "after" {
		var err error
		if every, err = calendar.ParseSpan(span); err != nil {
			kind = ""
		}
	}
	if kind == "" {
		v.Wrong(fmt.Sprintf("%q is not a reminder", text), "half, 3 days before, on the day, or weekly after", "")
		return
	}
	r.Kind, r.Span = kind, every
}

// String is the step as it is written.
func (r Reminder) String() string {
	switch r.Kind {
	case "on":
		return "on the day"
	case "before", "after":
		return r.Span.String() + " " + r.Kind
	}
	return r.Kind
}

// MarshalText writes the step as String does.
func (r Reminder) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// JSONSchema says that it is text of one of those forms.
func (Reminder) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Examples: []any{"half", "3 days before", "on the day", "weekly after"}}
}

// startOfDay is when "on the day" reminders are due: the start of the work day.
const startOfDay = 9 * time.Hour

// NextReminder is the first step of the ladder after the moment `after`, for a
// case tracked since start and due at due, seen from zone (nil: the policy's).
// ok is false when none follows. It depends on nothing else, so the caller who
// keeps the moment of the last reminder never sends one twice and loses none
// over a restart.
func (p *Policy) NextReminder(start, due, after time.Time, zone *time.Location) (at time.Time, step Reminder, ok bool) {
	if due.IsZero() {
		return time.Time{}, Reminder{}, false
	}
	if zone == nil {
		zone = p.zone
	}
	for _, r := range p.file.Reminders {
		t := r.next(start, due, after, zone)
		if t.After(after) && t.After(start) && (!ok || t.Before(at)) {
			at, step, ok = t, r, true
		}
	}
	return at, step, ok
}

// next is when the step comes, for a repeated one the first time after `after`.
func (r Reminder) next(start, due, after time.Time, zone *time.Location) time.Time {
	day := calendar.DateOf(due.In(zone))
	switch r.Kind {
	case "half":
		half := start.Add(due.Sub(start) / 2)
		// In the morning like the others, so that an owner hears once a day.
		if morning := calendar.DateOf(half.In(zone)).At(startOfDay, zone); morning.After(start) {
			return morning
		}
		return half
	case "on":
		return day.At(startOfDay, zone)
	case "before":
		if r.Span.Exact() {
			return due.Add(-r.Span.Duration())
		}
		return day.Add(-int(r.Span.Duration()/(24*time.Hour))).At(startOfDay, zone)
	}
	period := r.Span.Duration()
	n := max(1, int(after.Sub(due)/period))
	for ; ; n++ {
		var t time.Time
		if r.Span.Exact() {
			t = due.Add(time.Duration(n) * period)
		} else {
			t = day.Add(n*int(period/(24*time.Hour))).At(startOfDay, zone)
		}
		if t.After(after) {
			return t
		}
	}
}

// Escalation is when a case due at due is told to those above its owner; ok is
// false where the policy escalates nothing.
func (p *Policy) Escalation(due time.Time, zone *time.Location) (at time.Time, ok bool) {
	if due.IsZero() || p.file.EscalateAfter.IsZero() {
		return time.Time{}, false
	}
	if zone == nil {
		zone = p.zone
	}
	return calendar.After(due, p.file.EscalateAfter, p.calendar, zone).At, true
}

// Loud is the first moment from t on at which people may be told, seen from
// zone (nil: the policy's): t itself outside quiet hours.
func (p *Policy) Loud(t time.Time, zone *time.Location) time.Time {
	q := p.file.QuietHours
	if !q.declared {
		return t
	}
	if zone == nil {
		zone = p.zone
	}
	const longest = 400 // days off in a row that are waited out
	for range longest {
		local := t.In(zone)
		day := calendar.DateOf(local)
		clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
		switch {
		case q.DaysOff && !p.calendar.Business(day):
			t = day.Add(1).At(0, zone)
		case q.From <= q.To && clock >= q.From && clock < q.To:
			t = day.At(q.To, zone)
		case q.From > q.To && clock >= q.From:
			t = day.Add(1).At(q.To, zone)
		case q.From > q.To && clock < q.To:
			t = day.At(q.To, zone)
		default:
			return t
		}
	}
	return t
}

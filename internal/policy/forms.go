package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"zesei/internal/calendar"
	"zesei/internal/config/document"
)

// This file holds the values of policy.yaml that are written in a form of their
// own, and how each is read.

// Override is one entry of `controls:`.
type Override struct {
	Control string // id or pattern
	OverrideFile
}

// Overrides are the entries of `controls:` in the order of the file.
type Overrides []Override

// ReadValue reads the mapping from control to what is said of it.
func (o *Overrides) ReadValue(v document.Value) {
	for _, e := range v.Entries() {
		entry := Override{Control: e.Key}
		e.Value.Read(&entry.OverrideFile)
		*o = append(*o, entry)
	}
}

// JSONSchema describes the mapping.
func (Overrides) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", AdditionalProperties: reflectInline(&OverrideFile{})}
}

// ReadValue reads a name of a calendar, or the mapping.
func (c *CalendarFile) ReadValue(v document.Value) {
	if v.Kind() == document.Mapping {
		type plain CalendarFile
		v.Read((*plain)(c))
		return
	}
	c.Holidays, _ = v.String()
}

// JSONSchema describes both forms.
func (CalendarFile) JSONSchema() *jsonschema.Schema {
	type plain CalendarFile
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "string", Enum: []any{"japan", "weekends", "none"}}, reflectInline(&plain{}),
	}}
}

// When is a condition in CEL with its place in the file.
type When struct {
	Text string
	at   document.Pos
	skip int // characters between at and the text: a quote
	// block says that the text is a block scalar (| or >), on lines of its own.
	block bool
}

// ReadValue reads the condition; true and false are conditions too.
func (w *When) ReadValue(v document.Value) {
	w.Text, _ = v.String()
	w.at, w.skip = v.Pos(), v.TextOffset()
	w.block = v.IsBlock()
}

// MarshalText writes the condition.
func (w When) MarshalText() ([]byte, error) { return []byte(w.Text), nil }

// JSONSchema says that it is text.
func (When) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

// Rate is a number of events in a time. The zero Rate is no limit.
type Rate struct {
	N   int
	Per time.Duration
}

var rateUnits = map[string]time.Duration{
	"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
}

// ReadValue reads "20 per hour"; the units are minute, hour, day and week.
func (r *Rate) ReadValue(v document.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	n, unit, _ := strings.Cut(text, " per ")
	count, err := strconv.Atoi(strings.TrimSpace(n))
	per := rateUnits[strings.TrimSpace(unit)]
	if err != nil || per == 0 || count < 0 || count > 1_000_000 {
		v.Wrong(fmt.Sprintf("%q is not a rate", text), "a whole number and a unit, such as 20 per hour (minute, hour, day, week)", "")
		return
	}
	*r = Rate{count, per}
}

// String is the rate as it is written, or "".
func (r Rate) String() string {
	for name, per := range rateUnits {
		if r.Per == per {
			return strconv.Itoa(r.N) + " per " + name
		}
	}
	return ""
}

// MarshalText writes the rate as String does.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// JSONSchema says that it is text of that form.
func (Rate) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^[0-9]+ per (minute|hour|day|week)$`, Examples: []any{"20 per hour"}}
}

// QuietHours are the times at which people are left alone. The zero QuietHours
// is none.
type QuietHours struct {
	From     time.Duration // since midnight on the wall
	To       time.Duration
	DaysOff  bool // also all of Saturday, Sunday and holidays
	declared bool
}

// ReadValue reads "20:00-08:00" or {from, to, days_off}.
func (q *QuietHours) ReadValue(v document.Value) {
	var f struct {
		From    string `yaml:"from"`
		To      string `yaml:"to"`
		DaysOff bool   `yaml:"days_off"`
	}
	if v.Kind() == document.Mapping {
		v.Read(&f)
	} else if s, ok := v.String(); ok {
		f.From, f.To, _ = strings.Cut(s, "-")
	}
	from, err1 := calendar.Clock(strings.TrimSpace(f.From))
	to, err2 := calendar.Clock(strings.TrimSpace(f.To))
	if err1 != nil || err2 != nil {
		v.Wrong("these are no quiet hours", `two times of day, such as "20:00-08:00"`, "")
		return
	}
	*q = QuietHours{From: from, To: to, DaysOff: f.DaysOff, declared: true}
}

// MarshalJSON writes what the hours are, for the policy's hash.
func (q QuietHours) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{q.From.String(), q.To.String(), q.DaysOff, q.declared})
}

// JSONSchema describes both forms.
func (QuietHours) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^[0-9]{2}:[0-9]{2} ?- ?[0-9]{2}:[0-9]{2}$`, Examples: []any{"20:00-08:00"}}
}

// oneOf checks a word against those allowed; empty is allowed where it is not
// required. It returns whether the word may be used.
func (c *check) oneOf(path, word string, allowed []string, required bool) bool {
	if word == "" && !required || slices.Contains(allowed, word) {
		return true
	}
	message := fmt.Sprintf("%q is not allowed here", word)
	if word == "" {
		message = "is missing"
	}
	c.doc.Wrong(path, document.Problem{Message: message, Expected: document.OneOf(allowed), Hint: document.DidYouMean(word, allowed)})
	return false
}

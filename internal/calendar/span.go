package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"zesei/internal/config/document"
)

// Unit is what a span counts.
type Unit string

// The units of a span.
const (
	Minute      Unit = "minute"
	Hour        Unit = "hour"
	Day         Unit = "day"
	BusinessDay Unit = "business day"
	Week        Unit = "week"
	Month       Unit = "month"
)

// Span is a length of time as people say it. The zero Span means none.
type Span struct {
	N    int
	Unit Unit
}

// maxSpan keeps arithmetic on dates inside what time.Time can hold.
const maxSpan = 100_000

var units = map[string]Unit{
	"minute": Minute, "minutes": Minute, "min": Minute, "m": Minute, "分": Minute, "分間": Minute,
	"hour": Hour, "hours": Hour, "h": Hour, "時間": Hour,
	"day": Day, "days": Day, "d": Day, "日": Day, "日間": Day,
	"business day": BusinessDay, "business days": BusinessDay, "営業日": BusinessDay,
	"week": Week, "weeks": Week, "w": Week, "週": Week, "週間": Week,
	"month": Month, "months": Month, "か月": Month, "ヶ月": Month, "カ月": Month,
}

// ParseSpan reads "3 business days", "2 weeks", "30 days", "1 month", "12 hours",
// "30m", 3営業日.
func ParseSpan(s string) (Span, error) {
	text := strings.TrimSpace(strings.ToLower(s))
	digits := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if digits <= 0 {
		return Span{}, spanError(s)
	}
	n, err := strconv.Atoi(text[:digits])
	unit, ok := units[strings.Join(strings.Fields(text[digits:]), " ")]
	if err != nil || !ok || n < 1 || n > maxSpan {
		return Span{}, spanError(s)
	}
	return Span{N: n, Unit: unit}, nil
}

func spanError(s string) error {
	return fmt.Errorf("%q is not a span of time like 3 business days, 2 weeks, 30 days, 1 month, 12 hours or 30m", s)
}

// ReadValue reads a span from a configuration file.
func (s *Span) ReadValue(v document.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	span, err := ParseSpan(text)
	if err != nil {
		v.Wrong(fmt.Sprintf("%q is not a span of time", text), "a whole number and a unit, such as 3 business days, 2 weeks, 30 days, 1 month, 12 hours or 30m", "")
		return
	}
	*s = span
}

// IsZero says that there is no span.
func (s Span) IsZero() bool { return s.N == 0 }

// Exact says that the span is in hours or minutes: no calendar changes it.
func (s Span) Exact() bool { return s.Unit == Hour || s.Unit == Minute }

// Duration is the span as a length of time: exact for minutes and hours; a day
// is 24 hours, a business day 24 hours, a month 30 days.
func (s Span) Duration() time.Duration {
	each := map[Unit]time.Duration{
		Minute: time.Minute, Hour: time.Hour, Day: 24 * time.Hour, BusinessDay: 24 * time.Hour,
		Week: 7 * 24 * time.Hour, Month: 30 * 24 * time.Hour,
	}[s.Unit]
	return time.Duration(s.N) * each
}

// String is the span in English, as ParseSpan reads it; "" for none.
func (s Span) String() string {
	if s.IsZero() {
		return ""
	}
	if s.N == 1 {
		return "1 " + string(s.Unit)
	}
	return strconv.Itoa(s.N) + " " + string(s.Unit) + "s"
}

// In is the span in lang ("ja", else English).
func (s Span) In(lang string) string {
	if lang != "ja" || s.IsZero() {
		return s.String()
	}
	ja := map[Unit]string{Minute: "分", Hour: "時間", Day: "日", BusinessDay: "営業日", Week: "週間", Month: "か月"}
	return strconv.Itoa(s.N) + ja[s.Unit]
}

// MarshalText writes the span as String does.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// JSONSchema describes how a span is written.
func (Span) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Examples: []any{"3 business days", "2 weeks", "30 days", "1 month", "12 hours", "30m"}}
}

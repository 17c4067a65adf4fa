package calendar

import (
	"fmt"
	"time"
)

// Date is a day without a time or a zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day on which t falls in its own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads 2006-01-02.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date like 2027-05-03", s)
	}
	return DateOf(t), nil
}

// String is the date as 2006-01-02.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// noon is the day in UTC, for arithmetic that no zone disturbs.
func (d Date) noon() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.noon().Weekday() }

// Add is the day n days later (earlier where n is negative).
func (d Date) Add(n int) Date { return DateOf(d.noon().AddDate(0, 0, n)) }

// AddMonths is the same day n months later, or the last day of that month where
// it has no such day: 31 January and 1 month is 28 February.
func (d Date) AddMonths(n int) Date {
	first := DateOf(time.Date(d.Year, d.Month+time.Month(n), 1, 12, 0, 0, 0, time.UTC))
	last := DateOf(time.Date(first.Year, first.Month+1, 0, 12, 0, 0, 0, time.UTC))
	return Date{first.Year, first.Month, min(d.Day, last.Day)}
}

// Before says whether d comes before o.
func (d Date) Before(o Date) bool { return d.number() < o.number() }

func (d Date) number() int { return (d.Year*16+int(d.Month))*32 + d.Day }

// At is the moment on that day at clock (since midnight on the wall) in zone. A
// wall time that a change of the clocks leaves out is the moment after it.
func (d Date) At(clock time.Duration, zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, int(clock/time.Hour), int(clock%time.Hour/time.Minute), 0, 0, zone)
}

var weekdaysJA = [...]string{"日", "月", "火", "水", "木", "金", "土"}

// In is the date for a person: "Mon 3 May 2027", or 2027年5月3日(月) for "ja".
func (d Date) In(lang string) string {
	if lang == "ja" {
		return fmt.Sprintf("%d年%d月%d日(%s)", d.Year, d.Month, d.Day, weekdaysJA[d.Weekday()])
	}
	return d.noon().Format("Mon 2 Jan 2006")
}

// short is In without the year.
func (d Date) short(lang string) string {
	if lang == "ja" {
		return fmt.Sprintf("%d月%d日(%s)", d.Month, d.Day, weekdaysJA[d.Weekday()])
	}
	return d.noon().Format("Mon 2 Jan")
}

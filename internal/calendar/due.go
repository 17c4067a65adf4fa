package calendar

import (
	"strconv"
	"strings"
	"time"
)

// Deadline is when something is due, and how that came about.
type Deadline struct {
	At    time.Time
	Span  Span
	Start Date
	// Before is the day that the span alone gives; it differs from the day of
	// At where the date was moved.
	Before Date
	// Passed are the days off that were stepped over: those between Before and
	// the day of At, or for business days all that were not counted.
	Passed []DayOff
	// Weekends says that Saturdays or Sundays without a name were among them.
	Weekends bool
}

// DayOff is a day on which people do not work.
type DayOff struct {
	Date Date
	Name Name
}

// Due is when something that starts at start and may take span is due, seen
// from zone, and why in English. See After.
func Due(start time.Time, span Span, c *Calendar, zone *time.Location) (time.Time, string) {
	d := After(start, span, c, zone)
	return d.At, d.Text("en")
}

// After is the deadline of what starts at start and may take span.
//
// Hours and minutes are exact. Otherwise the day on which start falls in zone is
// day 0, the due time is the end of the business day on the last day, and with a
// calendar a last day that is off moves to the next business day. Business days
// count those days only; without a calendar Monday to Friday. The due time is a
// time on the wall of zone, whatever the clocks do in between.
func After(start time.Time, span Span, c *Calendar, zone *time.Location) Deadline {
	if zone == nil {
		zone = time.UTC
	}
	first := DateOf(start.In(zone))
	d := Deadline{Span: span, Start: first, Before: first}
	last := first
	switch span.Unit {
	case BusinessDay:
		last = d.count(c)
		d.Before = last
	case Week:
		last = first.Add(7 * span.N)
	case Day:
		last = first.Add(span.N)
	case Month:
		last = first.AddMonths(span.N)
	default:
		d.At = start.Add(span.Duration()).In(zone)
		return d
	}
	if span.Unit != BusinessDay {
		d.Before = last
		if c != nil {
			last = c.NextBusiness(last)
			for day := d.Before; day.Before(last); day = day.Add(1) {
				d.pass(c, day)
			}
		}
	}
	d.At = last.At(c.end(), zone)
	return d
}

// count steps over span.N business days and remembers the days off.
func (d *Deadline) count(c *Calendar) Date {
	day := d.Start
	for range d.Span.N {
		next := c.NextBusiness(day.Add(1))
		for off := day.Add(1); off.Before(next); off = off.Add(1) {
			d.pass(c, off)
		}
		day = next
	}
	return day
}

func (d *Deadline) pass(c *Calendar, day Date) {
	if name, ok := c.Holiday(day); ok {
		d.Passed = append(d.Passed, DayOff{day, name})
	} else {
		d.Weekends = true
	}
}

// Moved says whether the date was moved from the day that the span gives.
func (d Deadline) Moved() bool { return !d.Span.Exact() && DateOf(d.At) != d.Before }

// Shifted says whether days off made the date other than a reader would count:
// it was moved, or holidays among its working days were not counted.
func (d Deadline) Shifted() bool { return d.Moved() || len(d.Passed) > 0 }

// mostNamed is how many days off a text names before it only counts them.
const mostNamed = 6

// Text explains the deadline in lang ("ja", else English), for instance
// "2 weeks from Sat 19 Apr 2025, moved from Sat 3 May 2025: Sat 3 May
// Constitution Memorial Day, …".
func (d Deadline) Text(lang string) string {
	if d.Span.IsZero() {
		return ""
	}
	var b strings.Builder
	b.Grow(192)
	ja := lang == "ja"
	if ja {
		b.WriteString(d.Start.In(lang) + "から" + d.Span.In(lang))
	} else {
		b.WriteString(d.Span.String() + " from " + d.Start.In(lang))
	}
	moved := d.Moved()
	switch {
	case moved && ja:
		b.WriteString("、" + d.Before.short(lang) + "から順延")
	case moved:
		b.WriteString(", moved from " + d.Before.short(lang))
	case d.Passed != nil || d.Weekends:
		if ja {
			b.WriteString("、次の日を除く")
		} else {
			b.WriteString(", not counting")
		}
	default:
		return b.String()
	}
	if ja {
		b.WriteString(":")
	} else {
		b.WriteString(": ")
	}
	b.WriteString(d.daysOff(lang))
	return b.String()
}

func (d Deadline) daysOff(lang string) string {
	comma, weekends, more := ", ", "weekends", " more days off"
	if lang == "ja" {
		comma, weekends, more = "、", "土日", "日の休み"
	}
	var parts []string
	for i, p := range d.Passed {
		if i == mostNamed {
			parts = append(parts, strconv.Itoa(len(d.Passed)-i)+more)
			break
		}
		parts = append(parts, p.Date.short(lang)+" "+p.Name.In(lang))
	}
	if d.Weekends {
		parts = append(parts, weekends)
	}
	return strings.Join(parts, comma)
}

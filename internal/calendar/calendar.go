package calendar

import (
	"sync"
	"time"
)

// EndOfDay is when a business day ends where the calendar says nothing else:
// 18:00 on the wall.
const EndOfDay = 18 * time.Hour

// Calendar knows business days. It is immutable and safe for concurrent use; a
// nil Calendar knows weekends only and moves no date.
type Calendar struct {
	name     string
	rule     func(year int) map[Date]Name
	own      Days
	endOfDay time.Duration
	perYear  sync.Map // year → map[Date]Name; a memory of rule, nothing else
}

// Japan is the calendar of Japanese public holidays, Saturdays and Sundays.
func Japan() *Calendar {
	return &Calendar{name: "japan", rule: JapanHolidays, endOfDay: EndOfDay}
}

// Weekends is a calendar whose only days off are Saturdays and Sundays.
func Weekends() *Calendar {
	return &Calendar{name: "weekends", endOfDay: EndOfDay}
}

// With is the calendar with a company's own days, which go before the public
// holidays, and the end of its business day (0: as before).
func (c *Calendar) With(own Days, endOfDay time.Duration) *Calendar {
	if endOfDay == 0 {
		endOfDay = c.endOfDay
	}
	return &Calendar{name: c.name, rule: c.rule, own: own, endOfDay: endOfDay}
}

// Name is "japan" or "weekends".
func (c *Calendar) Name() string { return c.name }

// Holiday returns the name of a public or company day off; a Saturday or Sunday
// is none by itself.
func (c *Calendar) Holiday(d Date) (Name, bool) {
	if c == nil {
		return Name{}, false
	}
	if off, ok := c.own.find(d); ok {
		return off.Name, !off.Work
	}
	if c.rule == nil {
		return Name{}, false
	}
	days, ok := c.perYear.Load(d.Year)
	if !ok {
		days, _ = c.perYear.LoadOrStore(d.Year, c.rule(d.Year))
	}
	n, ok := days.(map[Date]Name)[d]
	return n, ok
}

// Business says whether people work on that day.
func (c *Calendar) Business(d Date) bool {
	if c != nil {
		if off, ok := c.own.find(d); ok {
			return off.Work
		}
	}
	if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
		return false
	}
	_, off := c.Holiday(d)
	return !off
}

// longestBreak bounds the search for a business day: a company file may call
// every day off.
const longestBreak = 366

// NextBusiness is d, or the first business day after it. Where none follows
// within a year it is d.
func (c *Calendar) NextBusiness(d Date) Date {
	day := d
	for range longestBreak {
		if c.Business(day) {
			return day
		}
		day = day.Add(1)
	}
	return d
}

func (c *Calendar) end() time.Duration {
	if c == nil {
		return EndOfDay
	}
	return c.endOfDay
}

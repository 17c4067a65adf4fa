package calendar

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"zesei/internal/config/document"
)

// OwnDay is a company's word about one day: off, or worked although it would be
// off.
type OwnDay struct {
	Name Name `yaml:"-"`
	Work bool `yaml:"work"`
}

// Days are a company's own days. The zero Days is none. They are not changed
// after ParseDays.
type Days struct {
	days   map[Date]OwnDay
	yearly map[[2]int]OwnDay // month and day, every year
}

// IsZero says that there is no day.
func (d Days) IsZero() bool { return len(d.days) == 0 && len(d.yearly) == 0 }

func (d Days) find(day Date) (OwnDay, bool) {
	if off, ok := d.days[day]; ok {
		return off, true
	}
	off, ok := d.yearly[[2]int{int(day.Month), day.Day}]
	return off, ok
}

// String lists the days in order, one a line, for hashing and for people.
func (d Days) String() string {
	var lines []string
	for day, off := range d.days {
		lines = append(lines, fmt.Sprintf("%s %t %s", day, off.Work, off.Name.EN))
	}
	for day, off := range d.yearly {
		lines = append(lines, fmt.Sprintf("*-%02d-%02d %t %s", day[0], day[1], off.Work, off.Name.EN))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func (d *Days) add(from, to Date, off OwnDay) {
	if d.days == nil {
		d.days = map[Date]OwnDay{}
	}
	for day := from; !to.Before(day); day = day.Add(1) {
		d.days[day] = off
	}
}

// maxDays is the longest run that one entry of a file may name.
const maxDays = 366

// ParseDays reads a company's days from a YAML list or an iCalendar file
// (RFC 5545), told apart by content. Entries of the list are dates, or mappings
// of date (or from and to), name, and work: true for a day that is worked. The
// error is document.Problems.
func ParseDays(file string, data []byte) (Days, error) {
	if strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff")), "BEGIN:VCALENDAR") {
		return parseICS(file, string(data))
	}
	doc := document.Parse(file, data, nil)
	var list dayList
	doc.Into(&list)
	if err := doc.Err(); err != nil {
		return Days{}, err
	}
	return list.days, nil
}

type dayList struct{ days Days }

// ReadValue reads the list.
func (l *dayList) ReadValue(v document.Value) {
	for _, item := range v.Items(false) {
		l.readDay(item)
	}
}

type dayEntry struct {
	Date string  `yaml:"date"`
	From string  `yaml:"from"`
	To   string  `yaml:"to"`
	Name dayName `yaml:"name"`
	Work bool    `yaml:"work"`
}

type dayName struct{ Name }

// ReadValue reads a name, or one name a language.
func (n *dayName) ReadValue(v document.Value) {
	if v.Kind() != document.Mapping {
		s, _ := v.String()
		n.Name = Name{JA: s, EN: s}
		return
	}
	var both struct {
		JA string `yaml:"ja"`
		EN string `yaml:"en"`
	}
	v.Read(&both)
	n.Name = Name{JA: both.JA, EN: both.EN}
}

var companyHoliday = Name{"会社休日", "company holiday"}

func (l *dayList) readDay(v document.Value) {
	e := dayEntry{}
	if v.Kind() == document.Mapping {
		v.Read(&e)
	} else {
		e.Date, _ = v.String()
	}
	if e.Date != "" {
		e.From, e.To = e.Date, e.Date
	}
	if e.From == "" || e.To == "" {
		v.Wrong("no date", "date, or from and to", "")
		return
	}
	from, err := ParseDate(e.From)
	if err == nil {
		var to Date
		if to, err = ParseDate(e.To); err == nil {
			l.addRun(v, from, to, e)
			return
		}
	}
	v.Wrong(err.Error(), "a date like 2027-05-03", "")
}

func (l *dayList) addRun(v document.Value, from, to Date, e dayEntry) {
	if to.Before(from) || from.Add(maxDays).Before(to) {
		v.Wrong(fmt.Sprintf("from %s to %s is no run of at most %d days", from, to, maxDays), "", "")
		return
	}
	if e.Name.Name == (Name{}) {
		e.Name.Name = companyHoliday
	}
	l.days.add(from, to, OwnDay{Name: e.Name.Name, Work: e.Work})
}

// Clock reads a time on the wall such as 18:00.
func Clock(s string) (time.Duration, error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time of day like 18:00", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

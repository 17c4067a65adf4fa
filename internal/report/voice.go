package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"zesei/internal/finding"
	"zesei/internal/store"
)

// voice writes the numbers of a summary in a language and time zone.
type voice struct {
	language string
	zone     *time.Location
}

func newVoice(language string, zone *time.Location) voice {
	if language != "ja" {
		language = "en"
	}
	if zone == nil {
		zone = time.UTC
	}
	return voice{language, zone}
}

func (v voice) say(en, ja string, args ...any) string { return say(v.language, en, ja, args...) }

// day writes a date in full.
func (v voice) day(at time.Time) string {
	at = at.In(v.zone)
	return v.say(at.Format("2 January 2006"), fmt.Sprintf("%d年%d月%d日", at.Year(), at.Month(), at.Day()))
}

// date writes a day of the calendar without its year.
func (v voice) date(d store.Day) string {
	at := d.In(time.UTC)
	return v.say(at.Format("2 January"), fmt.Sprintf("%d月%d日", at.Month(), at.Day()))
}

// when writes a moment, with its zone.
func (v voice) when(at time.Time) string {
	at = at.In(v.zone)
	zone := at.Format("MST")
	if strings.HasPrefix(zone, "+") || strings.HasPrefix(zone, "-") { // a zone without letters
		zone = "UTC" + zone
	}
	return at.Format("2006-01-02 15:04 ") + zone
}

// period names a month where the days are one, else the first and the last day.
func (v voice) period(from, to store.Day) string {
	a, b := from.In(time.UTC), to.In(time.UTC)
	switch {
	case isMonth(from, to):
		return v.say(a.Format("January 2006"), fmt.Sprintf("%d年%d月", a.Year(), a.Month()))
	case a.Year() == b.Year():
		return v.say(a.Format("2 January")+" – "+b.Format("2 January 2006"), fmt.Sprintf("%d年%d月%d日〜%d月%d日", a.Year(), a.Month(), a.Day(), b.Month(), b.Day()))
	}
	return v.say(a.Format("2 January 2006")+" – "+b.Format("2 January 2006"),
		fmt.Sprintf("%d年%d月%d日〜%d年%d月%d日", a.Year(), a.Month(), a.Day(), b.Year(), b.Month(), b.Day()))
}

// isMonth says whether two days are the first and the last of one month.
func isMonth(from, to store.Day) bool {
	return from%100 == 1 && from/100 == to/100 && to.Add(1)%100 == 1
}

// took writes how long something took, in the unit that fits.
func (v voice) took(d *time.Duration) string {
	switch {
	case d == nil:
		return v.say("–", "–")
	case *d < time.Hour:
		return v.say("%d min", "%d 分", int(d.Minutes()))
	case *d < 24*time.Hour:
		return v.say("%s hours", "%s 時間", decimal(d.Hours()))
	}
	return v.say("%s days", "%s 日", decimal(d.Hours()/24))
}

func decimal(f float64) string { return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0") }

// age names a bar of the ages.
func (v voice) age(a AgeCount, before int) string {
	switch {
	case a.Days == 0:
		return v.say("over %d days", "%d 日超", before)
	case before == 0:
		return v.say("up to %d days", "%d 日以内", a.Days)
	}
	return v.say("%d–%d days", "%d〜%d 日", before+1, a.Days)
}

// percent writes a score.
func (v voice) percent(p *int) string {
	if p == nil {
		return v.say("no data", "データなし")
	}
	return strconv.Itoa(*p) + "%"
}

// points writes how a score has changed since a day; "" where that is not known.
func (v voice) points(s Score) string {
	n, ok := s.Change()
	if !ok {
		return ""
	}
	if n == 0 {
		return v.say("unchanged since %s", "%sから変化なし", v.date(s.Before.Day))
	}
	return v.say("%+d since %s", "%[2]s比 %+[1]d ポイント", n, v.date(s.Before.Day))
}

func (v voice) funcs() map[string]any {
	return map[string]any{
		"say": v.say, "day": v.day, "date": v.date, "when": v.when, "took": v.took, "percent": v.percent, "points": v.points,
		"title": func(standard string) string { return standardTitle(standard, v.language) },
		"age":   v.ageAt,
		"to":    func(c StandardCount, severity string) string { return c.Links[finding.Severity(severity)] },
	}
}

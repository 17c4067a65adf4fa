package report

import (
	"bytes"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"zesei/internal/finding"
	"zesei/internal/store"
)

//go:embed templates/*.tmpl
var templates embed.FS

// Linker is a Markup that can make text lead to an address.
type Linker interface {
	Link(address, text string) string // both are escaped already where they need it
}

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
func (v voice) when(at time.Time) string { return at.In(v.zone).Format("2006-01-02 15:04 MST") }

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
		"name":  func(arn string) string { return arn[strings.LastIndexAny(arn, "/:")+1:] },
		"to":    func(c StandardCount, severity string) string { return c.Links[finding.Severity(severity)] },
	}
}

// Score finds the score of a standard; nil where there is none.
func (s Summary) Score(standard string) *Score {
	for i := range s.Scores {
		if s.Scores[i].Standard == standard {
			return &s.Scores[i]
		}
	}
	return nil
}

// Title is the first line of the summary.
func (v voice) title(s Summary) string {
	if s.Owner != "" {
		return v.say("Security Hub in %s: %s", "Security Hub サマリ(%s): %s", v.period(s.From, s.To), s.Owner)
	}
	return v.say("Security Hub in %s", "Security Hub サマリ(%s)", v.period(s.From, s.To))
}

// Subject is the subject of a mail with the summary, with how many cases are
// open.
func (s Summary) Subject(language string) string {
	v := newVoice(language, s.At.Location())
	subject := v.title(s) + v.say(" – %d open", " 未対応 %d 件", s.Open)
	if s.Overdue > 0 {
		subject += v.say(", %d overdue", "(期限超過 %d 件)", s.Overdue)
	}
	return Plain{}.Escape(subject)
}

// Text writes a summary as a message, in a language and time zone, with markup
// for where it goes. Where the markup is a Linker, numbers lead to Security Hub's
// console and tickets to their tracker.
func (s Summary) Text(m Markup, language string, zone *time.Location) (string, error) {
	v := newVoice(language, zone)
	funcs := v.funcs()
	link := func(address, text string) string { return text }
	funcs["console"] = func(address string) string { return m.Escape(address) }
	if l, ok := m.(Linker); ok {
		funcs["console"] = func(address string) string { return l.Link(address, m.Escape(v.say("open", "開く"))) }
	}
	if l, ok := m.(Linker); ok && s.linked() <= mostLinked {
		link = func(address, text string) string {
			if address == "" {
				return text
			}
			return l.Link(address, text)
		}
	}
	funcs["esc"] = m.Escape
	funcs["period"] = func() string { return v.period(s.From, s.To) }
	funcs["closing"] = func() (string, error) { return s.closingIn(v, m.Escape) }
	funcs["count"] = func(c SeverityCount) string {
		if c.N == 0 {
			return "0"
		}
		return link(c.Link, strconv.Itoa(c.N))
	}
	funcs["controls"] = func(n int) []ControlCount { return s.Controls[:min(n, len(s.Controls))] }
	funcs["owners"] = func(n int) []OwnerCount { return s.Owners[:min(n, len(s.Owners))] }
	funcs["rest"] = func(n int) int { return len(s.Owners) - n }
	funcs["next"] = func(n int) []NextCase { return s.Next[:min(n, len(s.Next))] }
	funcs["link"] = func(address, text string) string { return link(webLink(address), m.Escape(text)) }
	name := "summary." + v.language + ".tmpl"
	t, err := template.New("").Funcs(funcs).ParseFS(templates, "templates/"+name)
	if err != nil {
		return "", fmt.Errorf("summary template: %w", err)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, s); err != nil {
		return "", fmt.Errorf("summary template: %w", err)
	}
	return b.String(), nil
}

// mostLinked is how long the addresses behind the counts of a message may be
// together: Slack cuts what is longer than 13,000 characters.
const mostLinked = 6000

func (s Summary) linked() int {
	n := 0
	for _, c := range s.Standards {
		for _, l := range c.Lines() {
			if l.N > 0 {
				n += len(l.Link)
			}
		}
	}
	return n
}

// Closing is what a template of the last sentences is given: numbers, and an
// owner's name that is harmless where the summary goes.
type Closing struct {
	Owner                           string // "": all
	At                              time.Time
	From, To                        store.Day
	Open, Urgent, Overdue, Accepted int
	Changes                         Changes
	FixTime                         FixTime
}

// CheckClosing says what is wrong with a template of the last sentences.
func CheckClosing(language, text string) error {
	s := Summary{closing: map[string]string{language: text}}
	_, err := s.closingIn(newVoice(language, nil), Plain{}.Escape)
	return err
}

// closingIn writes the last sentences, from the user's template where there is
// one.
func (s Summary) closingIn(v voice, escape func(string) string) (string, error) {
	name, text := v.language+"/closing.tmpl", s.closing[v.language]
	if text == "" {
		b, err := templates.ReadFile("templates/closing." + v.language + ".tmpl")
		if err != nil {
			return "", err
		}
		text = string(b)
	}
	t, err := template.New(name).Funcs(v.funcs()).Parse(text)
	if err != nil {
		return "", fmt.Errorf("closing template: %w", err)
	}
	c := Closing{At: s.At, From: s.From, To: s.To, Open: s.Open, Urgent: s.Urgent, Overdue: s.Overdue, Accepted: s.Accepted, Changes: s.Changes, FixTime: s.FixTime}
	if s.Owner != "" {
		c.Owner = escape(s.Owner)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, c); err != nil {
		return "", fmt.Errorf("closing template: %w", err)
	}
	return strings.TrimSpace(b.String()), nil
}

// Plain is Markup for a terminal or a file.
type Plain struct{}

// Escape drops control characters.
func (Plain) Escape(text string) string {
	return string(slices.DeleteFunc([]rune(text), func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }))
}

// Mention calls nobody.
func (Plain) Mention(string) string { return "" }

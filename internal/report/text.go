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

	"zesei/internal/store"
)

//go:embed templates/*.tmpl
var templates embed.FS

// Linker is a Markup that can make text lead to an address.
type Linker interface {
	Link(address, text string) string // both are escaped already where they need it
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

// title is what a summary is called.
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

package report

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"maps"
	"slices"
	"text/template"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/control"
	"zesei/internal/store"
)

// Summary says how things stand, for one owner or for all.
type Summary struct {
	At    time.Time `json:"at"`
	Since time.Time `json:"since"` // opened and closed count from then
	// Owner is "" for all owners together.
	Owner     string          `json:"owner,omitempty"`
	Standards []StandardCount `json:"standards"`
	// Other counts what belongs to none of the standards.
	Other   *StandardCount `json:"other,omitempty"`
	Open    int            `json:"open"`
	Overdue int            `json:"overdue"`
	// Accepted are under an exception.
	Accepted int `json:"accepted"`
	Opened   int `json:"opened"`
	Closed   int `json:"closed"`
	// Owners breaks a summary of all down.
	Owners []OwnerCount `json:"owners,omitempty"`
}

// StandardCount counts the open cases of one standard by severity.
type StandardCount struct {
	Standard      string `json:"standard"`
	Title         string `json:"title"`
	Critical      int    `json:"critical"`
	High          int    `json:"high"`
	Medium        int    `json:"medium"`
	Low           int    `json:"low"`
	Informational int    `json:"informational"`
}

func (c *StandardCount) add(rank, n int) {
	*[]*int{&c.Informational, &c.Low, &c.Medium, &c.High, &c.Critical}[rank] += n
}

// OwnerCount counts the open cases of one owner.
type OwnerCount struct {
	Owner   string `json:"owner"`
	Open    int    `json:"open"`
	Urgent  int    `json:"urgent"` // CRITICAL and HIGH
	Overdue int    `json:"overdue"`
}

// SummaryOf asks for a summary.
type SummaryOf struct {
	Owner     string   // "": all
	Standards []string // those that count; shown once a finding of them was seen
	Language  string
	At, Since time.Time
}

// Summarize counts cases by standard and severity. A case that several standards
// hold counts in each of them, and once in the totals.
func Summarize(ctx context.Context, q store.Querier, of SummaryOf) (Summary, error) {
	groups, err := countCases(ctx, q, of.At, of.Since)
	if err != nil {
		return Summary{}, err
	}
	seen, err := seenStandards(ctx, q)
	if err != nil {
		return Summary{}, err
	}
	of.Standards = slices.DeleteFunc(slices.Clone(of.Standards), func(id string) bool { return !slices.Contains(seen, id) })
	return summarize(groups, of), nil
}

func summarize(groups []group, of SummaryOf) Summary {
	s := Summary{At: of.At, Since: of.Since, Owner: of.Owner, Standards: []StandardCount{}}
	for _, id := range of.Standards {
		s.Standards = append(s.Standards, StandardCount{Standard: id, Title: standardTitle(id, of.Language)})
	}
	other := StandardCount{Title: control.Text{EN: "Other sources", JA: "その他の検出元"}.In(of.Language)}
	owners := map[string]*OwnerCount{}
	for _, g := range groups {
		if of.Owner != "" && g.owner != of.Owner {
			continue
		}
		s.Opened += g.opened
		s.Closed += g.closed
		switch g.state {
		case casefile.Accepted:
			s.Accepted += g.n
		case casefile.Open:
			s.Open += g.n
			s.Overdue += g.overdue
			o := owners[g.owner]
			if o == nil {
				o = &OwnerCount{Owner: g.owner}
				owners[g.owner] = o
			}
			o.Open, o.Overdue = o.Open+g.n, o.Overdue+g.overdue
			if g.severity >= 3 {
				o.Urgent += g.n
			}
			in := false
			for i := range s.Standards {
				if slices.Contains(g.standards, s.Standards[i].Standard) {
					s.Standards[i].add(g.severity, g.n)
					in = true
				}
			}
			if !in {
				other.add(g.severity, g.n)
				s.Other = &other
			}
		}
	}
	if of.Owner == "" {
		for _, name := range slices.Sorted(maps.Keys(owners)) {
			s.Owners = append(s.Owners, *owners[name])
		}
	}
	return s
}

//go:embed templates/*.tmpl
var templates embed.FS

// Text writes a summary as a message, in a language and time zone, with markup
// for where it goes.
func (s Summary) Text(m Markup, language string, zone *time.Location) (string, error) {
	if language != "ja" {
		language = "en"
	}
	t, err := template.New("").Funcs(template.FuncMap{
		"esc": m.Escape,
		"day": func(at time.Time) string {
			at = at.In(zone)
			if language == "ja" {
				return fmt.Sprintf("%d年%d月%d日", at.Year(), at.Month(), at.Day())
			}
			return at.Format("2 January 2006")
		},
	}).ParseFS(templates, "templates/summary."+language+".tmpl")
	if err != nil {
		return "", fmt.Errorf("summary template: %w", err)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "summary."+language+".tmpl", s); err != nil {
		return "", fmt.Errorf("summary template: %w", err)
	}
	return b.String(), nil
}

// Plain is Markup for a terminal or a file.
type Plain struct{}

// Escape drops control characters.
func (Plain) Escape(text string) string {
	return string(slices.DeleteFunc([]rune(text), func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }))
}

// Mention calls nobody.
func (Plain) Mention(string) string { return "" }

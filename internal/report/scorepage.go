package report

import (
	"bytes"
	"fmt"
	"html/template"
	texttemplate "text/template"
	"time"
)

// ScorePage is scores as a document: how they came about, control by control,
// and how they went over time.
type ScorePage struct {
	At       time.Time
	Owner    string   // "": all
	Accounts []string // as people call them; none: all
	Scores   []Score
	History  []ScoreDays
}

// Shown are the controls of a score that are worth a line: all but those of which
// nothing is known.
func (s Score) Shown() []ControlScore {
	var out []ControlScore
	for _, status := range Statuses {
		for _, c := range s.Controls {
			if c.Status == status && (status != NoData || c.LeftOut > 0) {
				out = append(out, c)
			}
		}
	}
	return out
}

func (v voice) scoreFuncs(p ScorePage) map[string]any {
	funcs := v.funcs()
	funcs["heading"] = func() string {
		out := v.say("Security score", "セキュリティスコア")
		if p.Owner != "" {
			out += v.say(" of ", ": ") + p.Owner
		}
		return out
	}
	funcs["word"] = func(s ControlStatus) string { return statusWord(s, v.language) }
	return funcs
}

// HTML writes the scores as a page that stands by itself, as a summary's does.
func (p ScorePage) HTML(language string, zone *time.Location) ([]byte, error) {
	v := newVoice(language, zone)
	funcs := template.FuncMap(v.scoreFuncs(p))
	funcs["lang"] = func() string { return v.language }
	funcs["scoreplot"] = func() template.HTML { return v.scorePlot(p.History) }
	return render(funcs, "score.html.tmpl", p)
}

// Markdown writes the scores for a wiki, an issue or a repository.
func (p ScorePage) Markdown(language string, zone *time.Location) (string, error) {
	v := newVoice(language, zone)
	funcs := v.scoreFuncs(p)
	funcs["esc"] = markdown
	t, err := texttemplate.New("").Funcs(funcs).ParseFS(templates, "templates/score.md.tmpl")
	if err != nil {
		return "", fmt.Errorf("score template: %w", err)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "score.md.tmpl", p); err != nil {
		return "", fmt.Errorf("score template: %w", err)
	}
	return b.String(), nil
}

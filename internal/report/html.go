package report

import (
	"bytes"
	"fmt"
	"html/template"
	"time"
)

// HTMLOption changes what a page holds.
type HTMLOption func(*pageOptions)

type pageOptions struct{ plots bool }

// WithoutPlots leaves the SVG plots out, which mail clients drop; the same
// numbers stand in tables.
func WithoutPlots(o *pageOptions) { o.plots = false }

// HTML writes a summary as a page that stands by itself: nothing is loaded, no
// script runs, and it prints on A4, also in black and white.
func (s Summary) HTML(language string, zone *time.Location, options ...HTMLOption) ([]byte, error) {
	v := newVoice(language, zone)
	o := pageOptions{plots: true}
	for _, set := range options {
		set(&o)
	}
	funcs := v.page()
	funcs["heading"] = func() string { return v.title(s) }
	funcs["period"] = func() string { return v.period(s.From, s.To) }
	// html/template escapes the sentences where they stand.
	funcs["closing"] = func() (string, error) { return s.closingIn(v, Plain{}.Escape) }
	funcs["plots"] = func() bool { return o.plots }
	funcs["burndown"] = func() template.HTML { return v.burnDown(s.Days, s.From, s.To) }
	funcs["agesplot"] = func() template.HTML { return v.agesPlot(s.Ages) }
	funcs["scoreplot"] = func() template.HTML { return v.scorePlot(s.History) }
	return render(funcs, "summary.html.tmpl", s)
}

// page are the functions of every page.
func (v voice) page() template.FuncMap {
	funcs := template.FuncMap(v.funcs())
	funcs["lang"] = func() string { return v.language }
	funcs["web"] = webLink
	return funcs
}

func render(funcs template.FuncMap, name string, data any) ([]byte, error) {
	t, err := template.New("").Funcs(funcs).ParseFS(templates, "templates/"+name, "templates/style.html.tmpl")
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	return b.Bytes(), nil
}

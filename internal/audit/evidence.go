package audit

import (
	"archive/zip"
	"bytes"
	"context"
	"embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

//go:embed templates/*.html
var pages embed.FS

// Evidence packs what an auditor asks for about one standard and a period into a
// zip: an index page, every case that stood at any time of the period as a
// verifiable case file, the exceptions, the score now and on each day of the
// period, the checkpoints and the public keys.
type Evidence struct {
	DB            *store.DB
	Exporter      *Exporter
	Standard      string // our id
	StandardTitle string
	From, To      time.Time // To is not part of the period
	Language      string    // ja, else en
	Zone          *time.Location
	// Score is the standard's score as it is now, in any shape that is JSON; nil:
	// it has no data. Percent is its number for the page; nil: no data.
	Score   any
	Percent *int
	// Days are the scores that were kept of the days of the period, ascending.
	Days []DayScore
	// Title names a control in the language; Account names an account.
	Title   func(control string) string
	Account func(id string) string
}

// DayScore is a standard's score on a day; its numbers count controls.
type DayScore struct {
	Day                             store.Day
	Percent                         *int // nil: no control had data
	Passed, Failed, Unknown, NoData int
}

// Packed says what went into a zip.
type Packed struct {
	Cases      int   `json:"cases"`
	Open       int   `json:"open"`
	Exceptions int   `json:"exceptions"`
	Anchored   int   `json:"anchored"`
	Checkpoint int64 `json:"checkpoint"` // number of the one that anchors; 0: none
}

// line is a case on the index page.
type line struct {
	File, Key, Control, Title, Severity, State, Reason, Account, Resource, Owner string
	FirstSeen, Closed, Result                                                    string
	exceptions                                                                   []store.Exception
}

// Pack writes the zip. Where the store lost what a checkpoint signed it is a
// *BrokenError and the zip is not to be used.
func (e *Evidence) Pack(ctx context.Context, w io.Writer) (Packed, error) {
	var p Packed
	z := zip.NewWriter(w)
	var lines []line
	accepted := map[string]store.Exception{}
	for after := int64(0); ; {
		ids, err := store.CasesIn(ctx, e.DB.View(), e.Standard, e.From, e.To, after, 500)
		if err != nil {
			return p, err
		}
		files, err := store.CasesByID(ctx, e.DB.View(), ids)
		if err != nil {
			return p, err
		}
		for _, f := range files {
			l, err := e.one(ctx, z, f, &p)
			if err != nil {
				return p, err
			}
			lines = append(lines, l)
			for _, x := range l.exceptions {
				accepted[x.ID] = x
			}
		}
		if len(ids) < 500 {
			break
		}
		after = ids[len(ids)-1]
	}
	exceptions := inPeriod(accepted, e.From, e.To)
	p.Exceptions = len(exceptions)
	checkpoints, err := List(ctx, e.DB, 0)
	if err != nil {
		return p, err
	}
	checkpoints = slices.DeleteFunc(checkpoints, func(c Checkpoint) bool {
		return (c.At.Before(e.From) || !c.At.Before(e.To)) && c.Number != p.Checkpoint
	})
	parts := []part{
		{"exceptions.json", jsonOf(exceptions)}, {"score.json", jsonOf(e.Score)}, {"checkpoints.json", jsonOf(checkpoints)},
		{"cases.csv", casesCSV(lines)}, {"scores.csv", scoresCSV(e.Days)}, {"index.html", func() ([]byte, error) { return e.index(lines, exceptions, checkpoints, p) }},
	}
	for i, k := range keysOf(checkpoints) {
		parts = append(parts, part{fmt.Sprintf("keys/%d.pem", i+1), k.PEM})
	}
	for _, part := range parts {
		b, err := part.text()
		if err == nil {
			err = e.add(z, part.name, b)
		}
		if err != nil {
			return p, fmt.Errorf("writing %s: %w", part.name, err)
		}
	}
	return p, z.Close()
}

type part struct {
	name string
	text func() ([]byte, error)
}

// one packs one case.
func (e *Evidence) one(ctx context.Context, z *zip.Writer, f *casefile.File, p *Packed) (line, error) {
	c, err := e.Exporter.Export(ctx, f)
	if err != nil {
		return line{}, err
	}
	v := Verify(c)
	if !v.Consistent() {
		return line{}, fmt.Errorf("case %s: %w", store.ShortKey(f.Key), errors.New(strings.Join(v.Broken, "; ")))
	}
	b, err := c.Write()
	if err != nil {
		return line{}, err
	}
	name := "cases/" + c.Hash.String() + ".json"
	if err := e.add(z, name, b); err != nil {
		return line{}, fmt.Errorf("writing %s: %w", name, err)
	}
	p.Cases++
	if f.State == casefile.Open {
		p.Open++
	}
	if v.Checkpoint != nil {
		p.Anchored++
		p.Checkpoint = v.Checkpoint.Number
	}
	l := line{
		File: name, Key: store.ShortKey(f.Key), Control: f.Key.Control, Title: e.Title(f.Key.Control), Severity: string(f.Severity), State: string(f.State),
		Reason: f.Reason, Account: e.Account(f.Key.Account), Resource: f.Key.Resource, Owner: f.Terms.Owner, FirstSeen: e.when(f.FirstSeen), Result: v.Result(),
		exceptions: c.Exceptions,
	}
	if !f.ClosedAt.IsZero() {
		l.Closed = e.when(f.ClosedAt)
	}
	return l, nil
}

func (e *Evidence) when(t time.Time) string { return t.In(e.Zone).Format("2006-01-02 15:04 MST") }

func (e *Evidence) add(z *zip.Writer, name string, b []byte) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: e.Exporter.Now()})
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}

// inPeriod are the exceptions that held at any time of a period, by their end.
func inPeriod(all map[string]store.Exception, from, to time.Time) []store.Exception {
	out := []store.Exception{}
	for _, x := range all {
		end := x.ExpiresAt
		if !x.EndedAt.IsZero() {
			end = x.EndedAt
		}
		if !x.ApprovedAt.IsZero() && x.ApprovedAt.Before(to) && !end.Before(from) {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b store.Exception) int {
		return 2*a.ExpiresAt.Compare(b.ExpiresAt) + strings.Compare(a.ID, b.ID)
	})
	return out
}

func keysOf(list []Checkpoint) []PublicKey {
	var out []PublicKey
	for _, c := range list {
		if !slices.ContainsFunc(out, func(k PublicKey) bool { return bytes.Equal(k, c.Signature.PublicKey) }) {
			out = append(out, c.Signature.PublicKey)
		}
	}
	return out
}

func jsonOf(v any) func() ([]byte, error) {
	return func() ([]byte, error) { return json.MarshalIndent(v, "", "  ") }
}

// casesCSV is the index for spreadsheets.
func casesCSV(lines []line) func() ([]byte, error) {
	return func() ([]byte, error) {
		rows := [][]string{{"case", "control", "title", "severity", "state", "reason", "account", "resource", "owner", "first seen", "closed", "proof", "file"}}
		for _, l := range lines {
			rows = append(rows, []string{l.Key, l.Control, l.Title, l.Severity, l.State, l.Reason, l.Account, l.Resource, l.Owner, l.FirstSeen, l.Closed, l.Result, l.File})
		}
		return writeCSV(rows)
	}
}

// scoresCSV is the score on each day.
func scoresCSV(days []DayScore) func() ([]byte, error) {
	return func() ([]byte, error) {
		rows := [][]string{{"day", "score", "passed", "failed", "unknown", "no data"}}
		for _, d := range days {
			rows = append(rows, []string{d.Day.String(), percent(d.Percent), strconv.Itoa(d.Passed), strconv.Itoa(d.Failed), strconv.Itoa(d.Unknown), strconv.Itoa(d.NoData)})
		}
		return writeCSV(rows)
	}
}

func percent(p *int) string {
	if p == nil {
		return "–"
	}
	return strconv.Itoa(*p) + "%"
}

// formula are the characters that begin a formula, with the wide forms that
// spreadsheets take for them.
const formula = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"

// writeCSV writes rows. A cell that a spreadsheet would take for a formula gets a
// leading apostrophe (OWASP, "CSV Injection").
func writeCSV(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, r := range rows {
		for i := range r {
			if strings.IndexAny(r[i], formula) == 0 {
				r[i] = "'" + r[i]
			}
		}
	}
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

// changes are the days on which a score was another than the day before, with the
// first and the last.
func changes(days []DayScore) []DayScore {
	var out []DayScore
	for i, d := range days {
		same := d
		if i > 0 {
			same = days[i-1]
			same.Day = d.Day
		}
		if i == 0 || i == len(days)-1 || percent(d.Percent) != percent(same.Percent) || d.Passed != same.Passed || d.Failed != same.Failed || d.Unknown != same.Unknown || d.NoData != same.NoData {
			out = append(out, d)
		}
	}
	return out
}

func (e *Evidence) index(lines []line, exceptions []store.Exception, checkpoints []Checkpoint, p Packed) ([]byte, error) {
	name := "evidence.en.html"
	if e.Language == "ja" {
		name = "evidence.ja.html"
	}
	t, err := template.New(name).Funcs(template.FuncMap{"when": e.when, "percent": percent, "covers": e.covers, "word": e.word}).ParseFS(pages, "templates/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Standard": e.StandardTitle, "From": e.when(e.From), "To": e.when(e.To), "Made": e.when(e.Exporter.Now()), "By": e.Exporter.By, "Score": percent(e.Percent),
		"Days": changes(e.Days), "Kept": len(e.Days),
		"Cases": lines, "Exceptions": exceptions, "Checkpoints": checkpoints, "Packed": p,
	})
	return b.Bytes(), err
}

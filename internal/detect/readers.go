package detect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zesei/eventpattern"
	"zesei/internal/config/document"
	"zesei/internal/finding"
	"zesei/logpattern"
)

// Pattern is an EventBridge event pattern as a pack states it: a mapping, or
// JSON as text.
type Pattern struct {
	JSON     []byte
	compiled *eventpattern.Pattern
}

// ReadValue implements document.Reader.
func (p *Pattern) ReadValue(v document.Value) {
	var b []byte
	switch v.Kind() {
	case document.Text:
		text, ok := v.String()
		if !ok {
			return
		}
		b = []byte(text)
	case document.Mapping:
		b = asJSON(v)
	default:
		v.WrongKind("an event pattern: a mapping, or JSON as text")
		return
	}
	compiled, err := eventpattern.Parse(b)
	if err != nil {
		v.Wrong(err.Error(), "an EventBridge event pattern", "")
		return
	}
	p.JSON, p.compiled = b, compiled
}

// Filter is a CloudWatch Logs filter pattern.
type Filter struct{ *logpattern.Filter }

// ReadValue implements document.Reader.
func (f *Filter) ReadValue(v document.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	compiled, err := logpattern.Parse(text)
	if err != nil {
		v.Wrong(err.Error(), "a CloudWatch Logs filter pattern", "")
		return
	}
	f.Filter = compiled
}

// asJSON prints a YAML value as JSON, numbers as they are written.
func asJSON(v document.Value) []byte {
	var b bytes.Buffer
	appendJSON(&b, v)
	return b.Bytes()
}

func appendJSON(b *bytes.Buffer, v document.Value) {
	switch v.Kind() {
	case document.Mapping:
		b.WriteByte('{')
		for i, e := range v.Entries() {
			if i > 0 {
				b.WriteByte(',')
			}
			quoteJSON(b, e.Key)
			b.WriteByte(':')
			appendJSON(b, e.Value)
		}
		b.WriteByte('}')
	case document.Sequence:
		b.WriteByte('[')
		for i, item := range v.Items(false) {
			if i > 0 {
				b.WriteByte(',')
			}
			appendJSON(b, item)
		}
		b.WriteByte(']')
	case document.Null:
		b.WriteString("null")
	case document.Number, document.Bool:
		if raw := v.Raw(); json.Valid([]byte(raw)) {
			b.WriteString(raw)
			return
		}
		fallthrough
	default:
		text, _ := v.String()
		quoteJSON(b, text)
	}
}

func quoteJSON(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	b.Truncate(b.Len() - 1)
}

// ReadValue implements document.Reader.
func (o *Opens) ReadValue(v document.Value) {
	known := []string{string(OpensIncident), string(OpensNotice), string(OpensNothing), string(OpensState)}
	if text, ok := v.String(); ok {
		if !slices.Contains(known, text) {
			v.Wrong(fmt.Sprintf("%q", text), document.OneOf(known), document.DidYouMean(text, known))
			return
		}
		*o = Opens(text)
	}
}

// ReadValue implements document.Reader: 90s, 5m, 24h, 7d.
func (s *Span) ReadValue(v document.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	d, err := time.ParseDuration(text)
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(n) * 24 * time.Hour
	}
	const most = 366 * 24 * time.Hour
	if err != nil || d <= 0 || d > most {
		v.Wrong(fmt.Sprintf("%q is no span of time", text), "as 90s, 5m, 24h or 7d, at most 366d", "")
		return
	}
	s.Duration = d
}

// Per is account, or the path of a field whose values are counted apart.
type Per struct{ Path }

// ReadValue implements document.Reader.
func (p *Per) ReadValue(v document.Value) {
	if v.Raw() != "account" {
		p.Path.ReadValue(v)
	}
}

// ReadValue implements document.Reader.
func (r *Region) ReadValue(v document.Value) {
	if r.Global = v.Raw() == "global"; !r.Global {
		r.Path.ReadValue(v)
	}
}

// ReadValue implements document.Reader: one place or a list.
func (p *Places) ReadValue(v document.Value) {
	if v.Kind() == document.Mapping {
		var one Place
		v.Read(&one)
		*p = Places{one}
		return
	}
	var list []Place
	v.Read(&list)
	*p = list
}

// Severity is fixed, or read from the event.
type Severity struct {
	Fixed finding.Severity
	from  Path
	names map[string]finding.Severity // by the value's text
	least []step                      // by the value as a number, the highest first
	or    finding.Severity
}

type step struct {
	from     float64
	severity finding.Severity
}

// ReadValue implements document.Reader.
func (s *Severity) ReadValue(v document.Value) {
	if v.Kind() != document.Mapping {
		s.Fixed = readLabel(v)
		return
	}
	var form struct {
		From    Path             `yaml:"from"`
		Map     map[string]label `yaml:"map"`
		AtLeast map[string]span  `yaml:"at_least"`
		Else    label            `yaml:"else"`
	}
	v.Read(&form)
	s.from, s.or = form.From, form.Else.Severity
	if form.From.empty() {
		v.Wrong("from is missing", "the path of a field of the event", "")
	}
	if len(form.Map)+len(form.AtLeast) == 0 {
		v.Wrong("neither map nor at_least is given", "map: {value: SEVERITY} or at_least: {SEVERITY: number}", "")
	}
	s.names = make(map[string]finding.Severity, len(form.Map))
	for value, to := range form.Map {
		s.names[value] = to.Severity
	}
	for name, from := range form.AtLeast {
		if finding.Severity(name).Rank() == 0 && name != string(finding.Informational) {
			v.Wrong(fmt.Sprintf("at_least: %q is no severity", name), severities, "")
		}
		s.least = append(s.least, step{float64(from), finding.Severity(name)})
	}
	slices.SortFunc(s.least, func(a, b step) int {
		switch {
		case a.from > b.from:
			return -1
		case a.from < b.from:
			return 1
		}
		return 0
	})
}

const severities = "INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL"

func (s Severity) empty() bool { return s.Fixed == "" && s.from.empty() }

type label struct{ finding.Severity }

// ReadValue implements document.Reader.
func (l *label) ReadValue(v document.Value) { l.Severity = readLabel(v) }

type span float64

// ReadValue implements document.Reader.
func (s *span) ReadValue(v document.Value) {
	f, err := strconv.ParseFloat(v.Raw(), 64)
	if err != nil {
		v.Wrong(fmt.Sprintf("%q is no number", v.Raw()), "a number", "")
	}
	*s = span(f)
}

func readLabel(v document.Value) finding.Severity {
	text, ok := v.String()
	if s := finding.Severity(text); ok && (s.Rank() > 0 || s == finding.Informational) {
		return s
	}
	if ok {
		v.Wrong(fmt.Sprintf("%q is no severity", text), severities, "")
	}
	return ""
}

// of reads the severity of an event.
func (s *Severity) of(e any) finding.Severity {
	if s.Fixed != "" {
		return s.Fixed
	}
	value := s.from.first(e)
	if named, ok := s.names[value]; ok {
		return named
	}
	if f, err := strconv.ParseFloat(value, 64); err == nil {
		for _, step := range s.least {
			if f >= step.from {
				return step.severity
			}
		}
	}
	return s.or
}

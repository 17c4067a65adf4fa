package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"zesei/eventpattern"
	"zesei/logpattern"
)

type patternCmd struct {
	Test patternTestCmd `cmd:"" help:"Does this event pattern, or log filter, match? Exit code 0: every event does; 1: one does not; 2: the pattern is invalid."`
}

type patternTestCmd struct {
	Pattern string   `arg:"" help:"An EventBridge event pattern or a CloudWatch Logs filter pattern, or a file that holds one. Which it is, is recognised."`
	Events  []string `arg:"" optional:"" name:"event" help:"Files with events: JSON, an array, JSON lines; for a log filter any lines. - or none reads standard input."`
	Explain bool     `help:"Say of each field or condition what was wanted, what was found, and why it matched or not."`
}

// patternResult is what became of one event.
type patternResult struct {
	Source  string       `json:"source"`
	Event   int          `json:"event"` // from 1, in its source
	Match   bool         `json:"match"`
	Error   string       `json:"error,omitempty"`
	Note    string       `json:"note,omitempty"`
	Explain []partResult `json:"explain,omitempty"`
}

// partResult is what became of one field or condition.
type partResult struct {
	Alternative int      `json:"alternative,omitempty"`
	Part        string   `json:"part"`
	Want        string   `json:"want,omitempty"`
	Values      []string `json:"values,omitempty"`
	Match       bool     `json:"match"`
	Why         string   `json:"why"`
}

// matcher is either kind of pattern.
type matcher interface {
	test(event []byte, explain bool) patternResult
	split(r io.Reader, each func(event []byte) error) error
}

func (c *patternTestCmd) Run(e *env) error {
	m, err := parsePattern(c.Pattern)
	if err != nil {
		return err
	}
	if len(c.Events) == 0 {
		c.Events = []string{"-"}
	}
	all := true
	results := []patternResult{}
	for _, name := range c.Events {
		n, err := c.source(e, m, name, func(r patternResult) error {
			all = all && r.Match
			if e.root.JSON {
				results = append(results, r)
				return nil
			}
			return showResult(e, r)
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return use("%s holds no event", name)
		}
	}
	if e.root.JSON {
		if err := e.print(results); err != nil {
			return err
		}
	}
	if !all {
		return errFound
	}
	return nil
}

// source tests the events of one input, and counts them.
func (c *patternTestCmd) source(e *env, m matcher, name string, each func(patternResult) error) (n int, err error) {
	in := e.In
	if name == "-" {
		name = "stdin"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return 0, wrongUse{err}
		}
		defer f.Close()
		in = f
	}
	err = m.split(in, func(event []byte) error {
		n++
		r := m.test(event, c.Explain)
		r.Source, r.Event = name, n
		return each(r)
	})
	if err != nil {
		err = fmt.Errorf("%s, after event %d: %w", name, n, err)
	}
	return n, err
}

func showResult(e *env, r patternResult) error {
	verdict := "no match"
	if r.Match {
		verdict = "match"
	}
	if r.Error != "" {
		verdict = "no answer: " + printable(r.Error)
	}
	_, err := fmt.Fprintf(e.Out, "%s event %d: %s\n", printable(r.Source), r.Event, verdict)
	if r.Note != "" {
		fmt.Fprintf(e.Out, "  %s\n", printable(r.Note))
	}
	several := len(r.Explain) > 0 && r.Explain[len(r.Explain)-1].Alternative > 0
	for i, p := range r.Explain {
		if several && (i == 0 || r.Explain[i-1].Alternative != p.Alternative) {
			fmt.Fprintf(e.Out, "  $or alternative %d\n", p.Alternative+1)
		}
		sign := "✗"
		if p.Match {
			sign = "✓"
		}
		fmt.Fprintf(e.Out, "  %s %s: %s\n", sign, printable(p.Part), printable(p.Why))
	}
	return err
}

// parsePattern reads a pattern from a file of that name, or takes the argument
// itself.
func parsePattern(arg string) (matcher, error) {
	text, where := arg, "the pattern"
	if data, err := os.ReadFile(arg); err == nil {
		text, where = strings.TrimRight(string(data), "\r\n"), arg
	} else if !strings.ContainsAny(arg, "{[ \"%?*") && strings.HasSuffix(arg, ".json") {
		return nil, wrongUse{err}
	}
	return compilePattern(where, text)
}

// compilePattern recognises a pattern's kind and compiles it.
func compilePattern(where, text string) (matcher, error) {
	if isEventPattern(text) {
		p, err := eventpattern.Parse([]byte(text))
		var bad *eventpattern.SyntaxError
		if errors.As(err, &bad) {
			return nil, refused(where, "event pattern", text, bad.Offset, bad.Msg)
		}
		return eventMatcher{p}, err
	}
	p, err := logpattern.Parse(text)
	var bad *logpattern.SyntaxError
	if errors.As(err, &bad) {
		return nil, refused(where, "log filter", text, bad.Offset, bad.Msg)
	}
	return logMatcher{p}, err
}

// isEventPattern tells a JSON object from a filter pattern such as { $.a = 1 }.
func isEventPattern(text string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimPrefix(text, "\uFEFF")), "{")
	rest = strings.TrimSpace(rest)
	return ok && (rest == "" || rest[0] == '"' || rest[0] == '}')
}

// refused shows where a pattern is wrong, with a caret under the place.
func refused(where, kind, text string, offset int, msg string) error {
	offset = max(0, min(offset, len(text)))
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	line, _, _ := strings.Cut(text[start:], "\n")
	number := strings.Count(text[:start], "\n") + 1
	before := printable(strings.ReplaceAll(text[start:offset], "\t", " "))
	return use("%s is no valid %s: line %d, offset %d: %s\n  %s\n  %s^", where, kind, number, offset, msg,
		printable(strings.ReplaceAll(strings.TrimRight(line, "\r"), "\t", " ")), strings.Repeat(" ", utf8.RuneCountInString(before)))
}

type eventMatcher struct{ p *eventpattern.Pattern }

func (m eventMatcher) test(event []byte, explain bool) patternResult {
	var r patternResult
	var err error
	if r.Match, err = m.p.Match(event); err != nil {
		r.Error = err.Error()
		return r
	}
	if !explain {
		return r
	}
	fields, err := m.p.Explain(event)
	if err != nil {
		r.Error = err.Error()
	}
	for _, f := range fields {
		r.Explain = append(r.Explain, partResult{f.Alternative, f.Path, f.Want, f.Values, f.Matched, f.Why})
	}
	return r
}

func (m eventMatcher) split(r io.Reader, each func([]byte) error) error { return splitJSON(r, each) }

// splitJSON takes JSON documents one after another; the elements of an array are
// documents of their own.
func splitJSON(r io.Reader, each func([]byte) error) error {
	d := json.NewDecoder(r)
	for {
		var doc json.RawMessage
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("no JSON at offset %d: %w", d.InputOffset(), err)
		}
		if doc[0] != '[' {
			if err := each(doc); err != nil {
				return err
			}
			continue
		}
		var list []json.RawMessage
		if err := json.Unmarshal(doc, &list); err != nil {
			return err
		}
		for _, one := range list {
			if err := each(one); err != nil {
				return err
			}
		}
	}
}

type logMatcher struct{ f *logpattern.Filter }

func (m logMatcher) test(event []byte, explain bool) patternResult {
	r := patternResult{Match: m.f.Match(event)}
	if !explain {
		return r
	}
	x := m.f.Explain(event)
	r.Note = x.Note
	for _, p := range x.Parts {
		r.Explain = append(r.Explain, partResult{Part: p.Part, Match: p.Holds, Why: p.Why})
	}
	return r
}

// split takes what is JSON throughout as documents, and anything else line by
// line, as log events are.
func (m logMatcher) split(r io.Reader, each func([]byte) error) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if text := bytes.TrimSpace(data); len(text) > 0 && (text[0] == '{' || text[0] == '[') && jsonThroughout(text) {
		return splitJSON(bytes.NewReader(text), each)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for lines.Scan() {
		if err := each(lines.Bytes()); err != nil {
			return err
		}
	}
	return lines.Err()
}

func jsonThroughout(text []byte) bool {
	return splitJSON(bytes.NewReader(text), func(b []byte) error {
		if b[0] != '{' {
			return errors.New("no object")
		}
		return nil
	}) == nil
}

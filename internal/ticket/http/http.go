// Package http keeps tickets in an in-house tracker that the configuration
// describes: each operation is a method, an address, headers, a body and the
// paths at which the answer holds key, state and assignee. Instead, a program
// that speaks JSON on stdin and stdout may do the operations (Program).
//
// Addresses, headers and bodies are templates (text/template) over Data. Every
// value is written for the place that it stands in: in an address as one path
// segment or query value, in a JSON body as a JSON value that brings its own
// quotes, in a form or XML body escaped for it, in a header as one clean line. So
// no text from outside can leave its place, and a template cannot forget it.
//
// Operations are create, get, update, comment, close and reopen, and find, which
// lists tickets with the marker. Without find, a create that is in doubt waits for
// a person: it is never repeated blindly.
package http

import (
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	nethttp "net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"zesei/internal/ticket"
	"zesei/internal/ticket/rest"
)

// Operation is one call of the tracker.
type Operation struct {
	Method  string            // empty: GET for get and find, else POST
	URL     string            // template; an absolute address, or a path below Config.URL
	Headers map[string]string // templates
	Body    string            // template; its language is that of the Content-Type header, JSON without one
	// Read are paths (gjson) in the answer: key, id, url, state, assignee, updated,
	// updated_by, text, comments with comment_id, comment_by, comment_at and
	// comment_text below each, and for find list.
	Read map[string]string
}

// Config describes the tracker.
type Config struct {
	Name       string
	URL        string
	Token      string // sent as a bearer token where an operation has no Authorization header; {{.Token}}
	Operations map[string]Operation
	Closed     []string          // states that mean closed
	Priorities map[string]string // by severity
	Now        func() time.Time
}

// Data is what templates see.
type Data struct {
	Do       string `json:"do"`
	Key      string `json:"key,omitempty"`
	ID       string `json:"id,omitempty"`
	Marker   string `json:"marker,omitempty"`
	Project  string `json:"project,omitempty"`
	Title    string `json:"title,omitempty"`
	Body     string `json:"body,omitempty"`
	Due      string `json:"due,omitempty"` // 2006-01-02
	Severity string `json:"severity,omitempty"`
	Priority string `json:"priority,omitempty"` // of Config.Priorities
	Assignee string `json:"assignee,omitempty"`
	Language string `json:"language,omitempty"`
	Comment  string `json:"comment,omitempty"`
	// Reason is why a ticket is closed: one of ticket.Endings; empty in any other
	// operation.
	Reason string `json:"reason,omitempty"`
	// Changed are the fields that an update is about: title, body, due, priority,
	// assignee, fields. Nothing else is to be touched.
	Changed map[string]bool `json:"changed,omitempty"`
	Fields  map[string]any  `json:"fields,omitempty"`
	Token   string          `json:"-"`
}

// Tracker is an in-house tracker. It is safe for concurrent use.
type Tracker struct {
	c       Config
	clients map[string]*rest.Client // by operation
}

var _ ticket.Tracker = (*Tracker)(nil)

var needed = []string{"create", "get", "update", "comment", "close", "reopen"}

// New checks the configuration: each template is tried. It calls nothing yet.
func New(c Config) (*Tracker, error) {
	t := &Tracker{c: c, clients: map[string]*rest.Client{}}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Operations)) {
		if name != "find" && !slices.Contains(needed, name) {
			errs = append(errs, fmt.Errorf("ticket.%s.operations.%s: there is no such operation: expected one of %s, find", c.Name, name, strings.Join(needed, ", ")))
			continue
		}
		client, err := t.client(c.Operations[name])
		if err == nil {
			t.clients[name] = client
			_, err = t.call(name, Data{Do: name, Key: `k"/1`, Marker: "zesei-0-1", Project: "p", Title: `a "title"`, Body: "two\nlines", Comment: "c", Changed: map[string]bool{}})
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("ticket.%s.operations.%s: %w", c.Name, name, err))
		}
	}
	for _, name := range needed {
		if _, ok := c.Operations[name]; !ok {
			errs = append(errs, fmt.Errorf("ticket.%s.operations.%s is missing: expected method, url, body and read", c.Name, name))
		}
	}
	for _, want := range [][2]string{{"create", "key"}, {"get", "state"}} {
		if op, ok := c.Operations[want[0]]; ok && op.Read[want[1]] == "" {
			errs = append(errs, fmt.Errorf("ticket.%s.operations.%s.read.%s is missing: the path to it in the answer, such as issue.%s", c.Name, want[0], want[1], want[1]))
		}
	}
	if len(c.Closed) == 0 {
		errs = append(errs, fmt.Errorf("ticket.%s.closed is missing: the names of the states that mean closed", c.Name))
	}
	return t, errors.Join(errs...)
}

// client is the way to the host of an operation, which no template may choose.
func (t *Tracker) client(op Operation) (*rest.Client, error) {
	base := t.c.URL
	if !strings.HasPrefix(op.URL, "/") {
		scheme, rest, ok := strings.Cut(op.URL, "://")
		host, _, _ := strings.Cut(rest, "/")
		if !ok || strings.ContainsAny(host, "{}?") {
			return nil, errors.New("url: expected a path that begins with /, or https://host/path with the host written out")
		}
		base = scheme + "://" + host
	}
	return rest.New(rest.Config{Name: t.c.Name, URL: base, Secrets: []string{t.c.Token}, Now: t.c.Now})
}

// Traits depend on what the configuration can read.
func (t *Tracker) Traits() ticket.Traits {
	_, find := t.c.Operations["find"]
	return ticket.Traits{Name: t.c.Name, IndexDelay: time.Minute, NoFind: !find, NoComments: t.c.Operations["get"].Read["comments"] == "", Polls: true}
}

// call writes the request of an operation.
func (t *Tracker) call(name string, d Data) (rest.Call, error) {
	op := t.c.Operations[name]
	d.Token = t.c.Token
	k := rest.Call{Method: strings.ToUpper(op.Method), Header: nethttp.Header{}, Gone: name != "create" && name != "find", Creates: name == "create" || name == "comment", Once: name == "create" || name == "comment"}
	if k.Method == "" {
		k.Method = map[bool]string{true: "GET", false: "POST"}[name == "get" || name == "find"]
	}
	path := op.URL
	if i := strings.Index(path, "://"); i >= 0 {
		rest := path[i+3:]
		j := strings.Index(rest, "/")
		if j < 0 {
			j = len(rest)
		}
		path = rest[j:]
	}
	before, query, asks := strings.Cut(path, "?")
	var err error
	if k.Path, err = ticket.FillWith("url", before, d, segment); err != nil {
		return k, err
	}
	if asks {
		q, err := ticket.FillWith("url", query, d, func(v any) (string, error) { return url.QueryEscape(fmt.Sprint(v)), nil })
		if err != nil {
			return k, err
		}
		if k.Query, err = url.ParseQuery(q); err != nil {
			return k, fmt.Errorf("url: its query cannot be read: %q", query)
		}
	}
	for h, text := range op.Headers {
		v, err := ticket.Fill("headers."+h, text, false, d)
		if err != nil {
			return k, err
		}
		k.Header.Set(h, v)
	}
	if k.Header.Get("Authorization") == "" && t.c.Token != "" && !usesToken(op) {
		k.Header.Set("Authorization", "Bearer "+t.c.Token)
	}
	if k.Header.Get("Idempotency-Key") == "" && name == "create" {
		k.Header.Set("Idempotency-Key", d.Marker)
	}
	return k, t.body(&k, op, d)
}

func usesToken(op Operation) bool {
	for _, text := range op.Headers {
		if strings.Contains(text, ".Token") {
			return true
		}
	}
	return false
}

// segment writes a value as one segment of a path.
func segment(v any) (string, error) {
	s := fmt.Sprint(v)
	if s == "." || s == ".." {
		return "", fmt.Errorf("%q cannot stand in an address", s)
	}
	return url.PathEscape(s), nil
}

func (t *Tracker) body(k *rest.Call, op Operation, d Data) error {
	if strings.TrimSpace(op.Body) == "" {
		return nil
	}
	kind := strings.ToLower(cmp.Or(k.Header.Get("Content-Type"), "application/json"))
	k.Header.Set("Content-Type", kind)
	write := func(v any) (string, error) { return fmt.Sprint(v), nil }
	isJSON := strings.Contains(kind, "json")
	switch {
	case isJSON:
		write = func(v any) (string, error) {
			b, err := json.Marshal(v)
			return string(b), err
		}
	case strings.Contains(kind, "form-urlencoded"):
		write = func(v any) (string, error) { return url.QueryEscape(fmt.Sprint(v)), nil }
	case strings.Contains(kind, "xml"):
		write = func(v any) (string, error) {
			var b strings.Builder
			err := xml.EscapeText(&b, []byte(fmt.Sprint(v)))
			return b.String(), err
		}
	}
	s, err := ticket.FillWith("body", op.Body, d, write)
	if err != nil {
		return err
	}
	if s = strings.TrimSpace(s); isJSON && !json.Valid([]byte(s)) {
		return errors.New(`body: it is no JSON once filled in: values bring their own quotes, write {"title": {{.Title}}}`)
	}
	k.Body = []byte(s)
	return nil
}

func (t *Tracker) do(ctx context.Context, name string, d Data) (rest.Answer, error) {
	d.Do = name
	k, err := t.call(name, d)
	if err != nil {
		return rest.Answer{}, &ticket.Permanent{Reason: fmt.Sprintf("%s: operation %s: %v", t.c.Name, name, err)}
	}
	return t.clients[name].Do(ctx, k)
}

// Create makes a ticket.
func (t *Tracker) Create(ctx context.Context, d ticket.Draft) (ticket.Issue, error) {
	a, err := t.do(ctx, "create", data(d, t.c.Priorities))
	if err != nil {
		return ticket.Issue{}, err
	}
	is := t.issue("create", a.Body, d.Project)
	if is.Key == "" {
		return is, fmt.Errorf("%s: operation create: the answer holds no key at %q: %s", t.c.Name, t.c.Operations["create"].Read["key"], t.clients["create"].Quote(a.Body))
	}
	return is, nil
}

func data(d ticket.Draft, priorities map[string]string) Data {
	return Data{Marker: d.Marker, Project: d.Project, Title: d.Title, Body: d.Body.In(ticket.Plain{}), Due: d.Due, Severity: string(d.Severity),
		Priority: priorities[string(d.Severity)], Assignee: d.Assignee, Language: d.Language, Fields: d.Fields, Changed: map[string]bool{}}
}

// issue reads an answer at the paths of an operation; those of get stand in for
// what the operation does not name.
func (t *Tracker) issue(name string, body []byte, project string) ticket.Issue {
	read := maps.Clone(t.c.Operations["get"].Read)
	if read == nil {
		read = map[string]string{}
	}
	maps.Copy(read, t.c.Operations[name].Read)
	at := func(key string) gjson.Result {
		if read[key] == "" {
			return gjson.Result{}
		}
		return gjson.GetBytes(body, read[key])
	}
	text := func(key string) string { return at(key).String() }
	is := ticket.Issue{Ref: ticket.Ref{Key: text("key"), ID: text("id"), Project: project}, URL: link(text("url")), State: ticket.Clean(text("state")), Assignee: text("assignee"),
		UpdatedAt: moment(at("updated")), UpdatedBy: text("updated_by"), Text: text("text")}
	is.Closed = closed(t.c.Closed, is.State)
	for i, c := range at("comments").Array() {
		is.Comments = append(is.Comments, ticket.Comment{ID: cmp.Or(c.Get(cmp.Or(read["comment_id"], "id")).String(), strconv.Itoa(i)), By: c.Get(cmp.Or(read["comment_by"], "by")).String(),
			At: moment(c.Get(cmp.Or(read["comment_at"], "at"))), Text: c.Get(cmp.Or(read["comment_text"], "text")).String()})
	}
	return is
}

// link is an address that may be shown: https, or nothing.
func link(s string) string {
	if u, err := url.Parse(s); err != nil || u.Scheme != "https" && u.Scheme != "http" || s != ticket.Clean(s) {
		return ""
	}
	return s
}

func closed(words []string, state string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, state) })
}

// moment reads a time: RFC 3339, or seconds or milliseconds since 1970.
func moment(r gjson.Result) time.Time {
	if r.Type == gjson.Number {
		if n := r.Int(); n > 1e11 {
			return time.UnixMilli(n).UTC()
		} else if n > 0 {
			return time.Unix(n, 0).UTC()
		}
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, r.String())
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// Get reads a ticket.
func (t *Tracker) Get(ctx context.Context, r ticket.Ref) (ticket.Issue, error) {
	a, err := t.do(ctx, "get", Data{Key: r.Key, ID: r.ID, Project: r.Project})
	if err != nil {
		return ticket.Issue{}, err
	}
	is := t.issue("get", a.Body, r.Project)
	is.Ref = r
	return is, nil
}

// Update sends the operation with what has changed named.
func (t *Tracker) Update(ctx context.Context, r ticket.Ref, d ticket.Draft, fields []string) error {
	v := data(d, t.c.Priorities)
	v.Key, v.ID = r.Key, r.ID
	for _, f := range fields {
		v.Changed[f] = true
	}
	_, err := t.do(ctx, "update", v)
	return err
}

// Comment adds a comment.
func (t *Tracker) Comment(ctx context.Context, r ticket.Ref, text ticket.Text) (string, error) {
	a, err := t.do(ctx, "comment", t.said(r, text, ""))
	if err != nil {
		return "", err
	}
	if path := t.c.Operations["comment"].Read["id"]; path != "" {
		return gjson.GetBytes(a.Body, path).String(), nil
	}
	return "", nil
}

func (t *Tracker) said(r ticket.Ref, text ticket.Text, why ticket.Ending) Data {
	return Data{Key: r.Key, ID: r.ID, Project: r.Project, Comment: text.In(ticket.Plain{}), Reason: string(why)}
}

// Close closes the ticket, unless it is closed.
func (t *Tracker) Close(ctx context.Context, r ticket.Ref, proof ticket.Text, why ticket.Ending) error {
	return t.move(ctx, "close", true, r, proof, why)
}

// Reopen opens the ticket, unless it is open.
func (t *Tracker) Reopen(ctx context.Context, r ticket.Ref, why ticket.Text) error {
	return t.move(ctx, "reopen", false, r, why, "")
}

func (t *Tracker) move(ctx context.Context, name string, to bool, r ticket.Ref, text ticket.Text, end ticket.Ending) error {
	is, err := t.Get(ctx, r)
	if err != nil || is.Closed == to {
		return err
	}
	_, err = t.do(ctx, name, t.said(r, text, end))
	return err
}

// FindByMarker asks the operation find.
func (t *Tracker) FindByMarker(ctx context.Context, project, marker string, _ time.Time) (ticket.Issue, bool, error) {
	if _, ok := t.c.Operations["find"]; !ok {
		return ticket.Issue{}, false, nil
	}
	a, err := t.do(ctx, "find", Data{Marker: marker, Project: project})
	if err != nil {
		return ticket.Issue{}, false, err
	}
	read := t.c.Operations["find"].Read
	list := gjson.ParseBytes(a.Body)
	if read["list"] != "" {
		list = list.Get(read["list"])
	}
	for _, one := range list.Array() {
		key := one.Get(cmp.Or(read["key"], "key")).String()
		if key == "" || read["text"] != "" && !ticket.HasMarker(one.Get(read["text"]).String(), marker) {
			continue
		}
		is, err := t.Get(ctx, ticket.Ref{Key: key, ID: one.Get(cmp.Or(read["id"], "id")).String(), Project: project})
		return is, err == nil, err
	}
	return ticket.Issue{}, false, nil
}

// Changes reads each ticket: there is no list to ask.
func (t *Tracker) Changes(ctx context.Context, _ string, _ time.Time, refs []ticket.Ref) ([]ticket.Issue, error) {
	return ticket.ReadAll(ctx, t, refs)
}

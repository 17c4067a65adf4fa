// Package servicenow keeps tickets in ServiceNow, over the Table API
// (https://docs.servicenow.com, REST API reference, Table API).
//
// A project is a table, such as incident. A ticket carries its marker as
// correlation_id and is looked up by it; the record's sys_id is what is changed.
// Comments are read from the journal (sys_journal_field). Texts are plain.
package servicenow

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"zesei/internal/ticket"
	"zesei/internal/ticket/rest"
)

// Config is what the tracker needs.
type Config struct {
	Name       string
	URL        string // https://instance.service-now.com
	User       string // with Password: basic authentication
	Password   string
	Token      string            // OAuth bearer token, where there is no password
	Priorities map[string]string // by severity: urgency and impact as "1" or "1/2"
	Closed     []string          // values of state that mean closed, the first is set; empty: 6, 7, 8
	CloseCode  string            // resolution code of an incident; empty: the platform's own, by the reason
	ClosedAs   ticket.ClosedAs   // resolution codes by the reason
	Now        func() time.Time
}

// Tracker is a ServiceNow instance. It is safe for concurrent use.
type Tracker struct {
	c    Config
	rest *rest.Client
}

var _ ticket.Tracker = (*Tracker)(nil)

// Display is the correlation_display of every ticket.
const Display = "zesei"

// stateOpen is In Progress, to which a resolved record may go back.
const stateOpen = "2"

// New checks the configuration. It calls nothing yet.
func New(c Config) (*Tracker, error) {
	if c.Token == "" && (c.User == "" || c.Password == "") {
		return nil, fmt.Errorf("ticket.%s: user and password, or a token, are needed", c.Name)
	}
	if len(c.Closed) == 0 {
		c.Closed = []string{"6", "7", "8"}
	}
	basic := base64.StdEncoding.EncodeToString([]byte(c.User + ":" + c.Password))
	client, err := rest.New(rest.Config{Name: c.Name, URL: c.URL, Secrets: []string{c.Token, c.Password, basic}, Now: c.Now,
		Auth: func(h http.Header, _ url.Values) {
			if c.Password != "" {
				h.Set("Authorization", "Basic "+basic)
			} else {
				h.Set("Authorization", "Bearer "+c.Token)
			}
		}})
	if err != nil {
		return nil, err
	}
	return &Tracker{c: c, rest: client}, nil
}

// Traits: the lookup reads the database.
func (t *Tracker) Traits() ticket.Traits {
	return ticket.Traits{Name: t.c.Name, IndexDelay: 5 * time.Second}
}

var tableName = regexp.MustCompile(`^[a-z0-9_]+$`)

func (t *Tracker) path(table, id string) (string, error) {
	if table = cmp.Or(table, "incident"); !tableName.MatchString(table) {
		return "", &ticket.Permanent{Reason: fmt.Sprintf("%s: %q is no table", t.c.Name, table), Hint: "give the project as a table, such as incident"}
	}
	p := "/api/now/table/" + table
	if id != "" {
		p += "/" + url.PathEscape(id)
	}
	return p, nil
}

// field is a value as sysparm_display_value=all gives it.
type field struct {
	Display string `json:"display_value"`
	Value   string `json:"value"`
}

type record struct {
	SysID       field `json:"sys_id"`
	Number      field `json:"number"`
	State       field `json:"state"`
	AssignedTo  field `json:"assigned_to"`
	UpdatedOn   field `json:"sys_updated_on"`
	UpdatedBy   field `json:"sys_updated_by"`
	Correlation field `json:"correlation_id"`
	Description field `json:"description"`
}

// asked are the columns that we read.
var asked = url.Values{"sysparm_display_value": {"all"}, "sysparm_exclude_reference_link": {"true"},
	"sysparm_fields": {"sys_id,number,state,assigned_to,sys_updated_on,sys_updated_by,correlation_id,description"}}

func query(more url.Values) url.Values {
	q := url.Values{}
	for _, from := range []url.Values{asked, more} {
		for k, v := range from {
			q[k] = v
		}
	}
	return q
}

// moment reads a time: values are in UTC, whatever the user's zone.
func moment(s string) time.Time {
	at, _ := time.Parse("2006-01-02 15:04:05", s)
	return at
}

func (t *Tracker) issue(r record, table string) ticket.Issue {
	table = cmp.Or(table, "incident")
	return ticket.Issue{Ref: ticket.Ref{Key: r.Number.Value, ID: r.SysID.Value, Project: table},
		URL:    strings.TrimSuffix(t.c.URL, "/") + "/nav_to.do?uri=" + url.QueryEscape(table+".do?sys_id="+r.SysID.Value),
		Closed: slices.Contains(t.c.Closed, r.State.Value), State: r.State.Display, Assignee: r.AssignedTo.Display, UpdatedAt: moment(r.UpdatedOn.Value), UpdatedBy: r.UpdatedBy.Value,
		Text: r.Description.Value}
}

// fields are the named fields of a draft; nil: all.
func (t *Tracker) fields(ctx context.Context, d ticket.Draft, only []string) (map[string]any, error) {
	want := func(f string) bool { return only == nil || slices.Contains(only, f) }
	in := map[string]any{}
	if want(ticket.FieldTitle) {
		in["short_description"] = d.Title
	}
	if want(ticket.FieldBody) {
		in["description"] = d.Body.In(ticket.Plain{})
	}
	if want(ticket.FieldDue) && (d.Due != "" || only != nil) {
		in["due_date"] = d.Due
	}
	if want(ticket.FieldPriority) {
		urgency, impact, both := strings.Cut(cmp.Or(t.c.Priorities[string(d.Severity)], map[string]string{"CRITICAL": "1", "HIGH": "1/2", "MEDIUM": "2"}[string(d.Severity)], "3"), "/")
		if !both {
			impact = urgency
		}
		in["urgency"], in["impact"] = urgency, impact
	}
	if d.Assignee != "" && want(ticket.FieldAssignee) {
		id, err := t.person(ctx, d.Assignee)
		if err != nil {
			return nil, err
		}
		in["assigned_to"] = id
	}
	if want(ticket.FieldOthers) {
		for name, v := range d.Fields {
			if !strings.HasPrefix(name, "close_") { // said when it is closed
				in[name] = v
			}
		}
	}
	return in, nil
}

var sysID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// person is the sys_id of a user by user name or mail address.
func (t *Tracker) person(ctx context.Context, who string) (string, error) {
	unknown := &ticket.UnknownPerson{Who: who, Hint: "give the user name or the mail address"}
	if sysID.MatchString(who) {
		return who, nil
	}
	if strings.Contains(who, "^") {
		return "", unknown
	}
	var out struct {
		Result []struct {
			SysID string `json:"sys_id"`
		}
	}
	q := url.Values{"sysparm_query": {"user_name=" + who + "^ORemail=" + who}, "sysparm_fields": {"sys_id"}, "sysparm_limit": {"2"}}
	if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: "/api/now/table/sys_user", Query: q, Out: &out}); err != nil {
		return "", err
	}
	if len(out.Result) != 1 {
		return "", unknown
	}
	return out.Result[0].SysID, nil
}

// Create makes a record.
func (t *Tracker) Create(ctx context.Context, d ticket.Draft) (ticket.Issue, error) {
	p, err := t.path(d.Project, "")
	if err != nil {
		return ticket.Issue{}, err
	}
	in, err := t.fields(ctx, d, nil)
	if err != nil {
		return ticket.Issue{}, err
	}
	in["correlation_id"], in["correlation_display"] = d.Marker, Display
	var out struct{ Result record }
	if _, err := t.rest.Do(ctx, rest.Call{Method: "POST", Path: p, Query: asked, JSON: in, Out: &out, Creates: true, Once: true}); err != nil {
		return ticket.Issue{}, err
	}
	if out.Result.SysID.Value == "" {
		return ticket.Issue{}, fmt.Errorf("%s: POST %s: the answer names no record", t.c.Name, p)
	}
	return t.issue(out.Result, d.Project), nil
}

func (t *Tracker) get(ctx context.Context, r ticket.Ref) (record, error) {
	var out struct{ Result record }
	p, err := t.path(r.Project, r.ID)
	if err != nil {
		return out.Result, err
	}
	_, err = t.rest.Do(ctx, rest.Call{Method: "GET", Path: p, Query: asked, Out: &out, Gone: true})
	return out.Result, err
}

// pageSize is how many rows are asked for at once.
const pageSize = 200

// Get reads a record with its comments.
func (t *Tracker) Get(ctx context.Context, r ticket.Ref) (ticket.Issue, error) {
	rec, err := t.get(ctx, r)
	if err != nil {
		return ticket.Issue{}, err
	}
	out := t.issue(rec, r.Project)
	for offset := 0; ; offset += pageSize {
		var page struct {
			Result []struct {
				SysID string `json:"sys_id"`
				Value string `json:"value"`
				By    string `json:"sys_created_by"`
				On    string `json:"sys_created_on"`
			}
		}
		q := url.Values{"sysparm_query": {"element_id=" + rec.SysID.Value + "^element=comments^ORDERBYsys_created_on"}, "sysparm_limit": {strconv.Itoa(pageSize)}, "sysparm_offset": {strconv.Itoa(offset)},
			"sysparm_fields": {"sys_id,value,sys_created_by,sys_created_on"}}
		if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: "/api/now/table/sys_journal_field", Query: q, Out: &page}); err != nil {
			return out, err
		}
		for _, c := range page.Result {
			out.Comments = append(out.Comments, ticket.Comment{ID: c.SysID, By: c.By, At: moment(c.On), Text: c.Value})
		}
		if len(page.Result) < pageSize {
			return out, nil
		}
	}
}

func (t *Tracker) patch(ctx context.Context, r ticket.Ref, in map[string]any, creates bool) error {
	p, err := t.path(r.Project, r.ID)
	if err != nil {
		return err
	}
	_, err = t.rest.Do(ctx, rest.Call{Method: "PATCH", Path: p, JSON: in, Gone: true, Creates: creates, Once: creates})
	return err
}

// Update writes the named fields.
func (t *Tracker) Update(ctx context.Context, r ticket.Ref, d ticket.Draft, fields []string) error {
	in, err := t.fields(ctx, d, fields)
	if err != nil || len(in) == 0 {
		return err
	}
	return t.patch(ctx, r, in, false)
}

// Comment adds a comment that the caller sees.
func (t *Tracker) Comment(ctx context.Context, r ticket.Ref, text ticket.Text) (string, error) {
	return "", t.patch(ctx, r, map[string]any{"comments": text.In(ticket.Plain{})}, true)
}

// Resolution codes that an incident of the platform knows.
const codeSolved, codeNone, codeDuplicate = "Solution provided", "No resolution provided", "Duplicate"

// code is the resolution code for a reason, and whether it is our own guess at
// what the instance knows. One that has codes of its own is given the one that is
// configured.
func (t *Tracker) code(why ticket.Ending) (code string, guess bool) {
	switch {
	case t.c.ClosedAs[why] != "":
		return t.c.ClosedAs[why], false
	case t.c.CloseCode != "" && t.c.CloseCode != codeSolved || why.Done():
		return cmp.Or(t.c.CloseCode, codeSolved), false
	case why == ticket.EndDuplicate:
		return codeDuplicate, true
	}
	return codeNone, true
}

// Close resolves the record: an incident wants a code and notes for it. Where the
// instance does not take a code that nobody configured, it is resolved with the
// one that stands for all; the notes say why.
func (t *Tracker) Close(ctx context.Context, r ticket.Ref, proof ticket.Text, why ticket.Ending) error {
	in := map[string]any{"state": t.c.Closed[0]}
	if cmp.Or(r.Project, "incident") != "incident" {
		return t.move(ctx, r, true, in)
	}
	code, guess := t.code(why)
	in["close_code"], in["close_notes"] = code, cut(proof.In(ticket.Plain{}), 3900)
	err := t.move(ctx, r, true, in)
	var refused *ticket.Permanent
	if guess && errors.As(err, &refused) {
		in["close_code"] = cmp.Or(t.c.CloseCode, codeSolved)
		err = t.move(ctx, r, true, in)
	}
	return err
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// Reopen sets the record to In Progress.
func (t *Tracker) Reopen(ctx context.Context, r ticket.Ref, _ ticket.Text) error {
	return t.move(ctx, r, false, map[string]any{"state": stateOpen})
}

// move changes the state and reads it back: a business rule may ignore it.
func (t *Tracker) move(ctx context.Context, r ticket.Ref, closed bool, in map[string]any) error {
	rec, err := t.get(ctx, r)
	if err != nil || slices.Contains(t.c.Closed, rec.State.Value) == closed {
		return err
	}
	if err := t.patch(ctx, r, in, false); err != nil {
		return err
	}
	if rec, err = t.get(ctx, r); err != nil || slices.Contains(t.c.Closed, rec.State.Value) == closed {
		return err
	}
	return &ticket.Permanent{Reason: fmt.Sprintf("%s: %s: its state stays %s", t.c.Name, r.Key, rec.State.Display),
		Hint: "a business rule keeps the integration's user from changing it; ticket." + t.c.Name + ".closed names the states that mean closed"}
}

// FindByMarker looks up the correlation_id.
func (t *Tracker) FindByMarker(ctx context.Context, project, marker string, _ time.Time) (ticket.Issue, bool, error) {
	list, err := t.list(ctx, project, "correlation_id="+marker, 0)
	if err != nil {
		return ticket.Issue{}, false, err
	}
	for _, r := range list {
		if r.Correlation.Value == marker {
			return t.issue(r, project), true, nil
		}
	}
	return ticket.Issue{}, false, nil
}

func (t *Tracker) list(ctx context.Context, table, where string, offset int) ([]record, error) {
	p, err := t.path(table, "")
	if err != nil {
		return nil, err
	}
	var out struct{ Result []record }
	_, err = t.rest.Do(ctx, rest.Call{Method: "GET", Path: p, Query: query(url.Values{"sysparm_query": {where}, "sysparm_limit": {strconv.Itoa(pageSize)}, "sysparm_offset": {strconv.Itoa(offset)}}), Out: &out})
	return out.Result, err
}

// Changes lists our records that changed since, in minutes before now: a time in
// a query would be read in the zone of the integration's user.
func (t *Tracker) Changes(ctx context.Context, project string, since time.Time, refs []ticket.Ref) ([]ticket.Issue, error) {
	ours := ticket.Keys(refs)
	var changed []ticket.Ref
	for offset := 0; ; offset += pageSize {
		list, err := t.list(ctx, project, fmt.Sprintf("correlation_display=%s^sys_updated_onRELATIVEGT@minute@ago@%d^ORDERBYsys_id", Display, t.rest.Minutes(since)), offset)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			if ours[r.Number.Value] {
				changed = append(changed, ticket.Ref{Key: r.Number.Value, ID: r.SysID.Value, Project: project})
			}
		}
		if len(list) < pageSize {
			return ticket.ReadAll(ctx, t, changed)
		}
	}
}

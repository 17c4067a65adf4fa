// Package redmine keeps tickets in Redmine, over its REST API
// (https://www.redmine.org/projects/redmine/wiki/Rest_api).
//
// A ticket is found again by the marker in its description, which Redmine reads
// from its database, so there is no index to wait for. Redmine has no webhooks:
// changes are polled by updated_on. A status that the workflow does not allow is
// ignored by Redmine with an answer that looks like success, so every change of
// status is read back.
//
// Texts are written so that they mean the same whether the server is set to
// Textile or to Markdown; the API does not tell which.
package redmine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zesei/internal/ticket"
	"zesei/internal/ticket/rest"
)

// Config is what the tracker needs. Priorities, Type, Closed and Assignees hold
// names or ids.
type Config struct {
	Name       string // as the configuration calls it
	URL        string
	Token      string            // API key
	Type       string            // Redmine's tracker; empty: the project's first
	Priorities map[string]string // by severity; without one Redmine's default
	Closed     []string          // statuses that mean closed, the first is set; empty: what Redmine calls closed
	ClosedAs   ticket.ClosedAs   // closed statuses by the reason, such as Rejected for an accepted risk
	Now        func() time.Time
	Transport  http.RoundTripper // nil: the default
}

// Tracker is a Redmine. It is safe for concurrent use.
type Tracker struct {
	c    Config
	rest *rest.Client
	once names
}

var _ ticket.Tracker = (*Tracker)(nil)

// New checks the configuration. It calls nothing yet.
func New(c Config) (*Tracker, error) {
	if c.Token == "" {
		return nil, fmt.Errorf("ticket.%s.token: an API key is needed: Redmine shows it under My account", c.Name)
	}
	client, err := rest.New(rest.Config{Name: c.Name, URL: c.URL, Secrets: []string{c.Token}, Now: c.Now, Transport: c.Transport,
		Auth: func(h http.Header, _ url.Values) { h.Set("X-Redmine-API-Key", c.Token) }})
	if err != nil {
		return nil, err
	}
	return &Tracker{c: c, rest: client}, nil
}

// Traits: a search that reads the database itself.
func (t *Tracker) Traits() ticket.Traits {
	return ticket.Traits{Name: t.c.Name, IndexDelay: 2 * time.Second}
}

type named struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

type issue struct {
	ID          int    `json:"id"`
	Project     named  `json:"project"`
	Description string `json:"description"`
	Status      struct {
		named
		IsClosed *bool `json:"is_closed"` // Redmine 5 and later
	} `json:"status"`
	AssignedTo named     `json:"assigned_to"`
	UpdatedOn  time.Time `json:"updated_on"`
	Journals   []struct {
		ID        int       `json:"id"`
		User      named     `json:"user"`
		Notes     string    `json:"notes"`
		CreatedOn time.Time `json:"created_on"`
	} `json:"journals"`
	Allowed []status `json:"allowed_statuses"`
}

type status struct {
	named
	IsClosed bool `json:"is_closed"`
}

// Create makes an issue.
func (t *Tracker) Create(ctx context.Context, d ticket.Draft) (ticket.Issue, error) {
	in, err := t.fields(ctx, d, nil)
	if err != nil {
		return ticket.Issue{}, err
	}
	in["project_id"] = d.Project
	if t.c.Type != "" {
		id, err := t.once.find(ctx, t.rest, "/trackers.json", "trackers", t.c.Type)
		if err != nil {
			return ticket.Issue{}, err
		}
		in["tracker_id"] = id
	}
	var out struct{ Issue issue }
	if _, err := t.rest.Do(ctx, rest.Call{Method: "POST", Path: "/issues.json", JSON: map[string]any{"issue": in}, Out: &out, Creates: true, Once: true}); err != nil {
		return ticket.Issue{}, err
	}
	if out.Issue.ID == 0 {
		return ticket.Issue{}, fmt.Errorf("%s: POST /issues.json: the answer names no issue", t.c.Name)
	}
	return t.issue(ctx, out.Issue, d.Project)
}

// fields are the named fields of a draft as Redmine is given them; nil: all.
func (t *Tracker) fields(ctx context.Context, d ticket.Draft, only []string) (map[string]any, error) {
	want := func(f string) bool {
		if only == nil {
			return true
		}
		for _, o := range only {
			if o == f {
				return true
			}
		}
		return false
	}
	in := map[string]any{}
	if want(ticket.FieldTitle) {
		in["subject"] = d.Title
	}
	if want(ticket.FieldBody) {
		in["description"] = d.Body.In(markup{})
	}
	if want(ticket.FieldDue) {
		in["due_date"] = d.Due // empty takes it away
	}
	if p := t.c.Priorities[string(d.Severity)]; p != "" && want(ticket.FieldPriority) {
		id, err := t.once.find(ctx, t.rest, "/enumerations/issue_priorities.json", "issue_priorities", p)
		if err != nil {
			return nil, err
		}
		in["priority_id"] = id
	}
	if d.Assignee != "" && want(ticket.FieldAssignee) {
		id, err := t.assignee(ctx, d.Project, d.Assignee)
		if err != nil {
			return nil, err
		}
		in["assigned_to_id"] = id
	}
	if want(ticket.FieldOthers) {
		var custom []map[string]any
		for name, v := range d.Fields {
			if id, err := strconv.Atoi(strings.TrimPrefix(name, "cf_")); err == nil {
				custom = append(custom, map[string]any{"id": id, "value": v})
			} else {
				in[name] = v
			}
		}
		if custom != nil {
			in["custom_fields"] = custom
		}
	}
	return in, nil
}

// Get reads an issue with its notes.
func (t *Tracker) Get(ctx context.Context, r ticket.Ref) (ticket.Issue, error) {
	is, err := t.get(ctx, r)
	if err != nil {
		return ticket.Issue{}, err
	}
	return t.issue(ctx, is, r.Project)
}

func (t *Tracker) get(ctx context.Context, r ticket.Ref) (issue, error) {
	var out struct{ Issue issue }
	_, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: "/issues/" + url.PathEscape(r.Key) + ".json", Query: url.Values{"include": {"journals,allowed_statuses"}}, Out: &out, Gone: true})
	return out.Issue, err
}

func (t *Tracker) issue(ctx context.Context, is issue, project string) (ticket.Issue, error) {
	key := strconv.Itoa(is.ID)
	out := ticket.Issue{Ref: ticket.Ref{Key: key, Project: project}, URL: strings.TrimSuffix(t.c.URL, "/") + "/issues/" + key,
		State: is.Status.Name, Assignee: is.AssignedTo.Name, UpdatedAt: is.UpdatedOn, Text: is.Description}
	var err error
	if out.Closed, err = t.closed(ctx, is); err != nil {
		return out, err
	}
	for _, j := range is.Journals {
		out.UpdatedBy = j.User.Name
		if j.Notes != "" {
			out.Comments = append(out.Comments, ticket.Comment{ID: strconv.Itoa(j.ID), By: j.User.Name, At: j.CreatedOn, Text: j.Notes})
		}
	}
	return out, nil
}

// closed says whether an issue is closed: by the configured names, by what
// Redmine 5 says with the issue, else by the list of statuses.
func (t *Tracker) closed(ctx context.Context, is issue) (bool, error) {
	if len(t.c.Closed) > 0 {
		return t.isClosed(status{named: is.Status.named}), nil
	}
	if is.Status.IsClosed != nil {
		return *is.Status.IsClosed, nil
	}
	list, err := t.statuses(ctx)
	if err != nil {
		return false, err
	}
	for _, s := range list {
		if s.ID == is.Status.ID {
			return s.IsClosed, nil
		}
	}
	return false, nil
}

func (t *Tracker) isClosed(s status) bool {
	if len(t.c.Closed) == 0 {
		return s.IsClosed
	}
	for _, c := range t.c.Closed {
		if strings.EqualFold(c, s.Name) || c == strconv.Itoa(s.ID) {
			return true
		}
	}
	return t.c.ClosedAs.Names(s.Name) || t.c.ClosedAs.Names(strconv.Itoa(s.ID))
}

func (t *Tracker) statuses(ctx context.Context) ([]status, error) {
	raw, err := t.once.list(ctx, t.rest, "/issue_statuses.json", "issue_statuses")
	if err != nil {
		return nil, err
	}
	var out []status
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("%s: reading the statuses: %w", t.c.Name, err)
	}
	return out, nil
}

// Update writes the named fields.
func (t *Tracker) Update(ctx context.Context, r ticket.Ref, d ticket.Draft, fields []string) error {
	in, err := t.fields(ctx, d, fields)
	if err != nil || len(in) == 0 {
		return err
	}
	return t.put(ctx, r, in, false)
}

func (t *Tracker) put(ctx context.Context, r ticket.Ref, in map[string]any, creates bool) error {
	_, err := t.rest.Do(ctx, rest.Call{Method: "PUT", Path: "/issues/" + url.PathEscape(r.Key) + ".json", JSON: map[string]any{"issue": in}, Gone: true, Creates: creates, Once: creates})
	return err
}

// Comment adds a note. Redmine does not say its id.
func (t *Tracker) Comment(ctx context.Context, r ticket.Ref, text ticket.Text) (string, error) {
	return "", t.put(ctx, r, map[string]any{"notes": text.In(markup{})}, true)
}

// Close sets a closed status: the one that is configured for the reason where the
// workflow leads there, else the usual one.
func (t *Tracker) Close(ctx context.Context, r ticket.Ref, _ ticket.Text, why ticket.Ending) error {
	name := t.c.ClosedAs[why]
	if name == "" {
		return t.move(ctx, r, true, 0)
	}
	id, err := t.once.find(ctx, t.rest, "/issue_statuses.json", "issue_statuses", name)
	if err != nil {
		return err
	}
	return t.move(ctx, r, true, id)
}

// Reopen sets an open status.
func (t *Tracker) Reopen(ctx context.Context, r ticket.Ref, _ ticket.Text) error {
	return t.move(ctx, r, false, 0)
}

// move sets the first status of the wanted kind that the workflow allows, and
// reads it back. rather is the id of one that is taken before the others; 0: none.
func (t *Tracker) move(ctx context.Context, r ticket.Ref, closed bool, rather int) error {
	is, err := t.get(ctx, r)
	if err != nil {
		return err
	}
	if now, err := t.closed(ctx, is); err != nil || now == closed {
		return err
	}
	allowed := is.Allowed
	if len(allowed) == 0 { // Redmine before 5.0 does not list them
		if allowed, err = t.statuses(ctx); err != nil {
			return err
		}
	}
	word := map[bool]string{true: "closed", false: "open"}[closed]
	target := 0
	for _, s := range t.byChoice(allowed) {
		if t.isClosed(s) == closed && (target == 0 || s.ID == rather) {
			target = s.ID
		}
	}
	if target == 0 {
		return &ticket.Permanent{Reason: fmt.Sprintf("%s: issue %s: its workflow leads from %s to no %s status", t.c.Name, r.Key, is.Status.Name, word),
			Hint: "allow the transition for the role of the API key's user"}
	}
	if err := t.put(ctx, r, map[string]any{"status_id": target}, false); err != nil {
		return err
	}
	if is, err = t.get(ctx, r); err != nil {
		return err
	}
	if now, err := t.closed(ctx, is); err != nil || now == closed {
		return err
	}
	return &ticket.Permanent{Reason: fmt.Sprintf("%s: issue %s: Redmine left the status at %s", t.c.Name, r.Key, is.Status.Name),
		Hint: "allow the transition to a " + word + " status for the role of the API key's user"}
}

// byChoice puts statuses in the order of the configured names.
func (t *Tracker) byChoice(list []status) []status {
	var out []status
	for _, c := range t.c.Closed {
		for _, s := range list {
			if strings.EqualFold(c, s.Name) || c == strconv.Itoa(s.ID) {
				out = append(out, s)
			}
		}
	}
	return append(out, list...)
}

// FindByMarker searches the descriptions of a project's issues, closed ones too.
func (t *Tracker) FindByMarker(ctx context.Context, project, marker string, since time.Time) (ticket.Issue, bool, error) {
	q := url.Values{"set_filter": {"1"}, "f[]": {"status_id", "description", "created_on"}, "op[status_id]": {"*"}, "op[description]": {"~"}, "v[description][]": {marker},
		"op[created_on]": {">="}, "v[created_on][]": {since.UTC().Format("2006-01-02")}, "project_id": {project}, "status_id": {"*"}}
	for offset := 0; ; {
		page, total, err := t.page(ctx, q, offset)
		if err != nil {
			return ticket.Issue{}, false, err
		}
		for _, is := range page {
			if ticket.HasMarker(is.Description, marker) {
				out, err := t.issue(ctx, is, project)
				return out, err == nil, err
			}
		}
		if offset += len(page); len(page) == 0 || offset >= total {
			return ticket.Issue{}, false, nil
		}
	}
}

// pageSize is the most that Redmine lists at once.
const pageSize = 100

func (t *Tracker) page(ctx context.Context, q url.Values, offset int) ([]issue, int, error) {
	var out struct {
		Issues []issue `json:"issues"`
		Total  int     `json:"total_count"`
	}
	p := url.Values{"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(offset)}}
	for k, v := range q {
		p[k] = v
	}
	_, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: "/issues.json", Query: p, Out: &out})
	return out.Issues, out.Total, err
}

// Changes lists issues of the project by updated_on, and reads those among refs
// with their notes: the list does not carry them.
func (t *Tracker) Changes(ctx context.Context, project string, since time.Time, refs []ticket.Ref) ([]ticket.Issue, error) {
	ours := ticket.Keys(refs)
	q := url.Values{"project_id": {project}, "status_id": {"*"}, "sort": {"updated_on"}, "updated_on": {">=" + since.UTC().Format("2006-01-02T15:04:05Z")}}
	var changed []ticket.Ref
	for offset := 0; ; {
		page, total, err := t.page(ctx, q, offset)
		if err != nil {
			return nil, err
		}
		for _, is := range page {
			if key := strconv.Itoa(is.ID); ours[key] {
				changed = append(changed, ticket.Ref{Key: key, Project: project})
			}
		}
		if offset += len(page); len(page) == 0 || offset >= total {
			return ticket.ReadAll(ctx, t, changed)
		}
	}
}

// assignee is the id of a person: an id as it is, else a member of the project
// by name, else a user by login, which only an administrator's key may list.
func (t *Tracker) assignee(ctx context.Context, project, who string) (int, error) {
	if id, err := strconv.Atoi(who); err == nil {
		return id, nil
	}
	var members struct {
		Memberships []struct{ User, Group named }
	}
	_, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: "/projects/" + url.PathEscape(project) + "/memberships.json", Query: url.Values{"limit": {"100"}}, Out: &members})
	if err != nil {
		return 0, err
	}
	for _, m := range members.Memberships {
		if one := cmp.Or(m.User, m.Group); strings.EqualFold(one.Name, who) {
			return one.ID, nil
		}
	}
	var users struct {
		Users []struct {
			ID    int
			Login string
		}
	}
	_, err = t.rest.Do(ctx, rest.Call{Method: "GET", Path: "/users.json", Query: url.Values{"name": {who}, "limit": {"100"}}, Out: &users})
	if err == nil {
		for _, u := range users.Users {
			if strings.EqualFold(u.Login, who) {
				return u.ID, nil
			}
		}
	}
	return 0, &ticket.UnknownPerson{Who: who, Hint: "give the full name or the id of a member of project " + project + " in " + t.c.Name}
}

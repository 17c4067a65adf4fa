// Package jira keeps tickets in Jira: Cloud over its REST API v3, with texts in
// the Atlassian Document Format and search at /search/jql, and Data Center over v2
// with wiki markup (https://developer.atlassian.com/cloud/jira/platform/rest/v3/).
//
// Creating an issue is not idempotent and the search knows a new one only after a
// while: a ticket carries a label with its marker, which is searched only to
// recover. A workflow's transitions are asked for each time: their ids differ.
// A field that the project's screen does not hold is left out rather than the
// ticket.
package jira

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
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
	URL        string
	User       string            // Cloud: the mail address of the token's account
	Token      string            // Cloud: API token; Data Center: personal access token
	Server     bool              // Data Center; otherwise Cloud
	Type       string            // issue type; empty: Task
	Priorities map[string]string // names by severity; without one Jira's default
	Closed     []string          // states that mean closed, the first that a transition leads to is taken; empty: the category Done
	ClosedAs   ticket.ClosedAs   // states or resolutions by the reason; without one the names that Jira ships with
	Now        func() time.Time
}

// Server says whether an address and a user are those of a Data Center: Cloud
// sites end with atlassian.net and take an account's address with the token.
func Server(address, user string) bool {
	u, err := url.Parse(address)
	if err != nil || strings.HasSuffix(u.Hostname(), ".atlassian.net") || u.Hostname() == "api.atlassian.com" {
		return false
	}
	return !strings.Contains(user, "@")
}

// Tracker is a Jira. A project is a project's key. It is safe for concurrent use.
type Tracker struct {
	c    Config
	api  string
	rest *rest.Client
}

var _ ticket.Tracker = (*Tracker)(nil)

// Label marks every ticket, beside the one that marks this.
const Label = "zesei"

// New checks the configuration. It calls nothing yet.
func New(c Config) (*Tracker, error) {
	switch {
	case c.Token == "":
		return nil, fmt.Errorf("ticket.%s.token: an API token (Cloud) or a personal access token (Data Center) is needed", c.Name)
	case !c.Server && c.User == "":
		return nil, fmt.Errorf("ticket.%s.user: Jira Cloud needs the mail address of the token's account", c.Name)
	}
	c.Type = cmp.Or(c.Type, "Task")
	secret := base64.StdEncoding.EncodeToString([]byte(c.User + ":" + c.Token))
	client, err := rest.New(rest.Config{Name: c.Name, URL: c.URL, Secrets: []string{c.Token, secret}, Now: c.Now,
		Auth: func(h http.Header, _ url.Values) {
			h.Set("X-Atlassian-Token", "no-check")
			if c.Server {
				h.Set("Authorization", "Bearer "+c.Token)
			} else {
				h.Set("Authorization", "Basic "+secret)
			}
		}})
	if err != nil {
		return nil, err
	}
	return &Tracker{c: c, api: map[bool]string{false: "/rest/api/3", true: "/rest/api/2"}[c.Server], rest: client}, nil
}

// Traits: the search of Cloud is eventually consistent; Atlassian names no bound.
func (t *Tracker) Traits() ticket.Traits {
	return ticket.Traits{Name: t.c.Name, IndexDelay: time.Minute}
}

func (t *Tracker) text(x ticket.Text) any {
	if t.c.Server {
		return x.In(wiki{})
	}
	return document(x)
}

// fields are the named fields of a draft; nil: all.
func (t *Tracker) fields(ctx context.Context, d ticket.Draft, only []string) (map[string]any, error) {
	want := func(f string) bool { return only == nil || slices.Contains(only, f) }
	in := map[string]any{}
	if want(ticket.FieldTitle) {
		in["summary"] = d.Title
	}
	if want(ticket.FieldBody) {
		in["description"] = t.text(d.Body)
	}
	if want(ticket.FieldDue) && (d.Due != "" || only != nil) {
		in["duedate"] = nil
		if d.Due != "" {
			in["duedate"] = d.Due
		}
	}
	if p := t.c.Priorities[string(d.Severity)]; p != "" && want(ticket.FieldPriority) {
		in["priority"] = map[string]any{"name": p}
	}
	if d.Assignee != "" && want(ticket.FieldAssignee) {
		who, err := t.person(ctx, d.Assignee)
		if err != nil {
			return nil, err
		}
		in["assignee"] = who
	}
	if want(ticket.FieldOthers) {
		for name, v := range d.Fields {
			in[name] = v
		}
	}
	return in, nil
}

var accountID = regexp.MustCompile(`^([0-9a-f]{24}|[0-9]+:[0-9a-f-]{36})$`)

// person names somebody as Jira wants it: a login on Data Center, an account id
// on Cloud, looked up by mail address or name.
func (t *Tracker) person(ctx context.Context, who string) (map[string]any, error) {
	if t.c.Server {
		return map[string]any{"name": who}, nil
	}
	if accountID.MatchString(who) {
		return map[string]any{"accountId": who}, nil
	}
	var list []struct{ AccountID, EmailAddress, DisplayName string }
	if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: t.api + "/user/search", Query: url.Values{"query": {who}}, Out: &list}); err != nil {
		return nil, err
	}
	for _, u := range list {
		if strings.EqualFold(u.EmailAddress, who) || strings.EqualFold(u.DisplayName, who) {
			return map[string]any{"accountId": u.AccountID}, nil
		}
	}
	if len(list) == 1 && strings.Contains(who, "@") { // the address is hidden by the person's settings
		return map[string]any{"accountId": list[0].AccountID}, nil
	}
	return nil, &ticket.UnknownPerson{Who: who, Hint: "give the mail address, the full name or the account id"}
}

// write sends fields. Those that the project's screen does not hold are left out
// on a second try: Jira refuses the whole, so nothing was done by the first.
func (t *Tracker) write(ctx context.Context, k rest.Call, in map[string]any) error {
	k.JSON = map[string]any{"fields": in}
	a, err := t.rest.Do(ctx, k)
	var permanent *ticket.Permanent
	if err == nil || a.Status != http.StatusBadRequest || !errors.As(err, &permanent) {
		return err
	}
	var said struct{ Errors map[string]string }
	if json.Unmarshal(a.Body, &said) != nil || len(said.Errors) == 0 {
		return err
	}
	if _, bad := said.Errors["assignee"]; bad && in["assignee"] != nil {
		return &ticket.UnknownPerson{Who: fmt.Sprint(in["assignee"]), Hint: t.rest.Quote([]byte(said.Errors["assignee"]))}
	}
	for name := range said.Errors {
		if name != "duedate" && name != "priority" && name != "labels" || in[name] == nil {
			return err
		}
		delete(in, name)
	}
	if len(in) == 0 {
		return nil
	}
	_, err = t.rest.Do(ctx, k)
	return err
}

// Create makes an issue.
func (t *Tracker) Create(ctx context.Context, d ticket.Draft) (ticket.Issue, error) {
	in, err := t.fields(ctx, d, nil)
	if err != nil {
		return ticket.Issue{}, err
	}
	in["project"], in["issuetype"], in["labels"] = map[string]any{"key": d.Project}, map[string]any{"name": t.c.Type}, []string{Label, d.Marker}
	var out struct{ ID, Key string }
	if err := t.write(ctx, rest.Call{Method: "POST", Path: t.api + "/issue", Out: &out, Creates: true, Once: true}, in); err != nil {
		return ticket.Issue{}, err
	}
	if out.Key == "" {
		return ticket.Issue{}, fmt.Errorf("%s: POST %s/issue: the answer names no issue", t.c.Name, t.api)
	}
	return ticket.Issue{Ref: ticket.Ref{Key: out.Key, ID: out.ID, Project: d.Project}, URL: t.link(out.Key)}, nil
}

func (t *Tracker) link(key string) string {
	return strings.TrimSuffix(t.c.URL, "/") + "/browse/" + url.PathEscape(key)
}

// person in an answer.
type person struct{ AccountID, Name, DisplayName string }

func (p *person) String() string {
	if p == nil {
		return ""
	}
	return cmp.Or(p.DisplayName, p.Name, p.AccountID)
}

type issue struct {
	ID, Key string
	Fields  struct {
		Status   status
		Assignee *person
		Updated  stamp
		Comment  struct {
			Comments []comment
			Total    int
		}
		Description json.RawMessage
		Labels      []string
	}
	Changelog struct {
		Histories []struct {
			Author  *person
			Created stamp
		}
	}
}

type comment struct {
	ID      string
	Author  *person
	Body    json.RawMessage
	Created stamp
}

type status struct {
	Name           string
	StatusCategory struct{ Key string }
}

// stamp is Jira's way to write a time: 2027-04-28T09:00:00.000+0900.
type stamp struct{ time.Time }

// UnmarshalJSON reads a time.
func (s *stamp) UnmarshalJSON(b []byte) error {
	text, err := strconv.Unquote(string(b))
	if err != nil {
		return nil // null
	}
	for _, form := range []string{"2006-01-02T15:04:05.000-0700", time.RFC3339} {
		if at, err := time.Parse(form, text); err == nil {
			s.Time = at.UTC()
			return nil
		}
	}
	return fmt.Errorf("%q is no time", text)
}

func (t *Tracker) closed(s status) bool {
	if len(t.c.Closed) == 0 && s.StatusCategory.Key == "done" || t.c.ClosedAs.Names(s.Name) {
		return true
	}
	return slices.ContainsFunc(t.c.Closed, func(c string) bool { return strings.EqualFold(c, s.Name) })
}

// asked are the fields that we read.
const asked = "status,assignee,updated,description,labels,comment"

func (t *Tracker) one(key, rest string) string { return t.api + "/issue/" + url.PathEscape(key) + rest }

// Get reads an issue with its comments and who changed it last.
func (t *Tracker) Get(ctx context.Context, r ticket.Ref) (ticket.Issue, error) {
	var is issue
	if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: t.one(r.Key, ""), Query: url.Values{"fields": {asked}, "expand": {"changelog"}}, Out: &is, Gone: true}); err != nil {
		return ticket.Issue{}, err
	}
	out := t.issue(is, r.Project)
	if n := len(is.Fields.Comment.Comments); n < is.Fields.Comment.Total {
		rest, err := t.comments(ctx, r.Key, n)
		if err != nil {
			return out, err
		}
		out.Comments = append(out.Comments, rest...)
	}
	return out, nil
}

func (t *Tracker) issue(is issue, project string) ticket.Issue {
	out := ticket.Issue{Ref: ticket.Ref{Key: is.Key, ID: is.ID, Project: project}, URL: t.link(is.Key), State: is.Fields.Status.Name, Closed: t.closed(is.Fields.Status),
		Assignee: is.Fields.Assignee.String(), UpdatedAt: is.Fields.Updated.Time, Text: words(is.Fields.Description)}
	last := time.Time{}
	for _, h := range is.Changelog.Histories {
		if !h.Created.Before(last) {
			last, out.UpdatedBy = h.Created.Time, h.Author.String()
		}
	}
	for _, c := range is.Fields.Comment.Comments {
		out.Comments = append(out.Comments, c.comment())
	}
	return out
}

func (c comment) comment() ticket.Comment {
	return ticket.Comment{ID: c.ID, By: c.Author.String(), At: c.Created.Time, Text: words(c.Body)}
}

// comments reads those beyond the first that came with the issue.
func (t *Tracker) comments(ctx context.Context, key string, from int) ([]ticket.Comment, error) {
	var out []ticket.Comment
	for {
		var page struct {
			Comments []comment
			Total    int
		}
		if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: t.one(key, "/comment"), Query: url.Values{"startAt": {strconv.Itoa(from)}, "maxResults": {"100"}}, Out: &page, Gone: true}); err != nil {
			return nil, err
		}
		for _, c := range page.Comments {
			out = append(out, c.comment())
		}
		if from += len(page.Comments); len(page.Comments) == 0 || from >= page.Total {
			return out, nil
		}
	}
}

// Update writes the named fields.
func (t *Tracker) Update(ctx context.Context, r ticket.Ref, d ticket.Draft, fields []string) error {
	in, err := t.fields(ctx, d, fields)
	if err != nil || len(in) == 0 {
		return err
	}
	return t.write(ctx, rest.Call{Method: "PUT", Path: t.one(r.Key, ""), Gone: true}, in)
}

// Comment adds a comment.
func (t *Tracker) Comment(ctx context.Context, r ticket.Ref, text ticket.Text) (string, error) {
	var out struct{ ID string }
	_, err := t.rest.Do(ctx, rest.Call{Method: "POST", Path: t.one(r.Key, "/comment"), JSON: map[string]any{"body": t.text(text)}, Out: &out, Creates: true, Once: true, Gone: true})
	return out.ID, err
}

// Close takes a transition to a closed state, and gives the resolution that says
// why where the transition asks for one.
func (t *Tracker) Close(ctx context.Context, r ticket.Ref, _ ticket.Text, why ticket.Ending) error {
	return t.move(ctx, r, true, why)
}

// Reopen takes a transition to an open state.
func (t *Tracker) Reopen(ctx context.Context, r ticket.Ref, _ ticket.Text) error {
	return t.move(ctx, r, false, "")
}

type transition struct {
	ID     string
	To     status
	Fields map[string]struct {
		Required      bool
		AllowedValues []struct{ Name string }
	}
}

func (t *Tracker) move(ctx context.Context, r ticket.Ref, closed bool, why ticket.Ending) error {
	var now issue
	if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: t.one(r.Key, ""), Query: url.Values{"fields": {"status"}}, Out: &now, Gone: true}); err != nil {
		return err
	}
	if t.closed(now.Fields.Status) == closed {
		return nil
	}
	var list struct{ Transitions []transition }
	if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: t.one(r.Key, "/transitions"), Query: url.Values{"expand": {"transitions.fields"}}, Out: &list, Gone: true}); err != nil {
		return err
	}
	way, ok := t.way(list.Transitions, closed, t.names(why))
	if !ok {
		return &ticket.Permanent{Reason: fmt.Sprintf("%s: %s: its workflow leads from %s to no %s state", t.c.Name, r.Key, now.Fields.Status.Name, map[bool]string{true: "closed", false: "open"}[closed]),
			Hint: "add the transition, or name the states that mean closed in ticket." + t.c.Name + ".closed"}
	}
	in := map[string]any{"transition": map[string]any{"id": way.ID}}
	if name := t.resolution(way, why); name != "" {
		in["fields"] = map[string]any{"resolution": map[string]any{"name": name}}
	}
	_, err := t.rest.Do(ctx, rest.Call{Method: "POST", Path: t.one(r.Key, "/transitions"), JSON: in, Gone: true})
	return err
}

// way chooses a transition: to the first of the named and of the configured states
// that one leads to, else to any of the right kind. One to open prefers what is
// not begun.
func (t *Tracker) way(list []transition, closed bool, names []string) (transition, bool) {
	if closed {
		for _, name := range slices.Concat(names, t.c.Closed) {
			for _, w := range list {
				if strings.EqualFold(w.To.Name, name) && t.closed(w.To) {
					return w, true
				}
			}
		}
	}
	var other transition
	found := false
	for _, w := range list {
		if t.closed(w.To) != closed {
			continue
		}
		if closed && isNotDone(w.To.Name) { // nobody asked for that one by its name
			if !found {
				other, found = w, true
			}
			continue
		}
		if closed || w.To.StatusCategory.Key == "new" {
			return w, true
		}
		if !found {
			other, found = w, true
		}
	}
	return other, found
}

// search calls do with each issue that a query finds.
func (t *Tracker) search(ctx context.Context, jql string, do func(issue) error) error {
	token, from := "", 0
	for {
		var out struct {
			Issues        []issue
			NextPageToken string
			IsLast        bool
			Total         int
		}
		q := url.Values{"jql": {jql}, "fields": {asked}, "maxResults": {"100"}}
		path := t.api + "/search"
		if !t.c.Server {
			path += "/jql"
			if token != "" {
				q.Set("nextPageToken", token)
			}
		} else {
			q.Set("startAt", strconv.Itoa(from))
		}
		if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: path, Query: q, Out: &out}); err != nil {
			return err
		}
		for _, is := range out.Issues {
			if err := do(is); err != nil {
				return err
			}
		}
		from += len(out.Issues)
		if token = out.NextPageToken; !t.c.Server && token == "" || t.c.Server && (from >= out.Total || len(out.Issues) == 0) {
			return nil
		}
	}
}

var projectKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

func (t *Tracker) project(p string) (string, error) {
	if !projectKey.MatchString(p) {
		return "", &ticket.Permanent{Reason: fmt.Sprintf("%s: %q is no project key", t.c.Name, p), Hint: "give the key, such as SHOP"}
	}
	return `project = "` + p + `"`, nil
}

// FindByMarker searches the label.
func (t *Tracker) FindByMarker(ctx context.Context, project, marker string, _ time.Time) (ticket.Issue, bool, error) {
	in, err := t.project(project)
	if err != nil {
		return ticket.Issue{}, false, err
	}
	var out ticket.Issue
	found := false
	err = t.search(ctx, in+` AND labels = "`+marker+`"`, func(is issue) error {
		if !found && slices.Contains(is.Fields.Labels, marker) {
			out, found = t.issue(is, project), true
		}
		return nil
	})
	return out, found, err
}

// Changes searches what changed since, in minutes before now: a date in a query
// would be read in the zone of the token's account.
func (t *Tracker) Changes(ctx context.Context, project string, since time.Time, refs []ticket.Ref) ([]ticket.Issue, error) {
	in, err := t.project(project)
	if err != nil {
		return nil, err
	}
	ours := ticket.Keys(refs)
	var changed []ticket.Ref
	err = t.search(ctx, fmt.Sprintf(`%s AND labels = "%s" AND updated >= "-%dm"`, in, Label, t.rest.Minutes(since)), func(is issue) error {
		if ours[is.Key] {
			changed = append(changed, ticket.Ref{Key: is.Key, Project: project})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ticket.ReadAll(ctx, t, changed)
}

// Package backlog keeps tickets in Nulab's Backlog, over its API v2
// (https://developer.nulab.com/docs/backlog/).
//
// Calls are forms and go one at a time, a second apart; the rate limit's headers
// are waited out. The API key goes in the query, as Backlog wants it, and shows in
// no error. Texts are written in the notation that the project is set to.
package backlog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"zesei/internal/ticket"
	"zesei/internal/ticket/markdown"
	"zesei/internal/ticket/rest"
)

// Config is what the tracker needs. Type, Priorities, Closed and assignees hold
// names or ids.
type Config struct {
	Name       string
	URL        string // https://space.backlog.com
	Token      string // API key
	Type       string // issue type; empty: the project's first
	Priorities map[string]string
	Closed     []string        // statuses that mean closed, the first is set; empty: Closed (4)
	ClosedAs   ticket.ClosedAs // resolutions; without one those that every space has
	Now        func() time.Time
	Gap        time.Duration // between two calls; 0: a second
}

// Tracker is a Backlog space. A project is a project's key. It is safe for
// concurrent use.
type Tracker struct {
	c    Config
	rest *rest.Client

	mu       sync.Mutex
	projects map[string]*project
}

var _ ticket.Tracker = (*Tracker)(nil)

// New checks the configuration. It calls nothing yet.
func New(c Config) (*Tracker, error) {
	if c.Token == "" {
		return nil, fmt.Errorf("ticket.%s.token: an API key is needed: Backlog makes one under Personal settings", c.Name)
	}
	client, err := rest.New(rest.Config{Name: c.Name, URL: c.URL, Secrets: []string{c.Token}, Now: c.Now, Limited: limited, Limits: rest.Limits{Gap: cmp.Or(c.Gap, time.Second)},
		Auth: func(_ http.Header, q url.Values) { q.Set("apiKey", c.Token) }})
	if err != nil {
		return nil, err
	}
	return &Tracker{c: c, rest: client, projects: map[string]*project{}}, nil
}

// limited reads X-RateLimit-Reset, in Unix seconds:
// https://developer.nulab.com/docs/backlog/rate-limit/
func limited(status int, h http.Header, _ []byte, now time.Time) (time.Duration, bool) {
	if status != http.StatusTooManyRequests {
		return 0, false
	}
	if after := rest.RetryAfter(h.Get("Retry-After"), now); after > 0 {
		return after, true
	}
	if n, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64); err == nil {
		return min(max(time.Unix(n, 0).Sub(now), time.Second), time.Hour), true
	}
	return time.Minute, true
}

// Traits: the keyword search may not know a new ticket yet.
func (t *Tracker) Traits() ticket.Traits {
	return ticket.Traits{Name: t.c.Name, IndexDelay: time.Minute}
}

type named struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// project is what a project is set up with.
type project struct {
	ID        int    `json:"id"`
	Rule      string `json:"textFormattingRule"` // markdown, or backlog
	types     []named
	statuses  []named
	people    []member
	priority  []named
	solved    []named // resolutions, once a configured one was looked up
	hasPeople bool
}

type member struct {
	named
	UserID      string `json:"userId"`
	MailAddress string `json:"mailAddress"`
}

func (p *project) markup() ticket.Markup {
	if p.Rule == "backlog" {
		return notation{}
	}
	return markdown.Markup{}
}

// project reads how a project is set up, once.
func (t *Tracker) project(ctx context.Context, key string) (*project, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p, ok := t.projects[key]; ok {
		return p, nil
	}
	path := "/api/v2/projects/" + url.PathEscape(key)
	p := &project{}
	for _, get := range []struct {
		path string
		out  any
	}{{path, p}, {path + "/issueTypes", &p.types}, {path + "/statuses", &p.statuses}, {"/api/v2/priorities", &p.priority}} {
		if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: get.path, Out: get.out}); err != nil {
			return nil, err
		}
	}
	t.projects[key] = p
	return p, nil
}

// person is the id of a member.
func (t *Tracker) person(ctx context.Context, p *project, key, who string) (int, error) {
	if id, err := strconv.Atoi(who); err == nil {
		return id, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !p.hasPeople {
		if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: "/api/v2/projects/" + url.PathEscape(key) + "/users", Out: &p.people}); err != nil {
			return 0, err
		}
		p.hasPeople = true
	}
	for _, m := range p.people {
		if strings.EqualFold(m.UserID, who) || strings.EqualFold(m.Name, who) || strings.EqualFold(m.MailAddress, who) {
			return m.ID, nil
		}
	}
	return 0, &ticket.UnknownPerson{Who: who, Hint: "give the name, the user id or the mail address of a member of project " + key}
}

// find is the id of a name; an id stands for itself.
func (t *Tracker) find(list []named, what, name string) (int, error) {
	if id, err := strconv.Atoi(name); err == nil {
		return id, nil
	}
	var have []string
	for _, one := range list {
		if strings.EqualFold(one.Name, name) {
			return one.ID, nil
		}
		have = append(have, one.Name)
	}
	return 0, &ticket.Permanent{Reason: fmt.Sprintf("%s: there is no %s %q", t.c.Name, what, name), Hint: "the project has " + strings.Join(have, ", ")}
}

// Ids that every space has.
const (
	priorityHigh, priorityNormal, priorityLow = 2, 3, 4
	statusOpen, statusClosed                  = 1, 4
)

// Resolutions that every space has, whatever its language calls them: 対応済み,
// 対応しない, 無効, 重複 (https://developer.nulab.com/docs/backlog/api/2/get-resolution-list/).
const resolutionFixed, resolutionWontFix, resolutionInvalid, resolutionDuplicate = 0, 1, 2, 3

func (t *Tracker) resolution(ctx context.Context, p *project, why ticket.Ending) (int, error) {
	if name := t.c.ClosedAs[why]; name != "" {
		if err := t.resolutions(ctx, p, name); err != nil {
			return 0, err
		}
		return t.find(p.solved, "resolution", name)
	}
	switch {
	case why.Done():
		return resolutionFixed, nil
	case why == ticket.EndFalsePositive:
		return resolutionInvalid, nil
	case why == ticket.EndDuplicate:
		return resolutionDuplicate, nil
	}
	return resolutionWontFix, nil
}

// resolutions reads the list once, where a name needs it.
func (t *Tracker) resolutions(ctx context.Context, p *project, name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := strconv.Atoi(name); err == nil || p.solved != nil {
		return nil
	}
	_, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: "/api/v2/resolutions", Out: &p.solved})
	return err
}

func (t *Tracker) priority(p *project, d ticket.Draft) (int, error) {
	if name := t.c.Priorities[string(d.Severity)]; name != "" {
		return t.find(p.priority, "priority", name)
	}
	switch d.Severity {
	case "CRITICAL", "HIGH":
		return priorityHigh, nil
	case "LOW", "INFORMATIONAL":
		return priorityLow, nil
	}
	return priorityNormal, nil
}

// fields are the named fields of a draft; nil: all.
func (t *Tracker) fields(ctx context.Context, p *project, d ticket.Draft, only []string) (url.Values, error) {
	want := func(f string) bool { return only == nil || slices.Contains(only, f) }
	in := url.Values{}
	if want(ticket.FieldTitle) {
		in.Set("summary", d.Title)
	}
	if want(ticket.FieldBody) {
		in.Set("description", d.Body.In(p.markup()))
	}
	if want(ticket.FieldDue) && (d.Due != "" || only != nil) {
		in.Set("dueDate", d.Due)
	}
	if want(ticket.FieldPriority) {
		id, err := t.priority(p, d)
		if err != nil {
			return nil, err
		}
		in.Set("priorityId", strconv.Itoa(id))
	}
	if d.Assignee != "" && want(ticket.FieldAssignee) {
		id, err := t.person(ctx, p, d.Project, d.Assignee)
		if err != nil {
			return nil, err
		}
		in.Set("assigneeId", strconv.Itoa(id))
	}
	if want(ticket.FieldOthers) {
		for name, v := range d.Fields {
			switch v := v.(type) {
			case string:
				in.Add(name, v)
			case json.RawMessage: // a list: notifiedUserId[], categoryId[]
				var list []any
				if json.Unmarshal(v, &list) == nil {
					for _, one := range list {
						in.Add(name, fmt.Sprint(one))
					}
				}
			}
		}
	}
	return in, nil
}

type issue struct {
	ID          int       `json:"id"`
	IssueKey    string    `json:"issueKey"`
	Summary     string    `json:"summary"`
	DueDate     string    `json:"dueDate"`
	Priority    named     `json:"priority"`
	Description string    `json:"description"`
	Status      named     `json:"status"`
	Assignee    *named    `json:"assignee"`
	Resolution  *named    `json:"resolution"`
	Updated     time.Time `json:"updated"`
	UpdatedUser *named    `json:"updatedUser"`
}

func (t *Tracker) closed(s named) bool {
	if len(t.c.Closed) == 0 {
		return s.ID == statusClosed
	}
	return slices.ContainsFunc(t.c.Closed, func(c string) bool { return strings.EqualFold(c, s.Name) || c == strconv.Itoa(s.ID) })
}

func (t *Tracker) issue(i issue, project string) ticket.Issue {
	out := ticket.Issue{Ref: ticket.Ref{Key: i.IssueKey, ID: strconv.Itoa(i.ID), Project: project}, URL: strings.TrimSuffix(t.c.URL, "/") + "/view/" + url.PathEscape(i.IssueKey),
		State: i.Status.Name, Closed: t.closed(i.Status), UpdatedAt: i.Updated, Text: i.Description}
	if i.Assignee != nil {
		out.Assignee = i.Assignee.Name
	}
	if i.UpdatedUser != nil {
		out.UpdatedBy = i.UpdatedUser.Name
	}
	return out
}

// Create makes an issue.
func (t *Tracker) Create(ctx context.Context, d ticket.Draft) (ticket.Issue, error) {
	p, err := t.project(ctx, d.Project)
	if err != nil {
		return ticket.Issue{}, err
	}
	in, err := t.fields(ctx, p, d, nil)
	if err != nil {
		return ticket.Issue{}, err
	}
	if t.c.Type == "" && len(p.types) == 0 {
		return ticket.Issue{}, &ticket.Permanent{Reason: fmt.Sprintf("%s: project %s has no issue types", t.c.Name, d.Project)}
	}
	kind := 0
	if t.c.Type == "" {
		kind = p.types[0].ID
	} else if kind, err = t.find(p.types, "issue type", t.c.Type); err != nil {
		return ticket.Issue{}, err
	}
	in.Set("projectId", strconv.Itoa(p.ID))
	in.Set("issueTypeId", strconv.Itoa(kind))
	var out issue
	if _, err := t.rest.Do(ctx, rest.Call{Method: "POST", Path: "/api/v2/issues", Form: in, Out: &out, Creates: true, Once: true}); err != nil {
		return ticket.Issue{}, err
	}
	if out.IssueKey == "" {
		return ticket.Issue{}, fmt.Errorf("%s: POST /api/v2/issues: the answer names no issue", t.c.Name)
	}
	return t.issue(out, d.Project), nil
}

func one(r ticket.Ref, rest string) string { return "/api/v2/issues/" + url.PathEscape(r.Key) + rest }

func (t *Tracker) get(ctx context.Context, r ticket.Ref) (issue, error) {
	var out issue
	_, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: one(r, ""), Out: &out, Gone: true})
	return out, err
}

// Get reads an issue with its comments.
func (t *Tracker) Get(ctx context.Context, r ticket.Ref) (ticket.Issue, error) {
	i, err := t.get(ctx, r)
	if err != nil {
		return ticket.Issue{}, err
	}
	out := t.issue(i, r.Project)
	for after := 0; ; {
		q := url.Values{"count": {"100"}, "order": {"asc"}}
		if after > 0 {
			q.Set("minId", strconv.Itoa(after))
		}
		var list []struct {
			ID          int       `json:"id"`
			Content     string    `json:"content"`
			CreatedUser named     `json:"createdUser"`
			Created     time.Time `json:"created"`
		}
		if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: one(r, "/comments"), Query: q, Out: &list, Gone: true}); err != nil {
			return out, err
		}
		next := after
		for _, c := range list {
			if c.ID <= after {
				continue
			}
			next = c.ID
			if c.Content != "" { // a change without words is a comment too
				out.Comments = append(out.Comments, ticket.Comment{ID: strconv.Itoa(c.ID), By: c.CreatedUser.Name, At: c.Created, Text: c.Content})
			}
		}
		if len(list) < 100 || next == after {
			return out, nil
		}
		after = next
	}
}

func (t *Tracker) patch(ctx context.Context, r ticket.Ref, in url.Values) error {
	if len(in) == 0 {
		return nil
	}
	a, err := t.rest.Do(ctx, rest.Call{Method: "PATCH", Path: one(r, ""), Form: in, Gone: true})
	if err == nil || a.Status != http.StatusBadRequest {
		return err
	}
	if i, failed := t.get(ctx, r); failed == nil && i.says(in) {
		return nil // Backlog refuses a change that changes nothing
	}
	return err
}

// says whether an issue holds what a form would write.
func (i issue) says(in url.Values) bool {
	assignee := 0
	if i.Assignee != nil {
		assignee = i.Assignee.ID
	}
	due, _, _ := strings.Cut(i.DueDate, "T")
	resolution := ""
	if i.Resolution != nil {
		resolution = strconv.Itoa(i.Resolution.ID)
	}
	now := map[string]string{"resolutionId": resolution, "summary": i.Summary, "description": i.Description, "dueDate": due, "priorityId": strconv.Itoa(i.Priority.ID),
		"statusId": strconv.Itoa(i.Status.ID), "assigneeId": strconv.Itoa(assignee)}
	for name := range in {
		if has, known := now[name]; !known || strings.TrimSpace(has) != strings.TrimSpace(in.Get(name)) {
			return false
		}
	}
	return true
}

// Update writes the named fields.
func (t *Tracker) Update(ctx context.Context, r ticket.Ref, d ticket.Draft, fields []string) error {
	p, err := t.project(ctx, r.Project)
	if err != nil {
		return err
	}
	in, err := t.fields(ctx, p, d, fields)
	if err != nil {
		return err
	}
	return t.patch(ctx, r, in)
}

// Comment adds a comment.
func (t *Tracker) Comment(ctx context.Context, r ticket.Ref, text ticket.Text) (string, error) {
	p, err := t.project(ctx, r.Project)
	if err != nil {
		return "", err
	}
	var out struct {
		ID int `json:"id"`
	}
	_, err = t.rest.Do(ctx, rest.Call{Method: "POST", Path: one(r, "/comments"), Form: url.Values{"content": {text.In(p.markup())}}, Out: &out, Creates: true, Once: true, Gone: true})
	return strconv.Itoa(out.ID), err
}

// Close sets a closed status with the resolution that says why.
func (t *Tracker) Close(ctx context.Context, r ticket.Ref, _ ticket.Text, why ticket.Ending) error {
	p, err := t.project(ctx, r.Project)
	if err != nil {
		return err
	}
	id := statusClosed
	if len(t.c.Closed) > 0 {
		if id, err = t.find(p.statuses, "status", t.c.Closed[0]); err != nil {
			return err
		}
	}
	resolution, err := t.resolution(ctx, p, why)
	if err != nil {
		return err
	}
	return t.move(ctx, r, true, url.Values{"statusId": {strconv.Itoa(id)}, "resolutionId": {strconv.Itoa(resolution)}})
}

// Reopen sets the status Open.
func (t *Tracker) Reopen(ctx context.Context, r ticket.Ref, _ ticket.Text) error {
	return t.move(ctx, r, false, url.Values{"statusId": {strconv.Itoa(statusOpen)}})
}

func (t *Tracker) move(ctx context.Context, r ticket.Ref, closed bool, in url.Values) error {
	i, err := t.get(ctx, r)
	if err != nil || t.closed(i.Status) == closed {
		return err // a change that changes nothing is refused
	}
	return t.patch(ctx, r, in)
}

// list calls do with each issue of a project that a query finds.
func (t *Tracker) list(ctx context.Context, key string, q url.Values, do func(issue) (bool, error)) error {
	p, err := t.project(ctx, key)
	if err != nil {
		return err
	}
	q.Set("projectId[]", strconv.Itoa(p.ID))
	q.Set("count", "100")
	for offset := 0; ; offset += 100 {
		q.Set("offset", strconv.Itoa(offset))
		var list []issue
		if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: "/api/v2/issues", Query: q, Out: &list}); err != nil {
			return err
		}
		for _, i := range list {
			if stop, err := do(i); err != nil || stop {
				return err
			}
		}
		if len(list) < 100 {
			return nil
		}
	}
}

// FindByMarker searches by keyword, and reads what it finds.
func (t *Tracker) FindByMarker(ctx context.Context, project, marker string, since time.Time) (ticket.Issue, bool, error) {
	var out ticket.Issue
	found := false
	q := url.Values{"keyword": {marker}, "createdSince": {since.UTC().Add(-24 * time.Hour).Format("2006-01-02")}} // a day, in the space's zone
	err := t.list(ctx, project, q, func(i issue) (bool, error) {
		if ticket.HasMarker(i.Description, marker) {
			out, found = t.issue(i, project), true
		}
		return found, nil
	})
	return out, found, err
}

// Changes lists what changed on the days since, newest first, and reads ours.
func (t *Tracker) Changes(ctx context.Context, project string, since time.Time, refs []ticket.Ref) ([]ticket.Issue, error) {
	ours := ticket.Keys(refs)
	var changed []ticket.Ref
	q := url.Values{"updatedSince": {since.UTC().Add(-24 * time.Hour).Format("2006-01-02")}, "sort": {"updated"}, "order": {"desc"}}
	err := t.list(ctx, project, q, func(i issue) (bool, error) {
		if i.Updated.Before(since.Truncate(time.Second)) {
			return true, nil
		}
		if ours[i.IssueKey] {
			changed = append(changed, ticket.Ref{Key: i.IssueKey, ID: strconv.Itoa(i.ID), Project: project})
		}
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	return ticket.ReadAll(ctx, t, changed)
}

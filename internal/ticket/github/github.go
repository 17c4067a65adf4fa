// Package github keeps tickets in GitHub Issues, over the REST API
// (https://docs.github.com/rest/issues).
//
// A ticket carries the label zesei and its marker in the body. It is found again
// in the list of issues, which needs no search index but may lag a little.
// GitHub allows 80 creations of content a minute and 500 an hour; we stay within
// them and wait out its secondary limits. Issues have no deadline: the body and
// the comments name it.
package github

import (
	"cmp"
	"context"
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
	"zesei/internal/ticket/markdown"
	"zesei/internal/ticket/rest"
)

// Config is what the tracker needs.
type Config struct {
	Name       string
	URL        string // empty: https://api.github.com
	Token      string
	Priorities map[string]string // labels by severity
	ClosedAs   ticket.ClosedAs   // state_reason: completed, not_planned or duplicate
	Now        func() time.Time
}

// Tracker is GitHub. A project is owner/repository. It is safe for concurrent use.
type Tracker struct {
	c    Config
	rest *rest.Client
}

var _ ticket.Tracker = (*Tracker)(nil)

// Label marks every ticket.
const Label = "zesei"

// New checks the configuration. It calls nothing yet.
func New(c Config) (*Tracker, error) {
	if c.Token == "" {
		return nil, fmt.Errorf("ticket.%s.token: a token with the permission to write issues is needed", c.Name)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	client, err := rest.New(rest.Config{Name: c.Name, URL: cmp.Or(c.URL, "https://api.github.com"), Secrets: []string{c.Token}, Now: c.Now, Limited: limited,
		Limits: rest.Limits{Content: []rest.Window{{N: 80, Per: time.Minute}, {N: 500, Per: time.Hour}}},
		Auth: func(h http.Header, _ url.Values) {
			h.Set("Authorization", "Bearer "+c.Token)
			h.Set("Accept", "application/vnd.github+json")
			h.Set("X-GitHub-Api-Version", "2022-11-28")
		}})
	if err != nil {
		return nil, err
	}
	return &Tracker{c: c, rest: client}, nil
}

// limited knows GitHub's limits, which come as 403 or 429:
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
func limited(status int, h http.Header, body []byte, now time.Time) (time.Duration, bool) {
	if status != http.StatusForbidden && status != http.StatusTooManyRequests {
		return 0, false
	}
	if after := rest.RetryAfter(h.Get("Retry-After"), now); after > 0 {
		return after, true
	}
	if h.Get("X-Ratelimit-Remaining") == "0" {
		if n, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64); err == nil {
			return min(max(time.Unix(n, 0).Sub(now), time.Second), time.Hour), true
		}
	}
	if status == http.StatusTooManyRequests || strings.Contains(string(body), "secondary rate limit") {
		return time.Minute, true
	}
	return 0, false
}

// Traits: the list may lag behind what was created.
func (t *Tracker) Traits() ticket.Traits {
	return ticket.Traits{Name: t.c.Name, IndexDelay: 30 * time.Second}
}

var project = regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$`)

func (t *Tracker) path(p, rest string) (string, error) {
	if !project.MatchString(p) || strings.Contains(p, "..") {
		return "", &ticket.Permanent{Reason: fmt.Sprintf("%s: %q is no repository", t.c.Name, p), Hint: "give the project as owner/repository"}
	}
	return "/repos/" + p + rest, nil
}

type user struct {
	Login string `json:"login"`
}

type issue struct {
	Number    int       `json:"number"`
	HTMLURL   string    `json:"html_url"`
	Title     string    `json:"title"`
	Body      string    `json:"body"`
	State     string    `json:"state"`
	Assignee  *user     `json:"assignee"`
	ClosedBy  *user     `json:"closed_by"`
	UpdatedAt time.Time `json:"updated_at"`
	Comments  int       `json:"comments"`
	Labels    []struct {
		Name string `json:"name"`
	} `json:"labels"`
	PullRequest *struct{} `json:"pull_request"`
}

func (i issue) issue(project string) ticket.Issue {
	out := ticket.Issue{Ref: ticket.Ref{Key: strconv.Itoa(i.Number), Project: project}, URL: i.HTMLURL, State: i.State, Closed: i.State == "closed", UpdatedAt: i.UpdatedAt, Text: i.Body}
	if i.Assignee != nil {
		out.Assignee = i.Assignee.Login
	}
	if i.ClosedBy != nil && out.Closed {
		out.UpdatedBy = i.ClosedBy.Login
	}
	return out
}

// Create makes an issue.
func (t *Tracker) Create(ctx context.Context, d ticket.Draft) (ticket.Issue, error) {
	p, err := t.path(d.Project, "/issues")
	if err != nil {
		return ticket.Issue{}, err
	}
	in := map[string]any{"title": d.Title, "body": d.Body.In(markdown.Markup{})}
	labels := []string{Label}
	if l := t.c.Priorities[string(d.Severity)]; l != "" {
		labels = append(labels, l)
	}
	others(in, d.Fields, &labels)
	in["labels"] = labels
	if d.Assignee != "" {
		if err := t.known(ctx, d.Project, d.Assignee); err != nil {
			return ticket.Issue{}, err
		}
		in["assignees"] = []string{d.Assignee}
	}
	var out issue
	if _, err := t.rest.Do(ctx, rest.Call{Method: "POST", Path: p, JSON: in, Out: &out, Creates: true, Once: true}); err != nil {
		return ticket.Issue{}, err
	}
	if out.Number == 0 {
		return ticket.Issue{}, fmt.Errorf("%s: POST %s: the answer names no issue", t.c.Name, p)
	}
	return out.issue(d.Project), nil
}

// others puts further fields into an issue: labels are added, separated by
// commas; milestone is a number.
func others(in, fields map[string]any, labels *[]string) {
	for name, v := range fields {
		s, _ := v.(string)
		switch name {
		case "labels":
			for _, l := range strings.Split(s, ",") {
				if l = strings.TrimSpace(l); l != "" {
					*labels = append(*labels, l)
				}
			}
		case "milestone":
			if n, err := strconv.Atoi(s); err == nil {
				in[name] = n
			}
		default:
			in[name] = v
		}
	}
}

// known says whether issues can be assigned to a user.
func (t *Tracker) known(ctx context.Context, p, login string) error {
	path, err := t.path(p, "/assignees/"+url.PathEscape(login))
	if err != nil {
		return err
	}
	_, err = t.rest.Do(ctx, rest.Call{Method: "GET", Path: path, Gone: true})
	if errors.Is(err, ticket.ErrGone) {
		return &ticket.UnknownPerson{Who: login, Hint: "issues of " + p + " cannot be assigned to this login"}
	}
	return err
}

func (t *Tracker) one(r ticket.Ref, rest string) (string, error) {
	return t.path(r.Project, "/issues/"+url.PathEscape(r.Key)+rest)
}

func (t *Tracker) get(ctx context.Context, r ticket.Ref) (issue, error) {
	var out issue
	p, err := t.one(r, "")
	if err != nil {
		return out, err
	}
	_, err = t.rest.Do(ctx, rest.Call{Method: "GET", Path: p, Out: &out, Gone: true})
	return out, err
}

// Get reads an issue with its comments.
func (t *Tracker) Get(ctx context.Context, r ticket.Ref) (ticket.Issue, error) {
	is, err := t.get(ctx, r)
	if err != nil {
		return ticket.Issue{}, err
	}
	out := is.issue(r.Project)
	if is.Comments > 0 {
		out.Comments, err = t.comments(ctx, r, time.Time{})
	}
	return out, err
}

const pageSize = 100

func (t *Tracker) comments(ctx context.Context, r ticket.Ref, since time.Time) ([]ticket.Comment, error) {
	p, err := t.one(r, "/comments")
	if err != nil {
		return nil, err
	}
	var out []ticket.Comment
	for page := 1; ; page++ {
		q := url.Values{"per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(page)}}
		if !since.IsZero() {
			q.Set("since", since.UTC().Format(time.RFC3339))
		}
		var list []struct {
			ID        int64     `json:"id"`
			User      user      `json:"user"`
			Body      string    `json:"body"`
			CreatedAt time.Time `json:"created_at"`
		}
		if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: p, Query: q, Out: &list, Gone: true}); err != nil {
			return nil, err
		}
		for _, c := range list {
			out = append(out, ticket.Comment{ID: strconv.FormatInt(c.ID, 10), By: c.User.Login, At: c.CreatedAt, Text: c.Body})
		}
		if len(list) < pageSize {
			return out, nil
		}
	}
}

// Update writes the named fields; a changed priority changes our labels only.
func (t *Tracker) Update(ctx context.Context, r ticket.Ref, d ticket.Draft, fields []string) error {
	in := map[string]any{}
	for _, f := range fields {
		switch f {
		case ticket.FieldTitle:
			in["title"] = d.Title
		case ticket.FieldBody:
			in["body"] = d.Body.In(markdown.Markup{})
		case ticket.FieldAssignee:
			if d.Assignee == "" {
				continue
			}
			if err := t.known(ctx, r.Project, d.Assignee); err != nil {
				return err
			}
			in["assignees"] = []string{d.Assignee}
		case ticket.FieldPriority, ticket.FieldOthers:
			if len(t.c.Priorities) == 0 && len(d.Fields) == 0 || in["labels"] != nil {
				continue
			}
			is, err := t.get(ctx, r)
			if err != nil {
				return err
			}
			in["labels"] = t.labels(in, is, d)
		}
	}
	if len(in) == 0 {
		return nil
	}
	_, err := t.patch(ctx, r, in)
	return err
}

func (t *Tracker) labels(in map[string]any, is issue, d ticket.Draft) []string {
	want := t.c.Priorities[string(d.Severity)]
	var out []string
	for _, l := range is.Labels {
		ours := false
		for _, p := range t.c.Priorities {
			ours = ours || strings.EqualFold(p, l.Name)
		}
		if !ours {
			out = append(out, l.Name)
		}
	}
	if want != "" {
		out = append(out, want)
	}
	others(in, d.Fields, &out)
	slices.Sort(out)
	return slices.Compact(out)
}

// patch changes an issue and returns the status of the answer.
func (t *Tracker) patch(ctx context.Context, r ticket.Ref, in map[string]any) (int, error) {
	p, err := t.one(r, "")
	if err != nil {
		return 0, err
	}
	a, err := t.rest.Do(ctx, rest.Call{Method: "PATCH", Path: p, JSON: in, Gone: true})
	return a.Status, err
}

// Comment adds a comment.
func (t *Tracker) Comment(ctx context.Context, r ticket.Ref, text ticket.Text) (string, error) {
	p, err := t.one(r, "/comments")
	if err != nil {
		return "", err
	}
	var out struct {
		ID int64 `json:"id"`
	}
	_, err = t.rest.Do(ctx, rest.Call{Method: "POST", Path: p, JSON: map[string]any{"body": text.In(markdown.Markup{})}, Out: &out, Creates: true, Once: true, Gone: true})
	return strconv.FormatInt(out.ID, 10), err
}

// StateReasons are what GitHub can say of a closed issue.
var StateReasons = []string{"completed", "not_planned", "duplicate"}

// Close closes the issue as completed, not planned or a duplicate. An Enterprise
// Server that does not know duplicates is told that it is not planned. GitHub
// ignores the reason where the state does not change.
func (t *Tracker) Close(ctx context.Context, r ticket.Ref, _ ticket.Text, why ticket.Ending) error {
	reason := "not_planned"
	switch {
	case t.c.ClosedAs[why] != "":
		reason = t.c.ClosedAs[why]
	case why.Done():
		reason = "completed"
	case why == ticket.EndDuplicate:
		reason = "duplicate"
	}
	status, err := t.patch(ctx, r, map[string]any{"state": "closed", "state_reason": reason})
	if status == http.StatusUnprocessableEntity && reason == "duplicate" {
		_, err = t.patch(ctx, r, map[string]any{"state": "closed", "state_reason": "not_planned"})
	}
	return err
}

// Reopen opens the issue.
func (t *Tracker) Reopen(ctx context.Context, r ticket.Ref, _ ticket.Text) error {
	_, err := t.patch(ctx, r, map[string]any{"state": "open"})
	return err
}

// list calls do with each issue changed at or after since, until it says stop.
func (t *Tracker) list(ctx context.Context, proj string, since time.Time, do func(issue) (stop bool, err error)) error {
	p, err := t.path(proj, "/issues")
	if err != nil {
		return err
	}
	for page := 1; ; page++ {
		var list []issue
		q := url.Values{"state": {"all"}, "since": {since.UTC().Format(time.RFC3339)}, "sort": {"created"}, "direction": {"desc"}, "per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(page)}}
		if _, err := t.rest.Do(ctx, rest.Call{Method: "GET", Path: p, Query: q, Out: &list}); err != nil {
			return err
		}
		for _, is := range list {
			if is.PullRequest != nil {
				continue
			}
			if stop, err := do(is); err != nil || stop {
				return err
			}
		}
		if len(list) < pageSize {
			return nil
		}
	}
}

// FindByMarker looks through the issues that changed since.
func (t *Tracker) FindByMarker(ctx context.Context, project, marker string, since time.Time) (ticket.Issue, bool, error) {
	var out ticket.Issue
	found := false
	err := t.list(ctx, project, since, func(is issue) (bool, error) {
		if ticket.HasMarker(is.Body, marker) {
			out, found = is.issue(project), true
		}
		return found, nil
	})
	return out, found, err
}

// Changes lists issues that changed; of ours, who closed them and the comments
// since then are read too.
func (t *Tracker) Changes(ctx context.Context, project string, since time.Time, refs []ticket.Ref) ([]ticket.Issue, error) {
	ours := ticket.Keys(refs)
	var out []ticket.Issue
	err := t.list(ctx, project, since, func(is issue) (bool, error) {
		r := ticket.Ref{Key: strconv.Itoa(is.Number), Project: project}
		if !ours[r.Key] {
			return false, nil
		}
		full, err := t.get(ctx, r) // the list does not say who closed it
		if errors.Is(err, ticket.ErrGone) {
			return false, nil
		}
		if err != nil {
			return true, err
		}
		one := full.issue(project)
		if full.Comments > 0 {
			if one.Comments, err = t.comments(ctx, r, since); err != nil {
				return true, err
			}
		}
		out = append(out, one)
		return false, nil
	})
	return out, err
}

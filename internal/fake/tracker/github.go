package tracker

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// github speaks the part of GitHub's REST API that issues need. The list of
// issues lags behind by Options.IndexDelay.
func (t *Twin) github() {
	key := func(r *http.Request, token string) bool { return r.Header.Get("Authorization") == "Bearer "+token }
	base := "/repos/{owner}/{repo}"
	here := func(do func(*request) answer) func(*request) answer {
		return func(q *request) answer {
			if q.PathValue("owner")+"/"+q.PathValue("repo") != t.o.Project {
				return answer{404, map[string]any{"message": "Not Found"}, nil}
			}
			return do(q)
		}
	}
	one := func(do func(*request, *Issue) answer) func(*request) answer {
		return here(func(q *request) answer {
			i := t.find(q.PathValue("number"))
			if i == nil {
				return answer{410, map[string]any{"message": "This issue was deleted"}, nil}
			}
			return do(q, i)
		})
	}
	t.serve("POST "+base+"/issues", is("create"), key, here(t.githubCreate))
	t.serve("GET "+base+"/issues", is("list"), key, here(func(q *request) answer {
		v := q.URL.Query()
		since, _ := time.Parse(time.RFC3339, v.Get("since"))
		list := []any{}
		for _, i := range slices.Backward(t.indexed()) {
			if i.UpdatedAt.Truncate(time.Second).Before(since) || i.Closed && v.Get("state") != "all" {
				continue
			}
			one := t.githubIssue(q, i)
			delete(one, "closed_by")
			list = append(list, one)
		}
		per := min(number(v.Get("per_page"), 30), 100)
		return answer{200, page(list, (number(v.Get("page"), 1)-1)*per, per), nil}
	}))
	t.serve("GET "+base+"/issues/{number}", is("get"), key, one(func(q *request, i *Issue) answer { return answer{200, t.githubIssue(q, i), nil} }))
	t.serve("PATCH "+base+"/issues/{number}", func(q *request) string {
		var in struct{ State *string }
		if q.bind(&in) == nil && in.State != nil {
			return "move"
		}
		return "update"
	}, key, one(t.githubPatch))
	t.serve("POST "+base+"/issues/{number}/comments", is("comment"), key, one(func(q *request, i *Issue) answer {
		var in struct{ Body string }
		if q.bind(&in) != nil || in.Body == "" || len(in.Body) > 65536 {
			return answer{422, map[string]any{"message": "Validation Failed"}, nil}
		}
		return answer{201, githubComment(t.comment(i, Robot, in.Body)), nil}
	}))
	t.serve("GET "+base+"/issues/{number}/comments", is("get"), key, one(func(q *request, i *Issue) answer {
		v := q.URL.Query()
		since, _ := time.Parse(time.RFC3339, v.Get("since"))
		list := []any{}
		for _, c := range i.Comments {
			if !c.At.Truncate(time.Second).Before(since) {
				list = append(list, githubComment(c))
			}
		}
		per := min(number(v.Get("per_page"), 30), 100)
		return answer{200, page(list, (number(v.Get("page"), 1)-1)*per, per), nil}
	}))
	t.serve("GET "+base+"/assignees/{login}", is("meta"), key, here(func(q *request) answer {
		for _, p := range people {
			if p.login == q.PathValue("login") {
				return answer{status: 204}
			}
		}
		return answer{404, map[string]any{"message": "Not Found"}, nil}
	}))
}

func githubComment(c Comment) map[string]any {
	return map[string]any{"id": c.ID, "user": map[string]any{"login": c.By}, "body": c.Text, "created_at": c.At.Format(time.RFC3339), "updated_at": c.At.Format(time.RFC3339)}
}

type githubInput struct {
	Title, Body, State *string
	Labels, Assignees  []string
}

func (t *Twin) githubCreate(q *request) answer {
	var in githubInput
	if q.bind(&in) != nil || in.Title == nil || *in.Title == "" || len(*in.Title) > 1024 || in.Body != nil && len(*in.Body) > 65536 {
		return answer{422, map[string]any{"message": "Validation Failed"}, nil}
	}
	for _, a := range in.Assignees {
		if !slices.ContainsFunc(people, func(p struct{ login, name string }) bool { return p.login == a }) {
			return answer{422, map[string]any{"message": "Validation Failed", "errors": []any{map[string]any{"field": "assignees", "code": "invalid"}}}, nil}
		}
	}
	i := t.add(Issue{})
	githubApply(t, i, in)
	return answer{201, t.githubIssue(q, i), nil}
}

func githubApply(t *Twin, i *Issue, in githubInput) {
	if in.Title != nil {
		i.Title = *in.Title
	}
	if in.Body != nil {
		i.Body = *in.Body
	}
	if in.State != nil {
		t.set(i, *in.State == "closed")
	}
	if in.Labels != nil {
		i.Labels = in.Labels
	}
	if in.Assignees != nil {
		i.Assignee = strings.Join(in.Assignees, ",")
	}
}

func (t *Twin) githubPatch(q *request, i *Issue) answer {
	var in githubInput
	if q.bind(&in) != nil {
		return answer{422, map[string]any{"message": "Validation Failed"}, nil}
	}
	i.UpdatedAt, i.UpdatedBy = t.now(), Robot
	githubApply(t, i, in)
	return answer{200, t.githubIssue(q, i), nil}
}

func (t *Twin) githubIssue(q *request, i *Issue) map[string]any {
	labels := []any{}
	for _, l := range i.Labels {
		labels = append(labels, map[string]any{"name": l})
	}
	out := map[string]any{"id": 1000 + i.Number, "number": i.Number, "title": i.Title, "body": i.Body, "state": i.State, "labels": labels, "comments": len(i.Comments), "assignee": nil, "closed_by": nil,
		"user": map[string]any{"login": Robot}, "html_url": fmt.Sprintf("http://%s/%s/issues/%d", q.Host, t.o.Project, i.Number),
		"created_at": i.CreatedAt.Format(time.RFC3339), "updated_at": i.UpdatedAt.Format(time.RFC3339)}
	if i.Assignee != "" {
		out["assignee"] = map[string]any{"login": i.Assignee}
		out["assignees"] = []any{out["assignee"]}
	}
	if i.Closed {
		out["closed_by"] = map[string]any{"login": i.UpdatedBy}
	}
	return out
}

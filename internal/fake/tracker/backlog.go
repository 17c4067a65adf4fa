package tracker

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// backlog speaks Backlog's API v2: forms, an API key in the query, refusals of
// changes that change nothing, dates in lists that count by the day.
func (t *Twin) backlog() {
	key := func(r *http.Request, token string) bool { return r.URL.Query().Get("apiKey") == token }
	one := func(do func(*request, *Issue) answer) func(*request) answer {
		return func(q *request) answer {
			i := t.find(q.PathValue("key"))
			if i == nil {
				return backlogRefusal(404, "No such issue. (key:"+q.PathValue("key")+")")
			}
			return do(q, i)
		}
	}
	project := func(do func(*request) any) func(*request) answer {
		return func(q *request) answer {
			if q.PathValue("project") != t.o.Project {
				return backlogRefusal(404, "No project.")
			}
			return answer{200, do(q), nil}
		}
	}
	t.serve("GET /api/v2/projects/{project}", is("meta"), key, project(func(*request) any {
		rule := t.o.Notation
		if rule == "" {
			rule = "markdown"
		}
		return map[string]any{"id": 77, "projectKey": t.o.Project, "name": "Shop", "textFormattingRule": rule}
	}))
	t.serve("GET /api/v2/projects/{project}/issueTypes", is("meta"), key, project(func(*request) any {
		return []any{map[string]any{"id": 11, "name": "タスク"}, map[string]any{"id": 12, "name": "バグ"}}
	}))
	t.serve("GET /api/v2/projects/{project}/statuses", is("meta"), key, project(func(*request) any {
		return []any{map[string]any{"id": 1, "name": "Open"}, map[string]any{"id": 2, "name": "In Progress"}, map[string]any{"id": 4, "name": "Closed"}}
	}))
	t.serve("GET /api/v2/projects/{project}/users", is("meta"), key, project(func(*request) any {
		var list []any
		for n, p := range people {
			list = append(list, map[string]any{"id": 100 + n, "userId": p.login, "name": p.name, "mailAddress": p.login + "@example.com"})
		}
		return list
	}))
	t.serve("GET /api/v2/priorities", is("meta"), key, func(*request) answer {
		return answer{200, []any{map[string]any{"id": 2, "name": "High"}, map[string]any{"id": 3, "name": "Normal"}, map[string]any{"id": 4, "name": "Low"}}, nil}
	})
	t.serve("GET /api/v2/resolutions", is("meta"), key, func(*request) answer {
		return answer{200, []any{map[string]any{"id": 0, "name": "対応済み"}, map[string]any{"id": 1, "name": "対応しない"}, map[string]any{"id": 2, "name": "無効"}, map[string]any{"id": 3, "name": "重複"}, map[string]any{"id": 4, "name": "再現しない"}}, nil}
	})
	t.serve("POST /api/v2/issues", is("create"), key, t.backlogCreate)
	t.serve("GET /api/v2/issues", is("list"), key, t.backlogList)
	t.serve("GET /api/v2/issues/{key}", is("get"), key, one(func(_ *request, i *Issue) answer { return answer{200, t.backlogIssue(i), nil} }))
	t.serve("PATCH /api/v2/issues/{key}", func(q *request) string {
		if form, _ := url.ParseQuery(string(q.body)); form.Has("statusId") {
			return "move"
		}
		return "update"
	}, key, one(t.backlogPatch))
	t.serve("POST /api/v2/issues/{key}/comments", is("comment"), key, one(func(q *request, i *Issue) answer {
		form, err := url.ParseQuery(string(q.body))
		if err != nil || form.Get("content") == "" {
			return backlogRefusal(400, "content is required.")
		}
		return answer{201, backlogComment(t.comment(i, Robot, form.Get("content"))), nil}
	}))
	t.serve("GET /api/v2/issues/{key}/comments", is("get"), key, one(func(q *request, i *Issue) answer {
		v := q.URL.Query()
		list := []any{}
		for _, c := range i.Comments {
			if c.ID > number(v.Get("minId"), 0) {
				list = append(list, backlogComment(c))
			}
		}
		if v.Get("order") != "asc" {
			slices.Reverse(list)
		}
		return answer{200, page(list, 0, min(number(v.Get("count"), 20), 100)), nil}
	}))
}

func backlogRefusal(status int, why string) answer {
	return answer{status, map[string]any{"errors": []any{map[string]any{"message": why, "code": 7, "moreInfo": ""}}}, nil}
}

func backlogComment(c Comment) map[string]any {
	return map[string]any{"id": c.ID, "content": c.Text, "created": c.At.Format(time.RFC3339), "createdUser": map[string]any{"id": 1, "name": fullName(c.By)}}
}

func (t *Twin) backlogCreate(q *request) answer {
	form, err := url.ParseQuery(string(q.body))
	if err != nil || form.Get("projectId") != "77" || form.Get("summary") == "" || form.Get("issueTypeId") == "" || form.Get("priorityId") == "" {
		return backlogRefusal(400, "projectId, summary, issueTypeId and priorityId are required.")
	}
	i := t.add(Issue{Fields: map[string]any{}})
	t.backlogApply(i, form)
	return answer{201, t.backlogIssue(i), nil}
}

// backlogApply writes fields and says whether anything changed.
func (t *Twin) backlogApply(i *Issue, form url.Values) bool {
	before := *i
	for k := range form {
		v := form.Get(k)
		switch k {
		case "summary":
			i.Title = v
		case "description":
			i.Body = v
		case "dueDate":
			i.Due = v
		case "priorityId":
			i.Priority = v
		case "assigneeId":
			if n := number(v, 0) - 100; n >= 0 && n < len(people) {
				i.Assignee = people[n].login
			}
		case "statusId":
			i.State, i.Closed = map[string]string{"1": "Open", "2": "In Progress", "4": "Closed"}[v], v == "4"
		case "projectId", "issueTypeId":
		default:
			i.Fields[k] = v
		}
	}
	return before.Title != i.Title || before.Body != i.Body || before.Due != i.Due || before.Priority != i.Priority || before.Assignee != i.Assignee || before.State != i.State
}

func (t *Twin) backlogPatch(q *request, i *Issue) answer {
	form, err := url.ParseQuery(string(q.body))
	if err != nil {
		return backlogRefusal(400, "unreadable form")
	}
	if !t.backlogApply(i, form) {
		return backlogRefusal(400, "No comment content.") // what Backlog says to a change that changes nothing
	}
	i.UpdatedAt, i.UpdatedBy = t.now(), Robot
	return answer{200, t.backlogIssue(i), nil}
}

func (t *Twin) backlogIssue(i *Issue) map[string]any {
	status := map[string]int{"Open": 1, "In Progress": 2, "Closed": 4}[i.State]
	out := map[string]any{"id": 5000 + i.Number, "projectId": 77, "issueKey": i.Key, "summary": i.Title, "description": i.Body, "status": map[string]any{"id": status, "name": i.State},
		"created": i.CreatedAt.Format(time.RFC3339), "updated": i.UpdatedAt.Format(time.RFC3339), "updatedUser": map[string]any{"id": 1, "name": fullName(i.UpdatedBy)}, "assignee": nil,
		"priority": map[string]any{"id": number(i.Priority, 3)}, "dueDate": nil, "resolution": nil}
	if v, ok := i.Fields["resolutionId"].(string); ok {
		out["resolution"] = map[string]any{"id": number(v, 0)}
	}
	if i.Due != "" {
		out["dueDate"] = i.Due + "T00:00:00Z"
	}
	if i.Assignee != "" {
		out["assignee"] = map[string]any{"id": 100, "name": fullName(i.Assignee)}
	}
	return out
}

func (t *Twin) backlogList(q *request) answer {
	v := q.URL.Query()
	day := func(s string) time.Time { at, _ := time.Parse("2006-01-02", s); return at }
	list := []any{}
	for _, i := range slices.Backward(t.indexed()) {
		switch {
		case v.Get("projectId[]") != strconv.Itoa(77),
			v.Get("keyword") != "" && !strings.Contains(i.Title+"\n"+i.Body, v.Get("keyword")),
			i.UpdatedAt.Before(day(v.Get("updatedSince"))), i.CreatedAt.Before(day(v.Get("createdSince"))):
			continue
		}
		list = append(list, t.backlogIssue(i))
	}
	return answer{200, page(list, number(v.Get("offset"), 0), min(number(v.Get("count"), 20), 100)), nil}
}

package tracker

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// redmine speaks Redmine's REST API: a status that does not exist is ignored with
// an answer that looks like success, lists show open issues only unless they are
// asked for status_id=*, at most 100 at once, times are whole seconds.
func (t *Twin) redmine() {
	key := func(r *http.Request, token string) bool { return r.Header.Get("X-Redmine-API-Key") == token }
	t.serve("POST /issues.json", is("create"), key, t.redmineCreate)
	t.serve("GET /issues.json", is("list"), key, t.redmineList)
	t.serve("GET /issues/{id}", is("get"), key, func(q *request) answer {
		i := t.find(strings.TrimSuffix(q.PathValue("id"), ".json"))
		if i == nil {
			return answer{status: 404}
		}
		include := strings.Split(q.URL.Query().Get("include"), ",")
		return answer{200, map[string]any{"issue": t.redmineIssue(i, slices.Contains(include, "journals"), slices.Contains(include, "allowed_statuses"))}, nil}
	})
	t.serve("PUT /issues/{id}", func(q *request) string {
		var in struct{ Issue map[string]any }
		_ = q.bind(&in)
		switch {
		case in.Issue["notes"] != nil:
			return "comment"
		case in.Issue["status_id"] != nil:
			return "move"
		}
		return "update"
	}, key, t.redminePut)
	t.serve("GET /issue_statuses.json", is("meta"), key, func(*request) answer {
		return answer{200, map[string]any{"issue_statuses": redmineStatuses}, nil}
	})
	t.serve("GET /trackers.json", is("meta"), key, func(*request) answer {
		return answer{200, map[string]any{"trackers": []any{map[string]any{"id": 1, "name": "Bug"}, map[string]any{"id": 3, "name": "Support"}}}, nil}
	})
	t.serve("GET /enumerations/issue_priorities.json", is("meta"), key, func(*request) answer {
		var list []any
		for n, name := range []string{"Low", "Normal", "High", "Urgent", "Immediate"} {
			list = append(list, map[string]any{"id": n + 1, "name": name, "is_default": n == 1})
		}
		return answer{200, map[string]any{"issue_priorities": list}, nil}
	})
	t.serve("GET /projects/{project}/memberships.json", is("meta"), key, func(*request) answer {
		var list []any
		for n, p := range people {
			list = append(list, map[string]any{"id": n + 1, "user": map[string]any{"id": n + 10, "name": p.name}})
		}
		return answer{200, map[string]any{"memberships": list, "total_count": len(list)}, nil}
	})
	t.serve("GET /users.json", is("meta"), key, func(*request) answer { return answer{status: 403} }) // not an administrator's key
}

var redmineStatuses = []map[string]any{{"id": 1, "name": "New", "is_closed": false}, {"id": 2, "name": "In Progress", "is_closed": false}, {"id": 5, "name": "Closed", "is_closed": true},
	{"id": 6, "name": "Rejected", "is_closed": true}}

func (t *Twin) redmineCreate(q *request) answer {
	var in struct{ Issue map[string]any }
	if q.bind(&in) != nil || in.Issue["project_id"] != t.o.Project {
		return answer{status: 404}
	}
	title, _ := in.Issue["subject"].(string)
	if title == "" || len([]rune(title)) > 255 {
		return answer{422, map[string]any{"errors": []string{"Subject is not between 1 and 255 characters"}}, nil}
	}
	i := t.add(Issue{Fields: map[string]any{}})
	t.redmineApply(i, in.Issue)
	return answer{201, map[string]any{"issue": t.redmineIssue(i, false, false)}, nil}
}

func (t *Twin) redmineApply(i *Issue, in map[string]any) {
	for k, v := range in {
		switch k {
		case "subject":
			i.Title, _ = v.(string)
		case "description":
			i.Body, _ = v.(string)
		case "due_date":
			i.Due, _ = v.(string)
		case "priority_id":
			if n, ok := v.(float64); ok && n >= 1 && n <= 5 {
				i.Priority = []string{"Low", "Normal", "High", "Urgent", "Immediate"}[int(n)-1]
			}
		case "assigned_to_id":
			if n, ok := v.(float64); ok && n >= 10 && int(n)-10 < len(people) {
				i.Assignee = people[int(n)-10].login
			}
		case "status_id":
			for _, s := range redmineStatuses {
				if float64(s["id"].(int)) == v {
					i.State, i.Closed = s["name"].(string), s["is_closed"].(bool)
				}
			}
		case "custom_fields":
			for _, one := range v.([]any) {
				f := one.(map[string]any)
				i.Fields["cf_"+strconv.Itoa(int(f["id"].(float64)))] = f["value"]
			}
		case "notes":
			if s, _ := v.(string); s != "" {
				t.comment(i, Robot, s)
			}
		case "project_id", "tracker_id":
		default:
			i.Fields[k] = v
		}
	}
}

func (t *Twin) redminePut(q *request) answer {
	i := t.find(strings.TrimSuffix(q.PathValue("id"), ".json"))
	if i == nil {
		return answer{status: 404}
	}
	var in struct{ Issue map[string]any }
	if q.bind(&in) != nil {
		return answer{status: 400}
	}
	i.UpdatedAt, i.UpdatedBy = t.now(), Robot
	t.redmineApply(i, in.Issue)
	return answer{status: 204}
}

func (t *Twin) redmineIssue(i *Issue, journals, allowed bool) map[string]any {
	var st map[string]any
	for _, s := range redmineStatuses {
		if s["name"] == i.State {
			st = s
		}
	}
	out := map[string]any{"id": i.Number, "project": map[string]any{"id": 1, "name": "Shop"}, "status": st, "subject": i.Title, "description": i.Body,
		"author": map[string]any{"id": 10, "name": fullName(Robot)}, "created_on": i.CreatedAt.Format(time.RFC3339), "updated_on": i.UpdatedAt.Format(time.RFC3339)}
	if i.Assignee != "" {
		out["assigned_to"] = map[string]any{"id": 11, "name": fullName(i.Assignee)}
	}
	if i.Due != "" {
		out["due_date"] = i.Due
	}
	if journals {
		list := []any{}
		for _, c := range i.Comments {
			list = append(list, map[string]any{"id": c.ID, "user": map[string]any{"id": 11, "name": fullName(c.By)}, "notes": c.Text, "created_on": c.At.Format(time.RFC3339)})
		}
		if n := len(i.Comments); i.UpdatedBy != "" && (n == 0 || i.Comments[n-1].By != i.UpdatedBy) { // a change without notes is a journal too
			list = append(list, map[string]any{"id": 1 << 20, "user": map[string]any{"id": 11, "name": fullName(i.UpdatedBy)}, "notes": "", "created_on": i.UpdatedAt.Format(time.RFC3339)})
		}
		out["journals"] = list
	}
	if allowed {
		out["allowed_statuses"] = redmineStatuses
	}
	return out
}

func (t *Twin) redmineList(q *request) answer {
	v := q.URL.Query()
	since, _ := time.Parse("2006-01-02T15:04:05Z", strings.TrimPrefix(v.Get("updated_on"), ">="))
	var list []any
	for _, i := range t.indexed() {
		switch {
		case v.Get("project_id") != t.o.Project,
			i.Closed && v.Get("status_id") != "*",
			i.UpdatedAt.Truncate(time.Second).Before(since),
			v.Get("op[description]") == "~" && !strings.Contains(i.Body, v.Get("v[description][]")):
			continue
		}
		list = append(list, t.redmineIssue(i, false, false))
	}
	out := page(list, number(v.Get("offset"), 0), min(number(v.Get("limit"), 25), 100))
	return answer{200, map[string]any{"issues": out, "total_count": len(list), "offset": number(v.Get("offset"), 0), "limit": number(v.Get("limit"), 25)}, nil}
}

package tracker

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// servicenow speaks the Table API for one table, sys_user and sys_journal_field.
// Resolving an incident wants close_code and close_notes; a state that a rule
// does not allow is ignored with an answer that looks like success.
func (t *Twin) servicenow() {
	key := func(r *http.Request, token string) bool {
		return r.Header.Get("Authorization") == "Basic "+base64.StdEncoding.EncodeToString([]byte("robot:"+token))
	}
	table := "/api/now/table/" + t.o.Project
	one := func(do func(*request, *Issue) answer) func(*request) answer {
		return func(q *request) answer {
			for _, i := range t.issues {
				if snowID(i.Number) == q.PathValue("id") {
					return do(q, i)
				}
			}
			return answer{404, map[string]any{"error": map[string]any{"message": "No Record found", "detail": "Record doesn't exist or ACL restricts the record retrieval"}, "status": "failure"}, nil}
		}
	}
	t.serve("POST "+table, is("create"), key, func(q *request) answer {
		var in map[string]any
		if q.bind(&in) != nil {
			return answer{status: 400}
		}
		i := t.add(Issue{Fields: map[string]any{}})
		t.snowApply(i, in)
		return answer{201, map[string]any{"result": t.snowRecord(i)}, nil}
	})
	t.serve("GET "+table+"/{id}", is("get"), key, one(func(_ *request, i *Issue) answer {
		return answer{200, map[string]any{"result": t.snowRecord(i)}, nil}
	}))
	t.serve("PATCH "+table+"/{id}", func(q *request) string {
		var in map[string]any
		_ = q.bind(&in)
		switch {
		case in["comments"] != nil:
			return "comment"
		case in["state"] != nil:
			return "move"
		}
		return "update"
	}, key, one(func(q *request, i *Issue) answer {
		var in map[string]any
		if q.bind(&in) != nil {
			return answer{status: 400}
		}
		i.UpdatedAt, i.UpdatedBy = t.now(), Robot
		t.snowApply(i, in)
		return answer{200, map[string]any{"result": t.snowRecord(i)}, nil}
	}))
	t.serve("GET "+table, is("list"), key, t.snowList)
	t.serve("GET /api/now/table/sys_user", is("meta"), key, func(q *request) answer {
		list := []any{}
		for n, p := range people {
			if strings.HasPrefix(q.URL.Query().Get("sysparm_query"), "user_name="+p.login+"^") {
				list = append(list, map[string]any{"sys_id": snowID(900 + n)})
			}
		}
		return answer{200, map[string]any{"result": list}, nil}
	})
	t.serve("GET /api/now/table/sys_journal_field", is("get"), key, func(q *request) answer {
		v := q.URL.Query()
		list := []any{}
		for _, i := range t.issues {
			if !strings.HasPrefix(v.Get("sysparm_query"), "element_id="+snowID(i.Number)+"^element=comments") {
				continue
			}
			for _, c := range i.Comments {
				list = append(list, map[string]any{"sys_id": snowID(c.ID), "value": c.Text, "sys_created_by": c.By, "sys_created_on": c.At.Format(snowTime)})
			}
		}
		return answer{200, map[string]any{"result": page(list, number(v.Get("sysparm_offset"), 0), number(v.Get("sysparm_limit"), 10000))}, nil}
	})
}

const snowTime = "2006-01-02 15:04:05"

func snowID(n int) string { return fmt.Sprintf("%032x", n) }

func (t *Twin) snowApply(i *Issue, in map[string]any) {
	for k, v := range in {
		s, _ := v.(string)
		switch k {
		case "short_description":
			if r := []rune(s); len(r) > 160 {
				s = string(r[:160])
			}
			i.Title = s
		case "description":
			i.Body = s
		case "due_date":
			i.Due = s
		case "assigned_to":
			i.Assignee = ""
			for n, p := range people {
				if s == snowID(900+n) {
					i.Assignee = p.login
				}
			}
		case "comments":
			t.comment(i, Robot, s)
		case "state":
			closed := s == "6" || s == "7"
			if closed && (in["close_code"] == nil || in["close_notes"] == "") {
				continue // a data policy keeps it from being resolved
			}
			i.State, i.Closed = s, closed
		default:
			i.Fields[k] = v
		}
	}
}

func (t *Twin) snowRecord(i *Issue) map[string]any {
	f := func(display, value any) map[string]any {
		return map[string]any{"display_value": display, "value": value}
	}
	correlation, _ := i.Fields["correlation_id"].(string)
	person := ""
	if i.Assignee != "" {
		person = fullName(i.Assignee)
	}
	return map[string]any{"sys_id": f(snowID(i.Number), snowID(i.Number)), "number": f(i.Key, i.Key), "state": f(map[string]string{"1": "New", "2": "In Progress", "6": "Resolved"}[i.State], i.State),
		"assigned_to": f(person, i.Assignee), "sys_updated_on": f(i.UpdatedAt.Add(9*time.Hour).Format(snowTime), i.UpdatedAt.Format(snowTime)), "sys_updated_by": f(i.UpdatedBy, i.UpdatedBy),
		"correlation_id": f(correlation, correlation), "description": f(i.Body, i.Body)}
}

var snowAgo = regexp.MustCompile(`sys_updated_onRELATIVEGT@minute@ago@([0-9]+)`)

func (t *Twin) snowList(q *request) answer {
	v := q.URL.Query()
	where := v.Get("sysparm_query")
	list := []any{}
	for _, i := range t.indexed() {
		if m, ok := strings.CutPrefix(where, "correlation_id="); ok && i.Fields["correlation_id"] != m {
			continue
		}
		if m := snowAgo.FindStringSubmatch(where); m != nil && i.UpdatedAt.Before(t.now().Add(-time.Duration(number(m[1], 0))*time.Minute)) {
			continue
		}
		list = append(list, t.snowRecord(i))
	}
	return answer{200, map[string]any{"result": page(list, number(v.Get("sysparm_offset"), 0), number(v.Get("sysparm_limit"), 10000))}, nil}
}

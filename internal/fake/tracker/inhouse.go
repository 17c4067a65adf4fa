package tracker

import (
	"net/http"
	"strings"
)

// inhouse is a small tracker such as companies write for themselves.
func (t *Twin) inhouse() {
	key := func(r *http.Request, token string) bool { return r.Header.Get("Authorization") == "Bearer "+token }
	t.serve("POST /api/tasks", is("create"), key, func(q *request) answer {
		var in struct {
			Name, Text, Deadline, Person, Ref, Level, Team string
		}
		if q.bind(&in) != nil || in.Name == "" {
			return answer{400, map[string]any{"error": "name is required"}, nil}
		}
		i := t.add(Issue{Title: in.Name, Body: in.Text, Due: in.Deadline, Assignee: in.Person, Priority: in.Level, Labels: []string{in.Ref}, Fields: map[string]any{"team": in.Team}})
		return answer{201, map[string]any{"task": t.task(i)}, nil}
	})
	t.serve("GET /api/tasks", is("list"), key, func(q *request) answer {
		var list []any
		for _, i := range t.indexed() {
			if ref := q.URL.Query().Get("ref"); ref == "" || i.Labels[0] == ref {
				list = append(list, t.task(i))
			}
		}
		return answer{200, map[string]any{"tasks": list}, nil}
	})
	one := func(do func(*request, *Issue) answer) func(*request) answer {
		return func(q *request) answer {
			i := t.find(q.PathValue("id"))
			if i == nil {
				return answer{404, map[string]any{"error": "no such task"}, nil}
			}
			return do(q, i)
		}
	}
	t.serve("GET /api/tasks/{id}", is("get"), key, one(func(_ *request, i *Issue) answer { return answer{200, map[string]any{"task": t.task(i)}, nil} }))
	t.serve("PATCH /api/tasks/{id}", is("update"), key, one(func(q *request, i *Issue) answer {
		var in struct{ Name, Text, Deadline, Level *string }
		if q.bind(&in) != nil {
			return answer{status: 400}
		}
		for _, f := range []struct{ from, to *string }{{in.Name, &i.Title}, {in.Text, &i.Body}, {in.Deadline, &i.Due}, {in.Level, &i.Priority}} {
			if f.from != nil {
				*f.to = *f.from
			}
		}
		i.UpdatedAt, i.UpdatedBy = t.now(), Robot
		return answer{200, map[string]any{"task": t.task(i)}, nil}
	}))
	t.serve("POST /api/tasks/{id}/notes", is("comment"), key, one(func(q *request, i *Issue) answer {
		var in struct{ Text string }
		if q.bind(&in) != nil || strings.TrimSpace(in.Text) == "" {
			return answer{status: 400}
		}
		c := t.comment(i, Robot, in.Text)
		return answer{201, map[string]any{"id": c.ID}, nil}
	}))
	t.serve("POST /api/tasks/{id}/{move}", is("move"), key, one(func(q *request, i *Issue) answer {
		t.set(i, q.PathValue("move") == "done")
		i.UpdatedAt, i.UpdatedBy = t.now(), Robot
		return answer{status: 204}
	}))
}

func (t *Twin) task(i *Issue) map[string]any {
	notes := []any{}
	for _, c := range i.Comments {
		notes = append(notes, map[string]any{"id": c.ID, "by": c.By, "at": c.At, "text": c.Text})
	}
	return map[string]any{"id": i.Key, "name": i.Title, "text": i.Body, "status": i.State, "person": i.Assignee, "link": "https://tasks.example.com/" + i.Key,
		"changed": i.UpdatedAt, "changed_by": i.UpdatedBy, "notes": notes}
}

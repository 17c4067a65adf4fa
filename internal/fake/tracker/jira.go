package tracker

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// jira speaks Jira Cloud's REST API v3, or Data Center's v2: the search knows a
// new issue late, /search of v3 is gone (410), transitions must be asked for, and
// a transition to Done wants a resolution.
func (t *Twin) jira() {
	api := "/rest/api/3"
	key := func(r *http.Request, token string) bool {
		want := base64.StdEncoding.EncodeToString([]byte("robot@example.com:" + token))
		return r.Header.Get("Authorization") == "Basic "+want
	}
	if t.kind == JiraServer {
		api = "/rest/api/2"
		key = func(r *http.Request, token string) bool { return r.Header.Get("Authorization") == "Bearer "+token }
	}
	one := func(do func(*request, *Issue) answer) func(*request) answer {
		return func(q *request) answer {
			i := t.find(q.PathValue("key"))
			if i == nil {
				return answer{404, map[string]any{"errorMessages": []string{"Issue does not exist or you do not have permission to see it."}}, nil}
			}
			return do(q, i)
		}
	}
	t.serve("POST "+api+"/issue", is("create"), key, t.jiraCreate)
	t.serve("GET "+api+"/issue/{key}", is("get"), key, one(func(_ *request, i *Issue) answer { return answer{200, t.jiraIssue(i), nil} }))
	t.serve("PUT "+api+"/issue/{key}", is("update"), key, one(func(q *request, i *Issue) answer {
		var in struct{ Fields map[string]any }
		if q.bind(&in) != nil {
			return answer{status: 400}
		}
		if a, bad := t.jiraApply(i, in.Fields); bad {
			return a
		}
		i.UpdatedAt, i.UpdatedBy = t.now(), Robot
		return answer{status: 204}
	}))
	t.serve("POST "+api+"/issue/{key}/comment", is("comment"), key, one(func(q *request, i *Issue) answer {
		var in struct{ Body json.RawMessage }
		if q.bind(&in) != nil || !t.jiraText(in.Body) {
			return answer{400, map[string]any{"errors": map[string]string{"comment": "Comment body is not valid!"}}, nil}
		}
		return answer{201, t.jiraComment(t.comment(i, Robot, t.jiraStored(in.Body))), nil}
	}))
	t.serve("GET "+api+"/issue/{key}/comment", is("get"), key, one(func(q *request, i *Issue) answer {
		var list []any
		for _, c := range i.Comments {
			list = append(list, t.jiraComment(c))
		}
		from := number(q.URL.Query().Get("startAt"), 0)
		return answer{200, map[string]any{"comments": page(list, from, 100), "total": len(list), "startAt": from}, nil}
	}))
	t.serve("GET "+api+"/issue/{key}/transitions", is("meta"), key, one(func(_ *request, i *Issue) answer {
		var list []any
		for _, w := range jiraWays {
			if w.to != i.State {
				way := map[string]any{"id": w.id, "name": "go", "to": jiraStatus(w.to), "fields": map[string]any{}}
				if w.to == "Done" {
					way["fields"] = map[string]any{"resolution": map[string]any{"required": true, "allowedValues": []any{map[string]any{"name": "Won't Do"}, map[string]any{"name": "Done"}}}}
				}
				list = append(list, way)
			}
		}
		return answer{200, map[string]any{"transitions": list}, nil}
	}))
	t.serve("POST "+api+"/issue/{key}/transitions", is("move"), key, one(t.jiraMove))
	t.serve("GET /rest/api/3/user/search", is("meta"), key, func(q *request) answer {
		list := []any{}
		for n, p := range people {
			if mail := p.login + "@example.com"; strings.Contains(mail, q.URL.Query().Get("query")) {
				list = append(list, map[string]any{"accountId": fmt.Sprintf("%024x", n+1), "displayName": p.name, "emailAddress": mail})
			}
		}
		return answer{200, list, nil}
	})
	if t.kind == JiraServer {
		t.serve("GET /rest/api/2/search", is("list"), key, t.jiraSearch)
		return
	}
	t.serve("GET /rest/api/3/search/jql", is("list"), key, t.jiraSearch)
	t.serve("/rest/api/3/search", is("list"), key, func(*request) answer {
		return answer{410, map[string]any{"errorMessages": []string{"The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."}}, nil}
	})
}

var jiraWays = []struct{ id, to string }{{"21", "In Progress"}, {"11", "To Do"}, {"31", "Done"}}

func jiraStatus(name string) map[string]any {
	category := map[string]string{"To Do": "new", "In Progress": "indeterminate", "Done": "done"}[name]
	return map[string]any{"name": name, "statusCategory": map[string]any{"key": category}}
}

// jiraText says whether a text is what the API takes: a document in v3, a string
// in v2, at most 32,767 characters.
func (t *Twin) jiraText(raw json.RawMessage) bool {
	if len(raw) > 32767 {
		return false
	}
	var s string
	isString := json.Unmarshal(raw, &s) == nil
	if t.kind == JiraServer {
		return isString
	}
	var doc struct {
		Type    string
		Version int
		Content []any
	}
	return !isString && json.Unmarshal(raw, &doc) == nil && doc.Type == "doc" && doc.Version == 1 && !strings.Contains(string(raw), `"text":""`)
}

// jiraStored is how a person reads a text: the document's words, or the string.
func (t *Twin) jiraStored(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var b strings.Builder
	var walk func(any)
	walk = func(v any) {
		n, _ := v.(map[string]any)
		if text, ok := n["text"].(string); ok {
			b.WriteString(text)
		}
		content, _ := n["content"].([]any)
		for _, c := range content {
			walk(c)
		}
		if n["type"] == "hardBreak" || n["type"] == "paragraph" {
			b.WriteByte('\n')
		}
	}
	var doc any
	_ = json.Unmarshal(raw, &doc)
	walk(doc)
	return b.String()
}

// jiraShown is a stored text as the API gives it back.
func (t *Twin) jiraShown(s string) any {
	if t.kind == JiraServer {
		return s
	}
	var content []any
	for _, line := range strings.Split(s, "\n") {
		p := map[string]any{"type": "paragraph"}
		if line != "" {
			p["content"] = []any{map[string]any{"type": "text", "text": line}}
		}
		content = append(content, p)
	}
	return map[string]any{"type": "doc", "version": 1, "content": content}
}

func (t *Twin) jiraCreate(q *request) answer {
	var in struct{ Fields map[string]any }
	if q.bind(&in) != nil {
		return answer{status: 400}
	}
	project, _ := in.Fields["project"].(map[string]any)
	kind, _ := in.Fields["issuetype"].(map[string]any)
	if project["key"] != t.o.Project || kind["name"] != "Task" {
		return answer{400, map[string]any{"errors": map[string]string{"project": "valid project is required"}}, nil}
	}
	probe := Issue{Fields: map[string]any{}}
	if a, bad := t.jiraApply(&probe, in.Fields); bad {
		return a
	}
	i := t.add(probe)
	return answer{201, map[string]any{"id": strconv.Itoa(10000 + i.Number), "key": i.Key, "self": "http://" + q.Host}, nil}
}

func (t *Twin) jiraApply(i *Issue, in map[string]any) (answer, bool) {
	refuse := func(field, why string) (answer, bool) {
		return answer{400, map[string]any{"errorMessages": []string{}, "errors": map[string]string{field: why}}, nil}, true
	}
	for k, v := range in {
		switch k {
		case "summary":
			s, _ := v.(string)
			if s == "" || len([]rune(s)) > 255 || strings.Contains(s, "\n") {
				return refuse(k, "The summary is invalid.")
			}
			i.Title = s
		case "description":
			raw, _ := json.Marshal(v)
			if !t.jiraText(raw) {
				return refuse(k, "Operation value must be an Atlassian Document")
			}
			i.Body = t.jiraStored(raw)
		case "duedate":
			i.Due, _ = v.(string)
		case "priority": // not on the screen of this project
			return refuse(k, "Field 'priority' cannot be set. It is not on the appropriate screen, or unknown.")
		case "assignee":
			who, _ := v.(map[string]any)
			i.Assignee = ""
			for n, p := range people {
				if t.kind == JiraServer && who["name"] == p.login || who["accountId"] == fmt.Sprintf("%024x", n+1) {
					i.Assignee = p.login
				}
			}
			if i.Assignee == "" {
				return refuse(k, "User does not exist.")
			}
		case "labels":
			i.Labels = nil
			for _, l := range v.([]any) {
				i.Labels = append(i.Labels, l.(string))
			}
		case "project", "issuetype":
		default:
			i.Fields[k] = v
		}
	}
	return answer{}, false
}

func (t *Twin) jiraMove(q *request, i *Issue) answer {
	var in struct {
		Transition struct{ ID string }
		Fields     map[string]any
	}
	if q.bind(&in) != nil {
		return answer{status: 400}
	}
	for _, w := range jiraWays {
		if w.id != in.Transition.ID || w.to == i.State {
			continue
		}
		if w.to == "Done" && in.Fields["resolution"] == nil {
			return answer{400, map[string]any{"errors": map[string]string{"resolution": "Resolution is required."}}, nil}
		}
		i.State, i.Closed, i.UpdatedAt, i.UpdatedBy = w.to, w.to == "Done", t.now(), Robot
		return answer{status: 204}
	}
	return answer{400, map[string]any{"errorMessages": []string{"It seems that you have tried to perform an illegal workflow operation."}}, nil}
}

const jiraTime = "2006-01-02T15:04:05.000-0700"

func jiraPerson(login string) any {
	if login == "" {
		return nil
	}
	return map[string]any{"name": login, "displayName": fullName(login)}
}

func (t *Twin) jiraComment(c Comment) map[string]any {
	return map[string]any{"id": strconv.Itoa(c.ID), "author": jiraPerson(c.By), "body": t.jiraShown(c.Text), "created": c.At.Format(jiraTime)}
}

func (t *Twin) jiraIssue(i *Issue) map[string]any {
	list := []any{}
	for _, c := range i.Comments {
		list = append(list, t.jiraComment(c))
	}
	fields := map[string]any{"summary": i.Title, "description": t.jiraShown(i.Body), "status": jiraStatus(i.State), "labels": i.Labels, "duedate": nil, "assignee": jiraPerson(i.Assignee),
		"updated": i.UpdatedAt.Format(jiraTime), "created": i.CreatedAt.Format(jiraTime), "comment": map[string]any{"comments": page(list, 0, 5), "total": len(list)}}
	return map[string]any{"id": strconv.Itoa(10000 + i.Number), "key": i.Key, "fields": fields,
		"changelog": map[string]any{"histories": []any{map[string]any{"author": jiraPerson(i.UpdatedBy), "created": i.UpdatedAt.Format(jiraTime)}}}}
}

var (
	jqlLabel   = regexp.MustCompile(`labels = "([^"]+)"`)
	jqlUpdated = regexp.MustCompile(`updated >= "-([0-9]+)m"`)
	jqlProject = regexp.MustCompile(`^project = "([^"]+)"`)
)

func (t *Twin) jiraSearch(q *request) answer {
	v := q.URL.Query()
	jql := v.Get("jql")
	project := jqlProject.FindStringSubmatch(jql)
	if project == nil || project[1] != t.o.Project {
		return answer{400, map[string]any{"errorMessages": []string{"The value does not exist for the field 'project'."}}, nil}
	}
	list := []any{}
	for _, i := range t.indexed() {
		if m := jqlLabel.FindStringSubmatch(jql); m != nil && !slices.Contains(i.Labels, m[1]) {
			continue
		}
		if m := jqlUpdated.FindStringSubmatch(jql); m != nil && i.UpdatedAt.Before(t.now().Add(-time.Duration(number(m[1], 0))*time.Minute)) {
			continue
		}
		list = append(list, t.jiraIssue(i))
	}
	const per = 50 // Jira gives fewer than were asked for where many fields are
	if t.kind == JiraServer {
		from := number(v.Get("startAt"), 0)
		return answer{200, map[string]any{"issues": page(list, from, per), "total": len(list), "startAt": from}, nil}
	}
	from := number(strings.TrimPrefix(v.Get("nextPageToken"), "after-"), 0)
	out := map[string]any{"issues": page(list, from, per), "isLast": from+per >= len(list)}
	if from+per < len(list) {
		out["nextPageToken"] = fmt.Sprintf("after-%d", from+per)
	}
	return answer{200, out, nil}
}

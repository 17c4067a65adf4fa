package http_test

import (
	"encoding/json"
	"fmt"
	"io"
	nethttp "net/http"
	"os"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake/tracker"
	"zesei/internal/ticket"
	"zesei/internal/ticket/http"
	"zesei/internal/ticket/tickettest"
	"zesei/internal/ticket/tickettest/twin"
)

// operations describe the twin's in-house tracker as a user would.
func operations() map[string]http.Operation {
	read := map[string]string{"key": "task.id", "url": "task.link", "state": "task.status", "assignee": "task.person", "updated": "task.changed", "updated_by": "task.changed_by",
		"comments": "task.notes"}
	return map[string]http.Operation{
		"create": {Method: "POST", URL: "/api/tasks", Read: read,
			Body: `{"name": {{.Title}}, "text": {{.Body}}, "deadline": {{.Due}}, "person": {{.Assignee}}, "ref": {{.Marker}}, "level": {{.Priority}}, "team": {{.Project}}}`},
		"get": {URL: "/api/tasks/{{.Key}}", Read: read},
		"update": {Method: "PATCH", URL: "/api/tasks/{{.Key}}",
			Body: `{"ref": {{.Marker}}{{if .Changed.title}}, "name": {{.Title}}{{end}}{{if .Changed.body}}, "text": {{.Body}}{{end}}{{if .Changed.due}}, "deadline": {{.Due}}{{end}}{{if .Changed.priority}}, "level": {{.Priority}}{{end}}}`},
		"comment": {Method: "POST", URL: "/api/tasks/{{.Key}}/notes", Body: `{"text": {{.Comment}}}`, Read: map[string]string{"id": "id"}},
		"close":   {Method: "POST", URL: "/api/tasks/{{.Key}}/done", Body: `{"because": {{.Reason}}}`},
		"reopen":  {Method: "POST", URL: "/api/tasks/{{.Key}}/open"},
		"find":    {URL: "/api/tasks?ref={{.Marker}}", Read: map[string]string{"list": "tasks", "key": "id", "text": "text"}},
	}
}

func TestTracker(t *testing.T) {
	tickettest.Run(t, func(t *testing.T) tickettest.Harness {
		return twin.Open(t, options(), func(url, token string, now func() time.Time) (ticket.Tracker, error) {
			return http.New(http.Config{Name: "tasks", URL: url, Token: token, Operations: operations(), Closed: []string{"done"}, Priorities: levels, Now: now})
		})
	})
}

// reasons are told in our own words.
var reasons = func() map[ticket.Ending]string {
	out := map[ticket.Ending]string{}
	for _, e := range ticket.Endings {
		out[e] = string(e)
	}
	return out
}()

var levels = map[string]string{"HIGH": "2", "CRITICAL": "1"}

func options() twin.Options {
	return twin.Options{Kind: tracker.InHouse, Priorities: [2]string{"2", "1"}, Assignee: "taro", Twin: tracker.Options{IndexDelay: 15 * time.Second},
		ClosedAs: func(b json.RawMessage) string { return twin.Read(b, "because") }, Reasons: reasons, Harmless: func(t *testing.T, stored, hostile string) {
			if !strings.Contains(stored, ticket.Clean(hostile)) { // plain text, in a JSON string
				t.Errorf("the text did not arrive as it was:\n%s", stored)
			}
		}}
}

func TestWhatAConfigurationMustHold(t *testing.T) {
	for name, test := range map[string]struct {
		change func(map[string]http.Operation)
		want   string
	}{
		"an operation is missing":      {func(o map[string]http.Operation) { delete(o, "reopen") }, "ticket.tasks.operations.reopen is missing"},
		"an operation that is none":    {func(o map[string]http.Operation) { o["destroy"] = o["close"] }, "operations.destroy: there is no such operation"},
		"quotes around a value":        {func(o map[string]http.Operation) { set(o, "create", `{"name": "{{.Title}}"}`) }, "values bring their own quotes"},
		"a field that is not there":    {func(o map[string]http.Operation) { set(o, "create", `{"name": {{.Titel}}}`) }, "Titel"},
		"a host from a template":       {func(o map[string]http.Operation) { o["get"] = http.Operation{URL: "https://{{.Project}}/x"} }, "with the host written out"},
		"plain http to another host":   {func(o map[string]http.Operation) { o["get"] = http.Operation{URL: "http://tasks.example.com/x"} }, "http is for loopback"},
		"the key is not said to be at": {func(o map[string]http.Operation) { o["create"] = http.Operation{URL: "/x"} }, "operations.create.read.key is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			ops := operations()
			test.change(ops)
			_, err := http.New(http.Config{Name: "tasks", URL: "http://127.0.0.1:1", Operations: ops, Closed: []string{"done"}})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
		})
	}
}

func set(o map[string]http.Operation, name, body string) {
	op := o[name]
	op.Body = body
	o[name] = op
}

func TestWithoutFindACreateInDoubtWaitsForAPerson(t *testing.T) {
	ops := operations()
	delete(ops, "find")
	tr, err := http.New(http.Config{Name: "tasks", URL: "http://127.0.0.1:1", Operations: ops, Closed: []string{"done"}})
	if err != nil {
		t.Fatal(err)
	}
	if !tr.Traits().NoFind {
		t.Error("a tracker without find says that it can be searched")
	}
}

// TestProgram runs the suite against a program: this test binary (which must not
// linger when it ends under the race detector), which turns
// the protocol of programs into calls of the twin.
func TestProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tickettest.Run(t, func(t *testing.T) tickettest.Harness {
		h := twin.Open(t, options(), func(url, token string, _ func() time.Time) (ticket.Tracker, error) {
			return http.NewProgram(http.ProgramConfig{Name: "tasks", Command: []string{"env", "GORACE=atexit_sleep_ms=0", self, "act-as-program", url}, Token: token, Closed: []string{"done"}, Priorities: levels})
		})
		h.Slow = true // each call is a process: several stops share a life
		return h
	})
}

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "act-as-program" {
		if err := program(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program is what a user would write to reach a tracker of their own.
func program(url string) error {
	var in http.Data
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return err
	}
	call := func(method, path string, body any) (map[string]any, error) {
		b, _ := json.Marshal(body)
		r, err := nethttp.NewRequest(method, url+path, strings.NewReader(string(b)))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+os.Getenv("ZESEI_TICKET_TOKEN"))
		resp, err := nethttp.DefaultClient.Do(r)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		raw, _ := io.ReadAll(resp.Body)
		out := map[string]any{}
		_ = json.Unmarshal(raw, &out)
		fail := func(kind string) (map[string]any, error) {
			return nil, json.NewEncoder(os.Stdout).Encode(map[string]any{"error": map[string]any{"kind": kind, "message": string(raw), "retry_after": 60}})
		}
		switch {
		case resp.StatusCode == 404:
			return fail("gone")
		case resp.StatusCode == 429:
			return fail("retry")
		case resp.StatusCode >= 500:
			return nil, fmt.Errorf("status %d", resp.StatusCode)
		case resp.StatusCode >= 400:
			return fail("refused")
		}
		return out, nil
	}
	var out map[string]any
	var err error
	switch in.Do {
	case "create":
		out, err = call("POST", "/api/tasks", map[string]any{"name": in.Title, "text": in.Body, "deadline": in.Due, "person": in.Assignee, "ref": in.Marker, "level": in.Priority})
	case "get":
		out, err = call("GET", "/api/tasks/"+in.Key, nil)
	case "find":
		if out, err = call("GET", "/api/tasks?ref="+in.Marker, nil); err == nil && out != nil {
			list, _ := out["tasks"].([]any)
			if len(list) == 0 {
				return json.NewEncoder(os.Stdout).Encode(map[string]any{"found": false})
			}
			out = map[string]any{"task": list[0]}
		}
	case "update":
		change := map[string]any{}
		for name, v := range map[string][2]string{"title": {"name", in.Title}, "body": {"text", in.Body}, "due": {"deadline", in.Due}, "priority": {"level", in.Priority}} {
			if in.Changed[name] {
				change[v[0]] = v[1]
			}
		}
		out, err = call("PATCH", "/api/tasks/"+in.Key, change)
	case "comment":
		out, err = call("POST", "/api/tasks/"+in.Key+"/notes", map[string]any{"text": in.Comment})
	case "close":
		out, err = call("POST", "/api/tasks/"+in.Key+"/done", map[string]any{"because": in.Reason})
	case "reopen":
		out, err = call("POST", "/api/tasks/"+in.Key+"/open", nil)
	}
	if err != nil || out == nil {
		return err
	}
	answer := map[string]any{"found": true}
	if task, ok := out["task"].(map[string]any); ok {
		answer["key"], answer["url"], answer["state"], answer["assignee"], answer["updated"], answer["updated_by"] = task["id"], task["link"], task["status"], task["person"], task["changed"], task["changed_by"]
		var notes []map[string]any
		list, _ := task["notes"].([]any)
		for _, n := range list {
			note := n.(map[string]any)
			notes = append(notes, map[string]any{"id": fmt.Sprint(note["id"]), "by": note["by"], "at": note["at"], "text": note["text"]})
		}
		answer["comments"] = notes
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

package app

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"zesei/internal/config"
	"zesei/internal/fake/tracker"
	"zesei/internal/ticket"
	"zesei/internal/ticket/backlog"
)

// Each tracker's snippet in docs/tickets.md makes a ticket in the twin of that
// tracker, comments on it, closes it and opens it again.
func TestTheSnippetsOfTheDocumentationWork(t *testing.T) {
	text, err := os.ReadFile("../../docs/tickets.md")
	if err != nil {
		t.Fatal(err)
	}
	texts, err := ticket.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	played := map[tracker.Kind]bool{}
	for i, block := range strings.Split(string(text), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if !strings.Contains(block, "ticket:\n") {
			continue
		}
		env := func(string) (string, bool) { return "twin-token", true }
		conf, err := config.Parse("docs.yaml", []byte(block), env, os.ReadFile)
		if err != nil {
			t.Errorf("snippet %d: %v\n%s", i+1, err, block)
			continue
		}
		if all := CheckTickets(conf); len(all) > 0 {
			t.Errorf("snippet %d: %v", i+1, all.Err())
		}
		for name, c := range conf.Ticket {
			kind := tracker.Kind(c.Kind)
			if kind == tracker.JiraCloud && c.User == "" {
				kind = tracker.JiraServer
			}
			played[kind] = true
			twin := tracker.New(kind, tracker.Options{})
			server := httptest.NewServer(twin)
			defer server.Close()
			c.URL = server.URL
			tr, err := makeTracker(name, c, "twin-token", "twin-token", nil)
			if kind == tracker.Backlog { // which is asked once a second otherwise
				tr, err = backlog.New(backlog.Config{Name: name, URL: c.URL, Token: "twin-token", Type: c.Type, Priorities: c.Priorities, Closed: c.Closed, Gap: time.Microsecond})
			}
			if err != nil {
				t.Errorf("%s: %v", kind, err)
				continue
			}
			ctx, project := t.Context(), c.Project
			if project == "" {
				project = twin.Project()
			}
			made, err := texts.Draft(ticket.Ticket{Key: "5eed-1", Owner: "shop", Project: project, Language: "ja", Fields: c.Fields,
				Control: ticket.Control{ID: "S3.8", TitleEN: "Block public access", Severity: "CRITICAL"}, Cases: []ticket.Case{{Key: "case", Resource: "arn:aws:s3:::logs", Severity: "CRITICAL", State: ticket.Open}}})
			if err != nil {
				t.Errorf("%s: %v", kind, err)
			}
			is, err := tr.Create(ctx, made)
			if err != nil {
				t.Errorf("%s: %v", kind, err)
				continue
			}
			is.Ref.Project = project
			if _, err := tr.Comment(ctx, is.Ref, "words"); err != nil {
				t.Errorf("%s: comment: %v", kind, err)
			}
			for _, step := range []struct {
				do     func() error
				closed bool
			}{{func() error { return tr.Close(ctx, is.Ref, "proof", ticket.EndAccepted) }, true}, {func() error { return tr.Reopen(ctx, is.Ref, "why") }, false}} {
				if err := step.do(); err != nil {
					t.Errorf("%s: %v", kind, err)
				}
				if got := twin.Issues()[0]; got.Closed != step.closed {
					t.Errorf("%s: closed %v, want %v", kind, got.Closed, step.closed)
				}
			}
		}
	}
	for _, kind := range []tracker.Kind{tracker.GitHub, tracker.JiraCloud, tracker.JiraServer, tracker.Backlog, tracker.Redmine, tracker.ServiceNow, tracker.InHouse} {
		if !played[kind] {
			t.Errorf("the documentation has no snippet of %s", kind)
		}
	}
}

package jira_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake/tracker"
	"zesei/internal/ticket"
	"zesei/internal/ticket/jira"
	"zesei/internal/ticket/tickettest"
	"zesei/internal/ticket/tickettest/twin"
)

func TestCloud(t *testing.T) {
	tickettest.Run(t, func(t *testing.T) tickettest.Harness {
		o := twin.Options{Kind: tracker.JiraCloud, Assignee: "taro@example.com", Custom: "customfield_10001", Twin: tracker.Options{IndexDelay: 15 * time.Second}, Harmless: func(t *testing.T, stored, hostile string) {
			if !strings.Contains(stored, ticket.Clean(hostile)) { // a text node: data
				t.Errorf("the text did not arrive as it was:\n%s", stored)
			}
		}}
		return twin.Open(t, o, func(url, token string, now func() time.Time) (ticket.Tracker, error) {
			return jira.New(jira.Config{Name: "jira", URL: url, User: "robot@example.com", Token: token, Priorities: map[string]string{"HIGH": "High"}, Now: now})
		})
	})
}

func TestDataCenter(t *testing.T) {
	tickettest.Run(t, func(t *testing.T) tickettest.Harness {
		o := twin.Options{Kind: tracker.JiraServer, Assignee: "taro", Custom: "customfield_10001", Harmless: wikiHarmless, Twin: tracker.Options{IndexDelay: 15 * time.Second}}
		return twin.Open(t, o, func(url, token string, now func() time.Time) (ticket.Tracker, error) {
			return jira.New(jira.Config{Name: "jira", URL: url, Token: token, Server: true, Now: now})
		})
	})
}

var escaped = regexp.MustCompile(`\\.`)

func wikiHarmless(t *testing.T, stored, _ string) {
	t.Helper()
	for _, line := range strings.Split(stored, "\n") {
		line = escaped.ReplaceAllString(line, "")
		for _, evil := range []string{"[a]", "[[", "{code}", "{{macro", "[~taro]", "!pic!", "https://evil", "www.", "{color"} {
			if strings.Contains(line, evil) {
				t.Errorf("%q stands in: %s", evil, line)
			}
		}
	}
}

func TestServerIsToldFromCloud(t *testing.T) {
	for _, test := range []struct {
		url, user string
		server    bool
	}{
		{"https://acme.atlassian.net", "", false},
		{"https://jira.example.com", "robot@example.com", false},
		{"https://jira.example.com", "", true},
	} {
		if got := jira.Server(test.url, test.user); got != test.server {
			t.Errorf("%s, user %q: Data Center %v", test.url, test.user, got)
		}
	}
}

// A person's comment in Cloud is a document that anybody wrote.
func FuzzWords(f *testing.F) {
	f.Add([]byte(`{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"x"},{"type":"hardBreak"},{"type":"mention","attrs":{"text":"@taro"}}]}]}`))
	f.Add([]byte(`"plain"`))
	f.Add([]byte(`{"content":[{}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if json.Valid(raw) {
			_ = jira.Words(raw)
		}
	})
}

func TestPriorityAndFurtherFieldsAreSentAsJiraWantsThem(t *testing.T) {
	var sent struct {
		Fields struct {
			Priority struct{ Name string }
			DueDate  string
			Custom   struct{ Value string } `json:"customfield_10001"`
			Labels   []string
		}
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"id": "1", "key": "SHOP-1"}`))
	}))
	defer s.Close()
	tr, err := jira.New(jira.Config{Name: "jira", URL: s.URL, User: "robot@example.com", Token: "x", Priorities: map[string]string{"HIGH": "Highest"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = tr.Create(t.Context(), ticket.Draft{Marker: "zesei-1-1", Project: "SHOP", Title: "t", Body: "b", Due: "2027-05-10", Severity: "HIGH",
		Fields: map[string]any{"customfield_10001": json.RawMessage(`{"value": "shop"}`)}})
	if err != nil {
		t.Fatal(err)
	}
	if f := sent.Fields; f.Priority.Name != "Highest" || f.DueDate != "2027-05-10" || f.Custom.Value != "shop" || !slices.Contains(f.Labels, "zesei-1-1") {
		t.Errorf("sent %+v", f)
	}
}

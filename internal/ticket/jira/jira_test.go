package jira_test

import (
	"encoding/json"
	"fmt"
	"io"
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

var reasons = map[ticket.Ending]string{
	ticket.EndAccepted: "Won't Do", ticket.EndSuppressed: "Won't Do", ticket.EndFixed: "Done", ticket.EndOver: "Done",
	ticket.EndGone: "Done", ticket.EndFalsePositive: "Won't Do", ticket.EndMoved: "Won't Do", ticket.EndDuplicate: "Won't Do",
}

func resolution(b json.RawMessage) string { return twin.Read(b, "fields", "resolution", "name") }

// A workflow of the house has states, and its transitions fields, of its own.
func TestATransitionIsChosenByTheReasonWhereItsNameIsKnown(t *testing.T) {
	way := func(id, to, field string) string {
		return fmt.Sprintf(`{"id": %q, "to": {"name": %q, "statusCategory": {"key": "done"}}, "fields": {%s}}`, id, to, field)
	}
	optional := `"resolution": {"allowedValues": [{"name": "Won't Do"}, {"name": "Done"}]}`
	required := `"resolution": {"required": true, "allowedValues": [{"name": "Declined"}, {"name": "Shipped"}]}`
	for _, test := range []struct {
		name string
		c    jira.Config
		ways []string
		why  ticket.Ending
		want string
	}{
		{"a risk goes where its name is known", jira.Config{}, []string{way("1", "Done", ""), way("2", "却下", "")}, ticket.EndAccepted, "2 "},
		{"a fix does not go there, though it comes first", jira.Config{}, []string{way("2", "Won't Do", ""), way("1", "Released", "")}, ticket.EndFixed, "1 "},
		{"one that there is no other than", jira.Config{}, []string{way("2", "Won't Do", "")}, ticket.EndFixed, "2 "},
		{"names that nobody knows are not guessed at", jira.Config{}, []string{way("1", "Shipped", ""), way("2", "Parked", "")}, ticket.EndAccepted, "1 "},
		{"unless they are configured", jira.Config{ClosedAs: ticket.ClosedAs{ticket.EndAccepted: "parked"}}, []string{way("1", "Shipped", ""), way("2", "Parked", "")}, ticket.EndAccepted, "2 "},
		{"a configured one that is not there", jira.Config{ClosedAs: ticket.ClosedAs{ticket.EndAccepted: "Parked"}}, []string{way("1", "Shipped", "")}, ticket.EndAccepted, "1 "},
		{"the states that mean closed stay the choice of a fix", jira.Config{Closed: []string{"Released", "Done", "Cancelled"}}, []string{way("1", "Done", ""), way("2", "Cancelled", ""), way("3", "Released", "")}, ticket.EndFixed, "3 "},
		{"and a risk finds its own among them", jira.Config{Closed: []string{"Released", "Done", "Cancelled"}}, []string{way("1", "Done", ""), way("2", "Cancelled", ""), way("3", "Released", "")}, ticket.EndMoved, "2 "},
		{"a resolution that may be given says why", jira.Config{}, []string{way("1", "Done", optional)}, ticket.EndSuppressed, "1 Won't Do"},
		{"a fix leaves it to the workflow", jira.Config{}, []string{way("1", "Done", optional)}, ticket.EndFixed, "1 "},
		{"one that must be given is none that says that nobody did it", jira.Config{}, []string{way("1", "Done", required)}, ticket.EndFixed, "1 Shipped"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPost:
					b, _ := io.ReadAll(r.Body)
					got = twin.Read(b, "transition", "id") + " " + resolution(b)
					w.WriteHeader(http.StatusNoContent)
				case strings.HasSuffix(r.URL.Path, "/transitions"):
					fmt.Fprintf(w, `{"transitions": [%s]}`, strings.Join(test.ways, ","))
				default:
					fmt.Fprint(w, `{"fields": {"status": {"name": "To Do", "statusCategory": {"key": "new"}}}}`)
				}
			}))
			defer s.Close()
			test.c.Name, test.c.URL, test.c.Token, test.c.Server = "jira", s.URL, "x", true
			tr, err := jira.New(test.c)
			if err != nil {
				t.Fatal(err)
			}
			if err := tr.Close(t.Context(), ticket.Ref{Key: "SHOP-1"}, "", test.why); err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("went %q, want %q", got, test.want)
			}
		})
	}
}

func TestCloud(t *testing.T) {
	tickettest.Run(t, func(t *testing.T) tickettest.Harness {
		o := twin.Options{Kind: tracker.JiraCloud, Assignee: "taro@example.com", Custom: "customfield_10001", ClosedAs: resolution, Reasons: reasons, Twin: tracker.Options{IndexDelay: 15 * time.Second}, Harmless: func(t *testing.T, stored, hostile string) {
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
		o := twin.Options{Kind: tracker.JiraServer, Assignee: "taro", Custom: "customfield_10001", Harmless: wikiHarmless, ClosedAs: resolution, Reasons: reasons, Twin: tracker.Options{IndexDelay: 15 * time.Second}}
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

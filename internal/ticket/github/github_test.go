package github_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake/tracker"
	"zesei/internal/ticket"
	"zesei/internal/ticket/github"
	"zesei/internal/ticket/tickettest"
	"zesei/internal/ticket/tickettest/twin"
)

var reasons = map[ticket.Ending]string{
	ticket.EndAccepted: "not_planned", ticket.EndSuppressed: "not_planned", ticket.EndFixed: "completed", ticket.EndOver: "completed",
	ticket.EndGone: "completed", ticket.EndFalsePositive: "not_planned", ticket.EndMoved: "not_planned", ticket.EndDuplicate: "duplicate",
}

func open(t *testing.T) tickettest.Harness {
	return twin.Open(t, twin.Options{Kind: tracker.GitHub, Assignee: "taro", NoDue: true, Harmless: harmless, Priorities: [2]string{"sev:high", "sev:critical"}, Priority: severity, ClosedAs: func(b json.RawMessage) string { return twin.Read(b, "state_reason") }, Reasons: reasons, Twin: tracker.Options{IndexDelay: 15 * time.Second}},
		func(url, token string, now func() time.Time) (ticket.Tracker, error) {
			return github.New(github.Config{Name: "github", URL: url, Token: token, Priorities: map[string]string{"HIGH": "sev:high", "CRITICAL": "sev:critical", "LOW": "sev:low"}, Now: now})
		})
}

// severity is the label of a ticket that is one of its priorities; two are wrong.
func severity(i tracker.Issue) string {
	var out []string
	for _, l := range i.Labels {
		if strings.HasPrefix(l, "sev:") {
			out = append(out, l)
		}
	}
	return strings.Join(out, " ")
}

func TestTracker(t *testing.T) { tickettest.Run(t, open) }

var escaped = regexp.MustCompile(`\\.`)

// harmless: outside of code spans nothing stands that GitHub makes markup, a
// mention or a link of.
func harmless(t *testing.T, stored, _ string) {
	t.Helper()
	for _, line := range strings.Split(stored, "\n") {
		if strings.Contains(line, "``") {
			continue // a code span: GitHub makes nothing of what is in it
		}
		line = escaped.ReplaceAllString(line, "")
		for _, evil := range []string{"@taro", "#1", "[[", "<script", "![", "GH-1", "www.", "](", "~~s~~", "https://evil"} {
			if strings.Contains(line, evil) {
				t.Errorf("%q stands in: %s", evil, line)
			}
		}
	}
}

func TestNoMoreIsCreatedThanGitHubAllows(t *testing.T) {
	h := open(t)
	ctx := context.Background()
	for i := range 81 {
		_, err := h.Tracker.Create(ctx, ticket.Draft{Marker: fmt.Sprintf("zesei-%d", i), Project: h.Project, Title: "t", Body: "b"})
		var wait *ticket.RetryAfter
		switch {
		case i < 80 && err != nil:
			t.Fatal(err)
		case i == 80 && (!errors.As(err, &wait) || wait.After > time.Minute):
			t.Errorf("the 81st creation in a minute: %v, want to be told to wait", err)
		}
	}
	h.Advance(time.Minute)
	if _, err := h.Tracker.Create(ctx, ticket.Draft{Marker: "zesei-x", Project: h.Project, Title: "t", Body: "b"}); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

func TestAProjectIsARepository(t *testing.T) {
	h := open(t)
	for _, p := range []string{"shop", "a/b/c", "../x", "a/..", ""} {
		var permanent *ticket.Permanent
		if _, err := h.Tracker.Create(context.Background(), ticket.Draft{Project: p, Title: "t"}); !errors.As(err, &permanent) {
			t.Errorf("project %q: %v", p, err)
		}
	}
}

func TestAServerThatKnowsNoDuplicatesIsToldThatItIsNotPlanned(t *testing.T) {
	var told []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Reason string `json:"state_reason"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		if told = append(told, in.Reason); in.Reason == "duplicate" {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
		_, _ = w.Write([]byte(`{}`))
	}))
	defer s.Close()
	tr, err := github.New(github.Config{Name: "github", URL: s.URL, Token: "x", ClosedAs: ticket.ClosedAs{ticket.EndMoved: "completed"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, why := range []ticket.Ending{ticket.EndDuplicate, ticket.EndMoved} {
		if err := tr.Close(t.Context(), ticket.Ref{Key: "1", Project: "acme/shop"}, "", why); err != nil {
			t.Errorf("%s: %v", why, err)
		}
	}
	if want := []string{"duplicate", "not_planned", "completed"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q: the last is configured", told, want)
	}
}

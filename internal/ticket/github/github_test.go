package github_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake/tracker"
	"zesei/internal/ticket"
	"zesei/internal/ticket/github"
	"zesei/internal/ticket/tickettest"
	"zesei/internal/ticket/tickettest/twin"
)

func open(t *testing.T) tickettest.Harness {
	return twin.Open(t, twin.Options{Kind: tracker.GitHub, Assignee: "taro", NoDue: true, Harmless: harmless, Priorities: [2]string{"sev:high", "sev:critical"}, Priority: severity, Twin: tracker.Options{IndexDelay: 15 * time.Second}},
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

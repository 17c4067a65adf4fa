package backlog_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake/tracker"
	"zesei/internal/ticket"
	"zesei/internal/ticket/backlog"
	"zesei/internal/ticket/tickettest"
	"zesei/internal/ticket/tickettest/twin"
)

func TestTracker(t *testing.T) {
	for _, rule := range []string{"markdown", "backlog"} {
		t.Run(rule, func(t *testing.T) {
			tickettest.Run(t, func(t *testing.T) tickettest.Harness {
				o := twin.Options{Kind: tracker.Backlog, Assignee: "taro", Harmless: harmless, Priorities: [2]string{"2", "2"}, Custom: "customField_7", Twin: tracker.Options{IndexDelay: 15 * time.Second, Notation: rule}}
				return twin.Open(t, o, func(url, token string, now func() time.Time) (ticket.Tracker, error) {
					return backlog.New(backlog.Config{Name: "backlog", URL: url, Token: token, Now: now, Gap: time.Microsecond})
				})
			})
		})
	}
}

var escaped = regexp.MustCompile(`\\.`)

func harmless(t *testing.T, stored, _ string) {
	t.Helper()
	for _, line := range strings.Split(stored, "\n") {
		if strings.Contains(line, "``") {
			continue // a code span
		}
		line = escaped.ReplaceAllString(line, "")
		for _, evil := range []string{"@taro", "[[", "{code}", "{color", "](", "https://evil"} {
			if strings.Contains(line, evil) {
				t.Errorf("%q stands in: %s", evil, line)
			}
		}
	}
}

package redmine_test

import (
	"strings"
	"testing"
	"time"

	"zesei/internal/fake/tracker"
	"zesei/internal/ticket"
	"zesei/internal/ticket/redmine"
	"zesei/internal/ticket/tickettest"
	"zesei/internal/ticket/tickettest/twin"
)

func TestTracker(t *testing.T) {
	tickettest.Run(t, func(t *testing.T) tickettest.Harness {
		return twin.Open(t, twin.Options{Kind: tracker.Redmine, Assignee: "Taro Yamada", Harmless: harmless, Priorities: [2]string{"Urgent", "Immediate"}, Custom: "cf_3"}, func(url, token string, now func() time.Time) (ticket.Tracker, error) {
			return redmine.New(redmine.Config{Name: "redmine", URL: url, Token: token, Priorities: map[string]string{"HIGH": "Urgent", "CRITICAL": "5"}, Now: now})
		})
	})
}

// harmless: what Redmine could read as markup stands as character references.
func harmless(t *testing.T, stored, _ string) {
	t.Helper()
	for _, evil := range []string{"<script", "[[Secret]]", "{{macro}}", "@taro", "#1 ", "!pic!", "%{color", "[a](", "`*_", "~~s~~"} {
		if strings.Contains(stored, evil) {
			t.Errorf("%q stands in:\n%s", evil, stored)
		}
	}
}

package redmine_test

import (
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
		return twin.Open(t, twin.Options{Kind: tracker.Redmine, Assignee: "Taro Yamada"}, func(url, token string, now func() time.Time) (ticket.Tracker, error) {
			return redmine.New(redmine.Config{Name: "redmine", URL: url, Token: token, Priorities: map[string]string{"HIGH": "Urgent"}, Now: now})
		})
	})
}

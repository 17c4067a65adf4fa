package servicenow_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake/tracker"
	"zesei/internal/ticket"
	"zesei/internal/ticket/servicenow"
	"zesei/internal/ticket/tickettest"
	"zesei/internal/ticket/tickettest/twin"
)

func TestTracker(t *testing.T) {
	tickettest.Run(t, func(t *testing.T) tickettest.Harness {
		o := twin.Options{Kind: tracker.ServiceNow, Assignee: "taro", Custom: "u_team", Priorities: [2]string{"1/2", "1/1"},
			Priority: func(i tracker.Issue) string { return fmt.Sprintf("%v/%v", i.Fields["urgency"], i.Fields["impact"]) }, Harmless: func(t *testing.T, stored, hostile string) {
				if !strings.Contains(stored, ticket.Clean(hostile)) { // plain text: shown as it is
					t.Errorf("the text did not arrive as it was:\n%s", stored)
				}
			}}
		return twin.Open(t, o, func(url, token string, now func() time.Time) (ticket.Tracker, error) {
			return servicenow.New(servicenow.Config{Name: "servicenow", URL: url, User: "robot", Password: token, Now: now})
		})
	})
}

package backlog_test

import (
	"encoding/json"
	"errors"
	"net/url"
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

var reasons = map[ticket.Ending]string{
	ticket.EndAccepted: "1", ticket.EndSuppressed: "1", ticket.EndFixed: "0", ticket.EndOver: "0",
	ticket.EndGone: "0", ticket.EndFalsePositive: "2", ticket.EndMoved: "4", ticket.EndDuplicate: "3",
}

// resolution reads the form that closed a ticket.
func resolution(body json.RawMessage) string {
	var form string
	_ = json.Unmarshal(body, &form)
	v, _ := url.ParseQuery(form)
	return v.Get("resolutionId")
}

func TestAResolutionThatIsNotThereIsNamed(t *testing.T) {
	var tr ticket.Tracker
	h := twin.Open(t, twin.Options{Kind: tracker.Backlog}, func(url, token string, now func() time.Time) (_ ticket.Tracker, err error) {
		tr, err = backlog.New(backlog.Config{Name: "backlog", URL: url, Token: token, ClosedAs: ticket.ClosedAs{ticket.EndAccepted: "受容"}, Now: now, Gap: time.Microsecond})
		return tr, err
	})
	is, err := tr.Create(t.Context(), ticket.Draft{Marker: "zesei-1", Project: h.Project, Title: "t", Body: "b"})
	if err != nil {
		t.Fatal(err)
	}
	var permanent *ticket.Permanent
	if err := tr.Close(t.Context(), is.Ref, "", ticket.EndAccepted); !errors.As(err, &permanent) || !strings.Contains(err.Error(), "対応しない") {
		t.Errorf("error %v, want one that names what there is", err)
	}
	if err := tr.Close(t.Context(), is.Ref, "", ticket.EndFixed); err != nil {
		t.Errorf("fixed: %v", err)
	}
}

func TestTracker(t *testing.T) {
	for _, rule := range []string{"markdown", "backlog"} {
		t.Run(rule, func(t *testing.T) {
			tickettest.Run(t, func(t *testing.T) tickettest.Harness {
				o := twin.Options{Kind: tracker.Backlog, Assignee: "taro", Harmless: harmless, Priorities: [2]string{"2", "2"}, Custom: "customField_7", ClosedAs: resolution, Reasons: reasons, Twin: tracker.Options{IndexDelay: 15 * time.Second, Notation: rule}}
				return twin.Open(t, o, func(url, token string, now func() time.Time) (ticket.Tracker, error) {
					return backlog.New(backlog.Config{Name: "backlog", URL: url, Token: token, ClosedAs: ticket.ClosedAs{ticket.EndMoved: "再現しない"}, Now: now, Gap: time.Microsecond})
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

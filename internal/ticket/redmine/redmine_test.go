package redmine_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake/tracker"
	"zesei/internal/ticket"
	"zesei/internal/ticket/redmine"
	"zesei/internal/ticket/tickettest"
	"zesei/internal/ticket/tickettest/twin"
)

var rejected = ticket.ClosedAs{ticket.EndAccepted: "Rejected", ticket.EndMoved: "6", ticket.EndSuppressed: "In Progress"}

// reasons are ids of statuses; one that does not close is not taken.
var reasons = map[ticket.Ending]string{
	ticket.EndAccepted: "6", ticket.EndSuppressed: "5", ticket.EndFixed: "5", ticket.EndOver: "5",
	ticket.EndGone: "5", ticket.EndFalsePositive: "5", ticket.EndMoved: "6", ticket.EndDuplicate: "5",
}

func TestAStatusThatIsNotThereIsNamed(t *testing.T) {
	var tr ticket.Tracker
	h := twin.Open(t, twin.Options{Kind: tracker.Redmine}, func(url, token string, now func() time.Time) (_ ticket.Tracker, err error) {
		tr, err = redmine.New(redmine.Config{Name: "redmine", URL: url, Token: token, Closed: []string{"Closed"}, ClosedAs: ticket.ClosedAs{ticket.EndAccepted: "却下", ticket.EndMoved: "Rejected"}, Now: now})
		return tr, err
	})
	is, err := tr.Create(t.Context(), ticket.Draft{Marker: "zesei-1", Project: h.Project, Title: "t", Body: "b"})
	if err != nil {
		t.Fatal(err)
	}
	var permanent *ticket.Permanent
	if err := tr.Close(t.Context(), is.Ref, "", ticket.EndAccepted); !errors.As(err, &permanent) || !strings.Contains(err.Error(), "Rejected") {
		t.Errorf("error %v, want one that names what there is", err)
	}
	if err := tr.Close(t.Context(), is.Ref, "", ticket.EndMoved); err != nil {
		t.Error(err)
	}
	if now, err := tr.Get(t.Context(), is.Ref); err != nil || !now.Closed || now.State != "Rejected" {
		t.Errorf("%+v, %v: a status of closed_as is a closed one", now, err)
	}
}

func TestTracker(t *testing.T) {
	tickettest.Run(t, func(t *testing.T) tickettest.Harness {
		return twin.Open(t, twin.Options{Kind: tracker.Redmine, Assignee: "Taro Yamada", Harmless: harmless, Priorities: [2]string{"Urgent", "Immediate"}, Custom: "cf_3", ClosedAs: func(b json.RawMessage) string { return twin.Read(b, "issue", "status_id") }, Reasons: reasons}, func(url, token string, now func() time.Time) (ticket.Tracker, error) {
			return redmine.New(redmine.Config{Name: "redmine", URL: url, Token: token, Priorities: map[string]string{"HIGH": "Urgent", "CRITICAL": "5"}, ClosedAs: rejected, Now: now})
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

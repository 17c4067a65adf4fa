package servicenow_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake/tracker"
	"zesei/internal/ticket"
	"zesei/internal/ticket/servicenow"
	"zesei/internal/ticket/tickettest"
	"zesei/internal/ticket/tickettest/twin"
)

var reasons = map[ticket.Ending]string{
	ticket.EndAccepted: "Risk accepted", ticket.EndSuppressed: "No resolution provided", ticket.EndFixed: "Solution provided", ticket.EndOver: "Solution provided",
	ticket.EndGone: "Solution provided", ticket.EndFalsePositive: "No resolution provided", ticket.EndMoved: "No resolution provided", ticket.EndDuplicate: "Duplicate",
}

func TestTracker(t *testing.T) {
	tickettest.Run(t, func(t *testing.T) tickettest.Harness {
		o := twin.Options{Kind: tracker.ServiceNow, ClosedAs: func(b json.RawMessage) string { return twin.Read(b, "close_code") }, Reasons: reasons, Assignee: "taro", Custom: "u_team", Priorities: [2]string{"1/2", "1/1"},
			Priority: func(i tracker.Issue) string { return fmt.Sprintf("%v/%v", i.Fields["urgency"], i.Fields["impact"]) }, Harmless: func(t *testing.T, stored, hostile string) {
				if !strings.Contains(stored, ticket.Clean(hostile)) { // plain text: shown as it is
					t.Errorf("the text did not arrive as it was:\n%s", stored)
				}
			}}
		return twin.Open(t, o, func(url, token string, now func() time.Time) (ticket.Tracker, error) {
			return servicenow.New(servicenow.Config{Name: "servicenow", URL: url, User: "robot", Password: token, ClosedAs: ticket.ClosedAs{ticket.EndAccepted: "Risk accepted"}, Now: now})
		})
	})
}

func TestACodeThatTheInstanceDoesNotTakeIsNotInsistedOn(t *testing.T) {
	for _, test := range []struct {
		name string
		c    servicenow.Config
		why  ticket.Ending
		told []string
	}{
		{"the platform's own code is refused", servicenow.Config{}, ticket.EndAccepted, []string{"No resolution provided", "Solution provided"}},
		{"the house has codes of its own", servicenow.Config{CloseCode: "Closed by robot"}, ticket.EndAccepted, []string{"Closed by robot"}},
		{"and one for the reason", servicenow.Config{CloseCode: "Closed by robot", ClosedAs: ticket.ClosedAs{ticket.EndAccepted: "Not solved"}}, ticket.EndAccepted, []string{"Not solved"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var told []string
			state := "2"
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPatch {
					var in map[string]string
					if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
						t.Error(err)
					}
					if told = append(told, in["close_code"]); in["close_code"] == "No resolution provided" {
						w.WriteHeader(http.StatusForbidden)
						return
					}
					state = in["state"]
				}
				fmt.Fprintf(w, `{"result": {"sys_id": {"value": "1"}, "state": {"value": %q}}}`, state)
			}))
			defer s.Close()
			test.c.Name, test.c.URL, test.c.Token = "servicenow", s.URL, "x"
			tr, err := servicenow.New(test.c)
			if err != nil {
				t.Fatal(err)
			}
			if err := tr.Close(t.Context(), ticket.Ref{Key: "INC1", ID: "1"}, "accepted", test.why); err != nil {
				t.Error(err)
			}
			if !slices.Equal(told, test.told) {
				t.Errorf("told %q, want %q", told, test.told)
			}
		})
	}
}

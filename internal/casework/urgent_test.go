package casework_test

import (
	"testing"

	"zesei/internal/casework"
	"zesei/internal/store"
)

func TestPeopleArePagedForUrgentTrackedCasesOnly(t *testing.T) {
	for _, c := range []struct {
		channel, kind string
		urgent, want  bool
	}{
		{"pagerduty:pagerduty", store.MessageCases, true, true},
		{"pagerduty:pagerduty", store.MessageCases, false, false},
		{"pagerduty:pagerduty", store.MessageDigest, true, false},
		{"pagerduty:pagerduty", store.MessageImport, true, false},
		{"pagerduty:pagerduty", store.MessageReminder, true, false},
		{"pagerduty:pagerduty", store.MessageNotice, true, false},
		{"slack:#shop", store.MessageCases, false, true},
		{"email:a@example.com", store.MessageNotice, false, true},
	} {
		if got := casework.Carries(c.channel, c.kind, c.urgent); got != c.want {
			t.Errorf("%s, %s, urgent %v: got %v", c.channel, c.kind, c.urgent, got)
		}
	}
}

package pagerduty

import (
	"strings"
	"testing"

	"zesei/internal/notify"
)

func TestAFailingChannelIsPagedOnceAndResolved(t *testing.T) {
	s, d := start(t)
	m := notify.Message{Key: "m-9", Owner: "security", Via: notify.PagerDuty, Target: "pagerduty", Kind: notify.Failure, Language: "ja",
		Trouble: &notify.Trouble{What: notify.ChannelFails, Channel: "slack", Since: now, Waiting: 3, Reasons: []string{"invalid_auth"}}}
	s.lose = true
	var kept notify.Told
	if _, err := tell(d, m, notify.Told{}, func(told notify.Told) error { kept = told; return nil }); err == nil {
		t.Fatal("a lost answer is not reported")
	}
	told, err := tell(d, m, kept, nil)
	if err != nil || s.opened != 1 || !s.open["zesei/channel/slack"] {
		t.Fatalf("%v; %d alerts, open %v", err, s.opened, s.open)
	}
	if e := s.events[0]; !strings.Contains(e.Payload.Summary, "messages by slack: invalid_auth") || e.Payload.Details["waiting"] != "3" {
		t.Errorf("got %+v", e.Payload)
	}
	if _, err := tell(d, m, told, nil); err != nil || len(s.events) != 2 {
		t.Errorf("%v; told again: %d events", err, len(s.events))
	}
	m.Key, m.Trouble = "m-10", &notify.Trouble{What: notify.ChannelWorks, Channel: "slack", Since: now, Until: now}
	if _, err := tell(d, m, notify.Told{}, nil); err != nil || len(s.open) != 0 {
		t.Errorf("%v; still open %v", err, s.open)
	}
}

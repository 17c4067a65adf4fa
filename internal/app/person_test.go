package app

import (
	"testing"

	"zesei/internal/config"
)

// Who asked one way is the same person another way: taro on the command line, in
// Slack, by mail and in a tracker.
func TestAConfiguredPersonIsOnePersonWhicheverWayTheyCome(t *testing.T) {
	a := &App{Config: &config.Config{
		People: map[string]config.Person{
			"taro": {Email: "taro@example.com", Slack: "U012AB3CD", Roles: []string{"approver"}, Logins: map[string]string{"redmine": "t.yamada"}},
			"jiro": {Slack: "U099ZZ9ZZ"},
		},
		Ticket: map[string]config.Tracker{"redmine": {}},
	}}
	cli := a.Person("taro")
	slack, known := a.SlackPerson("U012AB3CD")
	if !known || !slack.Approver || !cli.Approver {
		t.Errorf("taro is %+v and %+v", cli, slack)
	}
	for _, id := range []string{"cli:taro", "slack:U012AB3CD", "mail:Taro@example.com", "redmine:t.yamada", "redmine:taro@example.com"} {
		if !cli.Is(id) || !slack.Is(id) {
			t.Errorf("%s is not taro", id)
		}
	}
	if cli.Is("cli:jiro") || cli.Is("slack:U099ZZ9ZZ") {
		t.Error("taro is jiro too")
	}
	if p, known := a.SlackPerson("U000"); known || p.Approver || p.ID != "slack:U000" {
		t.Errorf("a stranger is %+v (%t)", p, known)
	}
	if p := a.Person("root"); p.Approver {
		t.Error("who is not configured approves beside configured people")
	}
}

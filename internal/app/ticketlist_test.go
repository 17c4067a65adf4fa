package app

import (
	"testing"

	"zesei/internal/config"
)

func TestWhereTicketsAreListed(t *testing.T) {
	for _, c := range []struct {
		tracker       config.Tracker
		project, want string
	}{
		{config.Tracker{Kind: "github"}, "acme/shop", "https://github.com/acme/shop/issues"},
		{config.Tracker{Kind: "github", URL: "https://git.example.com/api/v3/"}, "acme/shop", "https://git.example.com/acme/shop/issues"},
		{config.Tracker{Kind: "jira", URL: "https://acme.atlassian.net"}, "SHOP", "https://acme.atlassian.net/issues/?jql=project+%3D+%22SHOP%22"},
		{config.Tracker{Kind: "backlog", URL: "https://acme.backlog.jp/"}, "SHOP", "https://acme.backlog.jp/find/SHOP"},
		{config.Tracker{Kind: "redmine", URL: "https://redmine.example.com"}, "shop", "https://redmine.example.com/projects/shop/issues"},
		{config.Tracker{Kind: "http", URL: "https://tickets.example.com"}, "shop", ""},
	} {
		if got := ticketList(c.tracker, c.project); got != c.want {
			t.Errorf("%s: %s", c.tracker.Kind, got)
		}
	}
}

package config

import (
	"fmt"
	"regexp"
)

// slackTeam is the id of a workspace, or of an organization of them.
var slackTeam = regexp.MustCompile(`^[TE][A-Z0-9]{4,}$`)

// checkAnswers checks how what people press and write in Slack comes back.
func (c *Config) checkAnswers(s *Slack) {
	const path = "notify.slack.team"
	switch {
	case s.Team == "":
	case !slackTeam.MatchString(s.Team):
		c.wrong(path, fmt.Sprintf("%q is no id of a workspace", s.Team), "an id such as T012AB3CD", "in a browser: https://app.slack.com/client/T012AB3CD/…")
	case !s.AppToken.IsSet() && !s.SigningSecret.IsSet():
		c.wrong(path, "nothing comes back from Slack", "app_token (Socket Mode) or signing_secret (HTTP) beside it", "leave team out, or add one of them")
	}
}

// PeopleNames are the names of the configured people, sorted.
func (c *Config) PeopleNames() []string { return sortedKeys(c.People) }

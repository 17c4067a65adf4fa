package config

import (
	"os"
	"strings"
	"testing"
)

func TestSecretsThatAreNotHereAreNamed(t *testing.T) {
	text := `intake: {http: {secret: "${env:GONE}"}}
notify: {slack: {token: "${env:HOOK}", app_token: "${file:none}"}, webhook: {url: https://h.example.com, secret: "${ssm:/zesei/hook}"}}
owners: {shop: {default: true, teams: "${env:GONE}"}}
ticket: {redmine: {url: https://r.example.com, project: shop, token: "${env:EMPTY}"}}
`
	env := func(name string) (string, bool) {
		if name == "EMPTY" {
			return "", true
		}
		return environment(name)
	}
	c, err := Parse("zesei.yaml", []byte(text), env, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.Secrets()); n != 6 {
		t.Errorf("got %d secrets", n)
	}
	got := c.AbsentSecrets().Error()
	for _, want := range []string{
		"zesei.yaml:1:25: intake.http.secret: the secret cannot be read here: environment variable GONE is not set; set GONE where zesei runs",
		"zesei.yaml:2:51: notify.slack.app_token: the secret cannot be read here: none: no such file or directory; write the file",
		"owners.shop.teams: ",
		"ticket.redmine.token: the secret is empty here; set EMPTY",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("without %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "notify.slack.token") || strings.Contains(got, "ssm") || len(c.AbsentSecrets()) != 4 {
		t.Errorf("got\n%s", got)
	}
}

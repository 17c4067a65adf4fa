package config

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type resolver map[string]string

func (r resolver) Resolve(_ context.Context, kind, name string) (string, error) {
	if v, ok := r[kind+" "+name]; ok {
		return v, nil
	}
	return "", fmt.Errorf("no such secret")
}

func TestSecretsAreResolvedFromTheirReference(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := `notify: {slack: {token: "${file:token}"}, webhook: {url: https://h.example.com, secret: "${env:HOOK}"}, email: {from: z@example.com, smtp: "m.example.com:587", user: z, password: "${ssm:/zesei/app}"}, pagerduty: {routing_key: "${env:GONE}"}}
ticket: {jira: {url: https://j.example.com, token: "${secretsmanager:arn:x#k}"}}
`
	c, err := Parse(filepath.Join(dir, "zesei.yaml"), []byte(text), environment, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	aws := resolver{"ssm /zesei/app": "from-ssm", "secretsmanager arn:x#k": "from-manager"}
	for want, s := range map[string]Secret{
		"from-file": c.Notify.Slack.Token, "hook-value": c.Notify.Webhook.Secret, "from-ssm": c.Notify.Email.Password, "from-manager": c.Ticket["jira"].Token, "": {},
	} {
		if got, err := s.Value(t.Context(), aws); err != nil || got != want {
			t.Errorf("got %q %v, want %q", got, err, want)
		}
	}
	if _, err := c.Notify.PagerDuty.RoutingKey.Value(t.Context(), aws); err == nil || err.Error() != "environment variable GONE is not set" {
		t.Errorf("got %v", err)
	}
	if _, err := c.Notify.Email.Password.Value(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "ssm:/zesei/app") {
		t.Errorf("got %v", err)
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	c := parse(t, `notify: {slack: {token: "${env:HOOK}"}}`+"\n")
	s := c.Notify.Slack.Token
	js, err := json.Marshal(map[string]any{"s": s, "slack": c.Notify.Slack})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "slack", c.Notify.Slack)
	for _, printed := range []string{string(js), log.String(), fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x", s, s, s, s, s, s), fmt.Sprintf("%+v %#v", *c.Notify.Slack, *c.Notify.Slack)} {
		if strings.Contains(printed, "hook-value") || strings.Contains(printed, "HOOK") || !strings.Contains(printed, hidden) {
			t.Errorf("printed as %s", printed)
		}
	}
}

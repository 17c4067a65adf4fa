package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever starts it learns at once why all events would be refused.
func TestASecretOfTheIntakeThatCannotBeReadIsSaidAtTheStart(t *testing.T) {
	p := newPlace(t, `http: {secret: "${env:LIVE_GONE}"}`)
	p.says(1, "FAILED")
	s := p.serve()
	until(t, "the refusal in the log", func() bool { return strings.Contains(p.log.String(), "key=intake.http.secret") })
	log := p.log.String()
	if !strings.Contains(log, "level=ERROR") || !strings.Contains(log, `error="environment variable LIVE_GONE is not set"`) || !strings.Contains(log, `do="set LIVE_GONE where zesei runs`) {
		t.Errorf("got\n%s", log)
	}
	if status, _, answer := s.post(p.published()[0], "X-Api-Key", "x"); status != http.StatusServiceUnavailable {
		t.Error(status, answer)
	}
}

// What can be read is not spoken of, and never shown.
func TestASecretThatCanBeReadIsNotSpokenOf(t *testing.T) {
	p := newPlace(t, `http: {secret: "${file:hook}"}`)
	if err := os.WriteFile(filepath.Join(p.dir, "hook"), []byte(liveHook+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.says(1, "FAILED")
	s := p.serve()
	if status, _, answer := s.post(p.published()[0], "X-Api-Key", liveHook); status != http.StatusOK {
		t.Error(status, answer)
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	if log := p.log.String(); strings.Contains(log, "intake.http.secret") || strings.Contains(log, liveHook) {
		t.Errorf("got\n%s", log)
	}
}

package slack

import (
	"slices"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestTheManifestAsksForWhatIsCalledAndNothingElse(t *testing.T) {
	var m struct {
		OAuth struct {
			Scopes struct {
				Bot []string `yaml:"bot"`
			} `yaml:"scopes"`
		} `yaml:"oauth_config"`
		Settings struct {
			Interactivity struct {
				Enabled bool `yaml:"is_enabled"`
			} `yaml:"interactivity"`
			Events struct {
				Bot []string `yaml:"bot_events"`
			} `yaml:"event_subscriptions"`
			Socket bool `yaml:"socket_mode_enabled"`
		} `yaml:"settings"`
	}
	if err := yaml.Unmarshal([]byte(Manifest()), &m); err != nil {
		t.Fatal(err)
	}
	// Scopes of each method: https://docs.slack.dev/reference/methods
	needed := []string{
		"chat:write", "chat:write.public", // chat.postMessage, chat.update
		"files:write",                  // files.getUploadURLExternal, files.completeUploadExternal
		"channels:read", "groups:read", // conversations.list
		"channels:history", "groups:history", "im:history", // conversations.history, conversations.replies
		"im:write",                       // conversations.open
		"app_mentions:read",              // the event app_mention
		"users:read", "users:read.email", // users.lookupByEmail
	}
	slices.Sort(needed)
	slices.Sort(m.OAuth.Scopes.Bot)
	if !slices.Equal(needed, m.OAuth.Scopes.Bot) {
		t.Errorf("scopes %v, want %v", m.OAuth.Scopes.Bot, needed)
	}
	if s := m.Settings; !s.Interactivity.Enabled || !s.Socket || !slices.Equal(s.Events.Bot, []string{"app_mention"}) {
		t.Errorf("buttons and mentions do not come back: %+v", s)
	}
}

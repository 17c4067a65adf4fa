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
		"im:write", // conversations.open
	}
	slices.Sort(needed)
	slices.Sort(m.OAuth.Scopes.Bot)
	if !slices.Equal(needed, m.OAuth.Scopes.Bot) {
		t.Errorf("scopes %v, want %v", m.OAuth.Scopes.Bot, needed)
	}
}

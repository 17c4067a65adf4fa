package notify

import (
	"strings"
	"testing"
)

func TestWhoWorksOnACaseStandsInItsMessage(t *testing.T) {
	templates, err := LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	set, err := templates.For(Plain{})
	if err != nil {
		t.Fatal(err)
	}
	for language, want := range map[string]string{"en": "◆Works on it: taro", "ja": "◆担当者: taro"} {
		m := sampleMessages(language)[0].msg
		before := m.overview()
		m.Cases[0].Assignee = "taro"
		text, err := set.Render(m.overview())
		if err != nil || !strings.Contains(text, want) || m.overview().Hash() == before.Hash() {
			t.Errorf("%v:\n%s", err, text)
		}
	}
}

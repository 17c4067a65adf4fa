package notify

import (
	"strings"
	"testing"
)

func TestAFixThatWaitsNamesTheButtonWhereItStands(t *testing.T) {
	templates, err := LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	set, err := templates.For(Plain{})
	if err != nil {
		t.Fatal(err)
	}
	for language, button := range map[string]string{"en": "the button below", "ja": "「修正を承認」ボタン"} {
		for _, interactive := range []bool{true, false} {
			m := sampleMessages(language)[0].msg
			m.Interactive, m.Cases[0].Fix = interactive, &Fix{ID: "f1", State: FixWaiting, Summary: "x"}
			text, err := set.Render(m.overview())
			if err != nil || !strings.Contains(text, "zesei fix approve f1") || strings.Contains(text, button) != interactive {
				t.Errorf("buttons %t: %v\n%s", interactive, err, text)
			}
		}
	}
}

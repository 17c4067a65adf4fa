package preview_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"zesei/internal/notify"
	"zesei/internal/notify/preview"
)

var now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func sheets(t *testing.T, via notify.Via, language string, interactive bool) []preview.Sheet {
	t.Helper()
	templates, err := notify.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	out, err := preview.Sheets(templates, via, notify.Previews(via, language, interactive), now)
	if err != nil {
		t.Fatalf("%s %s: %v", via, language, err)
	}
	return out
}

func TestEveryKindOfMessageIsShownOnEveryChannelInBothLanguages(t *testing.T) {
	for _, via := range preview.Channels {
		for _, language := range []string{"ja", "en"} {
			seen := map[string]bool{}
			for _, s := range sheets(t, via, language, false) {
				seen[s.Kind] = true
				japanese := strings.ContainsFunc(s.Text, func(r rune) bool { return unicode.Is(unicode.Hiragana, r) })
				if s.Text == "" || japanese != (language == "ja") {
					t.Errorf("%s %s %s reads %q", via, language, s.Kind, s.Text)
				}
				whole := map[notify.Via]bool{
					notify.Slack: json.Valid(s.Blocks) && len(s.Blocks) > 2, notify.Email: s.Subject != "" && strings.Contains(s.HTML, "<html lang=\""+language),
					notify.Teams: strings.Contains(string(s.Request), "AdaptiveCard"), notify.SNS: s.Payload != nil, notify.Webhook: s.Payload != nil,
				}[via]
				if !whole {
					t.Errorf("%s %s: what the service gets is not shown: %+v", via, s.Kind, s)
				}
			}
			for _, kind := range notify.PreviewKinds {
				if inThread := kind == "reply" || kind == "asked"; seen[kind] == (inThread && via != notify.Slack) {
					t.Errorf("%s %s: %s shown: %v", via, language, kind, seen[kind])
				}
			}
		}
	}
}

// Each channel says what works there.
func TestAMessageSaysHowToAskForAnExceptionWhereItIsRead(t *testing.T) {
	for _, via := range preview.Channels {
		for _, interactive := range []bool{false, true} {
			for _, s := range sheets(t, via, "en", interactive) {
				if !slices.Contains([]string{"cases", "digest"}, s.Kind) {
					continue
				}
				thread, command := strings.Contains(s.Text, "reply in this thread with a mention of this app"), strings.Contains(s.Text, "zesei exception ask")
				want := via == notify.Slack && interactive && s.Kind == "cases"
				if thread != want || command == want {
					t.Errorf("%s, interactive %v, %s:\n%s", via, interactive, s.Kind, s.Text)
				}
				if buttons := strings.Contains(string(s.Blocks), `"type":"button"`); buttons != want {
					t.Errorf("%s, interactive %v, %s: buttons %v", via, interactive, s.Kind, buttons)
				}
			}
		}
	}
}

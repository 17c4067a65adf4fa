package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	slackgo "github.com/slack-go/slack"

	twin "zesei/internal/fake/slack"
	"zesei/internal/notify"
)

// under are the action ids of the buttons under each part of a message.
func under(m notify.Message) map[string]string {
	m.Interactive = true
	out := map[string]string{}
	for _, a := range notify.Decide(m, notify.Told{}).List {
		var all []string
		for _, b := range buttons(a.View, m.Key) {
			all = append(all, strings.TrimPrefix(b.(*slackgo.ButtonBlockElement).ActionID, "zesei."))
		}
		out[a.Part] = strings.Join(all, " ")
	}
	return out
}

func TestButtonsAreThoseOfTheCase(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*notify.Message)
		want   string
	}{
		"open":              {func(*notify.Message) {}, "accept snooze assign look"},
		"a plan to look at": {func(m *notify.Message) { m.Cases[0].Fix = &notify.Fix{ID: "f1", State: notify.FixSuggested} }, "plan accept snooze assign look"},
		"a fix that waits":  {func(m *notify.Message) { m.Cases[0].Fix = &notify.Fix{ID: "f1", Plan: "h", State: notify.FixWaiting} }, "plan approve accept snooze assign look"},
		"accepted": {func(m *notify.Message) {
			m.Cases[0].State = notify.Accepted
			m.Cases[0].Fix = &notify.Fix{ID: "f1", State: notify.FixVerified}
		}, "look"},
		"closed by a fix": {func(m *notify.Message) {
			m.Cases[0].State = notify.Closed
			m.Cases[0].Fix = &notify.Fix{ID: "f1", State: notify.FixVerified}
		}, ""},
		"a digest":            {func(m *notify.Message) { m.Kind = notify.Digest }, ""},
		"a reminder":          {func(m *notify.Message) { m.Kind = notify.Reminder }, ""},
		"nobody hears a mail": {func(m *notify.Message) { m.Via = notify.Email }, ""},
	} {
		m := groupOf(1)
		row.change(&m)
		if got := under(m)["main"]; got != row.want {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}
}

func TestButtonsOfAGroupStandUnderItsDetails(t *testing.T) {
	got := under(groupOf(2))
	want := map[string]string{"main": "accept", "case/k0": "accept snooze assign look", "case/k1": "accept snooze assign look"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v", got)
	}
}

func TestAButtonCarriesAnIDAndItsPlan(t *testing.T) {
	id, hash := ParseFixValue(FixValue("f1", "abc"))
	if id != "f1" || hash != "abc" {
		t.Error(id, hash)
	}
	if key, ok := ParseMessageValue(MessageValue("0a1b2c3d-7")); !ok || key != "0a1b2c3d-7" {
		t.Error(key, ok)
	}
	if _, ok := ParseMessageValue("0123456789ab"); ok {
		t.Error("a case's key is taken for a message")
	}
}

func TestMessagesWithButtonsKeepSlacksLimits(t *testing.T) {
	w, d := openTwin(t)
	m := groupOf(1)
	m.Interactive = true
	m.Cases[0].Fix = &notify.Fix{ID: "f0123456789", Plan: strings.Repeat("a", 64), State: notify.FixWaiting, Why: strings.Repeat("長い説明\n\n", 400)}
	for i := range 400 {
		m.Cases[0].Fix.Steps = append(m.Cases[0].Fix.Steps, fmt.Sprintf("step %d %s", i, strings.Repeat("x", 200)))
	}
	for _, language := range []string{"ja", "en"} {
		m.Language, m.Key = language, "m-"+language
		if _, err := d.Deliver(context.Background(), notify.Decide(m, notify.Told{}), notify.Told{}, keep); err != nil {
			t.Fatal(err)
		}
	}
	for _, sent := range w.Messages("#shop-sec") {
		if _, ok := sent.Button(DoApprove); !ok {
			t.Errorf("Slack's limits cost the buttons: %s", sent.Blocks)
		}
		var blocks []json.RawMessage
		if err := json.Unmarshal(sent.Blocks, &blocks); err != nil || len(blocks) > maxBlocks {
			t.Errorf("%d blocks, %v", len(blocks), err)
		}
	}
}

func TestEveryButtonHasItsWordsInBothLanguages(t *testing.T) {
	for language, words := range labels {
		for _, do := range []string{DoPlan, DoApprove, DoAccept, DoSnooze, DoAssign, DoLook, DoGrant, DoRefuse, DoFill, "title", "yes", "no"} {
			if n := size(words[do].text); n == 0 || n > 75 {
				t.Errorf("%s of %s: %d characters", do, language, n)
			}
		}
	}
}

func TestAWhisperGoesToSlackAlone(t *testing.T) {
	called := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer other.Close()
	w, d := openTwin(t)
	w.AddUser(twin.User{ID: "U1", Name: "hana"})
	for _, address := range []string{other.URL + "/hooks/x", "https://hooks.slack.com.evil.example/x", "file:///etc/passwd", "://"} {
		err := d.Whisper(context.Background(), Heard{ResponseURL: address, User: "U1"}, "x")
		if err == nil || strings.Contains(err.Error(), "evil") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if called {
		t.Error("an address that a payload names was called")
	}
	if err := d.Whisper(context.Background(), Heard{Channel: "shop-sec", Thread: "1.1", User: "U1"}, "only you"); err != nil {
		t.Error(err)
	}
	if all := w.Whispers(); len(all) != 1 || all[0].ThreadTS != "1.1" {
		t.Errorf("%+v", all)
	}
	if err := d.Whisper(context.Background(), Heard{User: "U1"}, "where?"); err == nil {
		t.Error("a whisper went nowhere without an error")
	}
	for api, want := range map[string]string{"": "hooks.slack.com", "https://slack.com/api/": "hooks.slack.com", "https://slack-gov.com/api/": "hooks.slack-gov.com", "http://127.0.0.1:7/api": "127.0.0.1:7"} {
		if got := hooksOf(api); got != want {
			t.Errorf("beside %q response URLs lead to %s", api, got)
		}
	}
}

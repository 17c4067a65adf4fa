package slack

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	pressed = `{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1","team_id":"T2"},"trigger_id":"13.37","response_url":"https://hooks.slack.com/actions/x",
		"channel":{"id":"C1"},"container":{"type":"message","message_ts":"2.1","channel_id":"C1","thread_ts":"1.1"},"message":{"ts":"2.1","thread_ts":"1.1"},
		"actions":[{"type":"button","action_id":"zesei.look","value":"0123456789ab","action_ts":"3.1"}]}`
	sent = `{"type":"view_submission","team":{"id":"T1"},"user":{"id":"U1","team_id":"T1"},"trigger_id":"13.38","view":{"id":"V1","callback_id":"zesei.accept","private_metadata":"k|C1|1.1",
		"state":{"values":{"reason":{"reason":{"type":"plain_text_input","value":"a & b"}},"until":{"until":{"type":"datepicker","selected_date":"2027-01-31"}},
		"who":{"who":{"type":"users_select","selected_user":"U2"}},"case":{"case":{"type":"static_select","selected_option":{"value":"k2","text":{}}}},
		"close":{"close":{"type":"checkboxes","selected_options":[{"value":"yes"}]}},"evidence":{"evidence":{"type":"url_text_input","value":null}}}}}}`
	mentioned = `{"type":"event_callback","team_id":"T1","event_id":"Ev1","authorizations":[{"user_id":"U0APP"}],
		"event":{"type":"app_mention","user":"U1","team":"T1","text":"<@U0APP> why","channel":"C1","ts":"2.1","thread_ts":"1.1"}}`
)

func TestAPressIsRead(t *testing.T) {
	got, err := ParseInteraction([]byte(pressed))
	want := Heard{Kind: Press, Delivery: "press|U1|C1|2.1|zesei.look|3.1", Team: "T1", User: "U1", UserTeam: "T2", Channel: "C1", Message: "2.1", Thread: "1.1",
		Do: DoLook, Value: "0123456789ab", Trigger: "13.37", ResponseURL: "https://hooks.slack.com/actions/x"}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(err, d)
	}
}

func TestAFormIsRead(t *testing.T) {
	got, err := ParseInteraction([]byte(sent))
	want := Heard{Kind: Form, Delivery: "form|U1|V1", Team: "T1", User: "U1", UserTeam: "T1", Form: DoAccept, About: "k|C1|1.1", Trigger: "13.38",
		Fields: map[string]string{"reason": "a & b", "until": "2027-01-31", "who": "U2", "case": "k2", "close": "yes", "evidence": ""}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(err, d)
	}
}

func TestWordsToTheAppAreRead(t *testing.T) {
	got, challenge, err := ParseEvent([]byte(mentioned))
	want := Heard{Kind: Words, Delivery: "event|Ev1", Team: "T1", User: "U1", UserTeam: "T1", Channel: "C1", Message: "2.1", Thread: "1.1", Text: "<@U0APP> why", App: "U0APP"}
	if d := cmp.Diff(want, got); d != "" || err != nil || challenge != "" {
		t.Error(err, challenge, d)
	}
}

func TestWhatAsksForNothingIsAcknowledged(t *testing.T) {
	for name, text := range map[string]string{
		"a press in a form": `{"type":"block_actions","user":{"id":"U1"},"view":{"id":"V1"},"actions":[{"action_id":"x"}]}`,
		"a closed form":     `{"type":"view_closed","user":{"id":"U1"},"view":{"id":"V1"}}`,
		"a shortcut":        `{"type":"shortcut","user":{"id":"U1"}}`,
		"no action":         `{"type":"block_actions","user":{"id":"U1"},"container":{"message_ts":"1"},"actions":[]}`,
	} {
		if h, err := ParseInteraction([]byte(text)); err != nil || h.Kind != Other {
			t.Errorf("%s: %+v %v", name, h, err)
		}
	}
	for name, text := range map[string]string{
		"our own words":    strings.Replace(mentioned, `"user":"U1"`, `"user":"U0APP","bot_id":"B1"`, 1),
		"another event":    strings.Replace(mentioned, "app_mention", "message", 1),
		"too many of them": `{"type":"app_rate_limited","team_id":"T1"}`,
	} {
		if h, _, err := ParseEvent([]byte(text)); err != nil || h.Kind != Other {
			t.Errorf("%s: %+v %v", name, h, err)
		}
	}
	if _, challenge, err := ParseEvent([]byte(`{"type":"url_verification","challenge":"c4"}`)); err != nil || challenge != "c4" {
		t.Error(challenge, err)
	}
}

func TestWhatIsNoPayloadIsRefusedWithoutShowingIt(t *testing.T) {
	for _, text := range []string{
		``, `null`, `[]`, `{}`, `{"type":""}`, `secret`, `{"type":"block_actions","user":"secret"}`, strings.Replace(pressed, `"U1"`, `""`, 1),
		strings.Replace(sent, `"U1"`, `""`, 1), `{"type":"view_submission","user":{"id":"U1"},"view":{"state":{"values":{"a":{"b":{"value":["secret"]}}}}}}`,
	} {
		if h, err := ParseInteraction([]byte(text)); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %+v %v", text, h, err)
		}
	}
	for _, text := range []string{``, `{}`, `secret`, `{"type":["secret"]}`, strings.Replace(mentioned, `"Ev1"`, `""`, 1), strings.Replace(mentioned, `"U1"`, `""`, 1)} {
		if h, _, err := ParseEvent([]byte(text)); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %+v %v", text, h, err)
		}
	}
}

func FuzzParseInteraction(f *testing.F) {
	for _, s := range []string{pressed, sent, `{"type":"view_closed"}`, `{"type":"block_actions","actions":[{}],"container":{"message_ts":"1"},"user":{"id":"U1"}}`, `{"type":1}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ParseInteraction([]byte(s))
		if err != nil {
			return
		}
		if h.Kind != Other && (h.User == "" || h.Delivery == "") || h.Kind == Words {
			t.Fatalf("%+v", h)
		}
		if !json.Valid([]byte(s)) {
			t.Fatal("read what is no JSON")
		}
	})
}

func FuzzParseEvent(f *testing.F) {
	for _, s := range []string{mentioned, `{"type":"url_verification","challenge":"x"}`, `{"type":"event_callback","event":{"type":"app_mention","user":"U1"}}`, `{"event":[]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, _, err := ParseEvent([]byte(s))
		if err == nil && h.Kind != Other && (h.Kind != Words || h.User == "" || h.Delivery == "event|") {
			t.Fatalf("%+v", h)
		}
	})
}

package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	api "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"zesei/internal/fake"
	"zesei/internal/fake/slack"
)

var ctx = context.Background()

func workspace(t *testing.T) (*slack.Twin, *api.Client, string) {
	t.Helper()
	at := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	twin := slack.New(slack.Options{Now: func() time.Time { return at }})
	server := httptest.NewServer(twin)
	t.Cleanup(server.Close)
	return twin, api.New("xoxb-twin", api.OptionAPIURL(server.URL+"/api/")), twin.AddChannel("shop-sec")
}

func section(text string) api.Block {
	return api.NewSectionBlock(api.NewTextBlockObject(api.MarkdownType, text, false, false), nil, nil)
}

func post(t *testing.T, c *api.Client, channel string, o ...api.MsgOption) string {
	t.Helper()
	_, ts, err := c.PostMessageContext(ctx, channel, o...)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func want(t *testing.T, err error, code string) {
	t.Helper()
	if got := fmt.Sprint(err); code == "" && err != nil || code != "" && got != code {
		t.Fatalf("error %q, want %q", got, code)
	}
}

func TestMessageIsPostedUpdatedAndFoundByItsMetadata(t *testing.T) {
	twin, c, ch := workspace(t)
	meta := api.SlackMetadata{EventType: "zesei", EventPayload: map[string]any{"key": "m-1"}}
	ts := post(t, c, "#shop-sec", api.MsgOptionText("one", false), api.MsgOptionBlocks(section("block")), api.MsgOptionMetadata(meta))
	reply := post(t, c, ch, api.MsgOptionText("reply", false), api.MsgOptionTS(ts))
	if _, _, _, err := c.UpdateMessageContext(ctx, ch, ts, api.MsgOptionText("two", false), api.MsgOptionBlocks(section("new"))); err != nil {
		t.Fatal(err)
	}
	history, err := c.GetConversationHistoryContext(ctx, &api.GetConversationHistoryParameters{ChannelID: ch, IncludeAllMetadata: true})
	if err != nil || len(history.Messages) != 1 {
		t.Fatalf("%+v %v", history, err)
	}
	m := history.Messages[0]
	if m.Text != "two" || len(m.Blocks.BlockSet) != 1 || m.Metadata.EventPayload["key"] != "m-1" || m.ReplyCount != 1 || m.Edited == nil {
		t.Fatalf("%+v", m)
	}
	plain, err := c.GetConversationHistoryContext(ctx, &api.GetConversationHistoryParameters{ChannelID: ch})
	if err != nil || plain.Messages[0].Metadata.EventType != "" {
		t.Fatalf("metadata without being asked for: %+v %v", plain, err)
	}
	thread, _, _, err := c.GetConversationRepliesContext(ctx, &api.GetConversationRepliesParameters{ChannelID: ch, Timestamp: ts})
	if err != nil || len(thread) != 2 || thread[1].Timestamp != reply {
		t.Fatalf("%+v %v", thread, err)
	}
	link, err := c.GetPermalinkContext(ctx, &api.PermalinkParameters{Channel: ch, Ts: ts})
	if err != nil || !strings.Contains(link, ch) {
		t.Fatalf("%s %v", link, err)
	}
	if all := twin.Messages("shop-sec"); len(all) != 2 || all[0].Edits != 1 {
		t.Fatalf("%+v", all)
	}
}

func TestUpdateWithTextAloneTakesTheBlocksAway(t *testing.T) {
	twin, c, ch := workspace(t)
	ts := post(t, c, ch, api.MsgOptionText("x", false), api.MsgOptionBlocks(section("b")))
	if _, _, _, err := c.UpdateMessageContext(ctx, ch, ts, api.MsgOptionText("y", false)); err != nil {
		t.Fatal(err)
	}
	if m := twin.Messages(ch)[0]; m.Blocks != nil || m.Text != "y" {
		t.Fatalf("%+v", m)
	}
}

func TestMessagesAreHeldAgainstSlacksLimits(t *testing.T) {
	_, c, ch := workspace(t)
	repeat := func(n int, b api.Block) []api.Block {
		list := make([]api.Block, n)
		for i := range list {
			list[i] = b
		}
		return list
	}
	button := func(label, value string) api.Block {
		return api.NewActionBlock("", api.NewButtonBlockElement("a", value, api.NewTextBlockObject(api.PlainTextType, label, false, false)))
	}
	for name, row := range map[string]struct {
		blocks []api.Block
		code   string
	}{
		"50 blocks":               {repeat(50, api.NewDividerBlock()), ""},
		"51 blocks":               {repeat(51, api.NewDividerBlock()), "invalid_blocks"},
		"3000 characters":         {[]api.Block{section(strings.Repeat("あ", 3000))}, ""},
		"3001 characters":         {[]api.Block{section(strings.Repeat("a", 3001))}, "invalid_blocks"},
		"an empty text":           {[]api.Block{section("")}, "invalid_blocks"},
		"13200 in all":            {repeat(5, section(strings.Repeat("a", 2640))), ""},
		"13201 in all":            {append(repeat(5, section(strings.Repeat("a", 2640))), section("a")), "msg_blocks_too_long"},
		"a label of 75":           {[]api.Block{button(strings.Repeat("a", 75), "v")}, ""},
		"a label of 76":           {[]api.Block{button(strings.Repeat("a", 76), "v")}, "invalid_blocks"},
		"a value of 2001":         {[]api.Block{button("a", strings.Repeat("v", 2001))}, "invalid_blocks"},
		"a header of 151":         {[]api.Block{api.NewHeaderBlock(api.NewTextBlockObject(api.PlainTextType, strings.Repeat("a", 151), false, false))}, "invalid_blocks"},
		"two blocks with one id":  {[]api.Block{api.NewActionBlock("same", api.NewButtonBlockElement("a", "", api.NewTextBlockObject(api.PlainTextType, "x", false, false))), api.NewDividerBlock(), api.NewActionBlock("same", api.NewButtonBlockElement("b", "", api.NewTextBlockObject(api.PlainTextType, "y", false, false)))}, "invalid_blocks"},
		"neither text nor blocks": {nil, "no_text"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := c.PostMessageContext(ctx, ch, api.MsgOptionBlocks(row.blocks...))
			want(t, err, row.code)
		})
	}
}

func TestSlackRefuses(t *testing.T) {
	twin, c, ch := workspace(t)
	outside := twin.PutChannel(slack.Channel{Name: "outside"})
	private := twin.PutChannel(slack.Channel{Name: "secret", Private: true})
	archived := twin.PutChannel(slack.Channel{Name: "old", Member: true, Archived: true})
	for channel, code := range map[string]string{"C404": "channel_not_found", outside: "not_in_channel", private: "channel_not_found", archived: "is_archived", ch: ""} {
		_, _, err := c.PostMessageContext(ctx, channel, api.MsgOptionText("x", false))
		want(t, err, code)
	}
	_, _, _, err := c.UpdateMessageContext(ctx, ch, "1.000001", api.MsgOptionText("x", false))
	want(t, err, "message_not_found")
	theirs := twin.Write(ch, "U1", "hello", "")
	_, _, _, err = c.UpdateMessageContext(ctx, ch, theirs, api.MsgOptionText("x", false))
	want(t, err, "cant_update_message")
	server := httptest.NewServer(twin)
	defer server.Close()
	_, err = api.New("xoxb-wrong", api.OptionAPIURL(server.URL+"/api/")).AuthTestContext(ctx)
	want(t, err, "invalid_auth")
	_, err = c.GetUserByEmailContext(ctx, "nobody@example.com")
	want(t, err, "users_not_found")
}

func TestPeopleAndChannelsAreFound(t *testing.T) {
	twin, c, _ := workspace(t)
	id := twin.AddUser(slack.User{Name: "taro", Email: "taro@example.com"})
	user, err := c.GetUserByEmailContext(ctx, "Taro@example.com")
	if err != nil || user.ID != id {
		t.Fatalf("%+v %v", user, err)
	}
	if user, err = c.GetUserInfoContext(ctx, id); err != nil || user.Profile.Email != "taro@example.com" {
		t.Fatalf("%+v %v", user, err)
	}
	for i := range 4 {
		twin.AddChannel(fmt.Sprint("more-", i))
	}
	var names []string
	for cursor := ""; ; {
		list, next, err := c.GetConversationsContext(ctx, &api.GetConversationsParameters{Limit: 2, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range list {
			names = append(names, ch.Name)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if len(names) != 5 || names[4] != "more-3" {
		t.Fatalf("%v", names)
	}
}

func TestHistoryComesInPagesNewestFirst(t *testing.T) {
	_, c, ch := workspace(t)
	var sent []string
	for i := range 5 {
		sent = append(sent, post(t, c, ch, api.MsgOptionText(fmt.Sprint(i), false)))
	}
	first, err := c.GetConversationHistoryContext(ctx, &api.GetConversationHistoryParameters{ChannelID: ch, Limit: 3})
	if err != nil || len(first.Messages) != 3 || first.Messages[0].Text != "4" || !first.HasMore {
		t.Fatalf("%+v %v", first, err)
	}
	rest, err := c.GetConversationHistoryContext(ctx, &api.GetConversationHistoryParameters{ChannelID: ch, Limit: 3, Cursor: first.ResponseMetaData.NextCursor})
	if err != nil || len(rest.Messages) != 2 || rest.HasMore {
		t.Fatalf("%+v %v", rest, err)
	}
	since, err := c.GetConversationHistoryContext(ctx, &api.GetConversationHistoryParameters{ChannelID: ch, Oldest: sent[3], Inclusive: true})
	if err != nil || len(since.Messages) != 2 {
		t.Fatalf("%+v %v", since, err)
	}
}

func TestFilesAreUploadedInThreeSteps(t *testing.T) {
	twin, c, ch := workspace(t)
	body := "resource,title\r\n"
	file, err := c.UploadFileContext(ctx, api.UploadFileParameters{Filename: "findings.csv", Title: "Findings", FileSize: len(body), Reader: strings.NewReader(body), Channel: ch, InitialComment: "1 finding"})
	if err != nil {
		t.Fatal(err)
	}
	got := twin.Uploads()
	if len(got) != 1 || got[0].ID != file.ID || string(got[0].Body) != body || got[0].Title != "Findings" {
		t.Fatalf("%+v", got)
	}
	if m := twin.Messages(ch); len(m) != 1 || m[0].Text != "1 finding" || m[0].Files[0] != file.ID {
		t.Fatalf("%+v", m)
	}
	_, err = c.UploadFileContext(ctx, api.UploadFileParameters{Filename: "x", FileSize: 99, Reader: strings.NewReader("short"), Channel: ch})
	if err == nil || len(twin.Uploads()) != 1 {
		t.Fatalf("a file of another length was taken: %v", err)
	}
}

func TestSlackFaults(t *testing.T) {
	twin, c, ch := workspace(t)
	twin.Faults().Add(fake.Fault{Kind: fake.Throttle, Operation: "chat.postMessage", RetryAfter: 7 * time.Second, Times: 1})
	_, _, err := c.PostMessageContext(ctx, ch, api.MsgOptionText("x", false))
	var limited *api.RateLimitedError
	if !errors.As(err, &limited) || limited.RetryAfter != 7*time.Second {
		t.Fatalf("%v", err)
	}
	twin.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Operation: "chat.postMessage", Times: 1})
	if _, _, err = c.PostMessageContext(ctx, ch, api.MsgOptionText("x", false)); err == nil {
		t.Fatal("the answer came")
	}
	post(t, c, ch, api.MsgOptionText("x", false))
	if m := twin.Messages(ch); len(m) != 2 {
		t.Fatalf("%d messages: a repeated post must stand twice", len(m))
	}
	if n := twin.Journal().Count(fake.Query{Service: "slack", Operation: "chat.postMessage"}); n != 3 {
		t.Fatalf("%d calls in the journal", n)
	}
	b, err := json.Marshal(twin.Journal())
	if err != nil || strings.Contains(string(b), "xoxb") {
		t.Fatalf("the journal shows the token: %v", err)
	}
}

func TestPressIsSignedAndAnsweredThroughTheResponseURL(t *testing.T) {
	twin, c, ch := workspace(t)
	ts := post(t, c, ch, api.MsgOptionText("fix?", false))
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		v, err := api.NewSecretsVerifier(r.Header, "twin-secret")
		var stale bool
		if err != nil {
			stale = strings.Contains(err.Error(), "timestamp") // the verifier looks at the real clock
		}
		if err == nil {
			_, _ = v.Write(body)
			err = v.Ensure()
		}
		if err != nil && !stale {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		call, err := api.InteractionCallbackParse(r)
		if err != nil || call.ActionCallback.BlockActions[0].ActionID != "approve" || call.User.ID != "U1" || call.Message.Timestamp != ts {
			t.Errorf("%+v %v", call, err)
		}
		if _, err := c.OpenViewContext(ctx, call.TriggerID, api.ModalViewRequest{Type: api.VTModal, Title: api.NewTextBlockObject(api.PlainTextType, "Why", false, false)}); err != nil {
			t.Error(err)
		}
		for range 6 {
			resp, err := http.Post(call.ResponseURL, "application/json", strings.NewReader(`{"replace_original":true,"text":"done"}`))
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
			w.Header().Add("X-Hook", resp.Status)
		}
		_, _ = io.WriteString(w, strings.Join(w.Header()["X-Hook"], ","))
	}))
	defer app.Close()
	status, body, err := twin.Interaction(ctx, app.URL, slack.Press{User: "U1", Channel: ch, MessageTS: ts, ActionID: "approve", Value: "plan-1"})
	if err != nil || status != http.StatusOK || strings.Count(string(body), "200 OK") != 5 {
		t.Fatalf("%d %s %v", status, body, err)
	}
	if m := twin.Messages(ch)[0]; m.Text != "done" || len(twin.Views()) != 1 {
		t.Fatalf("%+v", m)
	}
}

func TestRequestsToAppsCarryAValidSignature(t *testing.T) {
	twin := slack.New(slack.Options{SigningSecret: "s"})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := api.NewSecretsVerifier(r.Header, "s")
		if err == nil {
			_, err = io.Copy(&v, r.Body)
		}
		if err == nil {
			err = v.Ensure()
		}
		if err != nil || r.Header.Get("X-Slack-Retry-Num") != "2" {
			t.Errorf("%v, retry %q", err, r.Header.Get("X-Slack-Retry-Num"))
		}
	}))
	defer app.Close()
	if status, _, err := twin.Event(ctx, app.URL, "Ev1", map[string]any{"type": "message"}, 2); err != nil || status != http.StatusOK {
		t.Fatalf("%d %v", status, err)
	}
}

func FuzzBlocks(f *testing.F) {
	f.Add(`[{"type":"section","text":{"type":"mrkdwn","text":"x"}}]`)
	f.Add(`[{"type":"context","elements":[{"type":"mrkdwn","text":"x"}]},{"type":"actions","elements":[{"type":"button","text":{}}]}]`)
	f.Add(`{"type":5}`)
	twin := slack.New(slack.Options{})
	twin.AddChannel("c")
	f.Fuzz(func(t *testing.T, blocks string) {
		b, err := json.Marshal(map[string]string{"channel": "c", "text": "x", "blocks": blocks})
		if err != nil {
			t.Skip()
		}
		r := httptest.NewRequest(http.MethodPost, "/api/chat.postMessage", strings.NewReader(string(b)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer xoxb-twin")
		w := httptest.NewRecorder()
		twin.ServeHTTP(w, r)
		if w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	})
}

func modal(inputs ...api.Block) api.ModalViewRequest {
	word := func(s string) *api.TextBlockObject {
		return api.NewTextBlockObject(api.PlainTextType, s, false, false)
	}
	return api.ModalViewRequest{Type: api.VTModal, Title: word("Accept"), Submit: word("Send"), CallbackID: "accept", PrivateMetadata: "k1", Blocks: api.Blocks{BlockSet: inputs}}
}

func input(id string) api.Block {
	return api.NewInputBlock(id, api.NewTextBlockObject(api.PlainTextType, id, false, false), nil, api.NewPlainTextInputBlockElement(nil, id))
}

// app answers what the twin delivers.
func app(t *testing.T, answer func(api.InteractionCallback) string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call, err := api.InteractionCallbackParse(r)
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, answer(call))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestAModalIsFilledInSentAndAnswered(t *testing.T) {
	twin, c, ch := workspace(t)
	ts := post(t, c, ch, api.MsgOptionText("x", false), api.MsgOptionBlocks(api.NewActionBlock("", api.NewButtonBlockElement("ask", "k1", api.NewTextBlockObject(api.PlainTextType, "Ask", false, false)))))
	tries := 0
	url := app(t, func(call api.InteractionCallback) string {
		if call.Type == api.InteractionTypeBlockActions {
			if call.ActionCallback.BlockActions[0].Value != "k1" {
				t.Errorf("%+v", call.ActionCallback)
			}
			_, err := c.OpenViewContext(ctx, call.TriggerID, modal(input("reason")))
			want(t, err, "")
			_, err = c.OpenViewContext(ctx, call.TriggerID, modal(input("reason")))
			want(t, err, "exchanged_trigger_id")
			return ""
		}
		if tries++; tries == 1 {
			return `{"response_action":"errors","errors":{"reason":"longer"}}`
		}
		if call.View.CallbackID != "accept" || call.View.PrivateMetadata != "k1" || call.View.State.Values["reason"]["reason"].Value != "a load test" {
			t.Errorf("%+v", call.View)
		}
		return ""
	})
	m := twin.Messages(ch)[0]
	if _, _, err := twin.Press(ctx, url, "U1", m, "other"); err == nil || m.TS != ts {
		t.Error("a button was pressed that is not there")
	}
	if _, _, err := twin.Press(ctx, url, "U1", m, "ask"); err != nil {
		t.Fatal(err)
	}
	v := twin.Views()[0]
	if _, _, err := twin.Submit(ctx, url, v.ID, nil); err == nil {
		t.Error("a form was sent without what it needs")
	}
	for _, reason := range []string{"x", "a load test"} {
		if _, _, err := twin.Submit(ctx, url, v.ID, map[string]string{"reason": reason}); err != nil {
			t.Fatal(err)
		}
		if got := twin.Views()[0]; tries == 1 && (!got.Open || got.Errors["reason"] != "longer") || tries == 2 && got.Open {
			t.Errorf("after %d: %+v", tries, got)
		}
	}
}

func TestViewsAreHeldAgainstSlacksLimits(t *testing.T) {
	twin, c, ch := workspace(t)
	long := modal(input("a"))
	long.Title.Text = strings.Repeat("a", 25)
	unsendable := modal(input("a"))
	unsendable.Submit = nil
	fat := modal()
	fat.PrivateMetadata = strings.Repeat("a", 3001)
	for name, row := range map[string]struct {
		view api.ModalViewRequest
		code string
	}{
		"a form": {modal(input("a"), input("b")), ""}, "a long title": {long, "invalid_arguments"}, "no submit button": {unsendable, "invalid_arguments"},
		"metadata": {fat, "invalid_arguments"},
	} {
		t.Run(name, func(t *testing.T) {
			url := app(t, func(call api.InteractionCallback) string {
				_, err := c.OpenViewContext(ctx, call.TriggerID, row.view)
				want(t, err, row.code)
				return ""
			})
			if _, _, err := twin.Interaction(ctx, url, slack.Press{User: "U1", Channel: ch, ActionID: "x"}); err != nil {
				t.Fatal(err)
			}
		})
	}
	_, err := c.OpenViewContext(ctx, "made-up", modal())
	want(t, err, "invalid_trigger_id")
}

func TestOneMemberSeesAWhisper(t *testing.T) {
	twin, c, ch := workspace(t)
	twin.AddUser(slack.User{ID: "U1", Name: "hana"})
	_, err := c.PostEphemeralContext(ctx, ch, "U1", api.MsgOptionText("only you", false))
	want(t, err, "")
	_, err = c.PostEphemeralContext(ctx, ch, "U404", api.MsgOptionText("only you", false))
	want(t, err, "user_not_in_channel")
	if w := twin.Whispers(); len(w) != 1 || w[0].User != "U1" || w[0].Channel != "shop-sec" || len(twin.Messages(ch)) != 0 {
		t.Errorf("%+v", w)
	}
}

func TestEnvelopesComeOverASocketAndAreAcknowledged(t *testing.T) {
	twin, _, ch := workspace(t)
	server := httptest.NewServer(twin)
	defer server.Close()
	_, _, err := api.New("", api.OptionAppLevelToken("xapp-other"), api.OptionAPIURL(server.URL+"/api/")).StartSocketModeContext(ctx)
	want(t, err, "invalid_auth")
	if _, _, err := twin.Mention(ctx, slack.OverSocket, ch, "U1", "hello", ""); err == nil {
		t.Error("delivered over no socket")
	}
	c := socketmode.New(api.New("", api.OptionAppLevelToken("xapp-twin"), api.OptionAPIURL(server.URL+"/api/")))
	run, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = c.RunContext(run) }()
	defer func() { stop(); <-ended }()
	hellos := 0
	next := func(kind socketmode.EventType) socketmode.Event {
		for {
			e := <-c.Events
			if e.Type == socketmode.EventTypeHello {
				hellos++
			}
			if e.Type == kind {
				return e
			}
		}
	}
	next(socketmode.EventTypeHello)
	for twin.Sockets() == 0 {
		time.Sleep(time.Millisecond)
	}
	go func() {
		e := next(socketmode.EventTypeEventsAPI)
		_ = c.Ack(*e.Request)
	}()
	if _, status, err := twin.Mention(ctx, slack.OverSocket, ch, "U1", "hello", ""); err != nil || status != http.StatusOK {
		t.Fatal(status, err)
	}
	go func() {
		e := next(socketmode.EventTypeInteractive)
		_ = c.Ack(*e.Request, map[string]string{"response_action": "clear"})
	}()
	if _, body, err := twin.Interaction(ctx, slack.OverSocket, slack.Press{User: "U1", Channel: ch, ActionID: "x"}); err != nil || !strings.Contains(string(body), "clear") {
		t.Fatalf("%s %v", body, err)
	}
	twin.Disconnect()
	next(socketmode.EventTypeHello)
	if hellos != 2 {
		t.Errorf("%d hellos", hellos)
	}
}

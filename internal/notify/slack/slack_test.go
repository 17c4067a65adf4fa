package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"zesei/internal/finding"
	"zesei/internal/notify"
)

// clock is a time that passes only by waiting.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	slept []time.Duration
}

func newClock() *clock { return &clock{at: time.Unix(1764000300, 0)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) sleep(_ context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	c.slept = append(c.slept, d)
	return nil
}

func open(t *testing.T, s *server, c *clock, change ...func(*Config)) *Deliverer {
	t.Helper()
	templates, err := notify.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	config := Config{Token: testToken, URL: s.URL + "/api", Client: s.Client(), Templates: templates, Now: c.now, Sleep: c.sleep}
	for _, f := range change {
		f(&config)
	}
	d, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func groupOf(cases int) notify.Message {
	m := notify.Message{
		Key: "msg-1", Owner: "shop", Via: notify.Slack, Target: "#shop-sec", Kind: notify.Cases, Language: "ja",
		Zone: time.FixedZone("JST", 9*3600), Mention: []string{"U012AB3CD", "<!channel>"},
		Control: notify.Control{ID: "EC2.19", TitleJA: "高リスクのポートを開放しないでください", Severity: finding.Critical},
	}
	for i := range cases {
		m.Cases = append(m.Cases, notify.Case{
			Key: fmt.Sprintf("k%d", i), AccountID: "111122223333", Region: "ap-northeast-1", State: notify.Open,
			Resource: fmt.Sprintf("arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-%d", i), ResourceName: fmt.Sprintf("sg-%d", i),
			Severity: finding.Critical,
		})
	}
	return m
}

func keep(notify.Told) error { return nil }

func deliver(t *testing.T, d *Deliverer, m notify.Message, told notify.Told) notify.Told {
	t.Helper()
	after, err := d.Deliver(context.Background(), notify.Decide(m, told), told, keep)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

func TestDetailsStandInTheThreadAndMentionsInTheMessage(t *testing.T) {
	s, c := newServer(t), newClock()
	deliver(t, open(t, s, c), groupOf(2), notify.Told{})
	if len(s.messages) != 3 {
		t.Fatalf("%d messages, want 3", len(s.messages))
	}
	main := s.messages[0]
	if !strings.HasPrefix(main.sections[0], "<@U012AB3CD>\n") || strings.Contains(main.Text, "!channel") {
		t.Errorf("want exactly the one valid mention first:\n%s", main.sections[0])
	}
	for _, m := range s.messages[1:] {
		if m.Thread != main.TS {
			t.Errorf("details stand in thread %q, want %q", m.Thread, main.TS)
		}
		if strings.Contains(m.Text, "<@") {
			t.Errorf("details of a new group mention people again:\n%s", m.Text)
		}
	}
}

func TestMessagesToOneChannelKeepASecondApart(t *testing.T) {
	s, c := newServer(t), newClock()
	deliver(t, open(t, s, c), groupOf(3), notify.Told{})
	var waited time.Duration
	for _, d := range c.slept {
		waited += d
	}
	// The first goes to the name, the rest to the id that the answer gave.
	if len(s.messages) != 4 || waited < 2*time.Second {
		t.Errorf("%d messages with %s between them", len(s.messages), waited)
	}
}

func TestAShortLimitIsWaitedOut(t *testing.T) {
	s, c := newServer(t), newClock()
	s.order(status(http.StatusTooManyRequests, "Retry-After", "2"))
	deliver(t, open(t, s, c), groupOf(1), notify.Told{})
	if len(s.messages) != 1 || len(c.slept) == 0 || c.slept[0] != 2*time.Second {
		t.Errorf("%d messages after waiting %v", len(s.messages), c.slept)
	}
}

func TestAMessageThatCannotBeEditedIsPostedAnewAndSaysSo(t *testing.T) {
	for _, code := range []string{"edit_window_closed", "message_not_found", "cant_update_message"} {
		t.Run(code, func(t *testing.T) {
			s, c := newServer(t), newClock()
			d := open(t, s, c)
			m := groupOf(1)
			told := deliver(t, d, m, notify.Told{})
			m.Cases[0].State, m.Cases[0].Reason = notify.Closed, "fixed"
			s.order(refuse(code))
			told = deliver(t, d, m, told)
			if len(s.messages) != 2 || !strings.Contains(s.messages[1].Text, "あらためて投稿しています") {
				t.Fatalf("want a second message that says so, got %q", s.standing())
			}
			if told.Parts[notify.Main].ID != s.messages[1].TS {
				t.Error("the new message is not the one that is updated from now on")
			}
		})
	}
}

func TestAPostAnewThatGotLostIsNotTakenForTheFirstPost(t *testing.T) {
	s, c := newServer(t), newClock()
	d := open(t, s, c)
	m := groupOf(1)
	told := deliver(t, d, m, notify.Told{})
	m.Cases[0].State = notify.Closed
	s.order(refuse("edit_window_closed"))
	s.order(func(w http.ResponseWriter, _ func()) { w.WriteHeader(http.StatusBadGateway) })
	told, err := d.Deliver(context.Background(), notify.Decide(m, told), told, keep)
	if err == nil || !told.Parts[notify.Main].Pending {
		t.Fatalf("want the new post in doubt, got %v, %+v", err, told.Parts)
	}
	told = deliver(t, d, m, told)
	if len(s.messages) != 2 || told.Parts[notify.Main].ID != s.messages[1].TS {
		t.Errorf("%d messages, main is %+v", len(s.messages), told.Parts[notify.Main])
	}
}

func TestAnotherStoresMessageWithTheSameKeyIsNotTakenForOurs(t *testing.T) {
	s, c := newServer(t), newClock()
	d := open(t, s, c)
	deliver(t, d, groupOf(1), notify.Told{})
	m := groupOf(1)
	m.Cases[0].AccountID = "444455556666"
	s.order(status(http.StatusBadGateway))
	told, err := d.Deliver(context.Background(), notify.Decide(m, notify.Told{}), notify.Told{}, keep)
	if err == nil {
		t.Fatal("a server error is not reported")
	}
	deliver(t, d, m, told)
	if got := s.standing(); len(got) != 2 || !strings.Contains(got[1], "444455556666") {
		t.Errorf("got %q", got)
	}
}

func TestAReplyWhoseThreadWasDeletedGoesToTheChannel(t *testing.T) {
	s, c := newServer(t), newClock()
	d := open(t, s, c)
	m := groupOf(2)
	told := deliver(t, d, m, notify.Told{})
	m.Cases = append(m.Cases, groupOf(3).Cases[2])
	s.order(func(w http.ResponseWriter, do func()) { do() }) // the list is updated
	s.order(refuse("thread_not_found"))
	deliver(t, d, m, told)
	if last := s.messages[len(s.messages)-1]; len(s.messages) != 4 || last.Thread != "" || !strings.Contains(last.Text, "sg-2") {
		t.Errorf("%d messages, the last in thread %q: %s", len(s.messages), last.Thread, last.Text)
	}
}

func TestBlocksThatSlackRefusesGiveWayToText(t *testing.T) {
	s, c := newServer(t), newClock()
	s.order(refuse("msg_blocks_too_long"))
	deliver(t, open(t, s, c), groupOf(40), notify.Told{})
	if got := s.messages[0].sections; len(got) != 1 || !strings.Contains(got[0], "EC2.19") {
		t.Errorf("want one plain section, got %q", got)
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	for code := range hints {
		s, c := newServer(t), newClock()
		s.always = code
		told, err := open(t, s, c).Deliver(context.Background(), notify.Decide(groupOf(1), notify.Told{}), notify.Told{}, keep)
		var no *notify.Permanent
		if !errors.As(err, &no) || no.Hint == "" || !strings.Contains(err.Error(), code) {
			t.Errorf("%s: got %v", code, err)
		}
		if len(told.Parts) != 0 {
			t.Errorf("%s: a refused post is kept as %+v", code, told.Parts)
		}
	}
}

func TestATokenThatSlackCannotHaveGivenIsRefusedAtOnce(t *testing.T) {
	templates, err := notify.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"", "xoxb-1\n", "xoxb 1"} {
		_, err := New(Config{Token: token, Templates: templates, Now: time.Now})
		if err == nil || (token != "" && strings.Contains(err.Error(), token)) {
			t.Errorf("token %q: got %v", token, err)
		}
	}
}

func TestTheTokenStandsInNoErrorAndNoLog(t *testing.T) {
	s, c := newServer(t), newClock()
	var log bytes.Buffer
	d := open(t, s, c, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	s.Close() // every call fails in the transport
	_, err := d.Deliver(context.Background(), notify.Decide(groupOf(1), notify.Told{}), notify.Told{}, keep)
	_, upload := d.UploadCSV(context.Background(), testChannel, "a.csv", []byte("a"), "", "")
	for _, text := range []string{err.Error(), upload.Error(), log.String()} {
		if strings.Contains(text, testToken) || strings.Contains(text, s.URL) {
			t.Errorf("shows the token or the address: %s", text)
		}
	}
}

func TestAFileIsUploadedByTheCurrentFlow(t *testing.T) {
	s, c := newServer(t), newClock()
	id, err := open(t, s, c).UploadCSV(context.Background(), "#shop-sec", "findings.csv", []byte("a,b\r\n"), "2件 "+Mention("U012AB3CD")+Escape(" <!here>"), "")
	if err != nil || id != "F1" {
		t.Fatal(id, err)
	}
	if len(s.files) != 1 || !strings.Contains(s.files[0], "a,b\r\n") {
		t.Errorf("uploaded %q", s.files)
	}
	if got := s.messages[0].Text; got != "2件 <@U012AB3CD>&lt;!here&gt;" {
		t.Errorf("comment %q", got)
	}
}

func TestAFileWhoseSharingGotNoAnswerIsInDoubt(t *testing.T) {
	s, c := newServer(t), newClock()
	s.order(lost)
	id, err := open(t, s, c).UploadCSV(context.Background(), testChannel, "findings.csv", []byte("a"), "", "")
	var doubt *InDoubt
	if !errors.As(err, &doubt) || id != "F1" || doubt.FileID != "F1" {
		t.Fatalf("got %q, %v", id, err)
	}
	if strings.Contains(err.Error(), "secret-of-the-url") {
		t.Errorf("the upload URL is shown: %v", err)
	}
}

package slack

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	twin "zesei/internal/fake/slack"
)

const testSecret = "8f742231b10e8888abcd99yyyzzz85a5"

// The example in Slack's documentation of signatures.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func TestTheSignatureIsSlacks(t *testing.T) {
	body := []byte("token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c")
	good := http.Header{"X-Slack-Request-Timestamp": {"1531420618"}, "X-Slack-Signature": {"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"}}
	at := time.Unix(1531420618, 0)
	change := func(name, value string) http.Header {
		h := good.Clone()
		h.Set(name, value)
		return h
	}
	for name, row := range map[string]struct {
		secret string
		header http.Header
		body   []byte
		now    time.Time
		want   error
	}{
		"as Slack signs":      {testSecret, good, body, at, nil},
		"five minutes later":  {testSecret, good, body, at.Add(5 * time.Minute), nil},
		"later than that":     {testSecret, good, body, at.Add(5*time.Minute + time.Second), errStale},
		"from the future":     {testSecret, good, body, at.Add(-5*time.Minute - time.Second), errStale},
		"another secret":      {"other", good, body, at, errForged},
		"no secret":           {"", good, body, at, errForged},
		"another body":        {testSecret, good, append(body[:len(body):len(body)], 'x'), at, errForged},
		"another time":        {testSecret, change("X-Slack-Request-Timestamp", "1531420619"), body, at, errForged},
		"no time":             {testSecret, change("X-Slack-Request-Timestamp", ""), body, at, errUnsigned},
		"no number for time":  {testSecret, change("X-Slack-Request-Timestamp", "now"), body, at, errUnsigned},
		"no signature":        {testSecret, change("X-Slack-Signature", ""), body, at, errUnsigned},
		"a signature cut off": {testSecret, change("X-Slack-Signature", "v0="), body, at, errForged},
	} {
		if err := Verify(row.secret, row.header, row.body, row.now); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
	}
}

// counter is where what is delivered arrives.
type counter struct {
	*Receiver
	heard []Heard
	give  Answer
	log   bytes.Buffer
}

func newCounter() *counter {
	c := &counter{}
	c.Receiver = &Receiver{
		Secret: func(context.Context) (string, error) { return testSecret, nil }, Now: func() time.Time { return time.Unix(1764000300, 0) },
		Log:  slog.New(slog.NewTextHandler(&c.log, nil)),
		Hear: func(_ context.Context, h Heard) Answer { c.heard = append(c.heard, h); return c.give },
	}
	return c
}

// deliver sends a signed request.
func (c *counter) deliver(h http.Handler, method, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	twin.Sign(r.Header, testSecret, c.Now(), []byte(body))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func payload(s string) string { return url.Values{"payload": {s}}.Encode() }

func TestWhatSlackSignedIsHeardAndAnswered(t *testing.T) {
	c := newCounter()
	after := false
	c.give.After = func(ctx context.Context) { after = ctx.Err() == nil }
	if w := c.deliver(c.Interactivity(), "POST", payload(pressed)); w.Code != 200 || w.Body.Len() != 0 || !after || !w.Flushed {
		t.Errorf("%d %q, after %t", w.Code, w.Body, after)
	}
	c.give = Answer{Body: Mistakes(map[string]string{"reason": "why?"})}
	if w := c.deliver(c.Interactivity(), "POST", payload(sent)); w.Code != 200 || w.Body.String() != `{"response_action":"errors","errors":{"reason":"why?"}}` || w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if w := c.deliver(c.Events(), "POST", mentioned); w.Code != 200 {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if len(c.heard) != 3 || c.heard[0].Kind != Press || c.heard[1].Kind != Form || c.heard[2].Kind != Words {
		t.Errorf("%+v", c.heard)
	}
	if w := c.deliver(c.Events(), "POST", `{"type":"url_verification","challenge":"c4"}`); w.Code != 200 || w.Body.String() != `{"challenge":"c4"}` || len(c.heard) != 3 {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestWhatIsNotDoneIsNotAcknowledged(t *testing.T) {
	c := newCounter()
	c.give = Answer{Err: errors.New("the store is busy"), After: func(context.Context) { t.Error("something followed") }}
	if w := c.deliver(c.Events(), "POST", mentioned); w.Code != 500 || strings.Contains(w.Body.String(), "busy") || !strings.Contains(c.log.String(), "busy") {
		t.Errorf("%d %q %s", w.Code, w.Body, &c.log)
	}
}

func TestRequestsThatAreNotSlacksAreRefused(t *testing.T) {
	c := newCounter()
	for name, row := range map[string]struct {
		method, body string
		code         int
	}{
		"a GET": {"GET", "", 405}, "no payload": {"POST", "x=1", 400}, "no form": {"POST", "%zz", 400}, "too much": {"POST", payload(strings.Repeat("x", maxPayload)), 413},
	} {
		if w := c.deliver(c.Interactivity(), row.method, row.body); w.Code != row.code {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	unsigned := httptest.NewRecorder()
	c.Interactivity().ServeHTTP(unsigned, httptest.NewRequest("POST", "/", strings.NewReader(payload(pressed))))
	if unsigned.Code != 401 {
		t.Errorf("unsigned: %d", unsigned.Code)
	}
	c.Secret = func(context.Context) (string, error) { return "", errors.New("no answer from the secret store") }
	if w := c.deliver(c.Interactivity(), "POST", payload(pressed)); w.Code != 503 {
		t.Errorf("without the secret: %d", w.Code)
	}
	if len(c.heard) != 0 || strings.Contains(c.log.String(), testSecret) {
		t.Errorf("heard %+v, logged %s", c.heard, &c.log)
	}
}

package teams

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"zesei/internal/finding"
	"zesei/internal/notify"
)

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// workflow keeps every card as its reader sees it, a line each block.
type workflow struct {
	*httptest.Server
	t      *testing.T
	mu     sync.Mutex
	cards  []string
	bodies [][]byte
	answer func(http.ResponseWriter) // before anything is done; nil: the card is taken
}

func (w *workflow) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Error(err)
	}
	if w.answer != nil {
		w.answer(rw)
		return
	}
	var in request
	if err := json.Unmarshal(body, &in); err != nil || len(in.Attachments) != 1 {
		w.t.Errorf("%v: %s", err, body)
	}
	var lines []string
	for _, b := range in.Attachments[0].Content.Body {
		line := ""
		for _, i := range b.Inlines {
			line += i.Text
		}
		lines = append(lines, line)
	}
	w.cards = append(w.cards, strings.Join(lines, "\n"))
	w.bodies = append(w.bodies, body)
	rw.WriteHeader(http.StatusAccepted)
}

func newWorkflow(t *testing.T) (*workflow, *Deliverer) {
	t.Helper()
	w := &workflow{t: t}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w, deliverer(t, w.URL+"/workflows/abc?sig=token-in-the-url")
}

func deliverer(t *testing.T, url string) *Deliverer {
	t.Helper()
	templates, err := notify.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Config{Name: "shop", URL: url, Templates: templates, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func message(n int) notify.Message {
	m := notify.Message{
		Key: "m-1", Owner: "shop", Via: notify.Teams, Target: "shop", Kind: notify.Cases, Language: "ja", Mention: []string{"U012AB3CD"},
		Control: notify.Control{ID: "EC2.19", TitleEN: "Ports", TitleJA: "ポート **開放** [x](https://evil.example)", Severity: finding.High, Remediation: "https://docs.aws.amazon.com/x"},
	}
	for i := range n {
		m.Cases = append(m.Cases, notify.Case{
			Key: fmt.Sprint("k", i), State: notify.Open, Severity: finding.High, AccountID: "111122223333", AccountName: "本番環境", Region: "eu-west-1", Resource: fmt.Sprint("r", i),
			ResourceName: strings.Repeat("n", 60),
		})
	}
	return m
}

func tell(d *Deliverer, m notify.Message, told notify.Told) (notify.Told, error) {
	return d.Deliver(context.Background(), notify.Decide(m, told), told, func(notify.Told) error { return nil })
}

func TestACardIsPostedOnceAndAgainForNews(t *testing.T) {
	w, d := newWorkflow(t)
	m := message(1)
	told, err := tell(d, m, notify.Told{})
	if err != nil {
		t.Fatal(err)
	}
	if len(w.cards) != 1 || !strings.Contains(w.cards[0], "ポート **開放** [x](https://evil.example)") || strings.Contains(string(w.bodies[0]), `"url":"https://evil`) ||
		!strings.Contains(string(w.bodies[0]), `{"type":"Action.OpenUrl","url":"https://docs.aws.amazon.com/x"}`) {
		t.Fatalf("cards %q\n%s", w.cards, w.bodies[0])
	}
	m.Cases[0].Due = now.Add(time.Hour)
	if told, err = tell(d, m, told); err != nil || len(w.cards) != 1 {
		t.Fatalf("%v; %d cards: a deadline alone is no news", err, len(w.cards))
	}
	m.Cases[0].State = notify.Closed
	if told, err = tell(d, m, told); err != nil || len(w.cards) != 2 {
		t.Fatalf("%v; %d cards, want a second one that says it is over", err, len(w.cards))
	}
	if again, err := tell(d, m, told); err != nil || len(w.cards) != 2 || len(again.Parts) != 1 {
		t.Fatalf("%v; %d cards", err, len(w.cards))
	}
}

func TestACardThatIsTooLongIsCutAtALine(t *testing.T) {
	w, d := newWorkflow(t)
	if _, err := tell(d, message(400), notify.Told{}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(w.cards[0], "\n")
	if n := len(w.bodies[0]); n > maxBody || n < maxBody*9/10 {
		t.Errorf("%d bytes of %d", n, maxBody)
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "…") {
		t.Errorf("the last line is %q", last)
	}
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status    int
		after     string
		permanent bool
		wait      time.Duration
	}{
		"busy":                       {status: 502},
		"limited":                    {status: 429, after: "60", wait: time.Minute},
		"limited without a time":     {status: 429, wait: time.Minute},
		"gone":                       {status: 404, permanent: true},
		"a redirect is not followed": {status: 307, permanent: true},
		"a bad card":                 {status: 400, permanent: true},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := newWorkflow(t)
			w.answer = func(rw http.ResponseWriter) {
				if c.after != "" {
					rw.Header().Set("Retry-After", c.after)
				}
				rw.Header().Set("Location", w.URL+"/elsewhere")
				rw.WriteHeader(c.status)
			}
			_, err := tell(d, message(1), notify.Told{})
			var no *notify.Permanent
			var wait *notify.RetryAfter
			if err == nil || errors.As(err, &no) != c.permanent || errors.As(err, &wait) != (c.wait > 0) || c.wait > 0 && wait.After != c.wait {
				t.Errorf("got %v", err)
			}
			if c.permanent && no.Hint == "" || strings.Contains(err.Error(), "token-in-the-url") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTheURLStandsInNoError(t *testing.T) {
	if _, err := tell(deliverer(t, "http://127.0.0.1:1/token-in-the-url"), message(1), notify.Told{}); err == nil || strings.Contains(err.Error(), "token") {
		t.Errorf("got %v", err)
	}
	for _, bad := range []string{"", "http://example.com/token", "https://e.example/\x7ftoken", "token"} {
		if _, err := New(Config{Name: "shop", URL: bad}); err == nil || strings.Contains(err.Error(), "token") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"zesei/internal/notify"
	"zesei/internal/notify/notifytest"
)

var (
	secret = []byte("a-shared-secret-of-32-characters")
	now    = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
)

// receiver does what the package comment asks of one: checks the signature,
// drops repeated ids, and keeps the newest version of each key.
type receiver struct {
	*httptest.Server
	t      *testing.T
	mu     sync.Mutex
	ids    map[string]bool
	order  []string
	latest map[string]Payload
	next   []func(http.ResponseWriter, func())
	always int
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t, ids: map[string]bool{}, latest: map[string]Payload{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		r.t.Error(err)
	}
	do := func() {
		if err := Verify(secret, req.Header.Get(SignatureHeader), body, now); err != nil {
			r.t.Error(err)
		}
		var p Payload
		if err := json.Unmarshal(body, &p); err != nil {
			r.t.Error(err)
		}
		if p.ID == "" || p.ID != req.Header.Get("Idempotency-Key") {
			r.t.Errorf("id %q, header %q", p.ID, req.Header.Get("Idempotency-Key"))
		}
		if r.ids[p.ID] {
			return
		}
		r.ids[p.ID] = true
		before, known := r.latest[p.Key]
		if known && before.Version >= p.Version {
			return
		}
		if !known {
			r.order = append(r.order, p.Key)
		}
		r.latest[p.Key] = p
	}
	switch {
	case r.always != 0:
		w.WriteHeader(r.always)
	case len(r.next) > 0:
		fault := r.next[0]
		r.next = r.next[1:]
		fault(w, do)
	default:
		do()
	}
}

func (r *receiver) standing() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, k := range r.order {
		out = append(out, r.latest[k].Text)
	}
	return out
}

func open(t *testing.T, url string) *Deliverer {
	t.Helper()
	templates, err := notify.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Config{Name: "siem", URL: url, Secret: secret, Templates: templates, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestChannelSuite(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Harness {
		r := newReceiver(t)
		return notifytest.Harness{
			Channel: open(t, r.URL), Via: notify.Webhook, Target: "siem", Secret: string(secret), Standing: r.standing,
			Order: func(f notifytest.Fault) {
				switch f {
				case notifytest.Busy:
					r.next = append(r.next, func(w http.ResponseWriter, _ func()) { w.WriteHeader(http.StatusBadGateway) })
				case notifytest.Limited:
					r.next = append(r.next, func(w http.ResponseWriter, _ func()) {
						w.Header().Set("Retry-After", "60")
						w.WriteHeader(http.StatusTooManyRequests)
					})
				case notifytest.LostPost:
					r.next = append(r.next, func(w http.ResponseWriter, do func()) {
						do()
						if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
							conn.Close()
						}
					})
				case notifytest.Refused:
					r.always = http.StatusForbidden
				}
			},
			Mend: func() { r.always = 0 },
		}
	})
}

func TestARedirectIsRefusedAndNotFollowed(t *testing.T) {
	followed := false
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer target.Close()
	s := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusTemporaryRedirect))
	defer s.Close()
	m := notify.Message{Key: "k", Via: notify.Webhook, Kind: notify.Cases, Cases: []notify.Case{{Key: "c", State: notify.Open}}}
	_, err := open(t, s.URL).Deliver(context.Background(), notify.Decide(m, notify.Told{}), notify.Told{}, func(notify.Told) error { return nil })
	var no *notify.Permanent
	if !errors.As(err, &no) || followed {
		t.Errorf("got %v, followed: %v", err, followed)
	}
}

func TestAnAddressOrSecretThatIsNotSafeIsRefused(t *testing.T) {
	templates, err := notify.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	for url, key := range map[string]string{
		"http://example.com/x": "0123456789abcdef", "ftp://example.com": "0123456789abcdef", "https://u:p@example.com": "0123456789abcdef",
		"": "0123456789abcdef", "https://example.com/hook": "short", "http://127.0.0.1.example.com/": "0123456789abcdef", "https://e.example/\x7ftoken": "0123456789abcdef",
	} {
		_, err := New(Config{Name: "siem", URL: url, Secret: []byte(key), Templates: templates, Now: time.Now})
		if err == nil || !strings.HasPrefix(err.Error(), "webhook siem: ") || strings.Contains(err.Error(), "token") || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q: got %v", url, err)
		}
	}
}

func TestTheAddressStandsInNoError(t *testing.T) {
	d := open(t, "http://127.0.0.1:1/token-in-the-path")
	m := notify.Message{Key: "k", Via: notify.Webhook, Kind: notify.Cases, Cases: []notify.Case{{Key: "c", State: notify.Open}}}
	_, err := d.Deliver(context.Background(), notify.Decide(m, notify.Told{}), notify.Told{}, func(notify.Told) error { return nil })
	if err == nil || strings.Contains(err.Error(), "token-in-the-path") {
		t.Errorf("got %v", err)
	}
}

func TestVerify(t *testing.T) {
	body := []byte(`{"schema":1}`)
	good := Sign(secret, body, now)
	for name, c := range map[string]struct {
		header string
		body   string
		at     time.Time
		held   bool
	}{
		"as signed":                 {good, string(body), now, true},
		"while a secret is changed": {strings.Replace(good, ",v1=", ",v1=00ff,v1=", 1), string(body), now, true},
		"four minutes late":         {good, string(body), now.Add(4 * time.Minute), true},
		"six minutes late":          {good, string(body), now.Add(6 * time.Minute), false},
		"six minutes early":         {good, string(body), now.Add(-6 * time.Minute), false},
		"another body":              {good, string(body) + " ", now, false},
		"another time":              {strings.Replace(good, "t=1", "t=2", 1), string(body), now, false},
		"a second time":             {good + ",t=1", string(body), now, false},
		"a time that overflows":     {"t=99999999999999999999,v1=00", string(body), now, false},
		"the least time there is":   {"t=-9223372036854775808,v1=00", string(body), now, false},
		"no header":                 {"", string(body), now, false},
		"no signature":              {"t=" + good[2:12], string(body), now, false},
		"a signature of nothing":    {"t=" + good[2:12] + ",v1=", string(body), now, false},
	} {
		if err := Verify(secret, c.header, []byte(c.body), c.at); (err == nil) != c.held || (err != nil && !errors.Is(err, ErrSignature)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if Verify(nil, Sign(nil, body, now), body, now) == nil {
		t.Error("an empty secret proves something")
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("t=1,v1=00", []byte("x"))
	f.Add("", []byte(nil))
	f.Add(",,t=,v1", []byte("{}"))
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		if Verify(secret, header, body, now) == nil {
			t.Fatal("a forged signature holds")
		}
	})
}

package intake

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// door is the HTTP intake before a taker.
type door struct {
	*HTTP
	taker   *taker
	handler http.Handler
	reg     *prometheus.Registry
}

func newDoor(t *testing.T) *door {
	d := &door{taker: &taker{}, reg: prometheus.NewRegistry()}
	m := NewMetrics(d.reg)
	j := NewJoiner(d.taker, nil, m)
	stopped, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { j.Run(context.Background(), stopped) })
	t.Cleanup(func() { stop(); wg.Wait() })
	d.HTTP = &HTTP{Intake: &Intake{Decoder: words{}, Now: time.Now}, Joiner: j, Metrics: m, Log: slog.New(slog.DiscardHandler),
		Secret: func(context.Context) (string, error) { return "key", nil }}
	d.handler = d.Handler()
	return d
}

func (d *door) send(method, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/events", strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

func zipped(b []byte) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.String()
}

func TestHTTPAnswers(t *testing.T) {
	cases := []struct {
		name   string
		change func(*door)
		method string
		body   string
		header []string
		want   int
		took   int
	}{
		{name: "the secret in its header", body: item(1), header: []string{"X-Api-Key", "key"}, want: 200, took: 1},
		{name: "a bearer token", body: item(1), header: []string{"Authorization", "bearer key"}, want: 200, took: 1},
		{name: "a header of the configuration", change: func(d *door) { d.Header = "X-Zesei" }, body: item(1), header: []string{"X-Zesei", "key"}, want: 200, took: 1},
		{name: "no secret", body: item(1), want: 401},
		{name: "a wrong secret", body: item(1), header: []string{"X-Api-Key", "kez"}, want: 401},
		{name: "the beginning of the secret", body: item(1), header: []string{"X-Api-Key", "ke"}, want: 401},
		{name: "no secret is configured", change: func(d *door) { d.Secret = nil }, body: item(1), want: 401},
		{name: "an empty secret is configured", change: func(d *door) { d.Secret = func(context.Context) (string, error) { return "", nil } }, body: item(1), header: []string{"X-Api-Key", ""}, want: 401},
		{name: "a secret that cannot be read", change: func(d *door) {
			d.Secret = func(context.Context) (string, error) { return "", errors.New("no") }
		}, body: item(1), header: []string{"X-Api-Key", "key"}, want: 503},
		{name: "SNS without topics", body: "{}", header: []string{"X-Api-Key", "key", "X-Amz-Sns-Message-Type", "Notification"}, want: 403},
		{name: "another method", method: http.MethodGet, header: []string{"X-Api-Key", "key"}, want: 405},
		{name: "a body that is too large", body: strings.Repeat(" ", MaxMessage+1), header: []string{"X-Api-Key", "key"}, want: 413},
		{name: "gzip", body: zipped([]byte(item(1) + "\n" + item(2))), header: []string{"X-Api-Key", "key"}, want: 200, took: 2},
		{name: "gzip that grows too large", body: zipped(bytes.Repeat([]byte(" "), maxInflated+1)), header: []string{"X-Api-Key", "key"}, want: 413},
		{name: "half a gzip", body: zipped([]byte(item(1)))[:20], header: []string{"X-Api-Key", "key"}, want: 400},
		{name: "many at once", body: "[" + item(1) + "," + item(2) + "," + item(3) + "]", header: []string{"X-Api-Key", "key"}, want: 200, took: 3},
		{name: "rubbish is kept, and not sent again", body: "rubbish", header: []string{"X-Api-Key", "key"}, want: 200},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t)
			if c.change != nil {
				c.change(d)
			}
			method := c.method
			if method == "" {
				method = http.MethodPost
			}
			w := d.send(method, c.body, c.header...)
			findings, _ := d.taker.took()
			if w.Code != c.want || len(findings) != c.took {
				t.Errorf("%d %s, %d taken; want %d and %d", w.Code, w.Body, len(findings), c.want, c.took)
			}
			if w.Code >= 429 && w.Header().Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		})
	}
}

// TestRequestsThatWaitTogetherAreOneCommit.
func TestRequestsThatWaitTogetherAreOneCommit(t *testing.T) {
	d := newDoor(t)
	d.taker.wait = make(chan struct{})
	d.Patience = time.Minute
	var wg sync.WaitGroup
	wait := func(ok func() bool) {
		for end := time.Now().Add(10 * time.Second); !ok() && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
	}
	for i := range 40 {
		wg.Go(func() {
			if w := d.send(http.MethodPost, item(i), "X-Api-Key", "key"); w.Code != 200 {
				t.Error(w.Code, w.Body)
			}
		})
		if i == 0 {
			wait(func() bool { return d.taker.entered.Load() == 1 })
		}
	}
	wait(func() bool { return len(d.Joiner.queue) == 39 })
	close(d.taker.wait)
	wg.Wait()
	if d.taker.commits != 2 {
		t.Errorf("%d commits, want 2: the first request, and all others", d.taker.commits)
	}
	families, err := d.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if n := f.Metric[0].GetCounter().GetValue(); f.GetName() == "zesei_intake_findings_total" && n != 40 {
			t.Errorf("%v findings in the metrics", n)
		}
	}
}

// TestTooMuchIsPutOff: beyond the room for bodies 503, beyond the requests 429.
func TestTooMuchIsPutOff(t *testing.T) {
	d := newDoor(t)
	if !d.Joiner.room.TryAcquire(Room) {
		t.Fatal("there is no room at all")
	}
	if w := d.send(http.MethodPost, item(1), "X-Api-Key", "key"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Error(w.Code, w.Header())
	}
	d.Joiner.room.Release(Room)
	for range maxRequests {
		d.slots <- struct{}{}
	}
	if w := d.send(http.MethodPost, item(1), "X-Api-Key", "key"); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Error(w.Code, w.Header())
	}
}

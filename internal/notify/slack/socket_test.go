package slack

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	twin "zesei/internal/fake/slack"
)

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// listen runs a socket on a twin until the test ends.
func listen(t *testing.T, hear Hearer, tokens ...string) (*twin.Twin, *lockedBuffer, *atomic.Int32) {
	t.Helper()
	w := twin.New(twin.Options{})
	w.AddChannel("shop-sec")
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	log, slept := &lockedBuffer{}, &atomic.Int32{}
	s := &Socket{
		Token: func(context.Context) (string, error) { return tokens[min(int(slept.Load()), len(tokens)-1)], nil },
		URL:   server.URL + "/api", Hear: hear, Log: slog.New(slog.NewTextHandler(log, nil)),
		Sleep: func(ctx context.Context, _ time.Duration) error { slept.Add(1); return ctx.Err() },
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return w, log, slept
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatal("never came: " + what)
}

func TestASocketIsOpenedOnceItsTokenIsGood(t *testing.T) {
	w, log, slept := listen(t, func(_ context.Context, h Heard) Answer {
		return Answer{Body: map[string]string{"heard": string(h.Kind) + " " + h.User}}
	}, "xoxb-not-for-sockets", "xapp-revoked", "xapp-twin")
	eventually(t, "a socket", func() bool { return w.Sockets() == 1 })
	if slept.Load() != 2 || !strings.Contains(log.String(), "app-level token") || !strings.Contains(log.String(), "check the secret that notify.slack.app_token names") {
		t.Errorf("tried again %d times: %s", slept.Load(), log)
	}
	if strings.Contains(log.String(), "xapp-revoked") || strings.Contains(log.String(), "xoxb-") || strings.Contains(log.String(), "ticket") {
		t.Errorf("a secret is logged: %s", log)
	}
	status, body, err := w.Interaction(context.Background(), twin.OverSocket, twin.Press{User: "U1", Channel: "shop-sec", MessageTS: "1.1", ActionID: DoLook, Value: "k"})
	if err != nil || status != http.StatusOK || !strings.Contains(string(body), "press U1") {
		t.Errorf("%d %s %v", status, body, err)
	}
}

func TestWhatIsNotDoneIsDeliveredAgainOverTheSocket(t *testing.T) {
	var mu sync.Mutex
	heard := map[string]int{}
	w, _, _ := listen(t, func(_ context.Context, h Heard) Answer {
		mu.Lock()
		defer mu.Unlock()
		if heard[h.Delivery]++; heard[h.Delivery] == 1 {
			return Answer{Err: errors.New("the store is busy")}
		}
		return Answer{}
	}, "xapp-twin")
	eventually(t, "a socket", func() bool { return w.Sockets() == 1 })
	ts, _, err := w.Mention(context.Background(), twin.OverSocket, "shop-sec", "U1", "hello", "")
	if err == nil {
		t.Fatal("acknowledged although nothing was done")
	}
	if status, _, err := w.Event(context.Background(), twin.OverSocket, "Ev"+ts, w.Mentioned("shop-sec", ts), 1); err != nil || status != http.StatusOK {
		t.Errorf("%d %v", status, err)
	}
	if len(heard) != 1 {
		t.Errorf("the same delivery has several names: %v", heard)
	}
}

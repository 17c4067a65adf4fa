package fake_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake"
)

func TestWebhookKeepsWhatItGetsAndFailsAsOrdered(t *testing.T) {
	faults := fake.NewFaults(1)
	hook := fake.NewWebhook(faults)
	server := httptest.NewServer(hook)
	defer server.Close()
	send := func() (int, string) {
		t.Helper()
		r := must[*http.Request](t)(http.NewRequest(http.MethodPost, server.URL+"/in", strings.NewReader("body")))
		r.Header.Set("X-Signature", "abc")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, ""
		}
		_ = resp.Body.Close()
		return resp.StatusCode, resp.Header.Get("Retry-After")
	}
	faults.Add(fake.Fault{Kind: fake.Throttle, Operation: "/in", RetryAfter: 3 * time.Second, Times: 1})
	if status, after := send(); status != http.StatusTooManyRequests || after != "3" || len(hook.Received()) != 0 {
		t.Fatalf("throttled: %d %q", status, after)
	}
	faults.Add(fake.Fault{Kind: fake.LostAnswer, Times: 1})
	if status, _ := send(); status != 0 || len(hook.Received()) != 1 {
		t.Fatalf("lost answer: %d, %d received", status, len(hook.Received()))
	}
	hook.Answer(http.StatusAccepted)
	if status, _ := send(); status != http.StatusAccepted {
		t.Fatalf("status %d", status)
	}
	if d := hook.Received()[1]; d.Header.Get("X-Signature") != "abc" || string(d.Body) != "body" || d.Path != "/in" {
		t.Fatalf("%+v", d)
	}
}

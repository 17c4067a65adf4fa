package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zesei/internal/ticket"
	"zesei/internal/ticket/rest"
)

const token = "tok-3c0ffee-secret"

func client(t *testing.T, address string, change ...func(*rest.Config)) *rest.Client {
	t.Helper()
	c := rest.Config{Name: "tracker", URL: address, Secrets: []string{token}, Auth: func(h http.Header, q url.Values) {
		h.Set("Authorization", "Bearer "+token)
		q.Set("apiKey", token)
	}}
	for _, f := range change {
		f(&c)
	}
	out, err := rest.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func answering(t *testing.T, status int, header, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if name, value, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestWhatAnAnswerMeans(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		header string
		call   rest.Call
		want   string // doubt, permanent, gone, or the time to wait
	}{
		"too many":                        {429, "Retry-After: 7", rest.Call{Once: true}, "7s"},
		"too many without a time":         {429, "", rest.Call{}, "1m0s"},
		"busy, with a time":               {503, "Retry-After: 9", rest.Call{}, "9s"},
		"busy while something was made":   {503, "Retry-After: 9", rest.Call{Once: true}, "doubt"},
		"broken":                          {500, "", rest.Call{Once: true}, "doubt"},
		"a proxy that gave up":            {504, "", rest.Call{Once: true}, "doubt"},
		"a redirect":                      {302, "Location: https://evil.example/", rest.Call{}, "permanent"},
		"a wrong token":                   {401, "", rest.Call{}, "permanent"},
		"no right":                        {403, "", rest.Call{}, "permanent"},
		"not found where a ticket was":    {404, "", rest.Call{Gone: true}, "gone"},
		"not found where a project ought": {404, "", rest.Call{}, "permanent"},
		"refused":                         {422, "", rest.Call{}, "permanent"},
	} {
		t.Run(name, func(t *testing.T) {
			test.call.Method, test.call.Path = "POST", "/x"
			_, err := client(t, answering(t, test.status, test.header, "said "+token)).Do(context.Background(), test.call)
			got := "doubt"
			var wait *ticket.RetryAfter
			var permanent *ticket.Permanent
			switch {
			case err == nil:
				got = "nothing"
			case errors.As(err, &wait):
				got = wait.After.String()
			case errors.As(err, &permanent):
				got = "permanent"
			case errors.Is(err, ticket.ErrGone):
				got = "gone"
			}
			if got != test.want {
				t.Errorf("%s (%v), want %s", got, err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), token) {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

func TestARequestThatCannotHaveArrivedIsToldFromOneInDoubt(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	_, err := client(t, s.URL).Do(context.Background(), rest.Call{Method: "POST", Path: "/x", Once: true})
	if err == nil || errors.Is(err, ticket.ErrNotSent) || strings.Contains(err.Error(), token) {
		t.Errorf("a cut connection: %v", err)
	}
	s.Close()
	_, err = client(t, s.URL).Do(context.Background(), rest.Call{Method: "POST", Path: "/x", Once: true})
	if !errors.Is(err, ticket.ErrNotSent) || strings.Contains(err.Error(), token) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestCredentialsGoNowhereElse(t *testing.T) {
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer other.Close()
	_, err := client(t, answering(t, 307, "Location: "+other.URL, "")).Do(context.Background(), rest.Call{Method: "GET", Path: "/x"})
	if err == nil || reached {
		t.Errorf("a redirect was followed: %v", err)
	}
	for address, want := range map[string]string{
		"http://tracker.example.com":       "loopback",
		"ftp://tracker.example.com":        "https://",
		"https://u:p@tracker.example.com":  "without user",
		"https://tracker.example.com/?a=b": "without user",
		"":                                 "https://",
	} {
		if _, err := rest.New(rest.Config{Name: "t", URL: address}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", address, err, want)
		}
	}
}

func TestContentStaysWithinItsWindows(t *testing.T) {
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	c := client(t, answering(t, 200, "", ""), func(c *rest.Config) {
		c.Now = func() time.Time { return now }
		c.Limits.Content = []rest.Window{{N: 2, Per: time.Minute}, {N: 3, Per: time.Hour}}
	})
	create := func() time.Duration {
		t.Helper()
		_, err := c.Do(context.Background(), rest.Call{Method: "POST", Path: "/x", Creates: true})
		var wait *ticket.RetryAfter
		if errors.As(err, &wait) {
			return wait.After
		}
		if err != nil {
			t.Fatal(err)
		}
		return 0
	}
	create()
	now = now.Add(20 * time.Second)
	create()
	if got := create(); got != 40*time.Second {
		t.Errorf("the third within a minute waits %s, want 40s", got)
	}
	now = now.Add(40 * time.Second)
	if got := create(); got != 0 {
		t.Errorf("a minute after the first: waits %s", got)
	}
	now = now.Add(2 * time.Minute)
	if got := create(); got != 57*time.Minute {
		t.Errorf("the fourth within an hour waits %s, want 57m", got)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"5": 5 * time.Second, "0": 0, "-3": 0, "99999999": 24 * time.Hour, "": 0, "soon": 0,
		"Fri, 01 Jan 2027 00:01:00 GMT": time.Minute, "Fri, 01 Jan 2021 00:01:00 GMT": 0,
	} {
		if got := rest.RetryAfter(value, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestNothingIsAskedBeforeTheTimeThatATrackerNamed(t *testing.T) {
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		status int
		header http.Header
		want   time.Duration // until the next call goes out
	}{
		"too many":                      {429, http.Header{"Retry-After": {"30"}}, 30 * time.Second},
		"Jira's, with its reason":       {429, http.Header{"Retry-After": {"5"}, "Ratelimit-Reason": {"jira-burst-based"}}, 5 * time.Second},
		"the last call of GitHub's":     {200, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {fmt.Sprint(now.Add(90 * time.Second).Unix())}}, 90 * time.Second},
		"not the last":                  {200, http.Header{"X-Ratelimit-Remaining": {"1"}, "X-Ratelimit-Reset": {fmt.Sprint(now.Add(90 * time.Second).Unix())}}, 0},
		"a reset that cannot be read":   {200, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"2027-01-01T00:01Z"}}, 0},
		"a server that is down for now": {503, http.Header{"Retry-After": {"60"}}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range test.header {
					w.Header()[k] = v
				}
				w.WriteHeader(test.status)
				calls.Add(1)
			}))
			defer s.Close()
			clock := now
			c := client(t, s.URL, func(c *rest.Config) { c.Now = func() time.Time { return clock } })
			get := func() time.Duration {
				_, err := c.Do(context.Background(), rest.Call{Method: "GET", Path: "/x"})
				var wait *ticket.RetryAfter
				if errors.As(err, &wait) {
					return wait.After
				}
				return 0
			}
			if reason := test.header.Get("Ratelimit-Reason"); reason != "" {
				if _, err := c.Do(context.Background(), rest.Call{Method: "GET", Path: "/x"}); !strings.Contains(err.Error(), reason) {
					t.Errorf("the error does not say which limit: %v", err)
				}
			} else {
				get()
			}
			if got := get(); got != test.want {
				t.Errorf("the next call waits %s, want %s", got, test.want)
			}
			if want := map[bool]int32{true: 1, false: 2}[test.want > 0]; calls.Load() != want {
				t.Errorf("%d calls went out, want %d", calls.Load(), want)
			}
			clock = clock.Add(test.want)
			before := calls.Load()
			get()
			if calls.Load() != before+1 {
				t.Error("the time has passed and no call went out")
			}
		})
	}
}

package pagerduty

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"zesei/internal/finding"
	"zesei/internal/notify"
)

const testKey = "routing-key-of-32-characters-000"

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// service keeps alerts as PagerDuty does: a trigger opens one or joins the open
// one of its key, a resolve ends it.
type service struct {
	*httptest.Server
	t      *testing.T
	mu     sync.Mutex
	open   map[string]bool
	opened int
	events []event
	status int  // answered before anything is done; 0: the event is taken
	lose   bool // take the event and cut the connection
	after  string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var e event
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil || r.URL.Path != "/v2/enqueue" || e.RoutingKey != testKey {
		s.t.Errorf("%v: %s %+v", err, r.URL.Path, e)
	}
	if s.status != 0 {
		w.Header().Set("Retry-After", s.after)
		w.WriteHeader(s.status)
		return
	}
	s.events = append(s.events, e)
	switch {
	case e.Action == "trigger" && !s.open[e.Key]:
		s.open[e.Key] = true
		s.opened++
	case e.Action == "resolve":
		delete(s.open, e.Key)
	}
	if s.lose {
		s.lose = false
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			conn.Close()
		}
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func start(t *testing.T) (*service, *Deliverer) {
	t.Helper()
	s := &service{t: t, open: map[string]bool{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	d, err := New(Config{URL: s.URL, RoutingKey: testKey, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return s, d
}

func message() notify.Message {
	m := notify.Message{
		Key: "m-1", Owner: "shop", Via: notify.PagerDuty, Target: "pagerduty", Kind: notify.Cases, Language: "en",
		Control: notify.Control{ID: "EC2.19", TitleEN: "Ports", Severity: finding.Critical, Remediation: "https://docs.aws.amazon.com/x"},
	}
	for _, k := range []string{"k1", "k2"} {
		m.Cases = append(m.Cases, notify.Case{Key: k, Control: "EC2.19", State: notify.Open, Severity: finding.Critical, AccountID: "111122223333", Region: "eu-west-1",
			Resource: "arn:aws:ec2:eu-west-1:111122223333:security-group/" + k, ResourceName: k, Due: now})
	}
	return m
}

func tell(d *Deliverer, m notify.Message, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	if record == nil {
		record = func(notify.Told) error { return nil }
	}
	return d.Deliver(context.Background(), notify.Decide(m, told), told, record)
}

func TestACaseIsPagedResolvedAndPagedAgain(t *testing.T) {
	s, d := start(t)
	m := message()
	told, err := tell(d, m, notify.Told{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.open) != 2 || len(notify.Decide(m, told).List) != 0 {
		t.Fatalf("open %v, still to do %v", s.open, notify.Decide(m, told).List)
	}
	e := s.events[0]
	if e.Key != "zesei/k1" || e.Payload.Severity != "critical" || !strings.Contains(e.Payload.Summary, "EC2.19: Ports — k1") || e.Payload.Source != m.Cases[0].Resource || len(e.Links) != 1 {
		t.Errorf("got %+v %+v", e, e.Payload)
	}
	m.Cases[0].Due = now.Add(time.Hour) // nobody is paged for a deadline
	if told, err = tell(d, m, told, nil); err != nil || len(s.events) != 2 {
		t.Fatalf("%v; %d events", err, len(s.events))
	}
	m.Cases[0].State = notify.Closed
	if told, err = tell(d, m, told, nil); err != nil || len(s.open) != 1 || !s.open["zesei/k2"] {
		t.Fatalf("%v; open %v", err, s.open)
	}
	m.Cases[0].State, m.Cases[0].Recurrences = notify.Open, 1
	if _, err = tell(d, m, told, nil); err != nil || len(s.open) != 2 || s.opened != 3 {
		t.Fatalf("%v; open %v, opened %d", err, s.open, s.opened)
	}
}

func TestNothingIsPagedForWhatIsOver(t *testing.T) {
	s, d := start(t)
	m := message()
	m.Cases[0].State = notify.Closed
	if _, err := tell(d, m, notify.Told{}, nil); err != nil || len(s.events) != 1 || s.events[0].Key != "zesei/k2" {
		t.Errorf("%v; %+v", err, s.events)
	}
}

func TestALostAnswerOrAStopPagesOnce(t *testing.T) {
	s, d := start(t)
	s.lose = true
	var kept notify.Told
	keep := func(told notify.Told) error { kept = told; return nil }
	if _, err := tell(d, message(), kept, keep); err == nil {
		t.Fatal("a lost answer is not reported")
	}
	stop := errors.New("the process stops here")
	for at := range 4 {
		n := 0
		_, err := tell(d, message(), kept, func(told notify.Told) error {
			if n++; n > at {
				return stop
			}
			kept = told
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			t.Fatal(err)
		}
	}
	if _, err := tell(d, message(), kept, keep); err != nil || s.opened != 2 {
		t.Errorf("%v; %d alerts, want 2", err, s.opened)
	}
}

func TestAnswers(t *testing.T) {
	s, d := start(t)
	for status, want := range map[int]string{429: "wait", 502: "again", 400: "no", 307: "no"} {
		s.status, s.after = status, "60"
		_, err := tell(d, message(), notify.Told{}, nil)
		got := "again"
		var no *notify.Permanent
		var wait *notify.RetryAfter
		switch {
		case err == nil:
			got = "taken"
		case errors.As(err, &no):
			got = "no"
		case errors.As(err, &wait) && wait.After == time.Minute:
			got = "wait"
		}
		if got != want || strings.Contains(err.Error(), testKey) {
			t.Errorf("%d: got %s (%v), want %s", status, got, err, want)
		}
	}
}

func TestAConfigurationThatIsNotSafeIsRefused(t *testing.T) {
	for _, c := range []Config{{URL: "http://example.com", RoutingKey: testKey}, {URL: "https://u:token@example.com", RoutingKey: testKey}, {RoutingKey: " "}} {
		c.Now = time.Now
		if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "pagerduty: ") || strings.Contains(err.Error(), "token") {
			t.Errorf("%+v: got %v", c.URL, err)
		}
	}
	if d, err := New(Config{RoutingKey: testKey, Now: time.Now}); err != nil || d.url != "https://events.pagerduty.com/v2/enqueue" {
		t.Errorf("got %v", err)
	}
}

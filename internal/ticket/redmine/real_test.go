package redmine_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"zesei/internal/ticket/redmine"
	"zesei/internal/ticket/tickettest"
)

// Keys of the users that .ci/redmine makes.
var (
	adminKey  = strings.Repeat("a", 40)
	robotKey  = strings.Repeat("b", 40)
	taroKey   = strings.Repeat("c", 40)
	hanakoKey = strings.Repeat("d", 40)
)

// TestRealRedmine plays the suite against Debian's Redmine, with either way to
// format text.
func TestRealRedmine(t *testing.T) {
	s := start(t)
	s.setFormat(t, "textile")
	t.Run("textile", func(t *testing.T) { tickettest.Run(t, s.harness) })
	s.setFormat(t, "common_mark")
	t.Run("common_mark", func(t *testing.T) { tickettest.RunHostile(t, s.harness) })
}

// server is a real Redmine on loopback, with a database of its own.
type server struct {
	url    string
	db     string // its file
	bold   string // how the present format shows what we write bold
	faults *faults
}

func start(t *testing.T) *server {
	t.Helper()
	const app = "/usr/share/redmine"
	prepared := os.Getenv("ZESEI_REDMINE_DB")
	if prepared == "" {
		prepared = "/var/tmp/zesei-redmine/redmine.db"
	}
	db, err := os.ReadFile(prepared)
	puma, lookErr := exec.LookPath("puma")
	if err = errors.Join(err, lookErr); err != nil {
		if os.Getenv("ZESEI_REQUIRE") == "all" {
			t.Fatalf("no real Redmine is here: .ci/redmine installs it: %v", err)
		}
		t.Skip("no real Redmine is here: .ci/redmine installs it")
	}
	path := filepath.Join(tickettest.Scratch(t), "redmine.db")
	if err := os.WriteFile(path, db, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var log bytes.Buffer
	c := exec.Command(puma, "-b", "tcp://"+address, "-t", "1:2", "-e", "production")
	c.Dir, c.Stdout, c.Stderr = app, &log, &log
	c.Env = append(os.Environ(), "RAILS_ENV=production", "RAILS_LOG_TO_STDOUT=1", "DATABASE_URL=sqlite3:"+path, "SECRET_KEY_BASE=zesei-test")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		<-ended
	})
	s := &server{url: "http://" + address, db: path, faults: &faults{}}
	for end := time.Now().Add(time.Minute); ; {
		resp, err := http.Get(s.url + "/issues.json")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return s
			}
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("Redmine ended: %v\n%s", err, log.String())
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(end) {
			t.Fatal("Redmine did not answer within a minute")
		}
	}
}

// setFormat sets how text is formatted. Redmine asks at each request whether a
// setting is younger than what it remembers.
func (s *server) setFormat(t *testing.T, format string) {
	t.Helper()
	s.bold = map[string]string{"textile": "<strong>", "common_mark": "<em>"}[format]
	db, err := sql.Open("sqlite", "file:"+s.db+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, do := range []string{`DELETE FROM settings WHERE name = 'text_formatting'`, `INSERT INTO settings (name, value, updated_on) VALUES ('text_formatting', '` + format + `', datetime('now', '+2 seconds'))`} {
		if _, err := db.Exec(do); err != nil {
			t.Fatal(err)
		}
	}
}

// faults stand between the tracker and the real server: they cut and refuse as
// a network does.
type faults struct {
	mu    sync.Mutex
	what  string
	order tickettest.Fault
}

func (f *faults) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	f.mu.Lock()
	order := f.order
	hit := f.what == "create" && r.Method == "POST" || f.what == "comment" && r.Method == "PUT" && bytes.Contains(body, []byte(`"notes"`))
	if hit {
		f.what, f.order = "", ""
	}
	f.mu.Unlock()
	if !hit {
		return http.DefaultTransport.RoundTrip(r)
	}
	answer := func(status int, text string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {"60"}}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
	}
	switch order {
	case tickettest.Busy:
		return answer(500, "busy")
	case tickettest.Limited:
		return answer(429, "slow down")
	case tickettest.Refused:
		return answer(403, "forbidden for "+robotKey)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	return nil, errors.New("connection reset by peer")
}

// call speaks to the server as a person.
func (s *server) call(t *testing.T, key, method, path string, in any, out any) {
	t.Helper()
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, s.url+path, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Redmine-API-Key", key)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: status %d, %v: %s", method, path, resp.StatusCode, err, raw)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			t.Fatal(err)
		}
	}
}

type realIssue struct {
	ID          int
	Subject     string
	Description string
	DueDate     string                `json:"due_date"`
	Status      struct{ ID int }      `json:"status"`
	AssignedTo  struct{ Name string } `json:"assigned_to"`
	Priority    struct{ Name string }
	Journals    []struct{ Notes string }
}

func (s *server) issues(t *testing.T) []realIssue {
	t.Helper()
	var out []realIssue
	for {
		var list struct {
			Issues []realIssue
			Total  int `json:"total_count"`
		}
		s.call(t, adminKey, "GET", fmt.Sprintf("/issues.json?status_id=*&sort=id&limit=100&offset=%d", len(out)), nil, &list)
		if out = append(out, list.Issues...); len(out) >= list.Total || len(list.Issues) == 0 {
			return out
		}
	}
}

func (s *server) harness(t *testing.T) tickettest.Harness {
	for _, is := range s.issues(t) {
		s.call(t, adminKey, "DELETE", fmt.Sprintf("/issues/%d.json", is.ID), nil, nil)
	}
	var mu sync.Mutex
	ahead := time.Duration(0)
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return time.Now().Add(ahead)
	}
	tr, err := redmine.New(redmine.Config{Name: "redmine", URL: s.url, Token: robotKey, Priorities: map[string]string{"HIGH": "Urgent", "CRITICAL": "Immediate"}, ClosedAs: rejected, Now: now, Transport: s.faults})
	if err != nil {
		t.Fatal(err)
	}
	put := func(key, user string, in map[string]any) {
		s.call(t, user, "PUT", "/issues/"+key+".json", map[string]any{"issue": in}, nil)
	}
	hanako := 0
	var me struct{ User struct{ ID int } }
	s.call(t, hanakoKey, "GET", "/users/current.json", nil, &me)
	hanako = me.User.ID
	return tickettest.Harness{
		Tracker: tr, Project: "shop", Secret: robotKey, Assignee: "Taro Yamada", Now: now, Slow: true, Priorities: [2]string{"Urgent", "Immediate"},
		Advance: func(d time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			ahead += d
		},
		Order: func(what string, f tickettest.Fault) {
			s.faults.mu.Lock()
			defer s.faults.mu.Unlock()
			s.faults.what, s.faults.order = what, f
		},
		Standing: func() []tickettest.Shown {
			var out []tickettest.Shown
			for _, short := range s.issues(t) {
				var full struct{ Issue realIssue }
				s.call(t, adminKey, "GET", fmt.Sprintf("/issues/%d.json?include=journals", short.ID), nil, &full)
				is := full.Issue
				shown := tickettest.Shown{Key: fmt.Sprint(is.ID), Title: is.Subject, Body: is.Description, Closed: is.Status.ID >= 5, Due: is.DueDate, Assignee: is.AssignedTo.Name, Priority: is.Priority.Name}
				for _, j := range is.Journals {
					if j.Notes != "" {
						shown.Comments = append(shown.Comments, j.Notes)
					}
				}
				out = append(out, shown)
			}
			return out
		},
		Close:   func(key string) { put(key, taroKey, map[string]any{"status_id": 5}) },
		Reopen:  func(key string) { put(key, taroKey, map[string]any{"status_id": 1}) },
		Say:     func(key, text string) { put(key, taroKey, map[string]any{"notes": text}) },
		Assign:  func(key string) { put(key, taroKey, map[string]any{"assigned_to_id": hanako}) },
		Delete:  func(key string) { s.call(t, adminKey, "DELETE", "/issues/"+key+".json", nil, nil) },
		Reasons: reasons,
		ClosedAs: func(key string) string {
			var is struct{ Issue realIssue }
			s.call(t, adminKey, "GET", "/issues/"+key+".json", nil, &is)
			return fmt.Sprint(is.Issue.Status.ID)
		},
		Harmless: func(t *testing.T, stored, hostile string) {
			harmless(t, stored, hostile)
			s.rendered(t)
		},
	}
}

var tags = regexp.MustCompile(`<[^>]*>`)

// rendered looks at the page that Redmine makes of the ticket.
func (s *server) rendered(t *testing.T) {
	t.Helper()
	for _, is := range s.issues(t) {
		resp, err := http.Get(fmt.Sprintf("%s/issues/%d", s.url, is.ID))
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("page: status %d, %v", resp.StatusCode, err)
		}
		_, wiki, _ := strings.Cut(string(page), `<div class="wiki"`)
		wiki, _, _ = strings.Cut(wiki, `<div id="footer"`)
		for _, evil := range []string{"<script>alert", `<a href="https://evil`, `href="http://www.evil`, `user-mention`, `class="issue tracker-1`, "<img src=\"pic", "<del>s</del>", "<table>", "<code>x</code>"} {
			if i := strings.Index(wiki, evil); i >= 0 {
				t.Errorf("the page makes %q of text from outside: …%s…", evil, wiki[max(0, i-200):min(len(wiki), i+200)])
			}
		}
		if !strings.Contains(wiki, s.bold) {
			t.Errorf("the page is not in the format that was set: no %s in\n%s", s.bold, wiki[:min(len(wiki), 3000)])
		}
		if shown := strings.ReplaceAll(html.UnescapeString(tags.ReplaceAllString(wiki, "")), "\u200b", ""); !strings.Contains(shown, tickettest.Hostile) {
			t.Errorf("the page does not show the text as it was:\n%s", wiki[:min(len(wiki), 3000)])
		}
	}
}

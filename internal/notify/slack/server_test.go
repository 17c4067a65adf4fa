package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// server is the part of Slack's Web API that a Deliverer uses, with the real
// one's limits: it refuses blocks that Slack would refuse and knows no
// idempotency key.
type server struct {
	*httptest.Server
	t  *testing.T
	mu sync.Mutex

	messages []*message
	files    []string
	next     []func(w http.ResponseWriter, do func()) // faults, in order; each takes one outward call
	always   string                                   // a refusal for every outward call
	calls    []string
}

type message struct {
	TS       string          `json:"ts"`
	Thread   string          `json:"thread_ts,omitempty"`
	Text     string          `json:"text"`
	Type     string          `json:"type"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	sections []string
	edits    int
}

const (
	testToken   = "xoxb-0000-test-token"
	testChannel = "C0SHOPSEC1"
)

func newServer(t *testing.T) *server {
	s := &server{t: t}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // a cut connection is no news
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/upload/") {
		b, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.files = append(s.files, string(b))
		s.mu.Unlock()
		return
	}
	if err := r.ParseForm(); err != nil {
		s.t.Error(err)
	}
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, method)
	if r.Form.Get("token") != testToken {
		answer(w, "invalid_auth", nil)
		return
	}
	switch method {
	case "chat.postMessage", "chat.update", "files.completeUploadExternal":
		do := func() { s.outward(w, r, method) }
		switch {
		case s.always != "":
			answer(w, s.always, nil)
		case len(s.next) > 0:
			fault := s.next[0]
			s.next = s.next[1:]
			fault(w, do)
		default:
			do()
		}
	case "conversations.history", "conversations.replies":
		s.history(w, r, method == "conversations.replies")
	case "conversations.list":
		answer(w, "", map[string]any{"channels": []map[string]any{{"id": "C0OTHER001", "name": "other"}, {"id": testChannel, "name": "shop-sec"}}})
	case "files.getUploadURLExternal":
		answer(w, "", map[string]any{"upload_url": s.URL + "/upload/secret-of-the-url", "file_id": "F1"})
	default:
		answer(w, "unknown_method", nil)
	}
}

func (s *server) outward(w http.ResponseWriter, r *http.Request, method string) {
	channel := r.Form.Get("channel")
	if method == "files.completeUploadExternal" {
		if r.Form.Get("channel_id") != testChannel {
			answer(w, "invalid_channel", nil)
			return
		}
		s.messages = append(s.messages, &message{TS: s.ts(), Text: r.Form.Get("initial_comment"), Thread: r.Form.Get("thread_ts")})
		answer(w, "", map[string]any{"files": []map[string]any{{"id": "F1"}}})
		return
	}
	if channel != testChannel && channel != "#shop-sec" {
		answer(w, "channel_not_found", nil)
		return
	}
	sections, refusal := readBlocks(r.Form.Get("blocks"))
	if refusal != "" {
		answer(w, refusal, nil)
		return
	}
	m := &message{TS: s.ts(), Thread: r.Form.Get("thread_ts"), Type: "message"}
	if method == "chat.update" {
		if m = s.find(r.Form.Get("ts")); m == nil {
			answer(w, "message_not_found", nil)
			return
		}
		m.edits++
	} else {
		s.messages = append(s.messages, m)
	}
	m.Text, m.sections, m.Metadata = r.Form.Get("text"), sections, json.RawMessage(r.Form.Get("metadata"))
	answer(w, "", map[string]any{"channel": testChannel, "ts": m.TS})
}

func (s *server) ts() string {
	return fmt.Sprintf("17640000%02d.%06d", len(s.messages)/50, len(s.messages)+1)
}

func (s *server) find(ts string) *message {
	for _, m := range s.messages {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

func (s *server) history(w http.ResponseWriter, r *http.Request, thread bool) {
	if r.Form.Get("channel") != testChannel || r.Form.Get("include_all_metadata") != "1" {
		answer(w, "channel_not_found", nil)
		return
	}
	var found []*message
	for _, m := range s.messages {
		top := m.Thread == ""
		if thread && (m.Thread == r.Form.Get("ts") || m.TS == r.Form.Get("ts")) || !thread && top {
			found = append(found, m)
		}
	}
	// Pages of two, so that paging is walked.
	at := 0
	_, _ = fmt.Sscanf(r.Form.Get("cursor"), "at%d", &at)
	end := min(at+2, len(found))
	next := ""
	if end < len(found) {
		next = fmt.Sprintf("at%d", end)
	}
	answer(w, "", map[string]any{"messages": found[at:end], "response_metadata": map[string]any{"next_cursor": next}})
}

func answer(w http.ResponseWriter, refusal string, fields map[string]any) {
	if fields == nil {
		fields = map[string]any{}
	}
	fields["ok"] = refusal == ""
	if refusal != "" {
		fields["error"] = refusal
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(fields)
}

// readBlocks checks the limits that Slack checks.
func readBlocks(raw string) (sections []string, refusal string) {
	var blocks []struct {
		Type string
		Text struct {
			Type     string
			Text     string
			Verbatim bool
		}
	}
	if err := json.Unmarshal([]byte(raw), &blocks); err != nil || len(blocks) == 0 || len(blocks) > 50 {
		return nil, "invalid_blocks"
	}
	total := 0
	for _, b := range blocks {
		if b.Type != "section" || b.Text.Type != "mrkdwn" || !b.Text.Verbatim || b.Text.Text == "" || size(b.Text.Text) > 3000 {
			return nil, "invalid_blocks"
		}
		total += size(b.Text.Text)
		sections = append(sections, b.Text.Text)
	}
	if total > 13200 {
		return nil, "msg_blocks_too_long"
	}
	return sections, ""
}

func (s *server) order(fault func(w http.ResponseWriter, do func())) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = append(s.next, fault)
}

func status(code int, header ...string) func(http.ResponseWriter, func()) {
	return func(w http.ResponseWriter, _ func()) {
		if len(header) == 2 {
			w.Header().Set(header[0], header[1])
		}
		w.WriteHeader(code)
	}
}

func refuse(code string) func(http.ResponseWriter, func()) {
	return func(w http.ResponseWriter, _ func()) { answer(w, code, nil) }
}

// lost does what was asked and cuts the connection instead of answering.
func lost(w http.ResponseWriter, do func()) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
	do()
}

func (s *server) standing() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, m := range s.messages {
		out = append(out, strings.Join(m.sections, "\n"))
	}
	return out
}

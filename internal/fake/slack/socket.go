package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// OverSocket is the target of what is delivered over Socket Mode instead of HTTP.
const OverSocket = "socket"

// ackWithin is how long the twin waits for the acknowledgement of an envelope.
const ackWithin = 3 * time.Second

var errNoAck = errors.New("slack twin: the app did not acknowledge in time")

// socket is one websocket that an app opened.
type socket struct {
	conn  *websocket.Conn
	write sync.Mutex
	mu    sync.Mutex
	waits map[string]chan json.RawMessage // by envelope id
}

// openConnection is apps.connections.open: the address of a websocket, good for
// one opening.
func openConnection(q *request) (answer, error) {
	ticket := q.t.id("ticket")
	q.t.tickets[ticket] = true
	return answer{"url": "ws://" + q.host + "/link/?ticket=" + ticket}, nil
}

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

// link serves a websocket until either side closes it.
func (t *Twin) link(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	ticket := r.URL.Query().Get("ticket")
	ok := t.tickets[ticket]
	delete(t.tickets, ticket)
	t.mu.Unlock()
	if !ok {
		http.Error(w, "invalid ticket", http.StatusForbidden)
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	s := &socket{conn: conn, waits: map[string]chan json.RawMessage{}}
	if s.send(map[string]any{"type": "hello", "num_connections": 1, "connection_info": map[string]any{"app_id": "A0TWIN"}, "debug_info": map[string]any{"host": "twin"}}) != nil {
		return
	}
	ended := make(chan struct{})
	defer close(ended)
	go s.ping(ended)
	t.mu.Lock()
	t.sockets = append(t.sockets, s)
	t.mu.Unlock()
	defer t.forget(s)
	for {
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if err := conn.ReadJSON(&ack); err != nil {
			return
		}
		s.mu.Lock()
		if c := s.waits[ack.EnvelopeID]; c != nil {
			c <- ack.Payload
			delete(s.waits, ack.EnvelopeID)
		}
		s.mu.Unlock()
	}
}

// ping is what tells an app that the socket is alive.
func (s *socket) ping(ended <-chan struct{}) {
	every := time.NewTicker(5 * time.Second)
	defer every.Stop()
	for {
		if s.conn.WriteControl(websocket.PingMessage, []byte("Ping from the twin"), time.Now().Add(time.Second)) != nil {
			return
		}
		select {
		case <-ended:
			return
		case <-every.C:
		}
	}
}

func (s *socket) send(v any) error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.conn.WriteJSON(v)
}

func (t *Twin) forget(s *socket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, o := range t.sockets {
		if o == s {
			t.sockets = append(t.sockets[:i:i], t.sockets[i+1:]...)
			return
		}
	}
}

// Sockets is how many websockets apps hold open.
func (t *Twin) Sockets() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.sockets)
}

// Disconnect asks the app to open its sockets anew, as Slack does before it
// refreshes a connection.
func (t *Twin) Disconnect() {
	t.mu.Lock()
	all := append([]*socket(nil), t.sockets...)
	t.mu.Unlock()
	for _, s := range all {
		_ = s.send(map[string]any{"type": "disconnect", "reason": "refresh_requested", "debug_info": map[string]any{"host": "twin"}})
	}
}

// envelope delivers over a socket and waits for the acknowledgement: 200 with the
// payload that came with it.
func (t *Twin) envelope(ctx context.Context, kind string, payload json.RawMessage, retry int) (int, []byte, error) {
	t.mu.Lock()
	if len(t.sockets) == 0 {
		t.mu.Unlock()
		return 0, nil, errors.New("slack twin: no socket is open")
	}
	s := t.sockets[len(t.sockets)-1]
	id := t.id("envelope")
	t.mu.Unlock()
	got := make(chan json.RawMessage, 1)
	s.mu.Lock()
	s.waits[id] = got
	s.mu.Unlock()
	envelope := map[string]any{"type": kind, "envelope_id": id, "accepts_response_payload": kind == "interactive", "payload": payload}
	if kind == "events_api" {
		envelope["retry_attempt"], envelope["retry_reason"] = retry, ""
	}
	if err := s.send(envelope); err != nil {
		return 0, nil, fmt.Errorf("slack twin: writing to the socket: %w", err)
	}
	wait := time.NewTimer(ackWithin)
	defer wait.Stop()
	select {
	case body := <-got:
		return http.StatusOK, body, nil
	case <-wait.C:
		return 0, nil, errNoAck
	case <-ctx.Done():
		return 0, nil, ctx.Err()
	}
}

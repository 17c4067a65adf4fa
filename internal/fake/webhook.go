package fake

import (
	"io"
	"net/http"
	"strconv"
	"sync"
)

// Webhook is a receiver that keeps what it gets, for tests of what zesei sends
// out. It answers Status (200 by default). It is safe for concurrent use.
type Webhook struct {
	mu       sync.Mutex
	status   int
	faults   *Faults
	received []Delivery
}

// Delivery is one request that a [Webhook] received.
type Delivery struct {
	Method, Path string
	Header       http.Header
	Body         []byte
}

// NewWebhook returns a receiver; faults may be nil. Its calls are drawn as
// service "webhook", operation = path.
func NewWebhook(faults *Faults) *Webhook { return &Webhook{faults: faults} }

// Answer sets the status of later answers.
func (h *Webhook) Answer(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

// Received returns all requests, oldest first.
func (h *Webhook) Received() []Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Delivery{}, h.received...)
}

// ServeHTTP records the request. A throttled or failing call is not recorded;
// one whose answer is lost is.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return
	}
	hit := Fault{}
	if h.faults != nil {
		hit = h.faults.Draw("webhook", r.URL.Path, "")
	}
	hit.Wait(r.Context())
	switch hit.Kind {
	case Throttle:
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(hit.RetryAfter.Seconds()))))
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case ServerError:
		w.WriteHeader(orStatus(hit.Status, http.StatusInternalServerError))
		return
	case Deny:
		w.WriteHeader(http.StatusForbidden)
		return
	case Hang:
		panic(http.ErrAbortHandler)
	}
	h.mu.Lock()
	h.received = append(h.received, Delivery{r.Method, r.URL.Path, r.Header.Clone(), body})
	status := orStatus(h.status, http.StatusOK)
	h.mu.Unlock()
	if hit.Kind == LostAnswer {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
}

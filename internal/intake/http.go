package intake

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// HTTP takes events from senders: EventBridge API destinations, SNS and whoever
// has the secret. It answers 200 only after the commit.
type HTTP struct {
	Intake  *Intake
	Joiner  *Joiner
	Metrics *Metrics
	Log     *slog.Logger
	// Secret fetches what a sender must show; nil or an empty secret refuses all
	// but SNS.
	Secret func(context.Context) (string, error)
	// Header names where the secret stands; "" is X-Api-Key. A bearer token works
	// too.
	Header string
	// SNS verifies messages of SNS; nil refuses them.
	SNS *SNS
	// Patience is how long a request waits for its commit; 0 is 4 s: EventBridge
	// gives an API destination 5 s to answer.
	Patience time.Duration

	slots chan struct{}
}

const (
	// maxRequests is how many requests are worked at once; 429 beyond.
	maxRequests = 256
	// maxInflated is how large a compressed body may become.
	maxInflated = 16 << 20
	via         = "http"
)

// Handler returns the handler of the path that events are sent to.
func (h *HTTP) Handler() http.Handler {
	h.slots = make(chan struct{}, maxRequests)
	return http.HandlerFunc(h.serve)
}

func (h *HTTP) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		h.refuse(w, http.StatusMethodNotAllowed, "send events with POST")
		return
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		h.later(w, http.StatusTooManyRequests, time.Second, "too many requests at once")
		return
	}
	fromSNS := r.Header.Get("X-Amz-Sns-Message-Type") != ""
	if !fromSNS && !h.admit(w, r) {
		return
	}
	// Room for the body is taken before its first byte is read.
	room := int64(MaxMessage)
	if r.ContentLength >= 0 {
		room = min(room, max(1, r.ContentLength))
	}
	if !h.Joiner.room.TryAcquire(room) {
		h.busy(w, ErrBusy)
		return
	}
	defer func() { h.Joiner.room.Release(room) }()
	body, status, err := readBody(w, r)
	if err != nil {
		h.refuse(w, status, err.Error())
		return
	}
	if more := int64(len(body)) - room; more > 0 { // it was compressed
		if !h.Joiner.room.TryAcquire(more) {
			h.busy(w, ErrBusy)
			return
		}
		room += more
	}
	if fromSNS {
		h.fromSNS(w, r, body)
		return
	}
	h.take(w, r, h.Intake.read(body, via), time.Time{})
}

// admit checks the secret.
func (h *HTTP) admit(w http.ResponseWriter, r *http.Request) bool {
	want := ""
	if h.Secret != nil {
		var err error
		if want, err = h.Secret(r.Context()); err != nil {
			h.Log.Error("the secret of intake.http cannot be read: events are refused until it can", "error", err)
			h.later(w, http.StatusServiceUnavailable, time.Minute, "the server cannot read its own secret now")
			return false
		}
	}
	got := r.Header.Get(cmp.Or(h.Header, "X-Api-Key"))
	if got == "" {
		if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
			got = strings.TrimSpace(token)
		}
	}
	// Hashes are compared, so that neither content nor length shows in the time.
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	if want == "" || subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
		h.refuse(w, http.StatusUnauthorized, "the secret of intake.http is missing or wrong")
		return false
	}
	return true
}

// readBody reads a body, inflating it where it is gzip.
func readBody(w http.ResponseWriter, r *http.Request) (body []byte, status int, err error) {
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, MaxMessage))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("a body of more than %d bytes", int64(MaxMessage))
	case err != nil:
		return nil, http.StatusBadRequest, fmt.Errorf("the body cannot be read: %w", err)
	case !bytes.HasPrefix(body, []byte{0x1f, 0x8b}):
		return body, 0, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(z, maxInflated+1))
	}
	if err != nil {
		return nil, http.StatusBadRequest, fmt.Errorf("the body is no whole gzip: %w", err)
	}
	if len(body) > maxInflated {
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("a body of more than %d bytes when inflated", maxInflated)
	}
	return body, 0, nil
}

// fromSNS takes a message of SNS over HTTPS.
func (h *HTTP) fromSNS(w http.ResponseWriter, r *http.Request, body []byte) {
	if h.SNS == nil {
		h.refuse(w, http.StatusForbidden, "no SNS topic is configured (intake.http.topics)")
		return
	}
	m, err := h.SNS.open(r.Context(), body)
	var wrong *snsRefusal
	switch {
	case errors.As(err, &wrong):
		h.Log.Warn("a message of SNS was refused", "topic", m.TopicArn, "message", m.MessageID, "error", err)
		h.refuse(w, http.StatusForbidden, err.Error())
		return
	case err != nil:
		h.Log.Warn("a message of SNS cannot be verified now", "topic", m.TopicArn, "message", m.MessageID, "error", err)
		h.later(w, http.StatusServiceUnavailable, 5*time.Second, err.Error())
		return
	}
	switch {
	case m.repeated:
		h.Metrics.message("sns", outRepeated)
		answer(w, http.StatusOK, map[string]any{"repeated": true})
	case m.Type == snsNotification:
		msg := h.Intake.read([]byte(m.Message), m.TopicArn)
		msg.id = m.id()
		h.take(w, r, msg, m.sent)
	default: // confirmed, or only noted
		answer(w, http.StatusOK, map[string]any{"type": m.Type})
	}
}

// take commits a message and answers.
func (h *HTTP) take(w http.ResponseWriter, r *http.Request, m message, sent time.Time) {
	ctx, cancel := context.WithTimeout(r.Context(), cmp.Or(h.Patience, 4*time.Second))
	defer cancel()
	way := via
	if m.id != "" {
		way = "sns"
	}
	for _, o := range m.objects {
		if err := h.Intake.Objects.Object(ctx, o); err != nil {
			h.Metrics.message(way, outFailed)
			h.later(w, http.StatusServiceUnavailable, 30*time.Second, fmt.Sprintf("s3://%s/%s: %v", o.Bucket, o.Key, err))
			return
		}
	}
	err := h.Joiner.message(ctx, &m, false)
	switch {
	case err == nil:
		h.Metrics.taken(way, &m, lag(h.Intake.Now(), sent))
		findings, events, dead := m.counts()
		answer(w, http.StatusOK, map[string]any{"findings": findings, "events": events, "dead": dead})
	case errors.Is(err, ErrBusy), errors.Is(err, context.DeadlineExceeded):
		h.busy(w, err)
	default:
		h.Metrics.message(way, outFailed)
		h.Log.Error("taking in a request", "error", err)
		h.later(w, http.StatusServiceUnavailable, 5*time.Second, "the store does not take it now")
	}
}

func (h *HTTP) busy(w http.ResponseWriter, err error) {
	h.Metrics.message(via, outBusy)
	h.Log.Warn("senders are told to come again: the store is slow", "error", err)
	h.later(w, http.StatusServiceUnavailable, 5*time.Second, "the store is slow")
}

// later refuses for now. EventBridge and SNS come again by themselves.
func (h *HTTP) later(w http.ResponseWriter, status int, after time.Duration, why string) {
	w.Header().Set("Retry-After", fmt.Sprint(int(after.Seconds())))
	answer(w, status, map[string]any{"error": why})
}

func (h *HTTP) refuse(w http.ResponseWriter, status int, why string) {
	h.Metrics.message(via, outRefused)
	answer(w, status, map[string]any{"error": why})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the sender has gone away: it will ask again
}

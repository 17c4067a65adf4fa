package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Where Slack delivers over HTTP.
const (
	InteractivityPath = "/slack/interactivity"
	EventsPath        = "/slack/events"
)

const (
	// maxPayload bounds what is read of a request: a message of 50 blocks and a
	// form's state stay far below.
	maxPayload = 1 << 20
	// hearWithin is how long the act may take: Slack waits three seconds.
	hearWithin = 2500 * time.Millisecond
	// answerWithin is how long what follows the acknowledgement may take: a
	// modal that opens, a word to the one who pressed.
	answerWithin = 10 * time.Second
)

// Answer is what comes of something heard. Everything that must not get lost is
// committed before it is returned.
type Answer struct {
	// Err says that nothing was done: Slack is not acknowledged, and delivers an
	// event again.
	Err error
	// Body goes back with the acknowledgement of a form: nil closes it.
	Body any
	// After is called when Slack has been acknowledged; nil is fine.
	After func(context.Context)
}

// Hearer does what people ask for.
type Hearer func(context.Context, Heard) Answer

// follow runs what follows the acknowledgement, also when the request has ended.
func (a Answer) follow(ctx context.Context) {
	if a.After == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
	defer cancel()
	a.After(ctx)
}

// Receiver takes what Slack delivers over HTTP. Only what Slack has signed is
// looked at.
type Receiver struct {
	Secret func(context.Context) (string, error) // signing secret
	Hear   Hearer
	Now    func() time.Time
	Log    *slog.Logger
}

// Interactivity answers InteractivityPath.
func (r *Receiver) Interactivity() http.Handler {
	return r.handler(func(body []byte) (Heard, string, error) {
		form, err := url.ParseQuery(string(body))
		if err != nil || form.Get("payload") == "" {
			return Heard{}, "", errNoPayload
		}
		h, err := ParseInteraction([]byte(form.Get("payload")))
		return h, "", err
	})
}

// Events answers EventsPath.
func (r *Receiver) Events() http.Handler { return r.handler(ParseEvent) }

func (r *Receiver) handler(parse func([]byte) (Heard, string, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "Slack delivers with POST", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxPayload))
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		case err != nil:
			http.Error(w, "the request ended early", http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithTimeout(q.Context(), hearWithin)
		defer cancel()
		secret, err := r.Secret(ctx)
		if err != nil {
			r.Log.Error("slack: the signing secret cannot be read", "error", err)
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		if err := Verify(secret, q.Header, body, r.Now()); err != nil {
			r.Log.Warn("slack: a request is refused", "path", q.URL.Path, "error", err)
			http.Error(w, "not signed by Slack", http.StatusUnauthorized)
			return
		}
		h, challenge, err := parse(body)
		if err != nil {
			r.Log.Warn("slack: a request cannot be read", "path", q.URL.Path, "error", err)
			http.Error(w, "cannot be read", http.StatusBadRequest)
			return
		}
		if challenge != "" {
			respond(w, map[string]string{"challenge": challenge})
			return
		}
		a := r.Hear(ctx, h)
		if a.Err != nil {
			logFailed(r.Log, h, a.Err)
			http.Error(w, "not done", http.StatusInternalServerError)
			return
		}
		respond(w, a.Body)
		a.follow(q.Context())
	})
}

// respond sends the whole answer at once: what follows comes after it.
func respond(w http.ResponseWriter, body any) {
	var b []byte
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			http.Error(w, "not done", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(b)
	_ = http.NewResponseController(w).Flush()
}

func logFailed(log *slog.Logger, h Heard, err error) {
	log.Error("slack: what was asked for was not done", "kind", string(h.Kind), "do", first(h.Do, h.Form), "user", h.User, "error", err)
}

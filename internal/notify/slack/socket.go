package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// Socket takes what Slack delivers over Socket Mode: a websocket that we open, so
// that no address of ours need be reachable. Slack closes each one now and then;
// it is opened again, with longer and longer waits while it cannot be.
// https://docs.slack.dev/apis/events-api/using-socket-mode
type Socket struct {
	Token  func(context.Context) (string, error) // app-level token, xapp-…
	URL    string                                // of the Web API; "" is Slack's own
	Client *http.Client                          // nil: a plain one
	Hear   Hearer
	Log    *slog.Logger
	// Sleep waits between tries; it ends early with the context's error.
	Sleep func(context.Context, time.Duration) error
}

const (
	// atOnce is how many deliveries are worked side by side.
	atOnce = 8
	// firstWait and longestWait are between tries to open a socket that Slack
	// refuses for good: a token may be replaced.
	firstWait, longestWait = 10 * time.Second, 10 * time.Minute
)

// Run takes deliveries until the context ends, and returns when those that were
// begun are done.
func (s *Socket) Run(ctx context.Context) {
	wait := firstWait
	for ctx.Err() == nil {
		heard, err := s.open(ctx)
		if ctx.Err() != nil {
			return
		}
		if heard {
			wait = firstWait
		}
		s.Log.Error("slack: Socket Mode has ended, it is tried again", "after", wait.String(), "error", err)
		if s.Sleep(ctx, wait) != nil {
			return
		}
		wait = min(2*wait, longestWait)
	}
}

// open keeps a socket open, and opens it again when Slack asks for it, until Slack
// refuses or the context ends. It says whether one was open.
func (s *Socket) open(ctx context.Context) (heard bool, err error) {
	token, err := s.Token(ctx)
	if err != nil {
		return false, err
	}
	if !strings.HasPrefix(token, "xapp-") {
		return false, errors.New("notify.slack.app_token is no app-level token: one begins with xapp-")
	}
	client := http.Client{Timeout: 30 * time.Second}
	if s.Client != nil {
		client = *s.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	options := []slackgo.Option{slackgo.OptionHTTPClient(&client), slackgo.OptionAppLevelToken(token)}
	if s.URL != "" {
		options = append(options, slackgo.OptionAPIURL(strings.TrimSuffix(s.URL, "/")+"/"))
	}
	// The library's log may hold what people wrote: it goes nowhere.
	c := socketmode.New(slackgo.New("", options...), socketmode.OptionLog(log.New(io.Discard, "", 0)), socketmode.OptionReadLimit(maxPayload))

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.RunContext(ctx) }()
	var begun sync.WaitGroup
	defer begun.Wait()
	room := make(chan struct{}, atOnce)
	for {
		select {
		case err := <-ended:
			return heard, s.refused(err)
		case e := <-c.Events:
			switch e.Type {
			case socketmode.EventTypeHello:
				heard = true
				s.Log.Info("slack: Socket Mode is open")
			case socketmode.EventTypeConnectionError:
				if f, ok := e.Data.(*slackgo.ConnectionErrorEvent); ok && ctx.Err() == nil {
					s.Log.Warn("slack: Socket Mode cannot be opened, it is tried again", "attempt", f.Attempt, "after", f.Backoff.String(), "error", s.refused(f.ErrorObj))
				}
			case socketmode.EventTypeInteractive, socketmode.EventTypeEventsAPI:
				room <- struct{}{}
				begun.Go(func() {
					defer func() { <-room }()
					s.take(ctx, c, e.Request)
				})
			case socketmode.EventTypeErrorBadMessage:
				s.Log.Warn("slack: a delivery over Socket Mode cannot be read")
			case socketmode.EventTypeSlashCommand:
				_ = c.AckCtx(ctx, e.Request.EnvelopeID, nil) // zesei has none
			}
		}
	}
}

// take does what one delivery asks for and acknowledges it when that is committed.
// What is not acknowledged Slack delivers again.
func (s *Socket) take(ctx context.Context, c *socketmode.Client, q *socketmode.Request) {
	var h Heard
	var err error
	if q.Type == socketmode.RequestTypeInteractive {
		h, err = ParseInteraction(q.Payload)
	} else {
		h, _, err = ParseEvent(q.Payload)
	}
	if err != nil {
		s.Log.Warn("slack: a delivery over Socket Mode cannot be read", "type", q.Type, "error", err)
		_ = c.AckCtx(ctx, q.EnvelopeID, nil) // the same again would read no better
		return
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), hearWithin)
	defer cancel()
	a := s.Hear(within, h)
	if a.Err != nil {
		logFailed(s.Log, h, a.Err)
		return
	}
	if err := c.AckCtx(ctx, q.EnvelopeID, a.Body); err != nil && ctx.Err() == nil {
		s.Log.Warn("slack: a delivery could not be acknowledged", "error", err)
	}
	a.follow(ctx)
}

// refused says why Slack does not open a socket, without an address: it is a
// secret.
func (s *Socket) refused(err error) error {
	switch code := refusal(err); code {
	case "":
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "not_allowed_token_type", "missing_scope":
		return fmt.Errorf("apps.connections.open: Slack answered %q: check the secret that notify.slack.app_token names (xapp-…, scope connections:write)", code)
	default:
		return fmt.Errorf("apps.connections.open: Slack answered %q", code)
	}
	if err == nil {
		return errors.New("the socket was closed")
	}
	return scrub(err)
}

// Package teams posts messages to Microsoft Teams as Adaptive Cards, through the
// URL of a workflow ("When a Teams webhook request is received").
//
// A workflow answers before the card is posted, names no post and takes no
// idempotency key. So a card cannot be edited or looked for: delivery is at least
// once (after a lost answer the same card is posted again), and what changes is
// posted as a new card, only when people must hear of it (notify.Message.Gist).
//
// A request may have 28 KB; the card is measured as it is sent and its last lines
// are left out, with a line that says how many. Four requests a second are made
// to one URL at most.
// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
//
// The URL is the secret: it stands in no error and no log.
package teams

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"zesei/internal/notify"
)

// perSecond is how many requests a second one URL takes.
const perSecond = 4

// Config is what a Deliverer needs.
type Config struct {
	Name      string // the owner; stands in errors
	URL       string // https, or http to a loopback address
	Client    *http.Client
	Templates *notify.Templates
	Now       func() time.Time
}

// Deliverer is one workflow as a notify.Channel. It is safe for concurrent use.
type Deliverer struct {
	name   string
	url    string
	client http.Client
	texts  *notify.Set
	now    func() time.Time
	pace   *rate.Limiter
}

var _ notify.Channel = (*Deliverer)(nil)

// New checks the configuration and returns a Deliverer. It calls nothing yet.
func New(c Config) (*Deliverer, error) {
	u, err := url.Parse(c.URL)
	switch { // the URL itself is never shown
	case err != nil || u.Host == "":
		return nil, fmt.Errorf("teams %s: the url cannot be read: expected https://host/path", c.Name)
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, fmt.Errorf("teams %s: expected an https url", c.Name)
	case c.Templates == nil || c.Now == nil:
		return nil, fmt.Errorf("teams %s: templates and a clock are needed", c.Name)
	}
	texts, err := c.Templates.For(notify.Marked{})
	if err != nil {
		return nil, fmt.Errorf("teams %s: message templates: %w", c.Name, err)
	}
	client := http.Client{Timeout: 30 * time.Second}
	if c.Client != nil {
		client = *c.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Deliverer{name: c.Name, url: c.URL, client: client, texts: texts, now: c.Now, pace: rate.NewLimiter(perSecond, 1)}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Deliver carries the actions out, as notify.Channel says.
func (d *Deliverer) Deliver(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	return notify.Carrier{News: true, Now: d.now, Send: d.send}.Deliver(ctx, actions, told, record)
}

func (d *Deliverer) send(ctx context.Context, m notify.Message, a notify.Action, _ notify.Part) error {
	v := a.View
	// A template of the user's that fails leaves the built-in text.
	text, err := d.texts.Render(v)
	if text == "" {
		return &notify.Permanent{Reason: fmt.Sprintf("teams %s: message template %s cannot be printed: %v", d.name, v.Template, err), Scope: notify.MessageOnly}
	}
	body, err := card(v.Language, notify.Spans(text), func(n int) []notify.Span {
		v.Cut = n
		return notify.Spans(d.texts.CutNote(v))[0]
	})
	if err != nil {
		return fmt.Errorf("teams %s: write message %s: %w", d.name, m.Key, err)
	}
	if err := d.pace.Wait(ctx); err != nil {
		return fmt.Errorf("teams %s: %w", d.name, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return &notify.Permanent{Reason: fmt.Sprintf("teams %s: no request can be made of its url", d.name)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "zesei")
	resp, err := d.client.Do(req)
	if err != nil {
		var u *url.Error // prints the URL
		if errors.As(err, &u) {
			err = u.Err
		}
		return fmt.Errorf("teams %s: send message %s: %w", d.name, m.Key, err)
	}
	defer resp.Body.Close()
	// Read a little so that the connection can serve again; never more.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	return d.judge(resp)
}

func (d *Deliverer) judge(resp *http.Response) error {
	reason := fmt.Sprintf("teams %s: HTTP status %d", d.name, resp.StatusCode)
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusTooManyRequests:
		after := time.Minute // where the answer names no time
		if n, err := strconv.Atoi(strings.TrimSpace(resp.Header.Get("Retry-After"))); err == nil && n > 0 {
			after = time.Duration(min(n, 86400)) * time.Second
		}
		return &notify.RetryAfter{After: after, By: "teams " + d.name}
	case code == http.StatusRequestTimeout, code >= 500:
		return errors.New(reason)
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound, code == http.StatusGone:
		return &notify.Permanent{Reason: reason, Hint: "the workflow is gone, switched off or does not know the url: copy its url anew", HintJA: "ワークフローが見つからないか、無効になっています。URL を取得し直してください"}
	}
	return &notify.Permanent{Reason: reason, Hint: "the workflow does not take the card: check its trigger and its run history", HintJA: "ワークフローがカードを受け付けません。トリガーと実行履歴を確認してください", Scope: notify.MessageOnly}
}

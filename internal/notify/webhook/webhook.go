// Package webhook carries messages to an HTTP receiver as signed JSON, for
// everything that zesei has no channel of its own for.
//
// A message is one part that holds all of its cases. Each time what it says
// changes, the whole is sent again:
//
//	POST <url>
//	Content-Type: application/json
//	Idempotency-Key: <id>
//	Zesei-Signature: t=<Unix seconds>,v1=<hex of HMAC-SHA256(secret, t "." body)>
//
// The body is a Payload. Delivery is at least once: the same id may come twice,
// and a receiver drops what it has. Versions of one key grow; a receiver that
// gets an older version after a newer one drops it too. Any 2xx answer is taken
// as received. 429 and 503 with Retry-After are waited for, 408, 425, 429 and 5xx
// are tried again, a redirect and any other answer are refusals.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zesei/internal/notify"
)

// Config is what a Deliverer needs.
type Config struct {
	Name      string // as the configuration calls it; stands in errors
	URL       string // https, or http to a loopback address
	Secret    []byte // at least 16 bytes, shared with the receiver
	Client    *http.Client
	Templates *notify.Templates
	Now       func() time.Time
}

// Deliverer is a webhook as a notify.Channel. It is safe for concurrent use.
type Deliverer struct {
	name   string
	url    string
	secret []byte
	client http.Client
	texts  *notify.Set
	now    func() time.Time
}

var _ notify.Channel = (*Deliverer)(nil)

// New checks the configuration and returns a Deliverer. It calls nothing yet.
func New(c Config) (*Deliverer, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil: // the error would print the URL, which may hold a secret
		return nil, fmt.Errorf("webhook %s: the url cannot be read: expected https://host/path", c.Name)
	case u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, fmt.Errorf("webhook %s: expected an url https://host/path", c.Name)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("webhook %s: http is for loopback addresses only: use https", c.Name)
	case u.User != nil:
		return nil, fmt.Errorf("webhook %s: the url holds a user name or password: the signature is the proof, leave them out", c.Name)
	case len(c.Secret) < 16:
		return nil, fmt.Errorf("webhook %s: the secret has %d bytes: expected 16 or more", c.Name, len(c.Secret))
	case c.Templates == nil || c.Now == nil:
		return nil, fmt.Errorf("webhook %s: templates and a clock are needed", c.Name)
	}
	texts, err := c.Templates.For(notify.Plain{})
	if err != nil {
		return nil, fmt.Errorf("webhook %s: message templates: %w", c.Name, err)
	}
	client := http.Client{Timeout: 15 * time.Second}
	if c.Client != nil {
		client = *c.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Deliverer{name: c.Name, url: c.URL, secret: bytes.Clone(c.Secret), client: client, texts: texts, now: c.Now}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Deliver carries the actions out, as notify.Channel says.
func (d *Deliverer) Deliver(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	return notify.Carrier{Now: d.now, Send: func(ctx context.Context, m notify.Message, a notify.Action, p notify.Part) error {
		return d.send(ctx, NewPayload(m, a, p, d.texts, d.now()))
	}}.Deliver(ctx, actions, told, record)
}

func (d *Deliverer) send(ctx context.Context, p Payload) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("webhook %s: write message %s: %w", d.name, p.Key, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return &notify.Permanent{Reason: fmt.Sprintf("webhook %s: no request can be made of its url", d.name)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "zesei")
	req.Header.Set("Idempotency-Key", p.ID)
	req.Header.Set(SignatureHeader, Sign(d.secret, body, d.now()))
	resp, err := d.client.Do(req)
	if err != nil {
		var u *url.Error // prints the URL, which may hold a secret
		if errors.As(err, &u) {
			err = u.Err
		}
		return fmt.Errorf("webhook %s: send message %s: %w", d.name, p.Key, err)
	}
	defer resp.Body.Close()
	// Read a little so that the connection can serve again; never more.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	return d.judge(resp)
}

func (d *Deliverer) judge(resp *http.Response) error {
	code := resp.StatusCode
	switch {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		if after := retryAfter(resp.Header.Get("Retry-After"), d.now()); after > 0 {
			return &notify.RetryAfter{After: after, By: "webhook " + d.name}
		}
		return fmt.Errorf("webhook %s: HTTP status %d", d.name, code)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code >= 500:
		return fmt.Errorf("webhook %s: HTTP status %d", d.name, code)
	case code >= 300 && code < 400:
		return &notify.Permanent{Reason: fmt.Sprintf("webhook %s: HTTP status %d", d.name, code), Hint: "redirects are not followed: configure the final address", HintJA: "リダイレクトには従いません。最終的な URL を notify.webhook.url に指定してください"}
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return &notify.Permanent{Reason: fmt.Sprintf("webhook %s: HTTP status %d", d.name, code), Hint: "the receiver refuses the signature: check the shared secret and its clock", HintJA: "受信側が署名を拒否しています。共有シークレットと受信側の時計を確認してください"}
	}
	no := &notify.Permanent{Reason: fmt.Sprintf("webhook %s: HTTP status %d", d.name, code),
		Hint: "the receiver does not take the message: check its address and log", HintJA: "受信側がメッセージを受け付けません。URL と受信側のログを確認してください"}
	switch code {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		no.Scope = notify.MessageOnly
	}
	return no
}

// retryAfter reads seconds or a date (RFC 9110 §10.2.3), at most a day; 0 when
// there is none.
func retryAfter(value string, now time.Time) time.Duration {
	const most = 24 * time.Hour
	if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
		return min(time.Duration(min(max(n, 0), 86400))*time.Second, most)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), most)
	}
	return 0
}

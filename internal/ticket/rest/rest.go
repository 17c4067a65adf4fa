// Package rest is the way over HTTP that the trackers share: JSON or forms to one
// base address, with a timeout, one pace, and errors that say whether the call can
// have taken effect.
//
// It keeps credentials to that address: plain http is for loopback only,
// redirects are refused, and no error or log holds a token, because errors name
// the method and the path alone and what a server said is shown without secrets.
package rest

import (
	"bytes"
	"cmp"
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

	"zesei/internal/ticket"
)

// Config is what a Client needs.
type Config struct {
	Name    string // as the configuration calls the tracker
	URL     string // https, or http to a loopback address
	Auth    func(h http.Header, q url.Values)
	Secrets []string // shown in no error
	Limits  Limits
	Now     func() time.Time
	// Limited says that an answer other than 429 is a rate limit, and for how long.
	Limited   func(status int, h http.Header, body []byte, now time.Time) (time.Duration, bool)
	Transport http.RoundTripper // nil: the default
}

// Client calls one tracker. It is safe for concurrent use.
type Client struct {
	Config
	base *url.URL
	http http.Client
	pace *pace
}

// Timeout is how long one call may take.
const Timeout = 30 * time.Second

// maxAnswer is how much of an answer is read.
const maxAnswer = 16 << 20

// New checks the address and returns a client. It calls nothing yet.
func New(c Config) (*Client, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("ticket.%s.url: expected https://host", c.Name)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("ticket.%s.url: http is for loopback addresses only: use https", c.Name)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("ticket.%s.url: expected an address without user, query and fragment", c.Name)
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Client{Config: c, base: u, pace: &pace{limits: c.Limits, now: c.Now}, http: http.Client{
		Transport: c.Transport, Timeout: Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Call is one request. At most one of JSON, Form and Body is set.
type Call struct {
	Method, Path string // the path is joined to the base; each segment escaped already
	Query        url.Values
	JSON         any
	Form         url.Values
	Body         []byte
	Header       http.Header
	Out          any  // where a JSON answer goes; nil: nowhere
	Creates      bool // makes content that people see: counts against its limits
	// Gone: 404 and 410 mean that the ticket is not there any more.
	Gone bool
	// Once: the call must not be done twice; an answer that leaves it open
	// whether it was done is never taken for a refusal.
	Once bool
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do carries out a call. Errors are those of ticket.Tracker.
func (c *Client) Do(ctx context.Context, k Call) (Answer, error) {
	what := k.Method + " " + k.Path
	r, err := c.request(ctx, k)
	if err != nil {
		return Answer{}, &ticket.Permanent{Reason: c.Name + ": " + what + ": the request cannot be written"}
	}
	done, err := c.pace.wait(ctx, c.Name, k.Creates)
	if err != nil {
		return Answer{}, err
	}
	defer done()
	resp, err := c.http.Do(r)
	if err != nil {
		return Answer{}, c.broken(what, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return Answer{}, c.broken(what, err)
	}
	if len(body) > maxAnswer {
		return Answer{}, fmt.Errorf("%s: %s: the answer is larger than %d MB", c.Name, what, maxAnswer>>20)
	}
	a := Answer{resp.StatusCode, resp.Header, body}
	if err := c.judge(what, k, a); err != nil {
		var wait *ticket.RetryAfter
		if errors.As(err, &wait) {
			c.pace.hold(wait.After)
		}
		return a, err
	}
	c.pace.hold(spent(a.Header, c.Now()))
	if k.Out != nil && len(body) > 0 {
		if err := json.Unmarshal(body, k.Out); err != nil {
			return a, fmt.Errorf("%s: %s: the answer is not the JSON that was expected: %s", c.Name, what, c.Quote(body))
		}
	}
	return a, nil
}

func (c *Client) request(ctx context.Context, k Call) (*http.Request, error) {
	u := *c.base
	u.Path, u.RawPath = "", ""
	q := url.Values{}
	for n, v := range k.Query {
		q[n] = v
	}
	body, contentType := k.Body, ""
	switch {
	case k.JSON != nil:
		b, err := json.Marshal(k.JSON)
		if err != nil {
			return nil, err
		}
		body, contentType = b, "application/json"
	case k.Form != nil:
		body, contentType = []byte(k.Form.Encode()), "application/x-www-form-urlencoded"
	}
	h := http.Header{"Accept": {"application/json"}, "User-Agent": {"zesei"}}
	if c.Auth != nil {
		c.Auth(h, q)
	}
	target := u.String() + c.base.EscapedPath() + k.Path
	if len(q) > 0 {
		target += "?" + q.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, k.Method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	for n, v := range k.Header {
		h[n] = v
	}
	r.Header = h
	return r, nil
}

// broken is an error without an answer. A *url.Error would print the address.
func (c *Client) broken(what string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return fmt.Errorf("%s: %s: %w (%s)", c.Name, what, ticket.ErrNotSent, c.Quote([]byte(err.Error())))
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %s: %w", c.Name, what, context.Canceled)
	}
	return fmt.Errorf("%s: %s: no answer: %s", c.Name, what, c.Quote([]byte(err.Error())))
}

// Minutes are the whole minutes that have passed since a time, at least one more:
// for trackers that would read a date in the zone of the credential's user.
func (c *Client) Minutes(since time.Time) int {
	return max(1, int(c.Now().Sub(since)/time.Minute)+1)
}

// noTime is how long is waited where a limit names no time.
const noTime = time.Minute

// spent is how long to wait when an answer was the last that the limit allows.
// GitHub and Backlog say so in the same headers, in Unix seconds:
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api,
// https://developer.nulab.com/docs/backlog/rate-limit/
func spent(h http.Header, now time.Time) time.Duration {
	if h.Get("X-Ratelimit-Remaining") != "0" {
		return 0
	}
	at, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64)
	if err != nil {
		return 0
	}
	return min(max(time.Unix(at, 0).Sub(now), 0), time.Hour)
}

// wait is the time that a refusal names.
func wait(h http.Header, now time.Time) time.Duration {
	return max(cmp.Or(RetryAfter(h.Get("Retry-After"), now), noTime), time.Second)
}

// judge turns a status into the error that it means.
func (c *Client) judge(what string, k Call, a Answer) error {
	if a.Status >= 200 && a.Status < 300 {
		return nil
	}
	if c.Limited != nil {
		if after, yes := c.Limited(a.Status, a.Header, a.Body, c.Now()); yes {
			return &ticket.RetryAfter{After: after, By: c.Name, Why: "its rate limit is reached"}
		}
	}
	said := fmt.Sprintf("%s: %s: HTTP status %d", c.Name, what, a.Status)
	if q := c.Quote(a.Body); q != "" {
		said += ": " + q
	}
	switch {
	case a.Status == http.StatusTooManyRequests:
		why := "its rate limit is reached"
		if reason := a.Header.Get("Ratelimit-Reason"); reason != "" { // Jira names which of its limits it was
			why += " (" + c.Quote([]byte(reason)) + ")"
		}
		return &ticket.RetryAfter{After: wait(a.Header, c.Now()), By: c.Name, Why: why}
	case a.Status == http.StatusServiceUnavailable && !k.Once && a.Header.Get("Retry-After") != "":
		return &ticket.RetryAfter{After: wait(a.Header, c.Now()), By: c.Name}
	case a.Status >= 500, a.Status == http.StatusRequestTimeout:
		return errors.New(said)
	case k.Gone && (a.Status == http.StatusNotFound || a.Status == http.StatusGone):
		return fmt.Errorf("%s: %s: %w", c.Name, what, ticket.ErrGone)
	case a.Status >= 300 && a.Status < 400:
		return &ticket.Permanent{Reason: fmt.Sprintf("%s: %s: HTTP status %d", c.Name, what, a.Status), Hint: "redirects are not followed: configure the final address"}
	case a.Status == http.StatusUnauthorized:
		return &ticket.Permanent{Reason: said, Hint: "the token is not accepted: check ticket." + c.Name + ".token"}
	case a.Status == http.StatusForbidden:
		return &ticket.Permanent{Reason: said, Hint: "the token's user may not do this in the tracker"}
	}
	return &ticket.Permanent{Reason: said}
}

// Quote shows what a server said: one line, at most 300 characters, no secrets.
func (c *Client) Quote(b []byte) string {
	if len(b) > 2000 {
		b = b[:2000]
	}
	s := ticket.Clean(string(b))
	for _, secret := range c.Secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "‹secret›")
			s = strings.ReplaceAll(s, url.QueryEscape(secret), "‹secret›")
		}
	}
	if r := []rune(s); len(r) > 300 {
		s = string(r[:300]) + "…"
	}
	return s
}

// RetryAfter reads seconds or a date (RFC 9110 §10.2.3), at most a day; 0 when
// there is none.
func RetryAfter(value string, now time.Time) time.Duration {
	const most = 24 * time.Hour
	if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
		return time.Duration(min(max(n, 0), 86400)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), most)
	}
	return 0
}

// Package pagerduty pages people for urgent cases through PagerDuty's Events API
// v2: a trigger while a case is open, a resolve once it is not.
//
// The deduplication key is made of the case's key, so a trigger that is sent
// again after a lost answer or a crash joins the alert that is there, and a
// second resolve does nothing. A case that comes back after its resolve is paged
// again. Which cases are urgent is decided before a message reaches this
// channel; every open case of its messages is paged.
//
// The routing key is a secret: it stands in no error and no log.
// https://developer.pagerduty.com/docs/send-alert-event
package pagerduty

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

// DefaultURL is the Events API of the US service region.
const DefaultURL = "https://events.pagerduty.com"

const path = "/v2/enqueue"

// Config is what a Deliverer needs.
type Config struct {
	URL        string // https://host or https://host/v2/enqueue, http to a loopback address; empty is DefaultURL
	RoutingKey string // of the service's integration
	Client     *http.Client
	Now        func() time.Time
}

// Deliverer is PagerDuty as a notify.Channel. It is safe for concurrent use.
type Deliverer struct {
	url    string
	key    string
	client http.Client
	now    func() time.Time
}

var _ notify.Channel = (*Deliverer)(nil)

// New checks the configuration and returns a Deliverer. It calls nothing yet.
func New(c Config) (*Deliverer, error) {
	if c.URL == "" {
		c.URL = DefaultURL
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return nil, errors.New("pagerduty: the url cannot be read: expected https://host")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, errors.New("pagerduty: expected an https url")
	case strings.TrimSpace(c.RoutingKey) == "":
		return nil, errors.New("pagerduty: the routing key is empty")
	case c.Now == nil:
		return nil, errors.New("pagerduty: a clock is needed")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = path
	}
	client := http.Client{Timeout: 15 * time.Second}
	if c.Client != nil {
		client = *c.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Deliverer{url: u.String(), key: strings.TrimSpace(c.RoutingKey), client: client, now: c.Now}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Deliver pages and resolves, case by case, as notify.Channel says. What has been
// sent of a case stands in the part case/<key>.
func (d *Deliverer) Deliver(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	told = told.Clone()
	m := actions.Message
	if told.Target == "" {
		told.Target = m.Target
	}
	if m.Trouble != nil {
		return d.trouble(ctx, actions, told, record)
	}
	for _, c := range m.Cases {
		name := "case/" + c.Key
		part, known := told.Parts[name]
		want := resolve
		if c.State == notify.Open {
			want = trigger
		}
		if !known && want == resolve || part.Done() && part.Hash == state(want, c) {
			continue
		}
		if !part.Pending || part.Hash != state(want, c) {
			part.Version++
		}
		part.Pending, part.Hash, part.At = true, state(want, c), d.now().Unix()
		told.Parts[name] = part
		if err := record(told.Clone()); err != nil {
			return told, fmt.Errorf("record what is told: %w", err)
		}
		if err := d.send(ctx, newEvent(d.key, want, m, c)); err != nil {
			return told, err
		}
		part.Pending = false
		told.Parts[name] = part
		if err := record(told.Clone()); err != nil {
			return told, fmt.Errorf("record what is told: %w", err)
		}
	}
	for _, a := range actions.List { // the overview itself is not sent
		part := told.Parts[a.Part]
		part.Version++
		part.Hash, part.At = a.Hash, d.now().Unix()
		told.Parts[a.Part] = part
	}
	return told, nil
}

// state is what a part says of a case: what was sent, of which coming back.
func state(action string, c notify.Case) string {
	return action + "/" + strconv.Itoa(c.Recurrences)
}

func (d *Deliverer) send(ctx context.Context, e event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("pagerduty: write event of case %s: %w", e.Key, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return &notify.Permanent{Reason: "pagerduty: no request can be made of its url"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "zesei")
	resp, err := d.client.Do(req)
	if err != nil {
		var u *url.Error // prints the URL
		if errors.As(err, &u) {
			err = u.Err
		}
		return fmt.Errorf("pagerduty: send %s of %s: %w", e.Action, e.Key, err)
	}
	defer resp.Body.Close()
	// Read a little so that the connection can serve again; never more.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	return judge(resp)
}

func judge(resp *http.Response) error {
	reason := fmt.Sprintf("pagerduty: HTTP status %d", resp.StatusCode)
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusTooManyRequests:
		after := time.Minute // where the answer names no time
		if n, err := strconv.Atoi(strings.TrimSpace(resp.Header.Get("Retry-After"))); err == nil && n > 0 {
			after = time.Duration(min(n, 86400)) * time.Second
		}
		return &notify.RetryAfter{After: after, By: "pagerduty"}
	case code == http.StatusRequestTimeout, code >= 500:
		return errors.New(reason)
	}
	return &notify.Permanent{Reason: reason, Hint: "PagerDuty does not take the event: check notify.pagerduty.routing_key and url", HintJA: "PagerDuty がイベントを受け付けません。notify.pagerduty の routing_key と url を確認してください"}
}

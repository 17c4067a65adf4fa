// Package slack carries messages to Slack with the Web API: posts, updates in
// place, replies in a thread, and files.
//
// Slack has no idempotency key. Each post is recorded before it is sent; a post
// found recorded but unanswered is in doubt, and is looked for by its metadata
// in the channel's history or the thread before it is sent again. An update may
// be repeated freely.
//
// Texts come from package notify's templates in Slack's mrkdwn, are laid out as
// Block Kit sections inside the limits that Slack documents and the one that it
// does not (about 13,200 characters a message), and are cut with a note where
// they do not fit. The token is sent to Slack alone and stands in no error.
package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"zesei/internal/notify"
)

// Config is what a Deliverer needs.
type Config struct {
	Token     string // a bot token, xoxb-…
	URL       string // of the Web API; "" is Slack's own, https://slack.com/api/
	Client    *http.Client
	Templates *notify.Templates
	Log       *slog.Logger // nil: nothing is logged
	Now       func() time.Time
	// Sleep waits; nil waits by the clock. It ends early with the context's error.
	Sleep func(context.Context, time.Duration) error
	// Pace is the time between two messages to one channel. 0 is a second, what
	// Slack allows; a negative one is for a server without that limit.
	Pace time.Duration
	// Patience is the longest Retry-After that is waited for at once; 0 is five
	// seconds. A longer one is returned as *notify.RetryAfter.
	Patience time.Duration
}

// Deliverer is Slack as a notify.Channel. It is safe for concurrent use.
type Deliverer struct {
	api      *slackgo.Client
	client   *http.Client
	texts    *notify.Set
	log      *slog.Logger
	now      func() time.Time
	pace     *pace
	patience time.Duration
	channels channels
	hooks    string // where response URLs lead
}

var _ notify.Channel = (*Deliverer)(nil)

// New returns a Deliverer. It calls nothing yet.
func New(c Config) (*Deliverer, error) {
	if c.Token == "" {
		return nil, errors.New("slack: no token: set notify.slack.token")
	}
	if strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("slack: the token holds spaces or characters that no token has: check the secret that notify.slack.token names")
	}
	if c.Templates == nil || c.Now == nil {
		return nil, errors.New("slack: templates and a clock are needed")
	}
	texts, err := c.Templates.For(markup{})
	if err != nil {
		return nil, fmt.Errorf("slack message templates: %w", err)
	}
	client := http.Client{Timeout: 30 * time.Second}
	if c.Client != nil {
		client = *c.Client
	}
	// A redirect would carry the token, which is in the form, to another host.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	options := []slackgo.Option{slackgo.OptionHTTPClient(&client)}
	if c.URL != "" {
		options = append(options, slackgo.OptionAPIURL(strings.TrimSuffix(c.URL, "/")+"/"))
	}
	d := &Deliverer{
		api: slackgo.New(c.Token, options...), texts: texts, log: c.Log, now: c.Now,
		patience: c.Patience, pace: newPace(c.Pace, c.Now, c.Sleep),
		client: &client, hooks: hooksOf(c.URL),
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if d.patience == 0 {
		d.patience = 5 * time.Second
	}
	return d, nil
}

// Deliver carries the actions out, as notify.Channel says.
func (d *Deliverer) Deliver(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	run := &delivery{
		Deliverer: d, key: actions.Message.Key, told: told.Clone(),
		record: func(t notify.Told) error { return record(t.Clone()) },
	}
	if run.told.Target == "" {
		run.told.Target = actions.Message.Target
	}
	for _, a := range actions.List {
		if err := run.do(ctx, a); err != nil {
			return run.told, fmt.Errorf("%s %s of message %s to Slack %s: %w", a.Do, a.Part, run.key, run.told.Target, err)
		}
	}
	if actions.Seen != nil {
		run.told.Seen = actions.Seen
		if err := run.save(); err != nil {
			return run.told, err
		}
	}
	return run.told, nil
}

// delivery is one message on its way.
type delivery struct {
	*Deliverer
	key    string
	told   notify.Told
	record func(notify.Told) error
}

func (r *delivery) save() error {
	if err := r.record(r.told); err != nil {
		return fmt.Errorf("record what is told: %w", err)
	}
	return nil
}

func (r *delivery) set(part string, p notify.Part) error {
	r.told.Parts[part] = p
	return r.save()
}

func (r *delivery) do(ctx context.Context, a notify.Action) error {
	part := r.told.Parts[a.Part]
	if part.Pending {
		found, err := r.look(ctx, a.Part, part)
		if err != nil {
			return err
		}
		if found != "" {
			part.Pending, part.ID = false, found
			if err := r.set(a.Part, part); err != nil {
				return err
			}
			if part.Hash == a.Hash {
				return r.done(a)
			}
			a.Do = notify.Update
		}
	}
	if a.Do == notify.Update && part.ID != "" {
		return r.update(ctx, a, part)
	}
	return r.post(ctx, a, part)
}

// done marks a case as seen once its reply is out.
func (r *delivery) done(a notify.Action) error {
	if a.Case == "" {
		return nil
	}
	r.told.Seen[a.Case] = a.Seen
	return r.save()
}

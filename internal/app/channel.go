package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"zesei/internal/awscloud"
	"zesei/internal/notify"
	"zesei/internal/notify/slack"
	"zesei/internal/notify/webhook"
)

// slackChannel resolves its token on first use, so that a secret store that does
// not answer delays messages and nothing else.
type slackChannel struct {
	app       *App
	templates *notify.Templates
	pace      time.Duration
	once      lazy[*slack.Deliverer]
}

var _ notify.Channel = (*slackChannel)(nil)

func (c *slackChannel) deliverer(ctx context.Context) (*slack.Deliverer, error) {
	return c.once.get(func() (*slack.Deliverer, error) {
		s := c.app.Config.Notify.Slack
		token, err := s.Token.Value(ctx, c.app.secrets())
		if err != nil {
			return nil, fmt.Errorf("notify.slack.token: %w", err)
		}
		return slack.New(slack.Config{Token: token, URL: s.APIURL, Templates: c.templates, Log: c.app.Log, Now: c.app.Now, Pace: c.pace})
	})
}

func (c *slackChannel) Deliver(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	d, err := c.deliverer(ctx)
	if err != nil {
		return told, err
	}
	return d.Deliver(ctx, actions, told, record)
}

// webhookChannel resolves its secret on first use.
type webhookChannel struct {
	app       *App
	templates *notify.Templates
	once      lazy[*webhook.Deliverer]
}

var _ notify.Channel = (*webhookChannel)(nil)

func (c *webhookChannel) Deliver(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	d, err := c.once.get(func() (*webhook.Deliverer, error) {
		w := c.app.Config.Notify.Webhook
		secret, err := w.Secret.Value(ctx, c.app.secrets())
		if err != nil {
			return nil, fmt.Errorf("notify.webhook.secret: %w", err)
		}
		return webhook.New(webhook.Config{Name: "webhook", URL: w.URL, Secret: []byte(secret), Templates: c.templates, Now: c.app.Now})
	})
	if err != nil {
		return told, err
	}
	return d.Deliver(ctx, actions, told, record)
}

func (a *App) secrets() *awscloud.Secrets { return awscloud.NewSecrets(a.Cloud) }

// lazy makes a thing once; a failure is tried again on the next use.
type lazy[T any] struct {
	mu   sync.Mutex
	done bool
	v    T
}

func (l *lazy[T]) get(make func() (T, error)) (T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return l.v, nil
	}
	v, err := make()
	if err == nil {
		l.v, l.done = v, true
	}
	return v, err
}

package app

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"zesei/internal/awscloud"
	"zesei/internal/notify"
	"zesei/internal/notify/pagerduty"
	"zesei/internal/notify/slack"
	"zesei/internal/notify/sns"
	"zesei/internal/notify/teams"
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

// lazyChannel makes its channel when the first message goes out by it, because
// its secrets are resolved then.
type lazyChannel struct {
	make func(ctx context.Context) (notify.Channel, error)
	once lazy[notify.Channel]
}

var _ notify.Channel = (*lazyChannel)(nil)

func (c *lazyChannel) Deliver(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	d, err := c.once.get(func() (notify.Channel, error) { return c.make(ctx) })
	if err != nil {
		return told, err
	}
	return d.Deliver(ctx, actions, told, record)
}

func (a *App) webhookChannel(templates *notify.Templates) notify.Channel {
	return &lazyChannel{make: func(ctx context.Context) (notify.Channel, error) {
		w := a.Config.Notify.Webhook
		secret, err := w.Secret.Value(ctx, a.secrets())
		if err != nil {
			return nil, fmt.Errorf("notify.webhook.secret: %w", err)
		}
		return webhook.New(webhook.Config{Name: "webhook", URL: w.URL, Secret: []byte(secret), Templates: templates, Now: a.Now})
	}}
}

func (a *App) snsChannel(templates *notify.Templates) notify.Channel {
	return &lazyChannel{make: func(ctx context.Context) (notify.Channel, error) {
		region := strings.Split(a.Config.Notify.SNS.Topic, ":")[3] // the configuration is checked
		cfg, err := a.Cloud.Ambient(ctx, region)
		if err != nil {
			return nil, fmt.Errorf("notify.sns: %w", err)
		}
		return sns.New(sns.Config{AWS: cfg, Templates: templates, Now: a.Now})
	}}
}

func (a *App) pagerChannel() notify.Channel {
	return &lazyChannel{make: func(ctx context.Context) (notify.Channel, error) {
		p := a.Config.Notify.PagerDuty
		key, err := p.RoutingKey.Value(ctx, a.secrets())
		if err != nil {
			return nil, fmt.Errorf("notify.pagerduty.routing_key: %w", err)
		}
		return pagerduty.New(pagerduty.Config{URL: p.URL, RoutingKey: key, Now: a.Now})
	}}
}

// teamsChannels are the workflows of the owners that have one, by owner.
type teamsChannels map[string]notify.Channel

var _ notify.Channel = teamsChannels(nil)

func (a *App) teamsChannels(templates *notify.Templates) teamsChannels {
	out := teamsChannels{}
	for name, o := range a.Config.Owners {
		if !o.Teams.IsSet() {
			continue
		}
		out[name] = &lazyChannel{make: func(ctx context.Context) (notify.Channel, error) {
			url, err := o.Teams.Value(ctx, a.secrets())
			if err != nil {
				return nil, fmt.Errorf("owners.%s.teams: %w", name, err)
			}
			return teams.New(teams.Config{Name: name, URL: url, Templates: templates, Now: a.Now})
		}}
	}
	return out
}

func (c teamsChannels) Deliver(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	d, ok := c[actions.Message.Target]
	if !ok {
		return told, &notify.Permanent{Reason: fmt.Sprintf("teams: no workflow for %q", actions.Message.Target), Hint: "set owners." + actions.Message.Target + ".teams"}
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

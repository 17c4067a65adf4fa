package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"golang.org/x/time/rate"

	"zesei/internal/awscloud"
	"zesei/internal/config"
	"zesei/internal/intake"
	"zesei/internal/store"
)

// EventsPath is where senders deliver over HTTP.
const EventsPath = "/events"

// rememberFor is how long deliveries of SNS are remembered: longer than any of
// them is accepted.
const rememberFor = 3 * intake.SNSWindow

// intakes are the ways in of one App.
type intakes struct {
	app     *App
	v       *server
	joiner  *intake.Joiner
	queues  []*intake.Queue
	running sync.WaitGroup // what feeds the joiner
	joined  chan struct{}  // closed when the joiner has ended
	stop    context.CancelFunc
}

// serveLimits are the documented limits, but for SQS, which documents none for
// standard queues ("Amazon SQS message quotas": nearly unlimited).
func serveLimits(service, operation string) (string, awscloud.Limit) {
	if service == "SQS" {
		return "", awscloud.Limit{Rate: rate.Inf}
	}
	return awscloud.DocumentedLimits(service, operation)
}

func (v *server) intakes(a *App) *intakes {
	in := &intakes{app: a, v: v, joined: make(chan struct{})}
	in.joiner = intake.NewJoiner(a.Work, func(ctx context.Context, ids []string) error {
		return a.DB.Update(ctx, func(tx *store.Tx) error {
			now := a.Now()
			return store.SaveDelivered(ctx, tx, ids, now, now.Add(-rememberFor))
		})
	}, v.metrics.intake)
	for _, q := range a.Config.Intake.SQS {
		in.queues = append(in.queues, in.queue(q))
	}
	return in
}

func (in *intakes) queue(q config.QueueIntake) *intake.Queue {
	a := in.app
	taker := *a.Intake
	taker.Objects = in.bucket(q)
	return &intake.Queue{ARN: q.Queue, Intake: &taker, Joiner: in.joiner, Metrics: in.v.metrics.intake, Log: a.Log, Sleep: rest,
		Connect: func(ctx context.Context) (intake.QueueClient, error) {
			if a.Cloud == nil {
				return nil, errNoAccount
			}
			cfg, err := a.as(ctx, q.Role, strings.Split(q.Queue, ":")[3])
			if err != nil {
				return nil, err
			}
			return sqs.NewFromConfig(cfg), nil
		}}
}

// bucket takes in the objects that notifications in a queue name, with the role
// that reads the queue.
func (in *intakes) bucket(q config.QueueIntake) intake.Objects {
	a := in.app
	return intake.NewBucket(a.Intake, in.v.metrics.intake, func(ctx context.Context, region string) (intake.ObjectClient, error) {
		if a.Cloud == nil {
			return nil, errNoAccount
		}
		cfg, err := a.as(ctx, q.Role, cmp.Or(region, strings.Split(q.Queue, ":")[3]))
		if err != nil {
			return nil, err
		}
		return awscloud.S3(cfg), nil
	})
}

// start begins to take. What feeds the joiner ends with taking.
func (in *intakes) start(taking, work context.Context, begun *sync.WaitGroup) {
	var stopped context.Context
	stopped, in.stop = context.WithCancel(work)
	go func() {
		defer close(in.joined)
		in.joiner.Run(work, stopped)
	}()
	for _, q := range in.queues {
		in.running.Go(func() { q.Run(taking, work) })
	}
	if _, asked := in.app.hubIntake(); asked || in.app.Config.File() == "" && in.app.Directory.own != "" {
		begun.Go(func() { in.app.keepPolling(taking, in.v.metrics.intake, in.v.metrics.polled) })
	}
	begun.Go(func() { in.app.readSecrets(taking) })
	in.app.listenToSlack(taking, begun)
}

// drain waits until everything that was taken is committed. Requests over HTTP
// must have ended.
func (in *intakes) drain() {
	in.running.Wait()
	in.stop()
	<-in.joined
}

// handler answers over HTTP: events, health and metrics.
func (in *intakes) handler() http.Handler {
	a := in.app
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if _, err := a.Serving(ctx); err != nil {
			http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.Handle("GET /metrics", in.v.metrics.handler())
	c := cmp.Or(a.Config.Intake.HTTP, &config.HTTPIntake{})
	h := &intake.HTTP{Intake: a.Intake, Joiner: in.joiner, Metrics: in.v.metrics.intake, Log: a.Log, Header: c.Header}
	if c.Secret.IsSet() {
		var secret lazy[string]
		h.Secret = func(ctx context.Context) (string, error) {
			return secret.get(func() (string, error) {
				ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
				defer cancel()
				return c.Secret.Value(ctx, a.secrets())
			})
		}
	}
	if len(c.Topics) > 0 {
		h.SNS = &intake.SNS{Topics: c.Topics, Client: intake.NewSNSClient(in.v.SNS), Now: a.Now, Log: a.Log,
			Known: func(ctx context.Context, id string) (bool, error) { return store.Delivered(ctx, a.DB.View(), id) }}
	}
	if a.Config.Intake.HTTP != nil && h.Secret == nil && h.SNS == nil {
		a.Log.Warn("intake.http has neither secret nor topics: events over HTTP are refused")
	}
	mux.Handle(EventsPath, h.Handler())
	a.hear(mux)
	return mux
}

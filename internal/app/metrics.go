package app

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"zesei/internal/awscloud"
	"zesei/internal/intake"
	"zesei/internal/securityhub"
	"zesei/internal/store"
)

// metrics are what serve counts.
type metrics struct {
	registry *prometheus.Registry
	intake   *intake.Metrics
	runs     *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	calls    *prometheus.CounterVec
	polls    *prometheus.CounterVec
	state    *stateOfStore
}

func newMetrics(r *prometheus.Registry) *metrics {
	m := &metrics{
		registry: r, intake: intake.NewMetrics(r), state: &stateOfStore{},
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zesei_job_runs_total", Help: "Runs of jobs, by kind and outcome: done, later, failed."}, []string{"kind", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "zesei_job_seconds", Help: "Time of one run of a job.",
			Buckets: prometheus.ExponentialBuckets(.001, 4, 9)}, []string{"kind"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zesei_aws_calls_total", Help: "Calls of AWS, by service, operation and outcome (ok, throttled, denied, …)."}, []string{"service", "operation", "outcome"}),
		polls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zesei_securityhub_polls_total", Help: "Polls of Security Hub, by Region and outcome."}, []string{"region", "outcome"}),
	}
	r.MustRegister(m.runs, m.seconds, m.calls, m.polls, m.state, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

func (m *metrics) job(kind, outcome string, took time.Duration) {
	m.runs.WithLabelValues(kind, outcome).Inc()
	m.seconds.WithLabelValues(kind).Observe(took.Seconds())
}

// record counts calls of AWS beside another recorder.
func (m *metrics) record(other func(awscloud.Call)) func(awscloud.Call) {
	return func(c awscloud.Call) {
		outcome := string(c.Kind)
		if outcome == "" {
			outcome = "ok"
		}
		m.calls.WithLabelValues(c.Service, c.Operation, outcome).Inc()
		if other != nil {
			other(c)
		}
	}
}

func (m *metrics) polled(p securityhub.Polled) {
	outcome := "ok"
	if p.Err != nil {
		outcome = "failed"
	}
	m.polls.WithLabelValues(p.Region, outcome).Inc()
}

// watch shows the store of an App.
func (m *metrics) watch(a *App) {
	m.state.mu.Lock()
	defer m.state.mu.Unlock()
	m.state.app = a
}

// stateOfStore reads what stands in the store when it is asked.
type stateOfStore struct {
	mu  sync.Mutex
	app *App
}

var (
	descJobs = prometheus.NewDesc("zesei_jobs", "Jobs that are not done, by kind and state (ready, dead).", []string{"kind", "state"}, nil)
	descDue  = prometheus.NewDesc("zesei_jobs_due", "Jobs whose time has come, by kind.", []string{"kind"}, nil)
	descLag  = prometheus.NewDesc("zesei_jobs_lag_seconds", "How long the oldest due job has waited, by kind.", []string{"kind"}, nil)
	descWays = prometheus.NewDesc("zesei_channels_failing", "Channels by which messages do not go out, by kind.", []string{"channel"}, nil)
	descRuns = prometheus.NewDesc("zesei_schedule_failed", "1 where the last run of a schedule, or a part of it, was given up, else 0.", []string{"schedule", "do"}, nil)
	descDead = prometheus.NewDesc("zesei_dead_letters", "Dead letters that wait for a person.", nil, nil)
)

// Describe names the metrics.
func (s *stateOfStore) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descJobs, descDue, descLag, descDead, descWays, descRuns} {
		ch <- d
	}
}

// Collect reads the store.
func (s *stateOfStore) Collect(ch chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.app == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	now := s.app.Now()
	jobs, err := store.CountJobs(ctx, s.app.DB.View(), now)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(descJobs, err)
		return
	}
	for _, j := range jobs {
		ch <- prometheus.MustNewConstMetric(descJobs, prometheus.GaugeValue, float64(j.N), j.Kind, j.State)
		if j.State == "ready" {
			wait := 0.0
			if !j.Oldest.IsZero() {
				wait = now.Sub(j.Oldest).Seconds()
			}
			ch <- prometheus.MustNewConstMetric(descDue, prometheus.GaugeValue, float64(j.Due), j.Kind)
			ch <- prometheus.MustNewConstMetric(descLag, prometheus.GaugeValue, wait, j.Kind)
		}
	}
	s.ways(ctx, ch)
	if n, err := store.CountDead(ctx, s.app.DB.View()); err == nil {
		ch <- prometheus.MustNewConstMetric(descDead, prometheus.GaugeValue, float64(n))
	}
}

package intake

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count what comes in. A nil *Metrics counts nothing.
type Metrics struct {
	findings *prometheus.CounterVec
	events   *prometheus.CounterVec
	dead     *prometheus.CounterVec
	messages *prometheus.CounterVec
	lag      *prometheus.HistogramVec
	seconds  prometheus.Histogram
	size     prometheus.Histogram
	failed   prometheus.Counter
}

// NewMetrics makes and registers the metrics of the intake.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zesei_intake_findings_total", Help: "Findings committed, by way in."}, []string{"via"}),
		events:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zesei_intake_events_total", Help: "Events that the detection rules looked at, by way in."}, []string{"via"}),
		dead:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zesei_intake_dead_total", Help: "Dead letters kept, by way in."}, []string{"via"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "zesei_intake_messages_total", Help: "Messages, by way in and outcome: taken, repeated, refused, busy, failed."}, []string{"via", "outcome"}),
		lag: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "zesei_intake_lag_seconds", Help: "Time from sending to commit, where the sender says when.",
			Buckets: []float64{.01, .1, .5, 1, 5, 15, 60, 300, 1800, 7200}}, []string{"via"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "zesei_intake_batch_seconds", Help: "Time of one transaction of the intake.",
			Buckets: prometheus.ExponentialBuckets(.001, 2, 14)}),
		size: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "zesei_intake_batch_size", Help: "Findings, events and dead letters in one transaction.",
			Buckets: []float64{1, 2, 5, 10, 20, 50, 100, 200, 500}}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "zesei_intake_batch_failures_total", Help: "Transactions of the intake that failed."}),
	}
	r.MustRegister(m.findings, m.events, m.dead, m.messages, m.lag, m.seconds, m.size, m.failed)
	return m
}

func (m *Metrics) batch(size int, took time.Duration, err error) {
	if m == nil {
		return
	}
	if err != nil {
		m.failed.Inc()
		return
	}
	m.size.Observe(float64(size))
	m.seconds.Observe(took.Seconds())
}

// Outcomes of a message.
const (
	outTaken    = "taken"
	outRepeated = "repeated"
	outRefused  = "refused"
	outBusy     = "busy"
	outFailed   = "failed"
)

func (m *Metrics) message(via, outcome string) {
	if m != nil {
		m.messages.WithLabelValues(via, outcome).Inc()
	}
}

// taken counts a message that was committed. A zero age is not known.
func (m *Metrics) taken(via string, msg *message, age time.Duration) {
	if m == nil {
		return
	}
	findings, events, dead := msg.counts()
	m.findings.WithLabelValues(via).Add(float64(findings))
	m.events.WithLabelValues(via).Add(float64(events))
	m.dead.WithLabelValues(via).Add(float64(dead))
	if age > 0 {
		m.lag.WithLabelValues(via).Observe(age.Seconds())
	}
	m.message(via, outTaken)
}

// Count counts findings that came in another way.
func (m *Metrics) Count(via string, t Totals) {
	if m != nil {
		m.findings.WithLabelValues(via).Add(float64(t.Findings))
		m.events.WithLabelValues(via).Add(float64(t.Events))
		m.dead.WithLabelValues(via).Add(float64(t.Dead))
	}
}

package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"zesei/internal/store"
)

// ScheduleState is where one schedule stands.
type ScheduleState struct {
	ID     string    `json:"id"`
	Do     string    `json:"do"` // findings, summary, score
	Cron   string    `json:"cron"`
	Next   time.Time `json:"next,omitzero"`    // when it runs next; zero: it has not been started
	Last   time.Time `json:"last,omitzero"`    // the time whose run ended last
	Failed string    `json:"failed,omitempty"` // why that run, or a part of it, was given up
}

// ScheduleStates says where each configured schedule stands.
func (a *App) ScheduleStates(ctx context.Context) ([]ScheduleState, error) {
	out := []ScheduleState{}
	for _, s := range a.Config.Schedules {
		id := scheduleID(s)
		r, err := loadRun(ctx, a.DB.View(), id)
		if err != nil {
			return nil, err
		}
		out = append(out, ScheduleState{ID: id, Do: s.Do, Cron: s.Cron, Next: r.Next, Last: r.Last, Failed: r.Failed})
	}
	return out, nil
}

// ChannelState is a channel by which messages do not go out.
type ChannelState struct {
	Channel string    `json:"channel"` // slack, slack:#shop-sec; message 17 is one message that is refused
	Owners  []string  `json:"owners,omitempty"`
	Since   time.Time `json:"since"`
	Waiting int       `json:"waiting"` // messages that wait
	Reason  string    `json:"reason"`
	Hint    string    `json:"hint,omitempty"`
	Told    time.Time `json:"told,omitzero"` // when people were told
}

// ChannelStates lists the channels that do not work, worst first.
func (a *App) ChannelStates(ctx context.Context) ([]ChannelState, error) {
	outages, err := store.Outages(ctx, a.DB.View())
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(outages, func(x, y store.Outage) int { return strings.Count(x.Channel, ":") - strings.Count(y.Channel, ":") })
	out := []ChannelState{}
	for _, o := range outages {
		if !o.Sure && o.LastAt.Sub(o.Since) < failsFor && o.ToldAt.IsZero() {
			continue // it may pass
		}
		c := ChannelState{Channel: o.Channel, Owners: a.ownersAt(o.Channel), Since: o.Since, Reason: o.Reason, Hint: o.Hint, Told: o.ToldAt}
		if c.Waiting, err = store.Stuck(ctx, a.DB.View(), o.Channel); err != nil {
			return nil, err
		}
		if c.Waiting == 0 && strings.HasPrefix(o.Channel, "message ") {
			continue // it has gone out, or is not wanted any more
		}
		out = append(out, c)
	}
	return out, nil
}

// ways tells the metrics which channels do not work, and which schedules failed.
func (s *stateOfStore) ways(ctx context.Context, ch chan<- prometheus.Metric) {
	if channels, err := s.app.ChannelStates(ctx); err == nil {
		n := map[string]int{}
		for _, c := range channels {
			via, _, _ := strings.Cut(c.Channel, ":")
			via, _, _ = strings.Cut(via, " ") // one refused message
			n[via]++
		}
		for via, failing := range n {
			ch <- prometheus.MustNewConstMetric(descWays, prometheus.GaugeValue, float64(failing), via)
		}
	}
	if schedules, err := s.app.ScheduleStates(ctx); err == nil {
		seen := map[string]bool{} // the same schedule may stand twice
		for _, c := range schedules {
			failed := 0.0
			if c.Failed != "" {
				failed = 1
			}
			if !seen[c.ID] {
				ch <- prometheus.MustNewConstMetric(descRuns, prometheus.GaugeValue, failed, c.ID, c.Do)
			}
			seen[c.ID] = true
		}
	}
}

package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/job"
	"zesei/internal/notify"
	"zesei/internal/notify/slack"
	"zesei/internal/report"
	"zesei/internal/store"
)

// JobSchedule is the kind of job that does what a schedule asks; its subject is
// the schedule's id. The job never ends: when a run is over it waits for the
// next time.
const JobSchedule = "schedule"

const (
	// catchUp is how old a missed time may be that is still done at the next start.
	catchUp = 24 * time.Hour
	// scheduleTries is how often one run is tried before the next time is waited
	// for (about a quarter of an hour).
	scheduleTries = 10
)

// run is where a schedule stands, kept in the store under its id.
type run struct {
	Next time.Time `json:"next"` // when it is to run
	// Begun is when the run of Next was first begun; zero: it was not. File is
	// the id of the file that it is about to share.
	Begun  time.Time `json:"begun,omitzero"`
	File   string    `json:"file,omitempty"`
	Last   time.Time `json:"last,omitzero"`    // the time whose run ended last
	Failed string    `json:"failed,omitempty"` // why that run was given up
}

// scheduleID tells a schedule from the others by what it says: one that is
// changed in the file is another.
func scheduleID(s config.Schedule) string {
	b, _ := json.Marshal(s)
	sum := sha256.Sum256(b)
	return s.Do + "-" + hex.EncodeToString(sum[:6])
}

// schedules are the configured schedules by id.
func (a *App) schedules() map[string]config.Schedule {
	out := map[string]config.Schedule{}
	for _, s := range a.Config.Schedules {
		out[scheduleID(s)] = s
	}
	return out
}

func (a *App) times(s config.Schedule) (report.Times, error) {
	zone := a.Config.Zone()
	if s.Timezone != "" {
		var err error
		if zone, err = time.LoadLocation(s.Timezone); err != nil {
			return report.Times{}, err
		}
	}
	return report.ParseTimes(s.Cron, zone)
}

// checkSchedules finds what is wrong with the configured schedules beyond what
// the file by itself shows. The error is config.Problems.
func checkSchedules(c *config.Config, cat *control.Catalogue) error {
	var problems config.Problems
	wrong := func(i int, key, message, hint string) {
		problems = append(problems, config.Problem{File: c.File(), Field: fmt.Sprintf("schedules[%d].%s", i, key), Message: message, Hint: hint})
	}
	for i, s := range c.Schedules {
		var unknown *report.UnknownControlError
		if _, err := report.Controls(cat, s.Controls); errors.As(err, &unknown) {
			hint := ""
			if unknown.Nearest != "" {
				hint = "did you mean " + unknown.Nearest + "?"
			}
			wrong(i, "controls", "unknown control "+unknown.Name, hint)
		}
		switch {
		case s.Slack == "" && (s.Do != "summary" || c.Owners[s.Owner].Slack == ""):
			wrong(i, "slack", "nobody is told what the schedule finds", "add slack: with a channel")
		case c.Notify.Slack == nil:
			wrong(i, "slack", "Slack is not configured", "add notify.slack with its token")
		}
	}
	return problems.Err()
}

// StartSchedules asks for a job for each configured schedule and takes back
// those of schedules that are gone. A schedule that is new waits for its next
// time; one whose time passed while nothing ran is done once, if that is no more
// than a day ago.
func (a *App) StartSchedules(ctx context.Context) error {
	configured := a.schedules()
	waiting, err := job.Pending(ctx, a.DB.View(), 1<<30)
	if err != nil {
		return err
	}
	return a.DB.Update(ctx, func(tx *store.Tx) error {
		for _, w := range waiting {
			if _, ok := configured[w.Subject]; w.Kind == JobSchedule && !ok {
				if err := job.Cancel(ctx, tx, w.Kind, w.Subject); err != nil {
					return err
				}
			}
		}
		for id, s := range configured {
			r, err := loadRun(ctx, tx, id)
			if err != nil {
				return err
			}
			if r.Next.IsZero() {
				times, err := a.times(s)
				if err != nil {
					return err
				}
				if r.Next = times.Next(a.Now()); r.Next.IsZero() {
					a.Log.Warn("a schedule has no time at all", "cron", s.Cron)
					continue
				}
				if err := saveRun(ctx, tx, id, r); err != nil {
					return err
				}
			}
			if err := job.Enqueue(ctx, tx, a.Now(), job.Want{Kind: JobSchedule, Subject: id, At: r.Next}); err != nil {
				return err
			}
		}
		return nil
	})
}

const metaSchedule = "schedule "

func loadRun(ctx context.Context, q store.Querier, id string) (run, error) {
	var r run
	v, err := store.Meta(ctx, q, metaSchedule+id)
	if err == nil && v != "" {
		err = json.Unmarshal([]byte(v), &r)
	}
	if err != nil {
		return r, fmt.Errorf("reading where schedule %s stands: %w", id, err)
	}
	return r, nil
}

func saveRun(ctx context.Context, tx *store.Tx, id string, r run) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return store.SetMeta(ctx, tx, metaSchedule+id, string(b))
}

func (a *App) keepRun(ctx context.Context, id string, r run) error {
	return a.DB.Update(ctx, func(tx *store.Tx) error { return saveRun(ctx, tx, id, r) })
}

// scheduleJob works one schedule: it does what is due, once for each time, and
// waits for the next.
func (a *App) scheduleJob(ctx context.Context, j job.Job) error {
	s, ok := a.schedules()[j.Subject]
	if !ok {
		return nil // no longer configured
	}
	times, err := a.times(s)
	if err != nil {
		return job.Permanent(err)
	}
	r, err := loadRun(ctx, a.DB.View(), j.Subject)
	if err != nil {
		return err
	}
	now := a.Now()
	if r.Next.After(now) {
		return job.Later(r.Next, "the next time of "+s.Cron)
	}
	if r.Begun.IsZero() {
		// Of several missed times only the last is done, and none of long ago.
		last := times.Last(later(r.Next.Add(-time.Second), now.Add(-catchUp)), now)
		if last.IsZero() {
			a.Log.Warn("a scheduled run was missed and is too old to be done now", "schedule", j.Subject, "due", r.Next)
			return a.nextRun(ctx, j.Subject, r, times, "missed: nothing ran at the time, nor for a day after it")
		}
		r.Next, r.Begun = last, now
		if err := a.keepRun(ctx, j.Subject, r); err != nil {
			return err
		}
		err = a.runSchedule(ctx, j.Subject, s, &r, time.Time{})
	} else {
		err = a.runSchedule(ctx, j.Subject, s, &r, r.Begun)
	}
	failed := ""
	if err != nil {
		var wait *notify.RetryAfter
		var never *notify.Permanent
		switch {
		case ctx.Err() != nil:
			return err
		case errors.As(err, &wait):
			return job.Later(a.Now().Add(wait.After), err.Error())
		case !errors.As(err, &never) && j.Attempt < scheduleTries:
			return err
		}
		failed = err.Error()
		a.Log.Error("a scheduled run is given up until its next time", "schedule", j.Subject, "due", r.Next, "error", err)
		a.tellFailure(ctx, j.Subject, s, r, err)
	}
	return a.nextRun(ctx, j.Subject, r, times, failed)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// nextRun ends a run and waits for the next time.
func (a *App) nextRun(ctx context.Context, id string, r run, times report.Times, failed string) error {
	next := run{Next: times.Next(a.Now()), Last: r.Next, Failed: failed}
	if err := a.keepRun(ctx, id, next); err != nil {
		return err
	}
	if next.Next.IsZero() {
		return nil
	}
	return job.Later(next.Next, "the next time of the schedule")
}

// runSchedule does one run. begun is when an earlier try of it began.
func (a *App) runSchedule(ctx context.Context, id string, s config.Schedule, r *run, begun time.Time) error {
	zone := a.Config.Zone()
	if s.Timezone != "" {
		if z, err := time.LoadLocation(s.Timezone); err == nil {
			zone = z
		}
	}
	key := a.runKey(id, *r)
	if s.Do == "summary" {
		return a.PostSummary(ctx, SummaryPost{Owner: s.Owner, Channel: s.Slack, Key: key, Begun: begun, Zone: zone, Skip: s.Empty == "skip"})
	}
	want := Findings{}
	var err error
	if want.Controls, err = report.Controls(a.Catalogue, s.Controls); err != nil {
		return &notify.Permanent{Reason: err.Error()}
	}
	if s.Owner != "" {
		want.Owners = []string{s.Owner}
	}
	f, err := a.List(ctx, want)
	if err != nil {
		return err
	}
	_, err = a.PostFindings(ctx, f, Post{
		Channel: s.Slack, Controls: s.Controls, Zone: zone, CSV: s.CSV, Skip: s.Empty == "skip", Key: key, Begun: begun, File: r.File,
		Intend: func(fileID string) error {
			r.File = fileID
			return a.keepRun(ctx, id, *r)
		},
	})
	return err
}

// runKey marks what one run says.
func (a *App) runKey(id string, r run) string {
	return strings.Join([]string{a.DB.ID(), JobSchedule, id, r.Next.UTC().Format(time.RFC3339)}, "|")
}

// tellFailure says in the schedule's channel that a run was given up, where
// Slack is not what failed.
func (a *App) tellFailure(ctx context.Context, id string, s config.Schedule, r run, why error) {
	var slackSays *notify.Permanent
	d, err := a.Deliverer(ctx)
	if err != nil || errors.As(why, &slackSays) {
		return
	}
	text := fmt.Sprintf("⚠️ The report that was due at %s could not be made: %s", r.Next.In(a.Config.Zone()).Format("2006-01-02 15:04 MST"), slack.Escape(why.Error()))
	if cmp.Or(a.Config.Language, "en") == "ja" {
		text = fmt.Sprintf("⚠️ %s の定期レポートを作成できませんでした: %s", r.Next.In(a.Config.Zone()).Format("2006-01-02 15:04 MST"), slack.Escape(why.Error()))
	}
	if _, err := d.Say(ctx, slack.Saying{Channel: s.Slack, Text: text, Key: a.runKey(id, r) + "|failed"}); err != nil {
		a.Log.Error("telling that a scheduled run failed", "schedule", id, "error", err)
	}
}

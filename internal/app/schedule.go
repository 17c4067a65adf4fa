package app

import (
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
	// scheduleTries is how often one run is tried (about a quarter of an hour)
	// before people hear that it fails.
	scheduleTries = 10
	// lateEvery is how often it is tried from then on, until its next time comes or
	// it is as old as catchUp.
	lateEvery = 30 * time.Minute
)

// run is where a schedule stands, kept in the store under its id.
type run struct {
	Next time.Time `json:"next"` // when it is to run
	// Begun is when the run of Next was first begun; zero: it was not. Ways are
	// how far it is, by errand.name.
	Begun time.Time       `json:"begun,omitzero"`
	Ways  map[string]sent `json:"ways,omitempty"`
	// Late is since when people know that the run fails; it is tried all the same.
	Late   time.Time `json:"late,omitzero"`
	Last   time.Time `json:"last,omitzero"`    // the time whose run ended last
	Failed string    `json:"failed,omitempty"` // why that run, the late one, or a part of it, failed
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

// CheckSchedules finds what is wrong with the configured schedules beyond what
// the file by itself shows. The error is config.Problems.
func CheckSchedules(c *config.Config, cat *control.Catalogue) error {
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
		if s.Slack != "" && c.Notify.Slack == nil {
			wrong(i, "slack", "Slack is not configured", "add notify.slack with its token")
		}
		if len(s.Email) > 0 && c.Notify.Email == nil {
			wrong(i, "email", "nothing sends mail", "add notify.email")
		}
		if len(errands(c, s)) == 0 && s.Slack == "" && len(s.Email) == 0 {
			wrong(i, "slack", "nobody is told what the schedule finds", "add slack: with a channel or email: with addresses, or give the owner one of them")
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
			for _, owner := range a.unreached(s) {
				a.Log.Warn("an owner gets no report of a schedule: it has neither slack nor email", "owner", owner, "do", s.Do, "cron", s.Cron)
			}
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
	if due := times.Next(r.Next); !r.Late.IsZero() && !due.IsZero() && !due.After(now) {
		r = run{Next: due, Last: r.Next, Failed: r.Failed} // the late run is given up for the next
	}
	if r.Begun.IsZero() {
		// Of several missed times only the last is done, and none of long ago.
		last := times.Last(later(r.Next.Add(-time.Second), now.Add(-catchUp)), now)
		if last.IsZero() {
			a.Log.Warn("a scheduled run was missed and is too old to be done now", "schedule", j.Subject, "due", r.Next)
			return a.nextRun(ctx, j.Subject, s, r, times, errors.New("missed: nothing ran at the time, nor for a day after it"))
		}
		r.Next, r.Begun = last, now
		if err := a.keepRun(ctx, j.Subject, r); err != nil {
			return err
		}
	}
	err = a.runSchedule(ctx, j.Subject, s, &r)
	if err != nil {
		var wait *notify.RetryAfter
		var never *notify.Permanent
		switch {
		case ctx.Err() != nil:
			return err
		case errors.As(err, &wait) && now.Sub(r.Begun) < catchUp:
			return job.Later(a.Now().Add(wait.After), err.Error())
		case !errors.As(err, &never) && j.Attempt < scheduleTries && r.Late.IsZero():
			return err
		case !errors.As(err, &never) && now.Add(lateEvery).Before(r.Begun.Add(catchUp)):
			at := now.Add(lateEvery)
			if due := times.Next(r.Next); !due.IsZero() && due.Before(at) {
				at = due
			}
			return a.lateRun(ctx, j.Subject, s, r, at, err)
		}
		a.Log.Error("a scheduled run is given up until its next time", "schedule", j.Subject, "due", r.Next, "error", err)
	}
	return a.nextRun(ctx, j.Subject, s, r, times, err)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// lateRun tells people, once, that a run fails, and tries it again at a time.
func (a *App) lateRun(ctx context.Context, id string, s config.Schedule, r run, at time.Time, why error) error {
	trouble := a.runTrouble(s, r, at, why)
	err := a.DB.Update(ctx, func(tx *store.Tx) error {
		if trouble != nil {
			r.Failed = strings.Join(trouble.Reasons, "; ")
			if err := a.tellRunFailed(ctx, tx, a.runKey(id, r), s, r, *trouble); err != nil {
				return err
			}
		}
		if r.Late.IsZero() {
			r.Late = a.Now()
			a.Log.Error("a scheduled run fails; it is tried again now and then", "schedule", id, "due", r.Next, "error", why)
		}
		return saveRun(ctx, tx, id, r)
	})
	if err != nil {
		return err
	}
	a.Work.Committed()
	return job.Later(at, "the run of "+r.Next.UTC().Format(time.RFC3339)+" failed")
}

// nextRun ends a run and waits for the next time. What went wrong with it is
// told in the transaction in which it ends: once.
func (a *App) nextRun(ctx context.Context, id string, s config.Schedule, r run, times report.Times, why error) error {
	next := run{Next: times.Next(later(a.Now(), r.Next)), Last: r.Next} // the clock may have been set back meanwhile
	trouble := a.runTrouble(s, r, next.Next, why)
	if trouble != nil {
		next.Failed = strings.Join(trouble.Reasons, "; ")
	}
	err := a.DB.Update(ctx, func(tx *store.Tx) error {
		if trouble != nil && !r.Begun.IsZero() { // a time that was missed is no fault of a report
			if err := a.tellRunFailed(ctx, tx, a.runKey(id, r), s, r, *trouble); err != nil {
				return err
			}
		}
		return saveRun(ctx, tx, id, next)
	})
	if err != nil {
		return err
	}
	a.Work.Committed()
	if next.Next.IsZero() {
		return nil
	}
	return job.Later(next.Next, "the next time of the schedule")
}

// runKey marks what one run says.
func (a *App) runKey(id string, r run) string {
	return strings.Join([]string{a.DB.ID(), JobSchedule, id, r.Next.UTC().Format(time.RFC3339)}, "|")
}

package app

import (
	"context"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/job"
)

// ladder is what the policy says of reminders, in an owner's zone.
func (a *App) ladder(owner string) casefile.Ladder {
	p, zone := a.Policy, a.Directory.Zone(owner)
	return casefile.Ladder{
		Next: func(start, due, after time.Time) (time.Time, string, bool) {
			at, step, ok := p.NextReminder(start, due, after, zone)
			return at, step.String(), ok
		},
		Weekly: func(start, due, after time.Time) (time.Time, string, bool) {
			return p.WeeklyReminder(start, due, after, zone)
		},
		Escalate: func(due time.Time) (time.Time, bool) { return p.Escalation(due, zone) },
		Loud:     func(t time.Time) time.Time { return p.Loud(t, zone) },
	}
}

// remindJob tells what is due, and waits for the next thing that will be.
func (a *App) remindJob(ctx context.Context, _ job.Job) error {
	next, err := a.Work.Remind(ctx)
	if err != nil || next.IsZero() {
		return err
	}
	return job.Later(next, "the next reminder")
}

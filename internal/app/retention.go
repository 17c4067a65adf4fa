package app

import (
	"context"
	"fmt"
	"time"

	"zesei/internal/job"
	"zesei/internal/store"
)

// jobPrune forgets, once a day, what the configuration says not to keep.
const jobPrune = "prune"

// Housekeeping says whether jobs of a kind only keep the store in order, every
// day: nobody waits for one.
func Housekeeping(kind string) bool { return kind == jobPrune || kind == jobHistory }

func (a *App) prune(ctx context.Context, _ job.Job) error {
	keep := a.Config.Retention.Dead.Duration()
	err := a.DB.Update(ctx, func(tx *store.Tx) error { return store.PruneDead(ctx, tx, a.Now().Add(-keep)) })
	if err != nil {
		return fmt.Errorf("forgetting old dead letters: %w", err)
	}
	return job.Later(a.Now().Add(24*time.Hour), "the next day")
}

// startDaily asks for what runs by the clock: schedules, exceptions and pruning. serve and run
// do; a command that only takes something in does not.
func (a *App) startDaily(ctx context.Context) error {
	if err := a.StartSchedules(ctx); err != nil {
		return fmt.Errorf("starting the schedules: %w", err)
	}
	if err := a.Work.WakeExceptions(ctx); err != nil {
		return fmt.Errorf("asking about the exceptions: %w", err)
	}
	if err := a.Mended(ctx); err != nil {
		return fmt.Errorf("trying the channels that do not work: %w", err)
	}
	return a.startPruning(ctx)
}

// startPruning asks for the daily job; asking again runs it at once.
func (a *App) startPruning(ctx context.Context) error {
	return a.DB.Update(ctx, func(tx *store.Tx) error {
		return job.Enqueue(ctx, tx, a.Now(), job.Want{Kind: jobPrune, Subject: "daily"})
	})
}

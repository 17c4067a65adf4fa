package app

import (
	"context"
	"fmt"
	"time"

	"zesei/internal/job"
	"zesei/internal/report"
	"zesei/internal/store"
)

// jobHistory writes the day once a day: how many cases stand, and the scores.
const jobHistory = "history"

const (
	// historyYears is how long every day is kept; of what is older, the last day of
	// each month.
	historyYears = 2
	// historyAfter is how long after midnight, or after serve began, the day is
	// written: what waited over night has been taken in by then.
	historyAfter = 5 * time.Minute
)

// KeepHistory writes today in the configured time zone, where it is not written
// yet and anything is known at all, and says whether it did.
func (a *App) KeepHistory(ctx context.Context) (bool, error) {
	now := a.Now().In(a.Config.Zone())
	today := store.DayOf(now)
	has, err := store.HasDay(ctx, a.DB.View(), today)
	if err != nil || has {
		return false, err
	}
	scores, err := report.DayScores(ctx, a.DB.View(), a.Catalogue, a.ownerOf)
	if err != nil {
		return false, err
	}
	known, err := report.Known(ctx, a.DB.View())
	if err != nil || !known && len(scores) == 0 {
		return false, err // a store that has taken nothing in has no day
	}
	overdue, err := store.OverdueBySeverity(ctx, a.DB.View(), now)
	if err != nil {
		return false, err
	}
	err = a.DB.Update(ctx, func(tx *store.Tx) error {
		// Another process may have been first.
		if has, err = store.HasDay(ctx, tx, today); err != nil || has {
			return err
		}
		if err := store.SaveDay(ctx, tx, today, overdue, scores); err != nil {
			return err
		}
		return store.ThinHistory(ctx, tx, store.DayOf(now.AddDate(-historyYears, 0, 0)))
	})
	if err != nil {
		return false, fmt.Errorf("keeping the day: %w", err)
	}
	return !has, nil
}

func (a *App) historyJob(ctx context.Context, _ job.Job) error {
	if _, err := a.KeepHistory(ctx); err != nil {
		return err
	}
	now := a.Now().In(a.Config.Zone())
	next := store.DayOf(now).Add(1).In(a.Config.Zone()).Add(historyAfter)
	has, err := store.HasDay(ctx, a.DB.View(), store.DayOf(now))
	if err == nil && !has { // nothing is known yet
		next = now.Add(time.Hour)
	}
	return job.Later(next, "the next day")
}

// startHistory asks for the daily job. zesei run writes the day itself, at the
// end of its pass.
func (a *App) startHistory(ctx context.Context) error {
	return a.DB.Update(ctx, func(tx *store.Tx) error {
		return job.Enqueue(ctx, tx, a.Now(), job.Want{Kind: jobHistory, Subject: "daily", At: a.Now().Add(historyAfter)})
	})
}

package casework

import (
	"context"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

// counted is what reports count of the cases of a batch: how many stand alike,
// and how many went from which state to which today.
type counted struct {
	standing map[store.Standing]int
	moves    map[store.Move]int
}

// count compares a case with what it was.
func (c *counted) count(was, is store.Standing, today store.Day) {
	if was == is {
		return
	}
	if c.standing == nil {
		c.standing, c.moves = map[store.Standing]int{}, map[store.Move]int{}
	}
	c.standing[is]++
	if was != (store.Standing{}) {
		c.standing[was]--
	}
	if was.State != is.State {
		c.moves[store.Move{Day: today, Owner: is.Owner, Severity: is.Severity, Was: was.State, Became: is.State}]++
	}
}

func (c *counted) write(ctx context.Context, tx *store.Tx) error {
	for s, n := range c.standing {
		if n == 0 {
			continue
		}
		if err := store.CountStanding(ctx, tx, s, n); err != nil {
			return err
		}
	}
	for m, n := range c.moves {
		if err := store.CountMove(ctx, tx, m, n); err != nil {
			return err
		}
	}
	return nil
}

// standingBefore is what a case counted as before it is changed.
func standingBefore(f *casefile.File) store.Standing {
	if f.State == "" {
		return store.Standing{}
	}
	return store.StandingOf(f)
}

// today is the day in the zone in which days are counted.
func (b *batch) today() store.Day {
	zone := b.rules.Zone
	if zone == nil {
		zone = time.UTC
	}
	return store.DayOf(b.now.In(zone))
}

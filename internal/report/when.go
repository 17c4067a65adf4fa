package report

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// Times are the moments of a cron expression (minute, hour, day, month, weekday)
// in a time zone, by the clock on its wall: a time that the clock skips in
// spring comes once, right after the gap, and one that it shows twice in autumn
// comes once, the first time.
type Times struct {
	spec cron.Schedule
	zone *time.Location
}

// ParseTimes reads a cron expression.
func ParseTimes(expression string, zone *time.Location) (Times, error) {
	spec, err := cron.ParseStandard(expression)
	if err != nil {
		return Times{}, fmt.Errorf("cron expression %q: %w", expression, err)
	}
	return Times{spec, zone}, nil
}

// Next is the first moment after t; the zero time where there is none (30
// February).
func (c Times) Next(t time.Time) time.Time {
	wall := onWall(t.In(c.zone))
	for {
		// The expression is followed on a clock without gaps: the wall's reading
		// taken for UTC.
		if wall = c.spec.Next(wall); wall.IsZero() {
			return time.Time{}
		}
		at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, c.zone)
		if skipped := wall.Sub(onWall(at)); skipped != 0 { // the wall never shows it
			at = at.Add(skipped.Abs())
		}
		if at.After(t) {
			return at
		}
	}
}

// Last is the latest moment in (after, until]; the zero time where there is none.
func (c Times) Last(after, until time.Time) time.Time {
	var last time.Time
	for t := c.Next(after); !t.IsZero() && !t.After(until); t = c.Next(t) {
		last = t
	}
	return last
}

func onWall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

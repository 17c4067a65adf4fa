package report

import (
	"cmp"
	"context"
	"slices"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

// Changes are how many cases moved in the period of a summary.
type Changes struct {
	New        int `json:"new"`        // opened for the first time
	Reopened   int `json:"reopened"`   // failed again after they were closed
	Closed     int `json:"closed"`     // while open, or under an exception
	Accepted   int `json:"accepted"`   // put under an exception
	Returned   int `json:"returned"`   // open again: an exception ended, or the suppression
	Suppressed int `json:"suppressed"` // by the policy, or in the console, after they had been open
	// Before is how things stood at the beginning of the period; nil where that
	// was not kept.
	Before *store.DayCount `json:"before,omitempty"`
}

// DayCount is how many cases stood and moved on a day.
type DayCount struct {
	store.DayCount
	New    int `json:"new"` // with those that came back
	Closed int `json:"closed"`
	// Counted is false where only the moves of the day are known.
	Counted bool `json:"counted"`
}

// readMoves fills in Changes and Days.
func (s *Summary) readMoves(ctx context.Context, q store.Querier, of SummaryOf) error {
	moves, err := store.Moves(ctx, q, of.Owner, of.From, of.To)
	if err != nil {
		return err
	}
	days, err := store.Days(ctx, q, of.Owner, of.From, of.To)
	if err != nil {
		return err
	}
	if first, err := store.LastDay(ctx, q, of.From+1); err != nil {
		return err
	} else if first != 0 {
		before, err := store.Days(ctx, q, of.Owner, first, first)
		if err != nil {
			return err
		}
		s.Changes.Before = &before[0]
	}
	s.change(moves, days)
	return nil
}

func (s *Summary) change(moves map[store.Move]int, days []store.DayCount) {
	by := map[store.Day]*DayCount{}
	for _, d := range days {
		by[d.Day] = &DayCount{DayCount: d, Counted: true}
	}
	today := store.DayOf(s.At)
	if s.From <= today && today <= s.To { // as it is now
		by[today] = &DayCount{DayCount: store.DayCount{Open: s.Open, Overdue: s.Overdue, Accepted: s.Accepted}, Counted: true}
	}
	c := &s.Changes
	for m, n := range moves {
		d := entry(by, m.Day)
		switch m.Became {
		case casefile.Open:
			d.New += n
			switch m.Was {
			case "":
				c.New += n
			case casefile.Closed:
				c.Reopened += n
			default:
				c.Returned += n
			}
		case casefile.Closed:
			if m.Was == casefile.Open || m.Was == casefile.Accepted {
				d.Closed, c.Closed = d.Closed+n, c.Closed+n
			}
		case casefile.Accepted:
			c.Accepted += n
		case casefile.Suppressed:
			if m.Was == casefile.Open {
				c.Suppressed += n
			}
		}
	}
	s.Days = []DayCount{}
	for day, d := range by {
		d.Day = day
		s.Days = append(s.Days, *d)
	}
	slices.SortFunc(s.Days, func(a, b DayCount) int { return cmp.Compare(a.Day, b.Day) })
}

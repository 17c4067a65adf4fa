package report

import (
	"context"
	"fmt"
	"slices"

	"zesei/internal/store"
)

// live is up to how many cases scores are computed anew for a summary. With more
// of them, those stand in it that were kept today or yesterday: Security Hub's own
// are no newer.
const live = 20_000

// readScores fills in Scores and History.
func (s *Summary) readScores(ctx context.Context, q store.Querier, of SummaryOf) error {
	scope := store.ScopeAll
	if of.Owner != "" {
		scope = store.ScopeOwner
	}
	today := store.DayOf(of.At)
	var err error
	if s.History, err = History(ctx, q, scope, of.Owner, of.From.Add(-31), today, of.Language); err != nil {
		return err
	}
	ask := of.Score
	ask.Owner, ask.Catalogue, ask.Language = of.Owner, of.Catalogue, of.Language
	var n int
	if err := q.QueryRowContext(ctx, `SELECT coalesce(sum(n), 0) FROM standing`).Scan(&n); err != nil {
		return fmt.Errorf("counting cases: %w", err)
	}
	if s.Scores = keptScores(s.History, today.Add(-1)); n <= live || s.Scores == nil {
		if s.Scores, err = ScoresOf(ctx, q, ask); err != nil {
			return err
		}
	}
	s.Scores = slices.DeleteFunc(s.Scores, func(one Score) bool {
		return one.Standard != AllStandards && !slices.Contains(of.Standards, one.Standard)
	})
	Since(s.Scores, s.History, of.From)
	for i := range s.Scores {
		s.Scores[i].Controls = nil // `report score` has them
	}
	for i := range s.History {
		s.History[i].Days = within(s.History[i].Days, of.From, of.To)
	}
	return nil
}

// within leaves the days of a period, with the last one before it and the first
// after it.
func within(days []store.ScoreRow, from, to store.Day) []store.ScoreRow {
	for len(days) > 1 && days[1].Day <= from {
		days = days[1:]
	}
	for n := len(days); n > 1 && days[n-2].Day > to; n = len(days) {
		days = days[:n-1]
	}
	return days
}

// keptScores are the newest scores that were kept since a day; nil: none.
func keptScores(history []ScoreDays, since store.Day) []Score {
	var out []Score
	for _, h := range history {
		r := h.Days[len(h.Days)-1]
		if r.Day < since {
			continue
		}
		s := Score{Standard: h.Standard, Title: h.Title, Passed: r.Passed, Failed: r.Failed, Unknown: r.Unknown, NoData: r.NoData}
		if p, ok := Percent(r.Passed, r.Failed, r.Unknown); ok {
			s.Score = &p
		}
		out = append(out, s)
	}
	return out
}

package report

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"zesei/internal/control"
	"zesei/internal/store"
)

// DayScores computes the scores that are kept of a day: of each standard, and of
// all controls together, for everything, for each account and for each owner.
func DayScores(ctx context.Context, q store.Querier, cat *control.Catalogue, ownerOf func(account string) string) ([]store.ScoreRow, error) {
	all, err := everyStatement(ctx, q, ownerOf)
	if err != nil {
		return nil, err
	}
	return dayScores(all, cat), nil
}

func dayScores(all []statements, cat *control.Catalogue) []store.ScoreRow {
	type part struct{ scope, name string }
	parts := map[part]tallies{}
	for _, s := range all {
		for _, p := range []part{{store.ScopeAll, ""}, {store.ScopeAccount, s.account}, {store.ScopeOwner, s.owner}} {
			if p.scope != store.ScopeAll && p.name == "" {
				continue
			}
			if parts[p] == nil {
				parts[p] = tallies{}
			}
			parts[p].add(s)
		}
	}
	var out []store.ScoreRow
	for p, t := range parts {
		t.fill(cat)
		for standard, controls := range t {
			r := store.ScoreRow{Standard: standard, Scope: p.scope, Name: p.name}
			for _, one := range controls {
				*map[ControlStatus]*int{Passed: &r.Passed, Failed: &r.Failed, Unknown: &r.Unknown, NoData: &r.NoData}[one.status()]++
			}
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b store.ScoreRow) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Standard, b.Standard))
	})
	return out
}

// ScoreDays is the history of one standard's score.
type ScoreDays struct {
	Standard string           `json:"standard"`
	Title    string           `json:"title"`
	Days     []store.ScoreRow `json:"days"` // ascending
}

// scoreDays tells history rows apart by standard; all standards together come
// last.
func scoreDays(rows []store.ScoreRow, language string) []ScoreDays {
	by := map[string][]store.ScoreRow{}
	for _, r := range rows {
		by[r.Standard] = append(by[r.Standard], r)
	}
	var out []ScoreDays
	for _, id := range slices.SortedFunc(maps.Keys(by), standardsFirst) {
		out = append(out, ScoreDays{id, standardTitle(id, language), by[id]})
	}
	return out
}

func standardsFirst(a, b string) int {
	return cmp.Or(cmp.Compare(btoi(a == AllStandards), btoi(b == AllStandards)), cmp.Compare(a, b))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// History reads the kept scores of a scope (store.ScopeAll, …) in a period, both
// days included.
func History(ctx context.Context, q store.Querier, scope, name string, from, to store.Day, language string) ([]ScoreDays, error) {
	rows, err := store.ScoreHistory(ctx, q, scope, name, from, to)
	return scoreDays(rows, language), err
}

// Since fills in what was kept of the scores: the last day that was written up to
// a day.
func Since(scores []Score, history []ScoreDays, day store.Day) {
	for i := range scores {
		for _, h := range history {
			if h.Standard != scores[i].Standard {
				continue
			}
			for _, r := range h.Days {
				if p, ok := Percent(r.Passed, r.Failed, r.Unknown); ok && r.Day <= day {
					scores[i].Before = &Kept{r.Day, p}
				}
			}
		}
	}
}

// AMonthBefore is the same day of the month before, or its last day where it has
// fewer days.
func AMonthBefore(d store.Day) store.Day {
	y, m, day := int(d)/10000, int(d)/100%100, int(d)%100
	if m--; m == 0 {
		y, m = y-1, 12
	}
	last := store.Day(y*10000 + m*100 + 1).Add(31)
	end := int((last/100*100 + 1).Add(-1)) % 100
	return store.Day(y*10000 + m*100 + min(day, end))
}

// DefaultPeriod is what a summary covers where nobody says it: the last month up
// to and with today; on the first of a month the calendar month that has just
// ended.
func DefaultPeriod(today store.Day) (from, to store.Day) {
	if today%100 == 1 {
		return AMonthBefore(today), today.Add(-1)
	}
	return AMonthBefore(today), today
}

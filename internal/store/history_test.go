package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// stands saves cases and counts them as casework does.
func stands(t testing.TB, db *store.DB, files ...*casefile.File) {
	t.Helper()
	save(t, db, files...)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, f := range files {
			if err := store.CountStanding(ctx, tx, store.StandingOf(f), 1); err != nil {
				return err
			}
		}
		return nil
	})
}

// owned is a case of an owner that has been open for some days.
func owned(owner string, n int, severity finding.Severity, days int, due time.Time) *casefile.File {
	f := aCase("111122223333", "EC2.19", n)
	f.Terms.Owner, f.Terms.Due, f.Severity, f.OpenedAt = owner, due, severity, day.AddDate(0, 0, -days)
	return f
}

func TestReportsReadFromIndexes(t *testing.T) {
	db := openStore(t)
	ctx := context.Background()
	queries := &recorder{Querier: db.View()}
	now := time.Now()
	limits := []time.Duration{time.Hour, 24 * time.Hour}
	for _, owner := range []string{"", "shop"} {
		for i, read := range []func() error{
			func() error { _, err := store.Standings(ctx, queries, owner); return err },
			func() error { _, err := store.AgesOfOpen(ctx, queries, owner, now, limits); return err },
			func() error { _, err := store.OverdueBySeverity(ctx, queries, now); return err },
			func() error { _, err := store.FixTimes(ctx, queries, owner, now, now); return err },
			func() error { _, err := store.Moves(ctx, queries, owner, 20261001, 20261031); return err },
			func() error { _, err := store.Days(ctx, queries, owner, 20261001, 20261031); return err },
			func() error { _, err := store.HasDay(ctx, queries, 20261001); return err },
			func() error {
				_, err := store.ScoreHistory(ctx, queries, "owner", owner, 20261001, 20261031)
				return err
			},
		} {
			if err := read(); err != nil {
				t.Fatal(i, err)
			}
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := store.SaveDay(ctx, tx, 20261001, map[string][5]int{"shop": {1, 1}}, []store.ScoreRow{{Standard: "fsbp", Scope: "all"}}); err != nil {
			return err
		}
		if err := store.CountStanding(ctx, tx, store.Standing{}, 1); err != nil {
			return err
		}
		return store.CountMove(ctx, tx, store.Move{Day: 20261001}, 1)
	})
	used := map[string]bool{}
	for _, query := range append(db.Statements(), queries.seen...) {
		for _, step := range plan(t, db, query) {
			switch {
			// Tables that are read whole are small: one row for all that stands alike.
			case strings.HasPrefix(step, "SCAN standing"), strings.HasPrefix(step, "SCAN json_each"), strings.HasPrefix(step, "SCAN CONSTANT"), strings.Contains(step, "SUBQUERY"):
			case strings.HasPrefix(step, "SCAN "):
				t.Errorf("%s\n  %s", step, query)
			// SQLite calls no index covering that holds a generated column (list_state),
			// but reads all from it.
			case strings.Contains(step, "cases USING INDEX cases_owner (owner=? AND list_state=?"):
				used["cases_owner"] = true
			case strings.Contains(step, "cases USING COVERING INDEX cases_closed (closed_at>? AND closed_at<?)"):
				used["cases_closed"] = true
			case strings.Contains(step, " cases "):
				t.Errorf("cases are read beside their indexes: %s\n  %s", step, query)
			}
		}
	}
	if len(used) != 2 {
		t.Errorf("only %v are used", used)
	}
}

func TestHowLongOpenCasesHaveWaited(t *testing.T) {
	db := openStore(t)
	late := day.Add(-time.Hour)
	closed := owned("shop", 9, finding.High, 300, late)
	closed.State, closed.ClosedAt = casefile.Closed, day
	stands(t, db, owned("shop", 1, finding.High, 0, late), owned("shop", 2, finding.High, 7, day), owned("shop", 3, finding.Low, 8, time.Time{}),
		owned("shop", 4, finding.Critical, 400, late), owned("pay", 5, finding.Low, 1, day.AddDate(0, 0, 1)), closed)
	limits := []time.Duration{7*24*time.Hour + 1, 30 * 24 * time.Hour}
	got, err := store.AgesOfOpen(context.Background(), db.View(), "", day, limits)
	if err != nil {
		t.Fatal(err)
	}
	want := []store.Waiting{{Owner: "pay", Open: 1, Ages: []int{1, 0, 0}}, {Owner: "shop", Open: 4, Overdue: 2, Ages: []int{2, 1, 1}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err = store.AgesOfOpen(context.Background(), db.View(), "pay", day, limits); err != nil || cmp.Diff(want[:1], got) != "" {
		t.Errorf("of one owner: %v, %v", got, err)
	}
	overdue, err := store.OverdueBySeverity(context.Background(), db.View(), day)
	if diff := cmp.Diff(map[string][5]int{"shop": {3: 1, 4: 1}}, overdue); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestFixTimesAreOfWhatWasFixedInThePeriod(t *testing.T) {
	db := openStore(t)
	closed := func(owner string, n int, reason string, days int, at time.Time) *casefile.File {
		f := owned(owner, n, finding.High, 0, time.Time{})
		f.OpenedAt, f.State, f.Reason, f.ClosedAt = at.AddDate(0, 0, -days), casefile.Closed, reason, at
		return f
	}
	save(t, db, closed("shop", 1, casefile.Fixed, 3, day), closed("pay", 2, casefile.Fixed, 1, day), closed("shop", 3, casefile.Gone, 5, day),
		closed("shop", 4, casefile.Fixed, 2, day.AddDate(0, 0, -9)), closed("shop", 5, casefile.Fixed, 4, day.AddDate(0, 0, 1)), owned("shop", 6, finding.Low, 9, time.Time{}))
	for owner, want := range map[string][]int{"": {1, 3}, "shop": {3}, "nobody": nil} {
		got, err := store.FixTimes(context.Background(), db.View(), owner, day, day.AddDate(0, 0, 1))
		var days []int
		for _, d := range got {
			days = append(days, int(d.Hours()/24))
		}
		if err != nil || !slices.Equal(days, want) {
			t.Errorf("%q: %v, %v", owner, days, err)
		}
	}
}

func TestADayIsWrittenOnceAndReplacedWhole(t *testing.T) {
	db := openStore(t)
	ctx := context.Background()
	accepted := owned("shop", 3, finding.High, 1, time.Time{})
	accepted.State = casefile.Accepted
	suppressed := owned("shop", 4, finding.High, 1, time.Time{})
	suppressed.State = casefile.Suppressed
	stands(t, db, owned("shop", 1, finding.High, 1, day), owned("pay", 2, finding.Low, 1, day), accepted, suppressed)
	write := func(d store.Day, passed int) {
		t.Helper()
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			return store.SaveDay(ctx, tx, d, map[string][5]int{"shop": {3: 1}}, []store.ScoreRow{
				{Standard: "fsbp", Scope: store.ScopeAll, Passed: passed, Failed: 1}, {Standard: "fsbp", Scope: store.ScopeOwner, Name: "shop", Passed: 1, Unknown: 2, NoData: 3}})
		})
	}
	if has, err := store.HasDay(ctx, db.View(), 20261102); has || err != nil {
		t.Error(has, err)
	}
	write(20261102, 5)
	write(20261102, 6)
	if has, err := store.HasDay(ctx, db.View(), 20261102); !has || err != nil {
		t.Error(has, err)
	}
	for owner, want := range map[string]store.DayCount{
		"": {Day: 20261102, Open: 2, Overdue: 1, Accepted: 1}, "shop": {Day: 20261102, Open: 1, Overdue: 1, Accepted: 1}, "pay": {Day: 20261102, Open: 1}, "new": {Day: 20261102},
	} {
		got, err := store.Days(ctx, db.View(), owner, 20261101, 20261130)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%q: %+v, %v", owner, got, err)
		}
	}
	got, err := store.ScoreHistory(ctx, db.View(), store.ScopeAll, "", 20261101, 20261130)
	if diff := cmp.Diff([]store.ScoreRow{{Day: 20261102, Standard: "fsbp", Scope: "all", Passed: 6, Failed: 1}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if got, err = store.ScoreHistory(ctx, db.View(), store.ScopeOwner, "shop", 20261101, 20261130); err != nil || len(got) != 1 || got[0].NoData != 3 {
		t.Error(got, err)
	}
}

// Of old days the last of each month stays; moves are added up by month and none
// is lost.
func TestOldDaysAreThinnedOut(t *testing.T) {
	db := openStore(t)
	ctx := context.Background()
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for d := store.Day(20240101); d < 20240401; d = d.Add(1) {
			if err := store.SaveDay(ctx, tx, d, nil, []store.ScoreRow{{Standard: "fsbp", Scope: store.ScopeAll, Passed: int(d) % 100}}); err != nil {
				return err
			}
			if err := store.CountMove(ctx, tx, store.Move{Day: d, Owner: "shop", Became: casefile.Open}, 2); err != nil {
				return err
			}
		}
		for range 2 { // again changes nothing
			if err := store.ThinHistory(ctx, tx, 20240315); err != nil {
				return err
			}
		}
		return nil
	})
	kept, err := store.ScoreHistory(ctx, db.View(), store.ScopeAll, "", 0, 20240303)
	var out []string
	for _, r := range kept {
		out = append(out, r.Day.String())
	}
	if got := strings.Join(out, " "); err != nil || got != "2024-01-31 2024-02-29 2024-03-01 2024-03-02 2024-03-03" {
		t.Errorf("scores of %s, %v", got, err)
	}
	days, err := store.Days(ctx, db.View(), "", 0, 20240331)
	if err != nil || len(days) != 2+31 {
		t.Errorf("%d days, %v", len(days), err)
	}
	moves, err := store.Moves(ctx, db.View(), "", 0, 20240331)
	total := 0
	for _, n := range moves {
		total += n
	}
	if err != nil || total != 2*(31+29+31) || moves[store.Move{Day: 20240101, Owner: "shop", Became: casefile.Open}] != 62 {
		t.Errorf("%d moves: %v, %v", total, moves, err)
	}
}

func TestDays(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*3600)
	at := time.Date(2026, 12, 31, 15, 30, 0, 0, time.UTC)
	if store.DayOf(at) != 20261231 || store.DayOf(at.In(tokyo)) != 20270101 {
		t.Error(store.DayOf(at), store.DayOf(at.In(tokyo)))
	}
	if d := store.Day(20240228).Add(2); d != 20240301 || d.String() != "2024-03-01" || !d.In(tokyo).Equal(time.Date(2024, 2, 29, 15, 0, 0, 0, time.UTC)) {
		t.Error(d)
	}
	for _, s := range []string{"2026-13-01", "20261101", "2026-02-30", "", "yesterday"} {
		if d, err := store.ParseDay(s); err == nil {
			t.Errorf("%q is %s", s, d)
		}
	}
}

func FuzzParseDay(f *testing.F) {
	for _, s := range []string{"2026-11-02", "0000-01-01", "9999-12-31", "2026-02-29", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := store.ParseDay(s)
		if err == nil && (d.String() != s || fmt.Sprint(d.Add(0)) != s) {
			t.Errorf("%q became %s", s, d)
		}
	})
}

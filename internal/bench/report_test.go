package bench

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"zesei/internal/control"
	reports "zesei/internal/report"
	"zesei/internal/store"
)

// BenchmarkReportsOfLargeStore makes the reports of a store of many cases
// (100,000; ZESEI_BENCH_CASES), a quarter as many passes, and two months of
// history: the summary of all and of one owner, the score, and what is kept of a
// day. p99 in ms.
func BenchmarkReportsOfLargeStore(b *testing.B) {
	n := size(b, "ZESEI_BENCH_CASES", 100_000)
	ctx := context.Background()
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(b.TempDir(), "z.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	fill(b, db, n)
	cat, err := control.Load()
	if err != nil {
		b.Fatal(err)
	}
	now := time.UnixMilli(1_795_000_000_000).UTC()
	today := store.DayOf(now)
	ownerOf := func(account string) string { return "team-" + account[len(account)-1:] }
	remember(b, db, cat, ownerOf, now)
	of := reports.SummaryOf{Standards: []string{"fsbp", "nist-800-53-r5"}, At: now, Catalogue: cat, Console: &reports.Console{Region: "ap-northeast-1"},
		Score: reports.ScoreOf{OwnerOf: ownerOf}}
	summary := func(owner string) func() error {
		of := of
		of.Owner = owner
		return func() error {
			s, err := reports.Summarize(ctx, db.View(), of)
			if err == nil && (s.Open == 0 || s.FixTime.N == 0 || len(s.Scores) != 3 || len(s.Days) == 0) {
				b.Fatalf("%d open, %d fixed, %d scores, %d days", s.Open, s.FixTime.N, len(s.Scores), len(s.Days))
			}
			return err
		}
	}
	for _, one := range []struct {
		name string
		do   func() error
	}{
		{"summary", summary("")},
		{"summary-of-owner", summary("team-3")},
		{"score", func() error { _, err := reports.Scores(ctx, db.View(), nil, "en"); return err }},
		{"score-of-account", func() error { _, err := reports.Scores(ctx, db.View(), []string{accountID(3)}, "en"); return err }},
		{"score-history", func() error {
			_, err := reports.History(ctx, db.View(), store.ScopeAccount, accountID(3), today.Add(-60), today, "en")
			return err
		}},
		{"day", func() error { _, err := reports.DayScores(ctx, db.View(), cat, ownerOf); return err }},
	} {
		b.Run(one.name, func(b *testing.B) {
			var all []time.Duration
			for b.Loop() {
				before := time.Now()
				err := one.do()
				all = append(all, time.Since(before))
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(ms(quantile(all, 0.99)), "p99-ms")
			b.ReportMetric(resident(), "rss-MB")
		})
	}
}

// remember writes the days of two months.
func remember(b *testing.B, db *store.DB, cat *control.Catalogue, ownerOf func(string) string, now time.Time) {
	b.Helper()
	ctx := context.Background()
	scores, err := reports.DayScores(ctx, db.View(), cat, ownerOf)
	if err != nil {
		b.Fatal(err)
	}
	overdue, err := store.OverdueBySeverity(ctx, db.View(), now)
	if err != nil {
		b.Fatal(err)
	}
	today := store.DayOf(now)
	err = db.Update(ctx, func(tx *store.Tx) error {
		for _, standard := range []string{"fsbp", "nist-800-53-r5"} {
			if _, err := store.First(ctx, tx, "standard", standard, now); err != nil {
				return err
			}
		}
		for d := today.Add(-60); d <= today; d = d.Add(1) {
			if err := store.SaveDay(ctx, tx, d, overdue, scores); err != nil {
				return err
			}
			for _, m := range []store.Move{{Day: d, Owner: "team-3", Became: "open"}, {Day: d, Owner: "team-3", Was: "open", Became: "closed"}} {
				if err := store.CountMove(ctx, tx, m, 7); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

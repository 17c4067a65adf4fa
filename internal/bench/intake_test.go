package bench

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zesei/internal/casework"
	"zesei/internal/store"
)

// BenchmarkIntake takes findings in, durably, as `zesei ingest` does: reading,
// decoding, deciding, cases, audit chain, messages and jobs.
//
// It is set beside inserts of the very same rows, into the same tables with the
// same indexes, in as many transactions, with nothing read, decoded or decided
// (new÷rows), and beside a single bare row per finding (new÷bare).
func BenchmarkIntake(b *testing.B) {
	n := size(b, "ZESEI_BENCH_FINDINGS", 20_000)
	at := time.Now().Add(-time.Hour)
	var input bytes.Buffer
	if err := findings(&input, n, at); err != nil {
		b.Fatal(err)
	}
	// The best of a few rounds of each: other programs on the machine only slow
	// things down.
	best := func(d *time.Duration, is time.Duration) {
		if *d == 0 || is < *d {
			*d = is
		}
	}
	var fresh, again, rows, bare time.Duration
	for round := 0; round < 3 || b.Loop(); round++ {
		dir := b.TempDir()
		a := open(b, dir)
		best(&fresh, take(b, func() int {
			t, err := a.Intake.Read(context.Background(), bytes.NewReader(input.Bytes()), "new")
			if err != nil || t.Dead > 0 || t.Cases.Opened != n {
				b.Fatalf("%+v %v", t, err)
			}
			return t.Findings
		}))
		best(&again, take(b, func() int {
			t, err := a.Intake.Read(context.Background(), bytes.NewReader(input.Bytes()), "again")
			if err != nil || t.Unchanged != n {
				b.Fatalf("%+v %v", t, err)
			}
			return t.Findings
		}))
		a.Close()
		best(&rows, insertSame(b, filepath.Join(dir, "z.db"), (n+casework.BatchSize-1)/casework.BatchSize))
		best(&bare, insertBare(b, n))
	}
	per := func(d time.Duration) float64 { return float64(n) / d.Seconds() }
	b.ReportMetric(per(fresh), "new/s")
	b.ReportMetric(per(again), "unchanged/s")
	b.ReportMetric(float64(rows)/float64(fresh), "new÷rows")
	b.ReportMetric(float64(bare)/float64(fresh), "new÷bare")
	b.ReportMetric(float64(fresh)/float64(again), "unchanged÷new")
}

func take(b *testing.B, f func() int) time.Duration {
	b.Helper()
	before := time.Now()
	f()
	return time.Since(before)
}

// insertSame copies every row of a store into a new one.
func insertSame(b *testing.B, from string, transactions int) time.Duration {
	b.Helper()
	ctx := context.Background()
	src, err := sql.Open("sqlite", from)
	if err != nil {
		b.Fatal(err)
	}
	defer src.Close()
	// What a finding leads to lies in the order in which it was written.
	tables := []struct{ name, order string }{
		{"cases", "id"}, {"sources", "case_id"}, {"audit", "case_id, seq"}, {"seen", "(SELECT min(case_id) FROM sources s WHERE s.hash = seen.hash)"}, {"message_cases", "case_id"}, {"jobs", "id"},
		{"messages", "id"}, {"counters", "1"}, {"standing", "1"}, {"moves", "1"}, {"firsts", "1"}, {"hub", "1"}, {"passes", "1"},
	}
	if _, err := src.Exec(`CREATE INDEX IF NOT EXISTS bench_sources ON sources (hash, case_id)`); err != nil {
		b.Fatal(err)
	}
	type table struct {
		insert string
		rows   [][]any
	}
	var all []table
	for _, t := range tables {
		var names string // without derived columns
		if err := src.QueryRow(`SELECT group_concat('"' || name || '"') FROM pragma_table_info($1)`, t.name).Scan(&names); err != nil {
			b.Fatal(err)
		}
		rows, err := src.Query(`SELECT ` + names + ` FROM ` + t.name + ` ORDER BY ` + t.order)
		if err != nil {
			b.Fatal(err)
		}
		cols, _ := rows.Columns()
		one := table{insert: fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s)", t.name, names, strings.Repeat(",?", len(cols)-1))}
		for rows.Next() {
			v := make([]any, len(cols))
			dst := make([]any, len(cols))
			for i := range v {
				dst[i] = &v[i]
			}
			if err := rows.Scan(dst...); err != nil {
				b.Fatal(err)
			}
			one.rows = append(one.rows, v)
		}
		if err := rows.Err(); err != nil {
			b.Fatal(err)
		}
		rows.Close()
		all = append(all, one)
	}
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(b.TempDir(), "copy.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	before := time.Now()
	for i := range transactions {
		err := db.Update(ctx, func(tx *store.Tx) error {
			for _, t := range all {
				for _, row := range t.rows[len(t.rows)*i/transactions : len(t.rows)*(i+1)/transactions] {
					if _, err := tx.Exec(ctx, t.insert, row...); err != nil {
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
	return time.Since(before)
}

// insertBare writes one small row a finding: what no case, chain or message
// would cost.
func insertBare(b *testing.B, n int) time.Duration {
	b.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(b.TempDir(), "bare.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	err = db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `CREATE TABLE bare (id INTEGER PRIMARY KEY, finding TEXT NOT NULL, control TEXT NOT NULL, resource TEXT NOT NULL, status TEXT NOT NULL, at INTEGER NOT NULL)`)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	before := time.Now()
	for i := 0; i < n; i += casework.BatchSize {
		err := db.Update(ctx, func(tx *store.Tx) error {
			for j := i; j < min(i+casework.BatchSize, n); j++ {
				if _, err := tx.Exec(ctx, `INSERT INTO bare (finding, control, resource, status, at) VALUES ($1,$2,$3,$4,$5)`,
					fmt.Sprintf("arn:aws:securityhub:ap-northeast-1:111122223333:security-control/EC2.19/finding/%032x", j), "EC2.19",
					fmt.Sprintf("arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-%017x", j), "FAILED", j); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(before)
}

package bench

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"zesei/internal/casework"
	"zesei/internal/control"
	"zesei/internal/policy"
	"zesei/internal/replay"
	"zesei/internal/store"
)

// BenchmarkLargeStoreReplay runs another policy over 100,000 recorded findings
// (ZESEI_BENCH_REPLAY), each with its case, and compares it with today's. The
// yardstick is the same run with nothing asked: loading the cases.
func BenchmarkLargeStoreReplay(b *testing.B) {
	n := size(b, "ZESEI_BENCH_REPLAY", 100_000)
	ctx := context.Background()
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(b.TempDir(), "z.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	fill(b, db, n+n/2) // a third is closed long ago, and not looked at
	cat, err := control.Load()
	if err != nil {
		b.Fatal(err)
	}
	load := func(name string) *policy.Policy {
		text, ok := policy.Shipped(name)
		if !ok {
			b.Fatalf("no policy %s is shipped", name)
		}
		p, err := policy.Load(name+".yaml", text, policy.Known{})
		if err != nil {
			b.Fatal(err)
		}
		return p
	}
	r := replay.Replay{DB: db, Old: load("s2"), New: load("strict"), Examples: 3}
	r.Rules = &casework.Rules{Policy: r.Old, Directory: town{}, Catalogue: cat, GroupWindow: 24 * time.Hour, ImportWindow: time.Hour}
	var loading, replaying time.Duration
	for b.Loop() {
		before := time.Now()
		for after, more := int64(0), true; more; {
			files, err := store.CasesStanding(ctx, db.View(), time.Time{}, after, 2000)
			if err != nil {
				b.Fatal(err)
			}
			if more = len(files) == 2000; more {
				after = files[len(files)-1].ID
			}
		}
		loading += time.Since(before)
		before = time.Now()
		out, err := r.Run(ctx)
		replaying += time.Since(before)
		if err != nil || out.Cases < n {
			b.Fatal(out, err)
		}
	}
	b.ReportMetric(float64(n*b.N)/replaying.Seconds(), "cases/s")
	b.ReportMetric(replaying.Seconds()/loading.Seconds(), "÷loading")
}

// town is a directory in which every account belongs to one team.
type town struct{}

func (town) Account(id string) policy.Account {
	return policy.Account{ID: id, Name: "shop", Environment: "prod", Owner: "team-1", Known: true}
}

func (town) Owner(string, map[string]string, string) (string, string) {
	return "team-1", "the account's"
}
func (town) Above(string) []string      { return nil }
func (town) Zone(string) *time.Location { return nil }
func (town) Channels(string) []string   { return []string{"slack:#team-1"} }

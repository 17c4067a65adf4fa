package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// BenchmarkLargeStore asks a store of many cases (100,000; ZESEI_BENCH_CASES)
// what people ask it: pages of lists, by each filter, and the summary. p99 in ms.
func BenchmarkLargeStore(b *testing.B) {
	n := size(b, "ZESEI_BENCH_CASES", 100_000)
	ctx := context.Background()
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(b.TempDir(), "z.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	fill(b, db, n)
	before := time.Now()
	if err := db.IndexText(ctx); err != nil {
		b.Fatal(err)
	}
	b.Logf("the text of %d cases was indexed in %s", n, time.Since(before).Round(time.Millisecond))
	rare := fmt.Sprintf("sg-0%08x", uint32(n/2*2654435761))
	for _, q := range []struct {
		name   string
		filter store.Filter
	}{
		{"first", store.Filter{}},
		{"middle", store.Filter{After: fmt.Sprintf("1-%d-%d", int64(1_800_000_000_000), n/2)}},
		{"closed", store.Filter{States: []casefile.State{casefile.Closed}}},
		{"critical", store.Filter{Severities: []finding.Severity{finding.Critical}, States: []casefile.State{casefile.Open}}},
		{"account", store.Filter{Accounts: []string{accountID(3)}}},
		{"accounts", store.Filter{Accounts: []string{accountID(3), accountID(4), accountID(5)}, States: []casefile.State{casefile.Open}}},
		{"owner", store.Filter{Owners: []string{"team-3"}}},
		{"control", store.Filter{Controls: []string{"EC2.19"}}},
		{"overdue", store.Filter{Overdue: true, Now: time.UnixMilli(1_795_000_000_000)}},
		{"text", store.Filter{Text: "security-group"}},
		{"rare-text", store.Filter{Text: rare}},
	} {
		b.Run("list/"+q.name, func(b *testing.B) {
			var all []time.Duration
			for b.Loop() {
				before := time.Now()
				page, _, err := store.List(ctx, db.View(), q.filter)
				all = append(all, time.Since(before))
				if err != nil || len(page) == 0 {
					b.Fatal(len(page), err)
				}
			}
			b.ReportMetric(ms(quantile(all, 0.99)), "p99-ms")
		})
	}
	b.Run("summary", func(b *testing.B) {
		var all []time.Duration
		for b.Loop() {
			before := time.Now()
			t, err := store.Tallies(ctx, db.View())
			all = append(all, time.Since(before))
			if err != nil || len(t) == 0 {
				b.Fatal(err)
			}
		}
		b.ReportMetric(ms(quantile(all, 0.99)), "p99-ms")
		b.ReportMetric(resident(), "rss-MB")
	})
}

// fill makes cases as intake leaves them, each with one source.
func fill(b *testing.B, db *store.DB, n int) {
	b.Helper()
	ctx := context.Background()
	const batch = 50_000
	life := `{"remediation":"https://docs.aws.amazon.com/console/securityhub/EC2.19/remediation","tags":{"Name":"resource","env":"prod"},"backlog":true,` +
		`"terms":{"response":"track","class":"essential","owner":"team-1","owner_why":"the account","due":"2026-12-01T09:00:00Z","due_why":"CRITICAL: 3 business days","rule":"responses[4]","policy":"0123456789abcdef"}}`
	for from := 0; from < n; from += batch {
		to := min(from+batch, n) - 1
		err := db.Update(ctx, func(tx *store.Tx) error {
			for _, q := range []string{`WITH RECURSIVE i(n) AS (SELECT ` + strconv.Itoa(from) + ` UNION ALL SELECT n+1 FROM i WHERE n < ` + strconv.Itoa(to) + `)
				INSERT INTO cases (id, hash, kind, "partition", account, region, control, resource, resource_type, discriminator, title, severity, state, reason, response, class, owner,
				due, opened_at, closed_at, changed_at, first_seen, audit_seq, audit_head, policy, standards, life)
				SELECT n+1, randomblob(16), 'state', 'aws', printf('1111%08d', n%40), 'ap-northeast-1', CASE n%5 WHEN 0 THEN 'EC2.19' ELSE 'EC2.' || (n%30) END,
				printf('arn:aws:ec2:ap-northeast-1:1111%08d:security-group/sg-0%08x%08x', n%40, (n*2654435761) & 4294967295, (n*1640531527) & 4294967295), 'AWS::EC2::SecurityGroup', '', 'Security groups should not allow unrestricted access to ports with high risk',
				CASE WHEN n%53 = 0 THEN 4 ELSE n%4 END, CASE WHEN n%3 = 0 THEN 'closed' WHEN n%17 = 0 THEN 'accepted' ELSE 'open' END, CASE WHEN n%3 = 0 THEN 'fixed' ELSE 'reported FAILED' END, 'track', 'essential', 'team-' || (n%8),
				CASE WHEN n%10 = 0 THEN NULL ELSE 1790000000000 + (n*7919 % 20000000)*1000 END, 1795000000000 - (n*104729 % 31536000)*1000, CASE WHEN n%3 = 0 THEN min(1795000000000, 1795000000000 - (n*104729 % 31536000)*1000 + (n*7919 % 2592000)*1000) END,
				1790000000000, 1790000000000, 1, randomblob(32), '0123456789abcdef', 'fsbp,nist-800-53-r5', $1 FROM i`,
				`INSERT INTO sources (case_id, hash, product, finding_id, account, region, status, record_state, workflow, severity, standards, observed_at)
				SELECT id, hash, 'arn:aws:securityhub:ap-northeast-1::product/aws/securityhub', 'arn:aws:securityhub:ap-northeast-1:' || account || ':security-control/EC2.19/finding/' || hex(hash), account, region,
				'FAILED', 'ACTIVE', 'NEW', severity, standards, 1790000000000 FROM cases WHERE id > ` + strconv.Itoa(from),
				`INSERT INTO seen (hash, content, observed_at, last_seen) SELECT hash, hash, 1790000000000, 1790000000000 FROM cases WHERE id > ` + strconv.Itoa(from) + ` ORDER BY hash`,
				`INSERT INTO counters SELECT account, owner, severity, state, response, count(*) FROM cases WHERE id > ` + strconv.Itoa(from) + ` GROUP BY 1,2,3,4,5
				ON CONFLICT DO UPDATE SET n = n + excluded.n`,
				`INSERT INTO standing SELECT owner, kind, control, standards, severity, state, count(*) FROM cases WHERE id > ` + strconv.Itoa(from) + ` GROUP BY 1,2,3,4,5,6
				ON CONFLICT DO UPDATE SET n = n + excluded.n`,
				`INSERT INTO passes (hash, account, region, control, standards, status, observed_at) SELECT randomblob(16), account, region, control, standards, 'PASSED', 1790000000000 FROM cases WHERE id > ` + strconv.Itoa(from) + ` AND id % 4 = 0`} {
				args := []any{life}
				if !strings.Contains(q, "$1") {
					args = nil
				}
				if _, err := tx.Exec(ctx, q, args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// resident is the memory that this process holds, in MB; 0 where it cannot be
// told.
func resident() float64 { return status("VmRSS:") }

// status is a size of this process in MB, as Linux tells it.
func status(name string) float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, ok := strings.Cut(string(data), name)
	fields := strings.Fields(rest)
	if !ok || len(fields) == 0 {
		return 0
	}
	kb, _ := strconv.ParseFloat(fields[0], 64)
	return kb / 1024
}

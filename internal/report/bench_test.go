package report

import (
	"path/filepath"
	"testing"
	"time"

	"zesei/internal/store"
)

// manyCases are rows as casework writes them, made by SQL alone.
const manyCases = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
	INSERT INTO cases (hash, kind, "partition", account, region, control, resource, resource_type, discriminator, title, severity, state, reason,
		response, class, owner, due, opened_at, closed_at, changed_at, first_seen, audit_seq, audit_head, policy, standards, life)
	SELECT randomblob(16), 'state', 'aws', printf('%012d', i % 50), 'ap-northeast-1', 'S3.' || (i % 20), 'arn:aws:s3:::bucket-' || i, 'AWS::S3::Bucket', '', 'a title of a control', i % 5,
		CASE i % 4 WHEN 0 THEN 'closed' ELSE 'open' END, 'a reason in words', 'track', 'essential', 'team-' || (i % 10), 1, 1, CASE i % 4 WHEN 0 THEN 1 END, 1, 1, 3, randomblob(16), 'policy',
		CASE i % 2 WHEN 0 THEN 'fsbp' ELSE 'cis-1.4,fsbp' END, printf('{"tags": "%0300d"}', i) FROM n`

const manySources = `INSERT INTO sources (case_id, hash, product, finding_id, account, region, status, record_state, workflow, severity, standards, observed_at)
	SELECT id, hash, 'arn:aws:securityhub:ap-northeast-1::product/aws/securityhub', 'finding/' || id, account, region,
		CASE state WHEN 'open' THEN 'FAILED' ELSE 'PASSED' END, 'ACTIVE', 'NEW', severity, standards, 1 FROM cases`

func manyStore(b *testing.B, n int) *store.DB {
	b.Helper()
	db, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "z.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	err = db.Update(b.Context(), func(tx *store.Tx) error {
		if _, err := tx.Exec(b.Context(), manyCases, n); err != nil {
			return err
		}
		if _, err := tx.Exec(b.Context(), `INSERT INTO standing SELECT owner, kind, control, standards, severity, state, count(*) FROM cases GROUP BY 1, 2, 3, 4, 5, 6`); err != nil {
			return err
		}
		if _, err := tx.Exec(b.Context(), `INSERT INTO firsts (kind, name, at) VALUES ('standard', 'fsbp', 1), ('standard', 'cis-1.4', 1)`); err != nil {
			return err
		}
		_, err := tx.Exec(b.Context(), manySources)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

const benchCases = 100_000

func BenchmarkSummary(b *testing.B) {
	db := manyStore(b, benchCases)
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for b.Loop() {
		s, err := Summarize(b.Context(), db.View(), SummaryOf{Standards: []string{"fsbp", "cis-1.4"}, At: at})
		if err != nil || s.Open != benchCases*3/4 {
			b.Fatalf("%+v, %v", s, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchCases, "ns/case")
}

func BenchmarkScore(b *testing.B) {
	db := manyStore(b, benchCases)
	for b.Loop() {
		if s, err := Scores(b.Context(), db.View(), nil, "en"); err != nil || len(s) != 3 {
			b.Fatalf("%+v, %v", s, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchCases, "ns/case")
}

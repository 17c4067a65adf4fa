package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// recorder remembers the queries that go through it.
type recorder struct {
	store.Querier
	seen []string
}

func (r *recorder) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	r.seen = append(r.seen, q)
	return r.Querier.QueryContext(ctx, q, args...)
}

func (r *recorder) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	r.seen = append(r.seen, q)
	return r.Querier.QueryRowContext(ctx, q, args...)
}

func ignoreNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

var day = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func statement(id string, status finding.Status, at time.Time) casefile.Statement {
	return casefile.Statement{
		Source:  finding.Source{ProductARN: "arn:aws:securityhub:ap-northeast-1::product/aws/securityhub", ID: id},
		Account: "111122223333", Region: "ap-northeast-1", Status: status, RecordState: finding.Active, Workflow: finding.New,
		Severity: finding.High, Standards: []string{"fsbp"}, ObservedAt: at,
	}
}

func aCase(account, control string, n int) *casefile.File {
	return &casefile.File{
		Key: finding.Key{Kind: finding.State, Partition: "aws", Account: account, Region: "ap-northeast-1", Control: control,
			Resource: fmt.Sprintf("arn:aws:ec2:ap-northeast-1:%s:security-group/sg-%d", account, n)},
		ResourceType: "AWS::EC2::SecurityGroup", Title: "open to the world", Severity: finding.High,
		State: casefile.Open, Reason: "reported FAILED", Terms: casefile.Terms{Response: "track", Owner: "shop", Policy: "p1"},
		OpenedAt: day, ChangedAt: day, FirstSeen: day, Standards: []string{"fsbp"}, AuditHead: []byte{},
	}
}

func update(t testing.TB, db *store.DB, f func(context.Context, *store.Tx) error) {
	t.Helper()
	ctx := context.Background()
	if err := db.Update(ctx, func(tx *store.Tx) error { return f(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

func save(t testing.TB, db *store.DB, files ...*casefile.File) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, f := range files {
			if err := store.SaveCase(ctx, tx, f); err != nil {
				return err
			}
		}
		return nil
	})
}

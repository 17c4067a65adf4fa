// Package storetest is the suite that every database behind package store must
// pass: what is written is read back, in the promised order, and the rules that
// the database itself keeps (one lease, one row a key, order of time) hold.
package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// Run runs the suite on stores that open makes, each new and empty.
func Run(t *testing.T, open func(testing.TB) *store.DB) {
	for _, group := range [][]scene{listing, findings, telling, fixing, keeping} {
		for _, s := range group {
			t.Run(s.says, func(t *testing.T) { s.play(&stage{T: t, db: open(t), ctx: t.Context()}) })
		}
	}
}

type scene struct {
	says string
	play func(*stage)
}

type stage struct {
	*testing.T
	db  *store.DB
	ctx context.Context
}

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func (s *stage) update(f func(*store.Tx) error) {
	s.Helper()
	if err := s.db.Update(s.ctx, f); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) fatal(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// one is a case, changed as the test wants it.
func one(n int, change ...func(*casefile.File)) *casefile.File {
	f := &casefile.File{
		Key: finding.Key{Kind: finding.State, Partition: "aws", Account: "111122223333", Region: "ap-northeast-1", Control: "EC2.19",
			Resource: fmt.Sprintf("arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-%d", n)},
		ResourceType: "AWS::EC2::SecurityGroup", Title: "open to the world", Severity: finding.High,
		State: casefile.Open, Reason: "reported FAILED", Terms: casefile.Terms{Response: "track", Owner: "shop", Policy: "p1"},
		OpenedAt: now, ChangedAt: now, FirstSeen: now, Standards: []string{"fsbp"}, AuditHead: []byte{1},
	}
	for _, c := range change {
		c(f)
	}
	return f
}

func (s *stage) save(files ...*casefile.File) {
	s.Helper()
	s.update(func(tx *store.Tx) error {
		for _, f := range files {
			if err := store.SaveCase(s.ctx, tx, f); err != nil {
				return err
			}
		}
		return nil
	})
}

// list is every page of a list, by the number in the resource's name.
func (s *stage) list(f store.Filter) (names []string) {
	s.Helper()
	for pages := 0; ; pages++ {
		page, next, err := store.List(s.ctx, s.db.View(), f)
		s.fatal(err)
		for _, c := range page {
			names = append(names, c.Key.Resource[len("arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-"):])
		}
		if next == "" {
			return names
		}
		if pages > 1000 {
			s.Fatal("the pages do not end")
		}
		f.After = next
	}
}

func (s *stage) lists(f store.Filter, want ...string) {
	s.Helper()
	if got := s.list(f); !slices.Equal(got, want) {
		s.Errorf("%+v lists %v, want %v", f, got, want)
	}
}

package replay_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/policy"
)

// What a replay counts under a budget is what casework has really made.
func TestAnAttentionBudgetIsCountedAsCaseworkKeepsIt(t *testing.T) {
	budget := today + "attention: 2 per week\n"
	s := newScene(t, budget)
	s.rules.Attention = casework.Limit(policy.Rate{N: 2, Per: 7 * 24 * time.Hour})
	s.rules.OverflowAt = func(_ string, now time.Time) time.Time {
		at := time.Date(now.Year(), now.Month(), now.Day(), 9, 0, 0, 0, now.Location())
		for !at.After(now) {
			at = at.AddDate(0, 0, 1)
		}
		return at
	}
	for day := range 12 {
		for i, control := range []string{"S3.8", "S3.9", "S3.13"}[:1+day%3] {
			s.fails(control, finding.High, day*10+i, day*10+i+2)
			s.now = s.now.Add(time.Hour)
		}
		if day == 5 {
			s.fails("EC2.19", finding.Critical, 0, 3)
		}
		s.now = s.now.Add(26 * time.Hour)
	}
	var n int
	if err := s.db.View().QueryRowContext(context.Background(), `SELECT count(*) FROM messages`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	r := s.replay(today, start)
	if r.Messages.Old != n || r.Messages.New <= n || len(r.Notes) != 1 {
		t.Errorf("%+v and %q, %d messages were made", r.Messages, r.Notes, n)
	}
	if r := s.replay(budget, start); r.Messages.New != n {
		t.Error(fmt.Sprint(r.Messages))
	}
}

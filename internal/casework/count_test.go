package casework_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// Whatever happens to cases, what is counted of them is what a count of all of
// them gives, and each move is counted on its day in the configured zone.
func TestWhatStandsAndMovesIsCounted(t *testing.T) {
	s := newScene(t)
	ctx := context.Background()
	rules := *s.work.Rules()
	rules.Zone = time.FixedZone("JST", 9*3600)
	s.work.Use(&rules)
	s.now = time.Date(2026, 10, 1, 14, 0, 0, 0, time.UTC) // 23:00 in Tokyo
	counted := func() {
		t.Helper()
		got, want := read(t, s, `SELECT owner, kind, control, standards, severity, state, n FROM standing WHERE n <> 0 ORDER BY 1,2,3,4,5,6`),
			read(t, s, `SELECT owner, kind, control, standards, severity, state, count(*) FROM cases GROUP BY 1,2,3,4,5,6 ORDER BY 1,2,3,4,5,6`)
		if got != want {
			t.Errorf("standing\n%swant\n%s", got, want)
		}
	}
	s.take(s.said(finding.Failed))
	counted()
	s.take(s.said(finding.Failed, from("finding-2", "cis-1.4"))) // another standard holds it, too
	counted()
	x, err := s.work.AskException(ctx, casework.Person{ID: "cli:hana", Approver: true}, casework.Ask{Case: 1, Reason: "load balancer test", Until: s.now.Add(26 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.work.ApproveException(ctx, casework.Person{ID: "cli:taro", Approver: true}, x.ID); err != nil {
		t.Fatal(err)
	}
	counted()
	s.later(26 * time.Hour) // 3 October in Tokyo
	if err := s.work.Tick(ctx, "1"); err != nil {
		t.Fatal(err)
	}
	s.state(casefile.Open)
	counted()
	s.later(time.Hour)
	s.take(s.said(finding.Passed), s.said(finding.Passed, from("finding-2", "cis-1.4")))
	counted()
	s.later(24 * time.Hour)
	s.take(s.said(finding.Failed))
	s.state(casefile.Open)
	counted()
	got := read(t, s, `SELECT day, owner, was, became, n FROM moves ORDER BY day, was, became`)
	want := "20261001 shop  open 1\n20261001 shop open accepted 1\n20261003 shop accepted open 1\n20261003 shop open closed 1\n20261004 shop closed open 1\n"
	if got != want {
		t.Errorf("moves\n%swant\n%s", got, want)
	}
	moves, err := store.Moves(ctx, s.db.View(), "shop", 20261002, 20261003)
	if err != nil || len(moves) != 2 || moves[store.Move{Day: 20261003, Owner: "shop", Was: casefile.Open, Became: casefile.Closed}] != 1 {
		t.Errorf("%v, %v", moves, err)
	}
}

// read prints the rows of a query.
func read(t *testing.T, s *scene, query string) string {
	t.Helper()
	rows, err := s.db.View().QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	out := ""
	for rows.Next() {
		values, dst := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			dst[i] = &values[i]
		}
		if err := rows.Scan(dst...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if i > 0 {
				out += " "
			}
			out += fmt.Sprint(v)
		}
		out += "\n"
	}
	return out
}

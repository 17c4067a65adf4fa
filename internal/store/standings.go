package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
)

// Standing is what cases have in common that a report counts together.
type Standing struct {
	Owner     string
	Kind      finding.Kind
	Control   string
	Standards string // comma-separated ids, as a case keeps them
	Severity  int    // rank
	State     casefile.State
}

// StandingOf is the standing of a case.
func StandingOf(f *casefile.File) Standing {
	return Standing{f.Terms.Owner, f.Key.Kind, f.Key.Control, strings.Join(f.Standards, ","), f.Severity.Rank(), f.State}
}

// CountStanding adds n cases (or takes them away) to those that stand alike.
func CountStanding(ctx context.Context, tx *Tx, s Standing, n int) error {
	_, err := tx.Exec(ctx, `INSERT INTO standing (owner, kind, control, standards, severity, state, n) VALUES ($1,$2,$3,$4,$5,$6,$7)
		ON CONFLICT (owner, kind, control, standards, severity, state) DO UPDATE SET n = n + excluded.n`,
		s.Owner, s.Kind, s.Control, s.Standards, s.Severity, s.State, n)
	if err != nil {
		return fmt.Errorf("counting what stands: %w", err)
	}
	return nil
}

// Standings reads how many cases stand alike: of one owner, or of all ("").
// Closed ones are left out.
func Standings(ctx context.Context, q Querier, owner string) (map[Standing]int, error) {
	query, args := `SELECT owner, kind, control, standards, severity, state, n FROM standing WHERE n > 0 AND state <> 'closed'`, []any(nil)
	if owner != "" {
		query, args = query+` AND owner = $1`, []any{owner}
	}
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading what stands: %w", err)
	}
	defer rows.Close()
	out := map[Standing]int{}
	for rows.Next() {
		var s Standing
		var n int
		if err := rows.Scan(&s.Owner, &s.Kind, &s.Control, &s.Standards, &s.Severity, &s.State, &n); err != nil {
			return nil, fmt.Errorf("reading what stands: %w", err)
		}
		out[s] = n
	}
	return out, rows.Err()
}

// Waiting says how long the open cases of an owner have been open, and how many
// of them are past their deadline.
type Waiting struct {
	Owner   string
	Open    int
	Overdue int
	// Ages counts them by age: up to the first limit, up to the second, …, and
	// above the last.
	Ages []int
}

// AgesOfOpen reads how long open cases have waited: of one owner, or of each. The
// limits are ages, ascending.
func AgesOfOpen(ctx context.Context, q Querier, owner string, now time.Time, limits []time.Duration) ([]Waiting, error) {
	owners := `SELECT DISTINCT owner FROM standing`
	args := []any{now.UnixMilli()}
	sums := ""
	for _, l := range limits {
		args = append(args, now.Add(-l).UnixMilli())
		sums += fmt.Sprintf(", sum(opened_at > $%d)", len(args))
	}
	if owner != "" {
		args = append(args, owner)
		owners = fmt.Sprintf(`SELECT $%d`, len(args))
	}
	rows, err := q.QueryContext(ctx, `SELECT owner, count(*), sum(list_due < $1)`+sums+` FROM cases WHERE owner IN (`+owners+`) AND list_state = 0 GROUP BY owner ORDER BY owner`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading how old cases are: %w", err)
	}
	defer rows.Close()
	var out []Waiting
	for rows.Next() {
		w := Waiting{Ages: make([]int, len(limits)+1)}
		dst := []any{&w.Owner, &w.Open, &w.Overdue}
		for i := range limits {
			dst = append(dst, &w.Ages[i])
		}
		if err := rows.Scan(dst...); err != nil {
			return nil, fmt.Errorf("reading how old cases are: %w", err)
		}
		// The sums say how many are younger than each limit.
		w.Ages[len(limits)] = w.Open
		for i := len(limits); i > 0; i-- {
			w.Ages[i] -= w.Ages[i-1]
		}
		out = append(out, w)
	}
	return out, rows.Err()
}

// OverdueBySeverity counts the open cases past their deadline by owner and
// severity rank.
func OverdueBySeverity(ctx context.Context, q Querier, now time.Time) (map[string][5]int, error) {
	rows, err := q.QueryContext(ctx, `SELECT owner, severity, count(*) FROM cases
		WHERE owner IN (SELECT DISTINCT owner FROM standing) AND list_state = 0 AND list_due < $1 GROUP BY owner, severity`, now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("counting what is overdue: %w", err)
	}
	defer rows.Close()
	out := map[string][5]int{}
	for rows.Next() {
		var owner string
		var rank, n int
		if err := rows.Scan(&owner, &rank, &n); err != nil {
			return nil, fmt.Errorf("counting what is overdue: %w", err)
		}
		v := out[owner]
		v[rank] = n
		out[owner] = v
	}
	return out, rows.Err()
}

// FixTimes lists how long the cases that were closed as fixed in a period
// (until is not part of it) had been open, longest last: of one owner, or of all.
func FixTimes(ctx context.Context, q Querier, owner string, since, until time.Time) ([]time.Duration, error) {
	query, args := `SELECT closed_at - opened_at FROM cases INDEXED BY cases_closed WHERE closed_at >= $1 AND closed_at < $2 AND reason = $3`,
		[]any{since.UnixMilli(), until.UnixMilli(), casefile.Fixed}
	if owner != "" {
		query, args = query+` AND owner = $4`, append(args, owner)
	}
	rows, err := q.QueryContext(ctx, query+` ORDER BY 1`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading how long fixes took: %w", err)
	}
	defer rows.Close()
	var out []time.Duration
	for rows.Next() {
		var ms int64
		if err := rows.Scan(&ms); err != nil {
			return nil, fmt.Errorf("reading how long fixes took: %w", err)
		}
		out = append(out, time.Duration(ms)*time.Millisecond)
	}
	return out, rows.Err()
}

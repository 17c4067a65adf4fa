package report

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

// group is how many state cases are alike.
type group struct {
	owner          string
	state          casefile.State
	standards      []string
	severity       int // rank
	n              int
	overdue        int // open, past their deadline
	opened, closed int // since a time
}

const groups = `SELECT owner, state, standards, severity, count(*),
	sum(state = 'open' AND coalesce(due < $1, 0)), sum(opened_at >= $2), sum(coalesce(closed_at >= $2, 0) AND state = 'closed')
	FROM cases WHERE kind = 'state' AND (state <> 'closed' OR closed_at >= $2)
	GROUP BY owner, state, standards, severity`

// countCases counts the cases that stand, and those closed since a time.
func countCases(ctx context.Context, q store.Querier, now, since time.Time) ([]group, error) {
	rows, err := q.QueryContext(ctx, groups, now.UnixMilli(), since.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("counting cases: %w", err)
	}
	defer rows.Close()
	var out []group
	for rows.Next() {
		var g group
		var standards string
		if err := rows.Scan(&g.owner, &g.state, &standards, &g.severity, &g.n, &g.overdue, &g.opened, &g.closed); err != nil {
			return nil, fmt.Errorf("counting cases: %w", err)
		}
		g.standards = list(standards)
		out = append(out, g)
	}
	return out, rows.Err()
}

// statements is how many findings of Security Hub say the same of a control.
type statements struct {
	control   string
	standards []string
	status    string // PASSED, FAILED, WARNING, NOT_AVAILABLE
	ignored   bool   // suppressed, or under an exception: left out of the score
	n         int
}

// said counts what Security Hub says of each control now: the statements that
// cases keep of it, and the passes where no case stands. Archived ones are left
// out.
const said = `SELECT c.control, s.standards, s.status, s.workflow = 'SUPPRESSED' OR c.state IN ('accepted', 'suppressed') AS ignored, count(*)
	FROM sources s JOIN cases c ON c.id = s.case_id
	WHERE c.kind = 'state' AND s.record_state = 'ACTIVE' AND s.product LIKE '%%:product/aws/securityhub' %s
	GROUP BY c.control, s.standards, s.status, ignored
	UNION ALL
	SELECT p.control, p.standards, p.status, 0, count(*) FROM passes p WHERE 1 = 1 %s GROUP BY p.control, p.standards, p.status`

func countStatements(ctx context.Context, q store.Querier, accounts []string) ([]statements, error) {
	ofCases, ofPasses := "", ""
	var args []any
	if len(accounts) > 0 {
		var marks []string
		for i, a := range accounts {
			marks, args = append(marks, fmt.Sprintf("$%d", i+1)), append(args, a)
		}
		in := " IN (" + strings.Join(marks, ", ") + ")"
		ofCases, ofPasses = "AND c.account"+in, "AND p.account"+in
	}
	rows, err := q.QueryContext(ctx, fmt.Sprintf(said, ofCases, ofPasses), args...)
	if err != nil {
		return nil, fmt.Errorf("counting what Security Hub says: %w", err)
	}
	defer rows.Close()
	return scanStatements(rows)
}

func scanStatements(rows *sql.Rows) ([]statements, error) {
	var out []statements
	for rows.Next() {
		var s statements
		var standards string
		if err := rows.Scan(&s.control, &standards, &s.status, &s.ignored, &s.n); err != nil {
			return nil, fmt.Errorf("counting what Security Hub says: %w", err)
		}
		s.standards = list(standards)
		out = append(out, s)
	}
	return out, rows.Err()
}

func list(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, ",")
}

// seenStandards are the standards of which any finding was ever taken in.
func seenStandards(ctx context.Context, q store.Querier) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT name FROM firsts WHERE kind = 'standard'`)
	if err != nil {
		return nil, fmt.Errorf("reading which standards were seen: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("reading which standards were seen: %w", err)
		}
		out = append(out, name)
	}
	return out, rows.Err()
}

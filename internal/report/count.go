package report

import (
	"context"
	"fmt"
	"strings"

	"zesei/internal/store"
)

// statements is how many findings of Security Hub say the same of a control.
type statements struct {
	control   string
	standards []string
	status    string // PASSED, FAILED, WARNING, NOT_AVAILABLE
	ignored   bool   // suppressed, or under an exception: left out of the score
	account   string // where statements are told apart by account and owner
	owner     string
	n         int
}

// said counts what Security Hub says of each control now: the statements that
// cases keep of it, and the passes where no case stands. Archived ones are left
// out.
const (
	saidByCases = `SELECT c.control, s.standards, s.status, s.workflow = 'SUPPRESSED' OR c.state IN ('accepted', 'suppressed') AS ignored, %[1]s, count(*)
	FROM sources s JOIN cases c ON c.id = s.case_id
	WHERE c.kind = 'state' AND s.record_state = 'ACTIVE' AND substr(s.product, -24) = ':product/aws/securityhub' %[2]s
	GROUP BY c.control, s.standards, s.status, ignored, %[1]s`
	saidByPasses = `SELECT p.control, p.standards, p.status, 0, p.account, '', count(*) FROM passes p WHERE 1 = 1 %s GROUP BY p.control, p.account, p.standards, p.status`
)

// countStatements counts what is said of a part of the findings.
func countStatements(ctx context.Context, q store.Querier, of ScoreOf) ([]statements, error) {
	ofCases, ofPasses := "", ""
	var args []any
	if len(of.Accounts) > 0 {
		var marks []string
		for i, a := range of.Accounts {
			marks, args = append(marks, fmt.Sprintf("$%d", i+1)), append(args, a)
		}
		in := " IN (" + strings.Join(marks, ", ") + ")"
		ofCases, ofPasses = "AND c.account"+in, "AND p.account"+in
	}
	caseArgs := args
	if of.Owner != "" {
		caseArgs = append(caseArgs[:len(caseArgs):len(caseArgs)], of.Owner)
		ofCases += fmt.Sprintf(" AND c.owner = $%d", len(caseArgs))
	}
	out, err := readStatements(ctx, q, fmt.Sprintf(saidByCases, "'', ''", ofCases), caseArgs...)
	if err != nil {
		return nil, err
	}
	passes, err := readStatements(ctx, q, fmt.Sprintf(saidByPasses, ofPasses), args...)
	for _, s := range passes {
		if of.Owner == "" || of.OwnerOf(s.account) == of.Owner {
			out = append(out, s)
		}
	}
	return out, err
}

// everyStatement counts all that is said, told apart by account and owner.
func everyStatement(ctx context.Context, q store.Querier, ownerOf func(account string) string) ([]statements, error) {
	out, err := readStatements(ctx, q, fmt.Sprintf(saidByCases, "c.account, c.owner", ""))
	if err != nil {
		return nil, err
	}
	passes, err := readStatements(ctx, q, fmt.Sprintf(saidByPasses, ""))
	for _, s := range passes {
		s.owner = ownerOf(s.account)
		out = append(out, s)
	}
	return out, err
}

func readStatements(ctx context.Context, q store.Querier, query string, args ...any) ([]statements, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("counting what Security Hub says: %w", err)
	}
	defer rows.Close()
	var out []statements
	for rows.Next() {
		var s statements
		var standards string
		if err := rows.Scan(&s.control, &standards, &s.status, &s.ignored, &s.account, &s.owner, &s.n); err != nil {
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
func seenStandards(ctx context.Context, q store.Querier) (map[string]bool, error) {
	rows, err := q.QueryContext(ctx, `SELECT name FROM firsts WHERE kind = 'standard'`)
	if err != nil {
		return nil, fmt.Errorf("reading which standards were seen: %w", err)
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("reading which standards were seen: %w", err)
		}
		out[name] = true
	}
	return out, rows.Err()
}

package store

import (
	"context"
	"fmt"
	"time"
)

// CasesIn lists ids of cases, above after and in order, that belong to a standard
// and stood at any time of a period: they were first seen before its end and not
// closed before its beginning.
func CasesIn(ctx context.Context, q Querier, standard string, from, to time.Time, after int64, limit int) ([]int64, error) {
	list, err := ids(ctx, q, `SELECT id FROM cases WHERE id > $1 AND first_seen < $2 AND (closed_at IS NULL OR closed_at >= $3)
		AND instr(',' || standards || ',', ',' || $4 || ',') > 0 ORDER BY id LIMIT $5`, after, to.UnixMilli(), from.UnixMilli(), standard, limit)
	if err != nil {
		return nil, fmt.Errorf("listing the cases of %s: %w", standard, err)
	}
	return list, nil
}

// FixesOfCase lists every fix of a case, oldest first.
func FixesOfCase(ctx context.Context, q Querier, caseID int64) ([]Fix, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+fixColumns+` FROM fixes WHERE id IN (SELECT fix_id FROM fix_cases WHERE case_id = $1) ORDER BY created_at, id`, caseID)
	if err != nil {
		return nil, fmt.Errorf("listing the fixes of a case: %w", err)
	}
	defer rows.Close()
	var out []Fix
	for rows.Next() {
		f, err := scanFix(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("listing the fixes of a case: %w", err)
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// Told is what Security Hub was last told of one finding.
type Told struct {
	FindingID string `json:"finding_id"`
	Workflow  string `json:"workflow"` // last told; empty: not yet
	Wanted    string `json:"wanted"`
	Note      string `json:"note,omitempty"`
	Error     string `json:"error,omitempty"`
}

// HubToldOfCase lists what Security Hub was told of the findings of a case.
func HubToldOfCase(ctx context.Context, q Querier, caseID int64) ([]Told, error) {
	rows, err := q.QueryContext(ctx, `SELECT finding_id, told, workflow, note, error FROM hub WHERE hash IN (SELECT hash FROM sources WHERE case_id = $1) ORDER BY hash`, caseID)
	if err != nil {
		return nil, fmt.Errorf("reading what Security Hub was told: %w", err)
	}
	defer rows.Close()
	var out []Told
	for rows.Next() {
		var t Told
		if err := rows.Scan(&t.FindingID, &t.Workflow, &t.Wanted, &t.Note, &t.Error); err != nil {
			return nil, fmt.Errorf("reading what Security Hub was told: %w", err)
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

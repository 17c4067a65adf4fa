package report

import (
	"context"
	"slices"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// FromStore lists the open cases that some source or our own check holds for
// failed: what GetFindings would give for FAILED, NEW or NOTIFIED, ACTIVE. What
// is only doubtful (WARNING, NOT_AVAILABLE) and incidents are left out.
func FromStore(ctx context.Context, q store.Querier, want Query, now time.Time) ([]Row, error) {
	var rows []Row
	f := store.Filter{Controls: want.Controls, Accounts: want.Accounts, Owners: want.Owners, States: []casefile.State{casefile.Open}, Limit: 1000}
	for {
		page, next, err := store.List(ctx, q, f)
		if err != nil {
			return nil, err
		}
		for _, l := range page {
			if l.Key.Kind == finding.State && !l.Life.Doubtful {
				rows = append(rows, caseRow(l.File, now))
			}
		}
		if next == "" {
			return rows, nil
		}
		f.After = next
	}
}

// Known says whether the store holds any case.
func Known(ctx context.Context, q store.Querier) (bool, error) {
	list, _, err := store.List(ctx, q, store.Filter{Limit: 1})
	return len(list) > 0, err
}

func caseRow(f *casefile.File, now time.Time) Row {
	r := Row{
		Key: store.ShortKey(f.Key), Resource: f.Key.Resource, title: f.Title, Control: f.Key.Control, Severity: f.Severity,
		Account: f.Key.Account, Region: f.Key.Region, Owner: f.Terms.Owner, OwnerWhy: f.Terms.OwnerWhy, State: string(f.State),
		key: f.Key, tags: f.Life.Tags,
	}
	if !f.Terms.Due.IsZero() {
		due := f.Terms.Due.UTC()
		r.Due = &due
	}
	if f.Overdue(now) {
		r.State = StateOverdue
	}
	return r
}

// FromFindings makes rows of findings as Security Hub gave them. Where a case
// stands for a problem, its owner, deadline and state are the row's.
func FromFindings(ctx context.Context, q store.Querier, want Query, found []finding.Finding, now time.Time) ([]Row, error) {
	var rows []Row
	at := map[[16]byte]int{}
	var hashes [][16]byte
	for i := range found {
		f := &found[i]
		for _, s := range f.Subjects {
			if s.Key.Kind != finding.State || len(want.Controls) > 0 && !slices.Contains(want.Controls, s.Key.Control) {
				continue
			}
			h := s.Key.Hash()
			if j, twice := at[h]; twice { // another standard's finding of the same problem
				if f.Severity.Rank() > rows[j].Severity.Rank() {
					rows[j].Severity = f.Severity
				}
				continue
			}
			at[h] = len(rows)
			hashes = append(hashes, h)
			r := Row{
				Key: store.ShortKey(s.Key), Resource: s.Key.Resource, title: f.Title, Control: s.Key.Control, Severity: f.Severity,
				Account: s.Key.Account, Region: s.Key.Region, State: StateNew, key: s.Key, tags: s.Tags,
			}
			if f.Workflow == finding.Notified {
				r.State = StateNotified
			}
			rows = append(rows, r)
		}
	}
	cases, err := store.CasesByHash(ctx, q, hashes)
	if err != nil {
		return nil, err
	}
	for h, f := range cases {
		r, c := &rows[at[h]], caseRow(f, now)
		r.Owner, r.OwnerWhy, r.Due = c.Owner, c.OwnerWhy, c.Due
		if f.State != casefile.Closed { // Security Hub says FAILED: it has not seen the fix yet, or it is back
			r.State = c.State
		}
	}
	return rows, nil
}

package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
)

// Listed is a case in a list, with when any of its sources last spoke.
type Listed struct {
	*casefile.File
	LastSeen time.Time
	Products []string // who reports it
}

// List returns a page of cases, open ones and of these what is due first on top
// (no deadline last), and the cursor of the next page, empty at the end.
func List(ctx context.Context, q Querier, f Filter) ([]Listed, string, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	var err error
	if f.among, err = textCandidates(ctx, q, f.Text); err != nil {
		return nil, "", err
	}
	query, args, err := f.query()
	if err != nil {
		return nil, "", err
	}
	page, err := places(ctx, q, query, args)
	if err != nil || len(page) == 0 {
		return nil, "", err
	}
	next := ""
	if len(page) > f.Limit {
		page = page[:f.Limit]
		next = page[f.Limit-1].String()
	}
	ids := make([]int64, len(page))
	for i, p := range page {
		ids[i] = p.id
	}
	files, err := CasesByID(ctx, q, ids)
	if err != nil {
		return nil, "", err
	}
	byID := make(map[int64]*casefile.File, len(files))
	for _, c := range files {
		byID[c.ID] = c
	}
	out := make([]Listed, 0, len(page))
	for _, id := range ids {
		if c := byID[id]; c != nil { // it was there a moment ago
			out = append(out, Listed{File: c})
		}
	}
	return out, next, lastSeen(ctx, q, out)
}

// place is where a case stands in the order of a list.
type place struct{ state, due, id int64 }

// String is the cursor of the page that follows.
func (p place) String() string { return fmt.Sprintf("%d-%d-%d", p.state, p.due, p.id) }

func placeOf(cursor string) (p place, err error) {
	if _, err := fmt.Sscanf(cursor, "%d-%d-%d", &p.state, &p.due, &p.id); err != nil {
		return p, fmt.Errorf("the cursor %q is not one that a list gave", cursor)
	}
	return p, nil
}

func places(ctx context.Context, q Querier, query string, args []any) ([]place, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("listing cases: %w", err)
	}
	defer rows.Close()
	var out []place
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.id, &p.state, &p.due); err != nil {
			return nil, fmt.Errorf("listing cases: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

func lastSeen(ctx context.Context, q Querier, list []Listed) error {
	ids := make([]int64, len(list))
	at := make(map[int64]int, len(list))
	for i := range list {
		ids[i] = list[i].ID
		at[list[i].ID] = i
		list[i].LastSeen = list[i].FirstSeen
	}
	arg, _ := json.Marshal(ids)
	rows, err := q.QueryContext(ctx, `SELECT s.case_id, max(n.last_seen), group_concat(DISTINCT s.product) FROM sources s JOIN seen n ON n.hash = s.hash
		WHERE s.case_id IN (SELECT value FROM json_each($1)) GROUP BY s.case_id`, string(arg))
	if err != nil {
		return fmt.Errorf("reading when cases were last seen: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, last int64
		var products string
		if err := rows.Scan(&id, &last, &products); err != nil {
			return err
		}
		list[at[id]].LastSeen, list[at[id]].Products = ms(last), split(products)
	}
	return rows.Err()
}

// AmbiguousError says that a key's beginning names more than one case.
type AmbiguousError struct {
	Prefix string
	Keys   []string
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%s names more than one case: %s", e.Prefix, strings.Join(e.Keys, ", "))
}

// FindCase finds the one case whose key begins with a hexadecimal prefix of at
// least 4 digits. Errors: ErrNotFound, *AmbiguousError.
func FindCase(ctx context.Context, q Querier, prefix string) (*casefile.File, error) {
	list, _, err := List(ctx, q, Filter{KeyPrefixes: []string{prefix}, Limit: 5})
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, fmt.Errorf("case %s: %w", prefix, ErrNotFound)
	case len(list) > 1:
		e := &AmbiguousError{Prefix: prefix}
		for _, c := range list {
			e.Keys = append(e.Keys, ShortKey(c.Key))
		}
		return nil, e
	}
	return list[0].File, nil
}

// ShortKey is how people name a case: the first 12 hexadecimal digits of its hash.
func ShortKey(k finding.Key) string {
	h := k.Hash()
	return hex.EncodeToString(h[:6])
}

// Tally is one line of the summary.
type Tally struct {
	Account  string           `json:"account"`
	Owner    string           `json:"owner"`
	Severity finding.Severity `json:"severity"`
	State    casefile.State   `json:"state"`
	Response string           `json:"response"`
	N        int              `json:"n"`
}

// Tallies reads the counters that are kept with each change of a case.
func Tallies(ctx context.Context, q Querier) ([]Tally, error) {
	rows, err := q.QueryContext(ctx, `SELECT account, owner, severity, state, response, n FROM counters WHERE n <> 0 ORDER BY account, owner, severity DESC, state, response`)
	if err != nil {
		return nil, fmt.Errorf("reading the counters: %w", err)
	}
	defer rows.Close()
	var out []Tally
	for rows.Next() {
		var t Tally
		var rank int
		if err := rows.Scan(&t.Account, &t.Owner, &rank, &t.State, &t.Response, &t.N); err != nil {
			return nil, err
		}
		t.Severity = severities[rank]
		out = append(out, t)
	}
	return out, rows.Err()
}

// Meta reads a small fact of the store; empty where it is not set.
func Meta(ctx context.Context, q Querier, name string) (string, error) {
	rows, err := q.QueryContext(ctx, `SELECT value FROM meta WHERE name = $1`, name)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var v string
	for rows.Next() {
		if err := rows.Scan(&v); err != nil {
			return "", err
		}
	}
	return v, rows.Err()
}

// SetMeta writes a small fact of the store.
func SetMeta(ctx context.Context, tx *Tx, name, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO meta (name, value) VALUES ($1,$2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
)

// Filter chooses cases. Empty fields choose all; the fields are joined by "and",
// the values of one field by "or".
type Filter struct {
	Accounts    []string
	Regions     []string
	Owners      []string
	Controls    []string // exact ids, canonical case
	Severities  []finding.Severity
	States      []casefile.State
	Responses   []string
	Resource    string // canonical ARN
	Text        string // anywhere in title, control or resource, without case
	Overdue     bool   // open and past its deadline at Now
	Now         time.Time
	KeyPrefixes []string // hexadecimal beginnings of the key's hash
	After       string   // keyset cursor of the page before
	Limit       int      // 0: 100
}

// Listed is a case in a list, with when any of its sources last spoke.
type Listed struct {
	*casefile.File
	LastSeen time.Time
	Products []string // who reports it
}

// List returns a page of cases, open ones and of these what is due first on top
// (no deadline last), and the cursor of the next page, empty at the end.
func List(ctx context.Context, q Querier, f Filter) ([]Listed, string, error) {
	var where []string
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	in := func(column string, values []string) {
		if len(values) > 0 {
			list, _ := json.Marshal(values)
			where = append(where, column+" IN (SELECT value FROM json_each("+arg(string(list))+"))")
		}
	}
	in("account", f.Accounts)
	in("region", f.Regions)
	in("owner", f.Owners)
	in("control", f.Controls)
	in("state", texts(f.States))
	in("response", f.Responses)
	if len(f.Severities) > 0 {
		var ranks []string
		for _, s := range f.Severities {
			ranks = append(ranks, fmt.Sprint(s.Rank()))
		}
		where = append(where, "severity IN ("+strings.Join(ranks, ",")+")")
	}
	if f.Resource != "" {
		where = append(where, "resource = "+arg(f.Resource))
	}
	if f.Text != "" {
		p := arg("%" + likeEscape.Replace(f.Text) + "%")
		where = append(where, `(title LIKE `+p+` ESCAPE '\' OR control LIKE `+p+` ESCAPE '\' OR resource LIKE `+p+` ESCAPE '\')`)
	}
	if f.Overdue {
		where = append(where, "state = 'open' AND due < "+arg(f.Now.UnixMilli()))
	}
	if len(f.KeyPrefixes) > 0 {
		var any []string
		for _, p := range f.KeyPrefixes {
			lo, hi, err := hexRange(p)
			if err != nil {
				return nil, "", err
			}
			any = append(any, "(hash >= "+arg(lo)+" AND hash <= "+arg(hi)+")")
		}
		where = append(where, "("+strings.Join(any, " OR ")+")")
	}
	if f.After != "" {
		var st, d, id int64
		if _, err := fmt.Sscanf(f.After, "%d-%d-%d", &st, &d, &id); err != nil {
			return nil, "", fmt.Errorf("the cursor %q is not one that a list gave", f.After)
		}
		where = append(where, fmt.Sprintf("(%s, id) > (%s, %s, %s)", listOrder, arg(st), arg(d), arg(id)))
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	query := `SELECT ` + caseColumns + `, ` + listOrder + ` FROM cases`
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	rows, err := q.QueryContext(ctx, query+` ORDER BY `+listOrder+`, id LIMIT `+arg(limit+1), args...)
	if err != nil {
		return nil, "", fmt.Errorf("listing cases: %w", err)
	}
	defer rows.Close()
	var out []Listed
	byID := map[int64]*casefile.File{}
	var lastState, lastDue, next int64
	for rows.Next() {
		var st, d int64
		c, err := scanCase(rows, &st, &d)
		if err != nil {
			return nil, "", fmt.Errorf("listing cases: %w", err)
		}
		if len(out) == limit {
			next = out[limit-1].ID
			break
		}
		c.Sources = map[[16]byte]casefile.Statement{}
		byID[c.ID] = c
		lastState, lastDue = st, d
		out = append(out, Listed{File: c})
	}
	if err := rows.Err(); err != nil {
		return nil, "", err
	}
	rows.Close()
	if len(out) == 0 {
		return nil, "", nil
	}
	if err := loadSources(ctx, q, byID); err != nil {
		return nil, "", err
	}
	if err := lastSeen(ctx, q, out); err != nil {
		return nil, "", err
	}
	if next == 0 {
		return out, "", nil
	}
	return out, fmt.Sprintf("%d-%d-%d", lastState, lastDue, next), nil
}

// listOrder is the order of a list, as the index cases_list has it: what is open
// before what is not, what is due first on top.
const listOrder = `CASE state WHEN 'open' THEN 0 WHEN 'accepted' THEN 1 WHEN 'suppressed' THEN 2 ELSE 3 END, coalesce(due, 9223372036854775807)`

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

func hexRange(prefix string) (lo, hi []byte, err error) {
	if len(prefix) < 4 || len(prefix) > 32 {
		return nil, nil, fmt.Errorf("%q is no case key: expected 4 to 32 hexadecimal digits, as `zesei case list` shows them", prefix)
	}
	lo, errLo := hex.DecodeString(prefix + strings.Repeat("0", 32-len(prefix)))
	hi, errHi := hex.DecodeString(prefix + strings.Repeat("f", 32-len(prefix)))
	if err := errors.Join(errLo, errHi); err != nil {
		return nil, nil, fmt.Errorf("%q is no case key: expected hexadecimal digits, as `zesei case list` shows them", prefix)
	}
	return lo, hi, nil
}

var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func texts[S ~string](in []S) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
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

package store

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

	among *candidates // what the text index says of Text
}

// listOrder is the order of a list: what is open before what is not, what is due
// first on top, then by age. The columns are derived ones, so that the indexes of
// cases have this order and cursors are sought in them.
const listOrder = `list_state, list_due, id`

// stateRank is list_state.
var stateRank = map[casefile.State]int{casefile.Open: 0, casefile.Accepted: 1, casefile.Suppressed: 2, casefile.Closed: 3}

// mostBranches is for how many values of one field the list is merged from a
// page of each. With more, rows of all of them are sorted.
const mostBranches = 16

// query is the SQL that gives the places of a page, one more than its limit. A
// field with several values would make SQLite sort all of their cases, so each
// value gives its own page from the index, and the pages are merged.
func (f Filter) query() (string, []any, error) {
	c := &conditions{from: "cases"}
	branch := c.field("account", f.Accounts)
	branch = c.branch(branch, "owner", f.Owners)
	branch = c.branch(branch, "control", f.Controls)
	c.in("region", f.Regions)
	c.in("response", f.Responses)
	c.states(f.States)
	if len(f.Severities) > 0 {
		var ranks []string
		for _, s := range f.Severities {
			ranks = append(ranks, fmt.Sprint(s.Rank()))
		}
		c.add("severity IN (" + strings.Join(ranks, ",") + ")")
	}
	if f.Resource != "" {
		c.add("resource = " + c.arg(f.Resource))
	}
	if f.among != nil {
		list, _ := json.Marshal(append([]int64{}, f.among.ids...))
		// A cross join keeps this order: the few that may match are looked up.
		c.from = "(SELECT value AS found FROM json_each(" + c.arg(string(list)) + ") UNION ALL SELECT id FROM cases WHERE id > " + c.arg(f.among.indexed) + ") CROSS JOIN cases ON cases.id = found"
	}
	if f.Text != "" {
		p := c.arg("%" + likeEscape.Replace(f.Text) + "%")
		c.add(`(title LIKE ` + p + ` ESCAPE '\' OR control LIKE ` + p + ` ESCAPE '\' OR resource LIKE ` + p + ` ESCAPE '\')`)
	}
	if f.Overdue {
		c.add("list_state = 0 AND list_due < " + c.arg(f.Now.UnixMilli()))
		c.oneState = true
	}
	if err := c.keys(f.KeyPrefixes); err != nil {
		return "", nil, err
	}
	if f.After != "" {
		p, err := placeOf(f.After)
		if err != nil {
			return "", nil, err
		}
		if c.oneState {
			c.add(fmt.Sprintf("(list_due, id) > (%s, %s)", c.arg(p.due), c.arg(p.id)))
		} else {
			c.add(fmt.Sprintf("(%s) > (%s, %s, %s)", listOrder, c.arg(p.state), c.arg(p.due), c.arg(p.id)))
		}
	}
	return c.page(branch, f.Limit+1), c.args, nil
}

// conditions puts a WHERE together.
type conditions struct {
	from     string
	where    []string
	args     []any
	oneState bool // only one state is asked for
}

func (c *conditions) arg(v any) string {
	c.args = append(c.args, v)
	return fmt.Sprintf("$%d", len(c.args))
}

func (c *conditions) add(condition string) { c.where = append(c.where, condition) }

func (c *conditions) in(column string, values []string) {
	if len(values) > 0 {
		list, _ := json.Marshal(values) // strings always marshal
		c.add(column + " IN (SELECT value FROM json_each(" + c.arg(string(list)) + "))")
	}
}

// field adds a field that has an index in the order of the list; where it has a
// few values it gives a condition a branch instead.
func (c *conditions) field(column string, values []string) (branch []string) {
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	switch n := len(values); {
	case n == 1:
		c.add(column + " = " + c.arg(values[0]))
	case n > 1 && n <= mostBranches:
		for _, v := range values {
			branch = append(branch, column+" = "+c.arg(v))
		}
	default:
		c.in(column, values)
	}
	return branch
}

// branch is field where no other field has made branches yet.
func (c *conditions) branch(made []string, column string, values []string) []string {
	if made == nil {
		return c.field(column, values)
	}
	c.in(column, values)
	return made
}

func (c *conditions) states(states []casefile.State) {
	lo, hi := 3, 0
	for _, s := range states {
		lo, hi = min(lo, stateRank[s]), max(hi, stateRank[s])
	}
	switch {
	case len(states) == 0:
	case lo == hi:
		c.add(fmt.Sprintf("list_state = %d", lo))
		c.oneState = true
	default:
		c.add(fmt.Sprintf("list_state BETWEEN %d AND %d", lo, hi))
		c.in("state", texts(states))
	}
}

func (c *conditions) keys(prefixes []string) error {
	var any []string
	for _, p := range prefixes {
		lo, hi, err := hexRange(p)
		if err != nil {
			return err
		}
		any = append(any, "(hash >= "+c.arg(lo)+" AND hash <= "+c.arg(hi)+")")
	}
	if len(any) > 0 {
		c.add("(" + strings.Join(any, " OR ") + ")")
	}
	return nil
}

func (c *conditions) page(branches []string, limit int) string {
	most := c.arg(limit)
	one := func(extra ...string) string {
		q := `SELECT id, list_state, list_due FROM ` + c.from
		if where := slices.Concat(extra, c.where); len(where) > 0 {
			q += " WHERE " + strings.Join(where, " AND ")
		}
		return q + " ORDER BY " + listOrder + " LIMIT " + most
	}
	if len(branches) == 0 {
		return one()
	}
	var pages []string
	for _, b := range branches {
		pages = append(pages, "SELECT * FROM ("+one(b)+")")
	}
	return "SELECT id, list_state, list_due FROM (" + strings.Join(pages, " UNION ALL ") + ") ORDER BY " + listOrder + " LIMIT " + most
}

var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

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

func texts[S ~string](in []S) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

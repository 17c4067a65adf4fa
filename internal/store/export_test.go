package store

import "slices"

// Statements are the statements that transactions have run so far.
func (db *DB) Statements() []string {
	db.known.Lock()
	defer db.known.Unlock()
	var out []string
	for q := range db.stmts {
		out = append(out, q)
	}
	slices.Sort(out)
	return out
}

// Query is the SQL of a list.
func (f Filter) Query() (string, []any, error) { return f.query() }

// Queries of outages, for their plans.
const (
	StuckQuery   = `SELECT count(*) ` + stuckMessages
	OutagesQuery = `SELECT ` + outageColumns + ` FROM outages WHERE channel IN (SELECT value FROM json_each($1)) ORDER BY since, id`
)

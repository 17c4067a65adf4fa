package store

import (
	"context"
	"fmt"
)

// OpenPlace is open cases of one Region that a report counts together.
type OpenPlace struct {
	Region    string
	Control   string
	Standards string // comma-separated ids, as a case keeps them
	Severity  int    // rank
	Open      int
}

// OpenPlaces counts open cases by where they stand: of one owner, or of all ("").
// It reads the first most of them in the order of a list, so that a large store
// takes no longer than a middling one.
func OpenPlaces(ctx context.Context, q Querier, owner string, most int) ([]OpenPlace, error) {
	where, args := "list_state = 0", []any{most}
	if owner != "" {
		where, args = "owner = $2 AND list_state = 0", append(args, owner)
	}
	rows, err := q.QueryContext(ctx, `SELECT region, control, standards, severity, count(*) FROM (
			SELECT region, control, standards, severity FROM cases WHERE `+where+` ORDER BY list_due, id LIMIT $1)
		GROUP BY region, control, standards, severity ORDER BY region, control, standards, severity`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading where open cases stand: %w", err)
	}
	defer rows.Close()
	var out []OpenPlace
	for rows.Next() {
		var p OpenPlace
		if err := rows.Scan(&p.Region, &p.Control, &p.Standards, &p.Severity, &p.Open); err != nil {
			return nil, fmt.Errorf("reading where open cases stand: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// MetaNames lists the small facts of the store whose name begins with a prefix of
// plain letters, digits and blanks.
func MetaNames(ctx context.Context, q Querier, prefix string) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT name FROM meta WHERE name >= $1 AND name < $2 ORDER BY name`, prefix, prefix+"\x7f")
	if err != nil {
		return nil, fmt.Errorf("reading what the store knows of %s: %w", prefix, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, rows.Err()
}

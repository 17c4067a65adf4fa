package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zesei/internal/casefile"
)

// Day is a day of a calendar, written yyyymmdd: days compare as numbers.
type Day int

// DayOf is the day of a time, in the time's own zone.
func DayOf(t time.Time) Day { return Day(t.Year()*10000 + int(t.Month())*100 + t.Day()) }

// In is the beginning of the day in a time zone.
func (d Day) In(zone *time.Location) time.Time {
	return time.Date(int(d)/10000, time.Month(int(d)/100%100), int(d)%100, 0, 0, 0, 0, zone)
}

// Add is the day n days later.
func (d Day) Add(n int) Day { return DayOf(d.In(time.UTC).AddDate(0, 0, n)) }

// String writes it as ISO 8601 does: 2026-11-02.
func (d Day) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", int(d)/10000, int(d)/100%100, int(d)%100)
}

// ParseDay reads a day as String writes it.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q is no day such as 2026-11-02", s)
	}
	return DayOf(t), nil
}

// UnmarshalText reads it as ParseDay does.
func (d *Day) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDay(string(text))
	return err
}

// MarshalText writes it as String does.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Move is a change of state that cases made on a day. Was is empty where there
// was no case before.
type Move struct {
	Day      Day
	Owner    string
	Severity int // rank
	Was      casefile.State
	Became   casefile.State
}

// CountMove adds n cases to those that made a move.
func CountMove(ctx context.Context, tx *Tx, m Move, n int) error {
	_, err := tx.Exec(ctx, `INSERT INTO moves (day, owner, severity, was, became, n) VALUES ($1,$2,$3,$4,$5,$6)
		ON CONFLICT (day, owner, severity, was, became) DO UPDATE SET n = n + excluded.n`, m.Day, m.Owner, m.Severity, m.Was, m.Became, n)
	if err != nil {
		return fmt.Errorf("counting what moved: %w", err)
	}
	return nil
}

// Moves reads how many cases made which move in a period, both days included: of
// one owner, or of all (""). Severities are added up.
func Moves(ctx context.Context, q Querier, owner string, from, to Day) (map[Move]int, error) {
	query, args := `SELECT day, owner, was, became, sum(n) FROM moves WHERE day >= $1 AND day <= $2`, []any{from, to}
	if owner != "" {
		query, args = query+` AND owner = $3`, append(args, owner)
	}
	rows, err := q.QueryContext(ctx, query+` GROUP BY day, owner, was, became`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading what moved: %w", err)
	}
	defer rows.Close()
	out := map[Move]int{}
	for rows.Next() {
		var m Move
		var n int
		if err := rows.Scan(&m.Day, &m.Owner, &m.Was, &m.Became, &n); err != nil {
			return nil, fmt.Errorf("reading what moved: %w", err)
		}
		out[m] = n
	}
	return out, rows.Err()
}

// DayCount is how many cases stood on a day.
type DayCount struct {
	Day      Day `json:"day"`
	Open     int `json:"open"`
	Overdue  int `json:"overdue"`
	Accepted int `json:"accepted"`
}

// Days reads the counts of a period, both days included and ascending: of one
// owner, or of all added up (""). A day on which nothing was written is left out.
func Days(ctx context.Context, q Querier, owner string, from, to Day) ([]DayCount, error) {
	query, args := `SELECT day, sum(open), sum(overdue), sum(accepted) FROM days WHERE day >= $1 AND day <= $2`, []any{from, to}
	if owner != "" {
		// Of a day on which others have a row, an owner without one had nothing.
		query = `SELECT day, sum(open * (owner = $3)), sum(overdue * (owner = $3)), sum(accepted * (owner = $3)) FROM days WHERE day >= $1 AND day <= $2`
		args = append(args, owner)
	}
	rows, err := q.QueryContext(ctx, query+` GROUP BY day ORDER BY day`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading the days: %w", err)
	}
	defer rows.Close()
	var out []DayCount
	for rows.Next() {
		var d DayCount
		if err := rows.Scan(&d.Day, &d.Open, &d.Overdue, &d.Accepted); err != nil {
			return nil, fmt.Errorf("reading the days: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// LastDay is the newest day before another that was written; 0: none.
func LastDay(ctx context.Context, q Querier, before Day) (Day, error) {
	var d Day
	if err := q.QueryRowContext(ctx, `SELECT coalesce(max(day), 0) FROM days WHERE day < $1`, before).Scan(&d); err != nil {
		return 0, fmt.Errorf("reading the days: %w", err)
	}
	return d, nil
}

// HasDay says whether a day was written.
func HasDay(ctx context.Context, q Querier, day Day) (bool, error) {
	last, err := LastDay(ctx, q, day+1)
	return last == day, err
}

// ScoreRow is the score of a standard on a day.
type ScoreRow struct {
	Day      Day    `json:"day"`
	Standard string `json:"standard"` // all: every standard
	Scope    string `json:"scope"`    // all, account, owner
	Name     string `json:"name,omitempty"`
	Passed   int    `json:"passed"` // controls
	Failed   int    `json:"failed"`
	Unknown  int    `json:"unknown"`
	NoData   int    `json:"no_data"`
}

// Score scopes.
const (
	ScopeAll     = "all"
	ScopeAccount = "account"
	ScopeOwner   = "owner"
)

// SaveDay writes a day: how many cases stood then by owner and severity, and the
// scores. A day that was written is replaced whole. The rows of cases come from
// the standings; overdue is by owner and severity rank.
func SaveDay(ctx context.Context, tx *Tx, day Day, overdue map[string][5]int, scores []ScoreRow) error {
	for _, q := range []string{`DELETE FROM days WHERE day = $1`, `DELETE FROM scores WHERE day = $1`,
		`INSERT INTO days (day, owner, severity, open, overdue, accepted)
		SELECT $1, owner, severity, sum(n * (state = 'open')), 0, sum(n * (state = 'accepted')) FROM standing WHERE state IN ('open', 'accepted') AND n > 0 GROUP BY owner, severity`} {
		if _, err := tx.Exec(ctx, q, day); err != nil {
			return fmt.Errorf("writing the day: %w", err)
		}
	}
	// A day without any case is a day, too.
	if _, err := tx.Exec(ctx, `INSERT INTO days (day, owner, severity, open, overdue, accepted) VALUES ($1, '', 0, 0, 0, 0) ON CONFLICT DO NOTHING`, day); err != nil {
		return fmt.Errorf("writing the day: %w", err)
	}
	for owner, by := range overdue {
		for rank, n := range by {
			if n == 0 {
				continue
			}
			if _, err := tx.Exec(ctx, `UPDATE days SET overdue = $4 WHERE day = $1 AND owner = $2 AND severity = $3`, day, owner, rank, n); err != nil {
				return fmt.Errorf("writing the day: %w", err)
			}
		}
	}
	rows, err := json.Marshal(scores)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO scores (day, standard, scope, name, passed, failed, unknown, no_data)
		SELECT $1, value->>'standard', value->>'scope', coalesce(value->>'name', ''), value->>'passed', value->>'failed', value->>'unknown', value->>'no_data' FROM json_each($2)`, day, string(rows))
	if err != nil {
		return fmt.Errorf("writing the scores of the day: %w", err)
	}
	return nil
}

// ScoreHistory reads the scores of one scope in a period, both days included, by
// standard and ascending by day.
func ScoreHistory(ctx context.Context, q Querier, scope, name string, from, to Day) ([]ScoreRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT day, standard, scope, name, passed, failed, unknown, no_data FROM scores
		WHERE scope = $1 AND name = $2 AND day >= $3 AND day <= $4 ORDER BY standard, day`, scope, name, from, to)
	if err != nil {
		return nil, fmt.Errorf("reading the history of scores: %w", err)
	}
	defer rows.Close()
	var out []ScoreRow
	for rows.Next() {
		var r ScoreRow
		if err := rows.Scan(&r.Day, &r.Standard, &r.Scope, &r.Name, &r.Passed, &r.Failed, &r.Unknown, &r.NoData); err != nil {
			return nil, fmt.Errorf("reading the history of scores: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// ThinHistory keeps, of the days before a day, only the last of each month, and
// adds their moves up on the first of it.
func ThinHistory(ctx context.Context, tx *Tx, before Day) error {
	first := before / 100 * 100 // months that are over by then
	for _, q := range []string{
		`DELETE FROM scores WHERE day < $1 AND day NOT IN (SELECT max(day) FROM days WHERE day < $1 GROUP BY day / 100)`,
		`DELETE FROM days WHERE day < $1 AND day NOT IN (SELECT max(day) FROM days WHERE day < $1 GROUP BY day / 100)`,
		`INSERT INTO moves (day, owner, severity, was, became, n)
		SELECT day / 100 * 100 + 1, owner, severity, was, became, sum(n) FROM moves WHERE day < $1 AND day % 100 <> 1 GROUP BY 1, 2, 3, 4, 5
		ON CONFLICT (day, owner, severity, was, became) DO UPDATE SET n = n + excluded.n`,
		`DELETE FROM moves WHERE day < $1 AND day % 100 <> 1`,
	} {
		if _, err := tx.Exec(ctx, q, first); err != nil {
			return fmt.Errorf("thinning the history out: %w", err)
		}
	}
	return nil
}

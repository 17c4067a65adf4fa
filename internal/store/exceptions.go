package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// States of an exception.
const (
	ExceptionAsked   = "asked"
	ExceptionActive  = "active"
	ExceptionEnded   = "ended"
	ExceptionRevoked = "revoked"
	ExceptionRefused = "refused"
)

// Scope says which cases an exception covers. Empty fields cover any; a scope
// names at least a case, a resource or an account with a control.
type Scope struct {
	Case     string `json:"case,omitempty"`     // key of one case
	Account  string `json:"account,omitempty"`  // 12 digits
	Control  string `json:"control,omitempty"`  // a control id
	Resource string `json:"resource,omitempty"` // canonical ARN
	Owner    string `json:"owner,omitempty"`
	Tag      string `json:"tag,omitempty"` // name=value, beside an account or owner
}

// Exception is an accepted risk.
type Exception struct {
	ID         string    `json:"id"`
	State      string    `json:"state"`
	Scope      Scope     `json:"scope"`
	CaseID     int64     `json:"-"`
	Reason     string    `json:"reason"`
	Evidence   string    `json:"evidence,omitempty"`
	AskedBy    string    `json:"asked_by"`
	AskedAt    time.Time `json:"asked_at"`
	ApprovedBy string    `json:"approved_by,omitempty"`
	ApprovedAt time.Time `json:"approved_at,omitzero"`
	ExpiresAt  time.Time `json:"expires_at"`
	EndedAt    time.Time `json:"ended_at,omitzero"`
	CloseHole  bool      `json:"close_hole,omitempty"`
}

const exceptionColumns = `id, state, scope, case_id, reason, evidence, asked_by, asked_at, approved_by, approved_at, expires_at, ended_at, close_hole`

func scanException(scan func(...any) error) (Exception, error) {
	var x Exception
	var scope string
	var caseID, approved, ended sql.NullInt64
	var asked, expires int64
	if err := scan(&x.ID, &x.State, &scope, &caseID, &x.Reason, &x.Evidence, &x.AskedBy, &asked, &x.ApprovedBy, &approved, &expires, &ended, &x.CloseHole); err != nil {
		return x, err
	}
	x.CaseID, x.AskedAt, x.ExpiresAt, x.ApprovedAt, x.EndedAt = caseID.Int64, ms(asked), ms(expires), Time(approved), Time(ended)
	return x, json.Unmarshal([]byte(scope), &x.Scope)
}

// SaveException writes an exception whole.
func SaveException(ctx context.Context, tx *Tx, x Exception) error {
	scope, err := json.Marshal(x.Scope)
	if err != nil {
		return err
	}
	caseID := any(nil)
	if x.CaseID != 0 {
		caseID = x.CaseID
	}
	_, err = tx.Exec(ctx, `INSERT INTO exceptions (`+exceptionColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)
		ON CONFLICT (id) DO UPDATE SET state=excluded.state, approved_by=excluded.approved_by, approved_at=excluded.approved_at, expires_at=excluded.expires_at, ended_at=excluded.ended_at`,
		x.ID, x.State, string(scope), caseID, x.Reason, x.Evidence, x.AskedBy, x.AskedAt.UnixMilli(), x.ApprovedBy, Millis(x.ApprovedAt), x.ExpiresAt.UnixMilli(), Millis(x.EndedAt), x.CloseHole)
	if err != nil {
		return fmt.Errorf("writing exception %s: %w", x.ID, err)
	}
	return nil
}

// LoadException reads one exception.
func LoadException(ctx context.Context, q Querier, id string) (Exception, error) {
	x, err := scanException(q.QueryRowContext(ctx, `SELECT `+exceptionColumns+` FROM exceptions WHERE id = $1`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return x, ErrNotFound
	}
	if err != nil {
		return x, fmt.Errorf("reading exception %s: %w", id, err)
	}
	return x, nil
}

// Exceptions lists exceptions in a state (any where empty), soonest end first.
func Exceptions(ctx context.Context, q Querier, state string) ([]Exception, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+exceptionColumns+` FROM exceptions WHERE $1 = '' OR state = $1 ORDER BY expires_at, id`, state)
	if err != nil {
		return nil, fmt.Errorf("listing exceptions: %w", err)
	}
	defer rows.Close()
	var out []Exception
	for rows.Next() {
		x, err := scanException(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("listing exceptions: %w", err)
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

package store

import (
	"context"
	"database/sql"
	"encoding/json"
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

// What is left to be done to the cases of an exception.
const (
	PhaseCover = "cover" // those that are open are to be accepted
	PhaseEnd   = "end"   // those that it covers are to be opened
)

// Scope says which cases an exception covers. Empty fields cover any; a scope
// names one case, or what package exception calls bounded.
type Scope struct {
	Case     string `json:"case,omitempty"`     // key of one case
	Account  string `json:"account,omitempty"`  // 12 digits
	Control  string `json:"control,omitempty"`  // a control id
	Region   string `json:"region,omitempty"`   // or "global"
	Resource string `json:"resource,omitempty"` // canonical ARN
	Owner    string `json:"owner,omitempty"`
	Tag      string `json:"tag,omitempty"` // name=value, beside an account or owner
}

// Exception is an accepted risk.
type Exception struct {
	ID         string    `json:"id"`
	State      string    `json:"state"`
	Scope      Scope     `json:"scope"`
	CaseID     int64     `json:"-"` // 0: it covers more than one case
	Reason     string    `json:"reason"`
	Evidence   string    `json:"evidence,omitempty"` // https address
	AskedBy    string    `json:"asked_by"`
	AskedAt    time.Time `json:"asked_at"`
	ApprovedBy string    `json:"approved_by,omitempty"`
	ApprovedAt time.Time `json:"approved_at,omitzero"`
	ExpiresAt  time.Time `json:"expires_at"`
	EndedAt    time.Time `json:"ended_at,omitzero"`
	EndedBy    string    `json:"ended_by,omitempty"`
	EndedWhy   string    `json:"ended_why,omitempty"`
	CloseHole  bool      `json:"close_hole,omitempty"`
	Renews     string    `json:"renews,omitempty"`   // id of the exception that this one follows
	WarnedAt   time.Time `json:"warned_at,omitzero"` // people were told that it ends soon
	Phase      string    `json:"-"`                  // PhaseCover, PhaseEnd, or empty: nothing
	Swept      int64     `json:"-"`                  // the last case that PhaseCover looked at
}

// Wide says whether it covers more than one case.
func (x Exception) Wide() bool { return x.CaseID == 0 }

const exceptionColumns = `id, state, scope, case_id, reason, evidence, asked_by, asked_at, approved_by, approved_at, expires_at, ended_at, close_hole,
	renews, ended_by, ended_why, warned_at, phase, swept`

func scanException(scan func(...any) error) (Exception, error) {
	var x Exception
	var scope string
	var caseID, approved, ended, warned sql.NullInt64
	var asked, expires int64
	if err := scan(&x.ID, &x.State, &scope, &caseID, &x.Reason, &x.Evidence, &x.AskedBy, &asked, &x.ApprovedBy, &approved, &expires, &ended, &x.CloseHole,
		&x.Renews, &x.EndedBy, &x.EndedWhy, &warned, &x.Phase, &x.Swept); err != nil {
		return x, err
	}
	x.CaseID, x.AskedAt, x.ExpiresAt, x.ApprovedAt, x.EndedAt, x.WarnedAt = caseID.Int64, ms(asked), ms(expires), Time(approved), Time(ended), Time(warned)
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
	_, err = tx.Exec(ctx, `INSERT INTO exceptions (`+exceptionColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19)
		ON CONFLICT (id) DO UPDATE SET state=excluded.state, approved_by=excluded.approved_by, approved_at=excluded.approved_at, expires_at=excluded.expires_at,
		ended_at=excluded.ended_at, ended_by=excluded.ended_by, ended_why=excluded.ended_why, warned_at=excluded.warned_at, phase=excluded.phase, swept=excluded.swept`,
		x.ID, x.State, string(scope), caseID, x.Reason, x.Evidence, x.AskedBy, x.AskedAt.UnixMilli(), x.ApprovedBy, Millis(x.ApprovedAt), x.ExpiresAt.UnixMilli(), Millis(x.EndedAt), x.CloseHole,
		x.Renews, x.EndedBy, x.EndedWhy, Millis(x.WarnedAt), x.Phase, x.Swept)
	if err != nil {
		return fmt.Errorf("writing exception %s: %w", x.ID, err)
	}
	return nil
}

// LoadException reads one exception.
func LoadException(ctx context.Context, q Querier, id string) (Exception, error) {
	return one(ctx, q, scanException, "reading exception "+id, `SELECT `+exceptionColumns+` FROM exceptions WHERE id = $1`, id)
}

// Exceptions lists exceptions in a state (any where empty), soonest end first.
func Exceptions(ctx context.Context, q Querier, state string) ([]Exception, error) {
	if state == "" {
		return exceptions(ctx, q, `ORDER BY expires_at, id`)
	}
	return exceptions(ctx, q, `WHERE state = $1 ORDER BY expires_at, id`, state)
}

// WideExceptions lists the exceptions in force that cover more than one case, the
// latest end first. One that has ended by the clock is left out, whether or not
// its end has been noted.
func WideExceptions(ctx context.Context, q Querier, now time.Time) ([]Exception, error) {
	return exceptions(ctx, q, `WHERE state = 'active' AND case_id IS NULL AND expires_at > $1 ORDER BY expires_at DESC, id`, now.UnixMilli())
}

// ExceptionsOfCase lists the exceptions that were asked for a case or cover it, or
// did, in the order in which they were asked.
func ExceptionsOfCase(ctx context.Context, q Querier, caseID int64) ([]Exception, error) {
	return exceptions(ctx, q, `WHERE id IN (SELECT id FROM exceptions WHERE case_id = $1 UNION SELECT exception_id FROM exception_cases WHERE case_id = $1)
		ORDER BY asked_at, id`, caseID)
}

// UnfinishedExceptions lists the ids of the exceptions in force, and of those that
// are over while something is left to be done to their cases.
func UnfinishedExceptions(ctx context.Context, q Querier) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT id FROM exceptions WHERE state = 'active' UNION SELECT id FROM exceptions WHERE phase <> '' ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("listing exceptions: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("listing exceptions: %w", err)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// Renewed says whether another exception in force, with a later end, follows one.
func Renewed(ctx context.Context, q Querier, x Exception) (bool, error) {
	list, err := exceptions(ctx, q, `WHERE renews = $1 AND renews <> '' AND state = 'active' AND expires_at > $2`, x.ID, x.ExpiresAt.UnixMilli())
	return len(list) > 0, err
}

func exceptions(ctx context.Context, q Querier, which string, args ...any) ([]Exception, error) {
	return all(ctx, q, scanException, "listing exceptions", `SELECT `+exceptionColumns+` FROM exceptions `+which, args...)
}

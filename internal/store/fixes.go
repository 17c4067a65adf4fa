package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// States of a fix.
const (
	FixSuggested = "suggested" // a plan that a person may look at
	FixWaiting   = "waiting"   // for approval of exactly this plan
	FixReady     = "ready"     // approved, or automatic: applied when its time comes
	FixApplying  = "applying"
	FixVerifying = "verifying"
	FixVerified  = "verified" // applied, and the controls pass
	FixHeld      = "held"     // for a person: what happened could not be told, or verification failed
	FixRefused   = "refused"  // a guard said no
	FixFailed    = "failed"   // nothing of it stands
	FixUndone    = "undone"
	FixExpired   = "expired" // nobody approved in time, or the plan was replaced
)

// Fix is a plan's life.
type Fix struct {
	ID         string
	State      string
	Mode       string
	Remedy     string
	Account    string
	Region     string
	Resource   string
	Plan       json.RawMessage
	PlanHash   string
	Why        string
	CreatedAt  time.Time
	ApplyAfter time.Time
	ExpiresAt  time.Time
	ApprovedBy string
	ApprovedAt time.Time
	AppliedAt  time.Time
	EndedAt    time.Time
	Log        json.RawMessage
	Cases      []int64
}

// Live says whether the fix is still on its way.
func (f *Fix) Live() bool {
	switch f.State {
	case FixSuggested, FixWaiting, FixReady, FixApplying, FixVerifying, FixHeld:
		return true
	}
	return false
}

const fixColumns = `id, state, mode, remedy, account, region, resource, plan, plan_hash, why, created_at, apply_after, expires_at, approved_by, approved_at, applied_at, ended_at, log`

func scanFix(scan func(...any) error) (Fix, error) {
	var f Fix
	var plan, log string
	var created, after, expires int64
	var approved, applied, ended sql.NullInt64
	err := scan(&f.ID, &f.State, &f.Mode, &f.Remedy, &f.Account, &f.Region, &f.Resource, &plan, &f.PlanHash, &f.Why, &created, &after, &expires, &f.ApprovedBy, &approved, &applied, &ended, &log)
	f.Plan, f.Log = json.RawMessage(plan), json.RawMessage(log)
	f.CreatedAt, f.ApplyAfter, f.ExpiresAt = ms(created), ms(after), ms(expires)
	f.ApprovedAt, f.AppliedAt, f.EndedAt = Time(approved), Time(applied), Time(ended)
	return f, err
}

// SaveFix writes a fix whole, with the cases that it serves.
func SaveFix(ctx context.Context, tx *Tx, f *Fix) error {
	if f.Log == nil {
		f.Log = json.RawMessage("[]")
	}
	_, err := tx.Exec(ctx, `INSERT INTO fixes (`+fixColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)
		ON CONFLICT (id) DO UPDATE SET state=excluded.state, mode=excluded.mode, why=excluded.why, apply_after=excluded.apply_after, expires_at=excluded.expires_at,
		approved_by=excluded.approved_by, approved_at=excluded.approved_at, applied_at=excluded.applied_at, ended_at=excluded.ended_at, log=excluded.log`,
		f.ID, f.State, f.Mode, f.Remedy, f.Account, f.Region, f.Resource, string(f.Plan), f.PlanHash, f.Why, f.CreatedAt.UnixMilli(), f.ApplyAfter.UnixMilli(), f.ExpiresAt.UnixMilli(),
		f.ApprovedBy, Millis(f.ApprovedAt), Millis(f.AppliedAt), Millis(f.EndedAt), string(f.Log))
	if err != nil {
		return fmt.Errorf("writing fix %s: %w", f.ID, err)
	}
	for _, id := range f.Cases {
		if _, err := tx.Exec(ctx, `INSERT INTO fix_cases (fix_id, case_id) VALUES ($1,$2) ON CONFLICT DO NOTHING`, f.ID, id); err != nil {
			return fmt.Errorf("writing fix %s: %w", f.ID, err)
		}
	}
	return nil
}

// LoadFix reads one fix by its id.
func LoadFix(ctx context.Context, q Querier, id string) (Fix, error) {
	f, err := one(ctx, q, scanFix, "reading fix "+id, `SELECT `+fixColumns+` FROM fixes WHERE id = $1`, id)
	if err != nil {
		return f, err
	}
	f.Cases, err = ids(ctx, q, `SELECT case_id FROM fix_cases WHERE fix_id = $1 ORDER BY case_id`, id)
	return f, err
}

// Fixes lists fixes, newest first; an empty resource or state means any.
func Fixes(ctx context.Context, q Querier, resource, state string, limit int) ([]Fix, error) {
	where, args := "true", []any{limit}
	for _, c := range []struct{ column, value string }{{"resource", resource}, {"state", state}} {
		if c.value != "" {
			args = append(args, c.value)
			where += fmt.Sprintf(" AND %s = $%d", c.column, len(args))
		}
	}
	out, err := all(ctx, q, scanFix, "listing fixes", `SELECT `+fixColumns+` FROM fixes WHERE `+where+` ORDER BY created_at DESC, id LIMIT $1`, args...)
	if err != nil {
		return nil, err
	}
	for i := range out { // a page of fixes, not a batch of findings
		if out[i].Cases, err = ids(ctx, q, `SELECT case_id FROM fix_cases WHERE fix_id = $1 ORDER BY case_id`, out[i].ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// FixesOfCases finds the newest fix of each case.
func FixesOfCases(ctx context.Context, q Querier, caseIDs []int64) (map[int64]Fix, error) {
	each, err := byCase(ctx, q, scanFix, "finding the fixes of cases", `SELECT fc.case_id, `+fixColumns+` FROM fix_cases fc JOIN fixes f ON f.id = fc.fix_id
		WHERE fc.case_id IN (SELECT value FROM json_each($1)) ORDER BY f.created_at, f.id`, caseIDs)
	out := map[int64]Fix{}
	for id, fixes := range each {
		out[id] = fixes[len(fixes)-1]
	}
	return out, err
}

// AppliedSince counts the fixes applied since a time, in all and in one account.
func AppliedSince(ctx context.Context, q Querier, account string, since time.Time) (all, inAccount int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(account = $1), 0) FROM fixes WHERE applied_at >= $2`, account, since.UnixMilli()).Scan(&all, &inAccount)
	if err != nil {
		err = fmt.Errorf("counting fixes: %w", err)
	}
	return all, inAccount, err
}

// Lease takes the resource for one holder until a time. It returns false where
// another holder has it.
func Lease(ctx context.Context, tx *Tx, resource, holder string, now, until time.Time) (bool, error) {
	res, err := tx.Exec(ctx, `INSERT INTO leases (resource, holder, until) VALUES ($1,$2,$3)
		ON CONFLICT (resource) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE leases.holder = excluded.holder OR leases.until <= $4`,
		resource, holder, until.UnixMilli(), now.UnixMilli())
	if err != nil {
		return false, fmt.Errorf("leasing %s: %w", resource, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// Release gives a leased resource back.
func Release(ctx context.Context, tx *Tx, resource, holder string) error {
	_, err := tx.Exec(ctx, `DELETE FROM leases WHERE resource = $1 AND holder = $2`, resource, holder)
	return err
}

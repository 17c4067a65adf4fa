package store

import (
	"context"
	"fmt"
	"time"
)

// HubUpdate is what Security Hub is to be told of one of its findings.
type HubUpdate struct {
	Hash      [16]byte
	Product   string
	FindingID string
	Account   string
	Region    string
	Workflow  string
	Note      string
	Failures  int
}

// WantHub says what a finding's workflow status should be. Asking for what was
// told already, and still holds, asks for nothing.
func WantHub(ctx context.Context, tx *Tx, u HubUpdate, again bool, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO hub (hash, product, finding_id, account, region, workflow, note, told, failures, next_at, error)
		VALUES ($1,$2,$3,$4,$5,$6,$7,'',0,$8,'')
		ON CONFLICT (hash) DO UPDATE SET workflow = excluded.workflow, note = excluded.note, failures = 0,
		next_at = CASE WHEN $9 OR hub.told <> excluded.workflow THEN excluded.next_at WHEN hub.workflow = excluded.workflow THEN hub.next_at ELSE 0 END`,
		u.Hash[:], u.Product, u.FindingID, u.Account, u.Region, u.Workflow, u.Note, now.UnixMilli(), again)
	if err != nil {
		return fmt.Errorf("noting what Security Hub is to be told: %w", err)
	}
	return nil
}

// WantHubAgain asks for a status to be told again that was told before, and says
// whether it was.
func WantHubAgain(ctx context.Context, tx *Tx, hash [16]byte, workflow string, now time.Time) (bool, error) {
	res, err := tx.Exec(ctx, `UPDATE hub SET next_at = $3, failures = 0 WHERE hash = $1 AND workflow = $2 AND told = $2`, hash[:], workflow, now.UnixMilli())
	if err != nil {
		return false, fmt.Errorf("noting what Security Hub is to be told: %w", err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// LiftHub asks for another status of a finding instead of one that Security Hub
// was told, or is about to be told, and says whether it was that one.
func LiftHub(ctx context.Context, tx *Tx, hash [16]byte, from, to, note string, now time.Time) (bool, error) {
	res, err := tx.Exec(ctx, `UPDATE hub SET workflow = $3, note = $4, next_at = $5, failures = 0 WHERE hash = $1 AND workflow = $2`, hash[:], from, to, note, now.UnixMilli())
	if err != nil {
		return false, fmt.Errorf("noting what Security Hub is to be told: %w", err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// HubWords are the workflow statuses that Security Hub was last told, or is about
// to be told, of findings.
func HubWords(ctx context.Context, q Querier, hashes [][16]byte) (map[[16]byte]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT hash, workflow FROM hub WHERE hash IN (SELECT unhex(value) FROM json_each($1))`, hexList(hashes))
	if err != nil {
		return nil, fmt.Errorf("reading what Security Hub was told: %w", err)
	}
	defer rows.Close()
	out := map[[16]byte]string{}
	for rows.Next() {
		var h []byte
		var w string
		if err := rows.Scan(&h, &w); err != nil {
			return nil, err
		}
		out[[16]byte(h)] = w
	}
	return out, rows.Err()
}

// HubDue lists up to limit updates of one account and Region that are due.
func HubDue(ctx context.Context, q Querier, account, region string, now time.Time, limit int) ([]HubUpdate, error) {
	rows, err := q.QueryContext(ctx, `SELECT hash, product, finding_id, account, region, workflow, note, failures FROM hub
		WHERE account = $1 AND region = $2 AND next_at > 0 AND next_at <= $3 ORDER BY next_at LIMIT $4`, account, region, now.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("reading what Security Hub is to be told: %w", err)
	}
	defer rows.Close()
	var out []HubUpdate
	for rows.Next() {
		var u HubUpdate
		var h []byte
		if err := rows.Scan(&h, &u.Product, &u.FindingID, &u.Account, &u.Region, &u.Workflow, &u.Note, &u.Failures); err != nil {
			return nil, err
		}
		u.Hash = [16]byte(h)
		out = append(out, u)
	}
	return out, rows.Err()
}

// HubTold notes that Security Hub took an update. An update that has been
// changed meanwhile stays due.
func HubTold(ctx context.Context, tx *Tx, u HubUpdate) error {
	_, err := tx.Exec(ctx, `UPDATE hub SET told = $2, failures = 0, error = '', next_at = CASE WHEN workflow = $2 THEN 0 ELSE next_at END WHERE hash = $1`, u.Hash[:], u.Workflow)
	return err
}

// HubFailed notes that Security Hub refused an update; a zero next gives it up.
func HubFailed(ctx context.Context, tx *Tx, u HubUpdate, reason string, next time.Time) error {
	at := int64(0)
	if !next.IsZero() {
		at = next.UnixMilli()
	}
	_, err := tx.Exec(ctx, `UPDATE hub SET failures = failures + 1, error = $2, next_at = $3 WHERE hash = $1`, u.Hash[:], reason, at)
	return err
}

// HubNext is when the next update of an account and Region is due; zero: none.
func HubNext(ctx context.Context, q Querier, account, region string) (time.Time, error) {
	var at int64
	err := q.QueryRowContext(ctx, `SELECT coalesce(min(next_at), 0) FROM hub WHERE account = $1 AND region = $2 AND next_at > 0`, account, region).Scan(&at)
	if err != nil || at == 0 {
		return time.Time{}, err
	}
	return ms(at), nil
}

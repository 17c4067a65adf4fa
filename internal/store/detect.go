package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zesei/internal/finding"
)

// Windows reads the state of detection thresholds inside a transaction.
type Windows struct {
	Ctx context.Context // of the transaction: the reader below takes none
	Tx  *Tx
}

// Window returns the state stored under a key, nil where there is none.
func (w Windows) Window(key string) ([]byte, error) {
	var state []byte
	err := w.Tx.QueryRowContext(w.Ctx, `SELECT state FROM windows WHERE key = $1`, key).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading a threshold's state: %w", err)
	}
	return state, nil
}

// windowMemory is how long the state of a threshold that nothing touches is kept.
const windowMemory = 30 * 24 * time.Hour

// SaveWindow stores the state of a threshold, and forgets what nothing has
// touched for long.
func SaveWindow(ctx context.Context, tx *Tx, key string, state []byte, now time.Time) error {
	if _, err := tx.Exec(ctx, `INSERT INTO windows (key, state, touched) VALUES ($1,$2,$3)
		ON CONFLICT (key) DO UPDATE SET state = excluded.state, touched = excluded.touched`, key, state, now.UnixMilli()); err != nil {
		return fmt.Errorf("storing a threshold's state: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM windows WHERE touched < $1`, now.Add(-windowMemory).UnixMilli()); err != nil {
		return fmt.Errorf("forgetting old thresholds: %w", err)
	}
	return nil
}

// Notice is a happening that is told once and opens no case.
type Notice struct {
	ID       int64
	Hash     [16]byte
	Rule     string
	Severity finding.Severity
	TitleEN  string
	TitleJA  string
	Account  string
	Region   string
	Resource string
	Actor    *finding.Actor
	At       time.Time
}

// AddNotice keeps a notice; it returns false where it is known already.
func AddNotice(ctx context.Context, tx *Tx, n *Notice) (bool, error) {
	actor := ""
	if n.Actor != nil {
		b, err := json.Marshal(n.Actor)
		if err != nil {
			return false, fmt.Errorf("keeping a notice: %w", err)
		}
		actor = string(b)
	}
	res, err := tx.Exec(ctx, `INSERT INTO notices (hash, message, rule, severity, title_en, title_ja, account, region, resource, actor, at)
		VALUES ($1,0,$2,$3,$4,$5,$6,$7,$8,$9,$10) ON CONFLICT DO NOTHING`,
		n.Hash[:], n.Rule, n.Severity.Rank(), n.TitleEN, n.TitleJA, n.Account, n.Region, n.Resource, actor, n.At.UnixMilli())
	if err != nil {
		return false, fmt.Errorf("keeping a notice: %w", err)
	}
	if added, _ := res.RowsAffected(); added == 0 {
		return false, nil
	}
	n.ID, err = res.LastInsertId()
	return true, err
}

// JoinNotice lets a notice stand in a message.
func JoinNotice(ctx context.Context, tx *Tx, m *Message, noticeID int64) error {
	if _, err := tx.Exec(ctx, `UPDATE notices SET message = $2 WHERE id = $1`, noticeID, m.ID); err != nil {
		return fmt.Errorf("joining a message: %w", err)
	}
	m.N++
	if _, err := tx.Exec(ctx, `UPDATE messages SET n = n + 1 WHERE id = $1`, m.ID); err != nil {
		return fmt.Errorf("joining a message: %w", err)
	}
	return nil
}

// NoticesOf lists the notices of a message, oldest first.
func NoticesOf(ctx context.Context, q Querier, messageID int64) ([]Notice, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, hash, rule, severity, title_en, title_ja, account, region, resource, actor, at FROM notices WHERE message = $1 ORDER BY at, id`, messageID)
	if err != nil {
		return nil, fmt.Errorf("reading notices: %w", err)
	}
	defer rows.Close()
	var out []Notice
	for rows.Next() {
		var n Notice
		var hash []byte
		var rank int
		var actor string
		var at int64
		if err := rows.Scan(&n.ID, &hash, &n.Rule, &rank, &n.TitleEN, &n.TitleJA, &n.Account, &n.Region, &n.Resource, &actor, &at); err != nil {
			return nil, fmt.Errorf("reading notices: %w", err)
		}
		n.Hash, n.Severity, n.At = [16]byte(hash), severities[rank], ms(at)
		if actor != "" {
			n.Actor = &finding.Actor{}
			if err := json.Unmarshal([]byte(actor), n.Actor); err != nil {
				return nil, fmt.Errorf("reading notices: %w", err)
			}
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Seen is what the narrow table knows of a source.
type Seen struct {
	Content    [16]byte
	ObservedAt time.Time
}

// SeenBy loads what is known of the sources of a batch.
func SeenBy(ctx context.Context, q Querier, hashes [][16]byte) (map[[16]byte]Seen, error) {
	rows, err := q.QueryContext(ctx, `SELECT hash, content, observed_at FROM seen WHERE hash IN (SELECT unhex(value) FROM json_each($1))`, hexList(hashes))
	if err != nil {
		return nil, fmt.Errorf("loading what was seen: %w", err)
	}
	defer rows.Close()
	out := make(map[[16]byte]Seen, len(hashes))
	for rows.Next() {
		var h, c []byte
		var at int64
		if err := rows.Scan(&h, &c, &at); err != nil {
			return nil, fmt.Errorf("loading what was seen: %w", err)
		}
		out[[16]byte(h)] = Seen{Content: [16]byte(c), ObservedAt: ms(at)}
	}
	return out, rows.Err()
}

// Touch notes that unchanged findings were seen again: one statement for all.
func Touch(ctx context.Context, tx *Tx, hashes [][16]byte, observed []time.Time, now time.Time) error {
	if len(hashes) == 0 {
		return nil
	}
	type touched struct {
		H string `json:"h"`
		O int64  `json:"o"`
	}
	list := make([]touched, len(hashes))
	for i, h := range hashes {
		list[i] = touched{fmt.Sprintf("%x", h), observed[i].UnixMilli()}
	}
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE seen SET last_seen = $1, observed_at = max(observed_at, j.o)
		FROM (SELECT unhex(value ->> '$.h') AS h, value ->> '$.o' AS o FROM json_each($2)) j WHERE seen.hash = j.h`, now.UnixMilli(), string(b))
	if err != nil {
		return fmt.Errorf("touching what was seen: %w", err)
	}
	return nil
}

// SaveSeen notes a finding's content, so that the same again is unchanged.
func SaveSeen(ctx context.Context, tx *Tx, hash [16]byte, s Seen, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO seen (hash, content, observed_at, last_seen) VALUES ($1,$2,$3,$4)
		ON CONFLICT (hash) DO UPDATE SET content=excluded.content, observed_at=excluded.observed_at, last_seen=excluded.last_seen`,
		hash[:], s.Content[:], s.ObservedAt.UnixMilli(), now.UnixMilli())
	if err != nil {
		return fmt.Errorf("noting what was seen: %w", err)
	}
	return nil
}

// Pass is a control that a resource holds.
type Pass struct {
	Hash                     [16]byte
	Account, Region, Control string
	Standards                []string
	Status                   string
	ObservedAt               time.Time
}

// SavePass writes one.
func SavePass(ctx context.Context, tx *Tx, p Pass) error {
	_, err := tx.Exec(ctx, `INSERT INTO passes (hash, account, region, control, standards, status, observed_at) VALUES ($1,$2,$3,$4,$5,$6,$7)
		ON CONFLICT (hash) DO UPDATE SET standards=excluded.standards, status=excluded.status, observed_at=excluded.observed_at
		WHERE excluded.observed_at >= passes.observed_at`,
		p.Hash[:], p.Account, p.Region, p.Control, strings.Join(p.Standards, ","), p.Status, p.ObservedAt.UnixMilli())
	if err != nil {
		return fmt.Errorf("noting a pass: %w", err)
	}
	return nil
}

// PassesAmong says which of the cases of a batch have a pass kept for them.
func PassesAmong(ctx context.Context, q Querier, hashes [][16]byte) (map[[16]byte]bool, error) {
	rows, err := q.QueryContext(ctx, `SELECT hash FROM passes WHERE hash IN (SELECT unhex(value) FROM json_each($1))`, hexList(hashes))
	if err != nil {
		return nil, fmt.Errorf("loading passes: %w", err)
	}
	defer rows.Close()
	out := map[[16]byte]bool{}
	for rows.Next() {
		var h []byte
		if err := rows.Scan(&h); err != nil {
			return nil, fmt.Errorf("loading passes: %w", err)
		}
		out[[16]byte(h)] = true
	}
	return out, rows.Err()
}

// DeletePass removes one, because a case stands for it now.
func DeletePass(ctx context.Context, tx *Tx, hash [16]byte) error {
	if _, err := tx.Exec(ctx, `DELETE FROM passes WHERE hash = $1`, hash[:]); err != nil {
		return fmt.Errorf("removing a pass: %w", err)
	}
	return nil
}

// First notes the first time that something of a kind was seen, and returns that
// time: now when it is new.
func First(ctx context.Context, tx *Tx, kind, name string, now time.Time) (time.Time, error) {
	if _, err := tx.Exec(ctx, `INSERT INTO firsts (kind, name, at) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`, kind, name, now.UnixMilli()); err != nil {
		return time.Time{}, fmt.Errorf("noting a first: %w", err)
	}
	var at int64
	if err := tx.QueryRowContext(ctx, `SELECT at FROM firsts WHERE kind = $1 AND name = $2`, kind, name).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("reading a first: %w", err)
	}
	return ms(at), nil
}

// Count adds to the counters that the summary is read from.
func Count(ctx context.Context, tx *Tx, account, owner string, severity int, state, response string, n int) error {
	_, err := tx.Exec(ctx, `INSERT INTO counters (account, owner, severity, state, response, n) VALUES ($1,$2,$3,$4,$5,$6)
		ON CONFLICT (account, owner, severity, state, response) DO UPDATE SET n = n + excluded.n`, account, owner, severity, state, response, n)
	if err != nil {
		return fmt.Errorf("counting: %w", err)
	}
	return nil
}

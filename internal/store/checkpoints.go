package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Checkpoint is a signed statement over the ends of all audit chains, as it is
// kept. Package audit gives its parts their meaning.
type Checkpoint struct {
	Number    int64
	At        time.Time
	Chains    int64 // of cases and of exceptions
	Root      []byte
	Previous  []byte // empty for the first
	Key       string // fingerprint
	PublicKey []byte
	Signature []byte
	Copied    string // where a copy is kept; empty: nowhere
}

// Head is the end of one audit chain, of a case or of an exception.
type Head struct {
	ID   int64    // of a case; of an exception its chain's number, negative
	Name [16]byte // hash of the case's key, or ExceptionChain
	Seq  int64
	Hash []byte
}

// Grown is a chain that has grown since the last checkpoint.
type Grown struct {
	ID  int64 `json:"c"` // as in Head
	Seq int64 `json:"s"`
}

// Heads calls do with the end of every chain, in the order of their names, as one
// commit left them. grown says whether the chain is longer than any checkpoint
// has noted.
func Heads(ctx context.Context, q Querier, do func(h Head, grown bool) error) error {
	rows, err := q.QueryContext(ctx, `SELECT c.id, c.hash AS hash, c.audit_seq, c.audit_head,
		c.audit_seq > coalesce((SELECT max(seq) FROM checkpoint_heads h WHERE h.case_id = c.id), 0) FROM cases c
		UNION ALL SELECT -x.n, x.hash, x.seq, x.head, x.seq > coalesce((SELECT max(seq) FROM checkpoint_heads h WHERE h.case_id = -x.n), 0) FROM exception_chains x
		ORDER BY hash`)
	if err != nil {
		return fmt.Errorf("reading the ends of the audit chains: %w", err)
	}
	return eachHead(rows, func(scan func(...any) error) error {
		var h Head
		var hash []byte
		var grown bool
		if err := scan(&h.ID, &hash, &h.Seq, &h.Hash, &grown); err != nil {
			return err
		}
		h.Name = [16]byte(hash)
		return do(h, grown)
	})
}

// HeadsAt calls do with the end that every chain had at a checkpoint, in the
// order of their names. What the checkpoint noted and the store holds
// no longer is left out: the tree over the rest has another root.
func HeadsAt(ctx context.Context, q Querier, number int64, do func(Head) error) error {
	rows, err := q.QueryContext(ctx, `SELECT c.id, c.hash AS hash, a.seq, a.hash
		FROM (SELECT case_id, max(seq) AS seq FROM checkpoint_heads WHERE checkpoint <= $1 AND case_id > 0 GROUP BY case_id) h
		JOIN cases c ON c.id = h.case_id JOIN audit a ON a.case_id = h.case_id AND a.seq = h.seq
		UNION ALL SELECT h.case_id, x.hash, a.seq, a.hash
		FROM (SELECT case_id, max(seq) AS seq FROM checkpoint_heads WHERE checkpoint <= $1 AND case_id < 0 GROUP BY case_id) h
		JOIN exception_chains x ON x.n = -h.case_id JOIN exception_audit a ON a.n = x.n AND a.seq = h.seq
		ORDER BY hash`, number)
	if err != nil {
		return fmt.Errorf("reading the audit chains of checkpoint %d: %w", number, err)
	}
	return eachHead(rows, func(scan func(...any) error) error {
		var h Head
		var hash []byte
		if err := scan(&h.ID, &hash, &h.Seq, &h.Hash); err != nil {
			return err
		}
		h.Name = [16]byte(hash)
		return do(h)
	})
}

func eachHead(rows *sql.Rows, do func(scan func(...any) error) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := do(rows.Scan); err != nil {
			return fmt.Errorf("reading the ends of the audit chains: %w", err)
		}
	}
	return rows.Err()
}

const checkpointColumns = `number, at, cases, root, previous, key, public_key, signature, copied`

func scanCheckpoint(scan func(...any) error) (Checkpoint, error) {
	var c Checkpoint
	var at int64
	err := scan(&c.Number, &at, &c.Chains, &c.Root, &c.Previous, &c.Key, &c.PublicKey, &c.Signature, &c.Copied)
	c.At = ms(at)
	return c, err
}

// LastCheckpoint reads the newest checkpoint. Error: ErrNotFound.
func LastCheckpoint(ctx context.Context, q Querier) (Checkpoint, error) {
	return one(ctx, q, scanCheckpoint, "reading the last checkpoint", `SELECT `+checkpointColumns+` FROM checkpoints ORDER BY number DESC LIMIT 1`)
}

// Checkpoints lists checkpoints, newest first; limit 0 lists all.
func Checkpoints(ctx context.Context, q Querier, limit int) ([]Checkpoint, error) {
	if limit <= 0 {
		limit = -1
	}
	return checkpoints(ctx, q, `ORDER BY number DESC LIMIT $1`, limit)
}

// CheckpointsUncopied lists the checkpoints of which no copy is kept, oldest
// first.
func CheckpointsUncopied(ctx context.Context, q Querier, limit int) ([]Checkpoint, error) {
	return checkpoints(ctx, q, `WHERE copied = '' ORDER BY number LIMIT $1`, limit)
}

func checkpoints(ctx context.Context, q Querier, which string, args ...any) ([]Checkpoint, error) {
	return all(ctx, q, scanCheckpoint, "listing checkpoints", `SELECT `+checkpointColumns+` FROM checkpoints `+which, args...)
}

// AddCheckpoint writes a checkpoint and how far each chain that has grown had
// come. A number that is taken is an error: another process was faster.
func AddCheckpoint(ctx context.Context, tx *Tx, c Checkpoint, grown []Grown) error {
	if _, err := tx.Exec(ctx, `INSERT INTO checkpoints (`+checkpointColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
		c.Number, c.At.UnixMilli(), c.Chains, c.Root, append([]byte{}, c.Previous...), c.Key, c.PublicKey, c.Signature, c.Copied); err != nil {
		return fmt.Errorf("writing checkpoint %d: %w", c.Number, err)
	}
	const some = 10_000
	for len(grown) > 0 {
		n := min(some, len(grown))
		list, err := json.Marshal(grown[:n])
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO checkpoint_heads (case_id, checkpoint, seq)
			SELECT value ->> '$.c', $2, value ->> '$.s' FROM json_each($1)`, string(list), c.Number); err != nil {
			return fmt.Errorf("writing checkpoint %d: %w", c.Number, err)
		}
		grown = grown[n:]
	}
	return nil
}

// SaveCopied notes where a copy of a checkpoint is kept.
func SaveCopied(ctx context.Context, tx *Tx, number int64, where string) error {
	if _, err := tx.Exec(ctx, `UPDATE checkpoints SET copied = $2 WHERE number = $1`, number, where); err != nil {
		return fmt.Errorf("noting the copy of checkpoint %d: %w", number, err)
	}
	return nil
}

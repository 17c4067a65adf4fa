package store

import (
	"context"
	"fmt"
	"time"
)

// EventMemory is how long it is remembered what followed from an event: as long
// as a queue of SQS keeps a message at most (Amazon SQS, "Message retention
// period": 14 days).
const EventMemory = 14 * 24 * time.Hour

const day = 24 * time.Hour

// FirstTime remembers what follows from events, by hash, and returns those that
// were not known. Rows older than EventMemory are forgotten.
func FirstTime(ctx context.Context, tx *Tx, hashes [][16]byte, now time.Time) (map[[16]byte]bool, error) {
	fresh := map[[16]byte]bool{}
	if len(hashes) == 0 {
		return fresh, nil
	}
	rows, err := tx.QueryContext(ctx, `INSERT INTO events_seen (hash, day) SELECT DISTINCT unhex(value), $2 FROM json_each($1) WHERE true
		ON CONFLICT DO NOTHING RETURNING hash`, hexList(hashes), now.Unix()/int64(day/time.Second))
	if err != nil {
		return nil, fmt.Errorf("remembering events: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h []byte
		if err := rows.Scan(&h); err != nil {
			return nil, fmt.Errorf("remembering events: %w", err)
		}
		fresh[[16]byte(h)] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("remembering events: %w", err)
	}
	if len(fresh) > 0 {
		if _, err := tx.Exec(ctx, `DELETE FROM events_seen WHERE day < $1`, now.Add(-EventMemory).Unix()/int64(day/time.Second)); err != nil {
			return nil, fmt.Errorf("forgetting old events: %w", err)
		}
	}
	return fresh, nil
}

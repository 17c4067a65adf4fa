package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// Post is what stands in a channel for a part of a message.
type Post struct {
	MessageID int64
	Part      string // main, case/<key>, …
}

// savePosts keeps where the parts of what was told stand. Channels that do not
// name their posts have none.
func savePosts(ctx context.Context, tx *Tx, messageID int64, told json.RawMessage) error {
	_, err := tx.Exec(ctx, `INSERT INTO posts (channel, ts, message_id, part)
		SELECT $2 ->> '$.channel', value ->> '$.id', $1, key FROM json_each($2, '$.parts')
		WHERE coalesce($2 ->> '$.channel', '') <> '' AND coalesce(value ->> '$.id', '') <> ''
		ON CONFLICT DO NOTHING`, messageID, string(told))
	if err != nil {
		return fmt.Errorf("keeping where message %d stands: %w", messageID, err)
	}
	return nil
}

// PostAt finds what stands at a place of a channel; ErrNotFound where it is none
// of ours.
func PostAt(ctx context.Context, q Querier, channel, ts string) (Post, error) {
	var p Post
	err := q.QueryRowContext(ctx, `SELECT message_id, part FROM posts WHERE channel = $1 AND ts = $2`, channel, ts).Scan(&p.MessageID, &p.Part)
	if errors.Is(err, sql.ErrNoRows) {
		return p, ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("finding a post: %w", err)
	}
	return p, nil
}

// ExceptionsOfCases lists the exceptions that were asked for single cases, oldest
// first.
func ExceptionsOfCases(ctx context.Context, q Querier, caseIDs []int64) ([]Exception, error) {
	list, _ := json.Marshal(caseIDs)
	rows, err := q.QueryContext(ctx, `SELECT `+exceptionColumns+` FROM exceptions WHERE case_id IN (SELECT value FROM json_each($1)) ORDER BY asked_at, id`, string(list))
	if err != nil {
		return nil, fmt.Errorf("finding the exceptions of cases: %w", err)
	}
	defer rows.Close()
	var out []Exception
	for rows.Next() {
		x, err := scanException(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("finding the exceptions of cases: %w", err)
		}
		out = append(out, x)
	}
	return out, rows.Err()
}

package store

import (
	"context"
	"fmt"
	"time"
)

// MessagesSince counts the messages of a kind that an owner got on a channel
// after a moment. A message is counted from when its row was made, sent or not,
// so that the answer does not hang on how fast a channel is.
func MessagesSince(ctx context.Context, q Querier, owner, channel, kind string, since time.Time) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT count(*) FROM messages WHERE owner = $1 AND channel = $2 AND kind = $3 AND opened_at > $4`,
		owner, channel, kind, since.UnixMilli()).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting the messages to %s: %w", owner, err)
	}
	return n, nil
}

package job

import (
	"context"
	"fmt"
	"time"

	"zesei/internal/store"
)

// Hurry lets jobs run now that were given up or wait for their next attempt: what
// they failed for is mended, or shall be tried. Jobs that run, and those that are
// not there, are left alone.
func Hurry(ctx context.Context, tx *store.Tx, now time.Time, kind string, subjects ...string) (n int, err error) {
	for _, s := range subjects {
		res, err := tx.Exec(ctx, `UPDATE jobs SET attempts = CASE WHEN state = 'dead' THEN 0 ELSE attempts END, state = 'ready',
			run_at = min(run_at, $3), waits = 0 WHERE kind = $1 AND subject = $2 AND lease = ''`, kind, s, now.UnixMilli())
		if err != nil {
			return n, fmt.Errorf("letting job %s %s run now: %w", kind, s, err)
		}
		changed, err := res.RowsAffected()
		if err != nil {
			return n, err
		}
		n += int(changed)
	}
	return n, nil
}

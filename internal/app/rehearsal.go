package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zesei/internal/store"
)

// Rehearsal is an App on a copy of the store, without cloud or channels: what is
// tried there changes nothing and tells nobody. Closing it removes the copy.
func (a *App) Rehearsal(ctx context.Context) (*App, error) {
	dir, err := os.MkdirTemp("", "zesei-rehearsal-")
	if err != nil {
		return nil, fmt.Errorf("making room for a rehearsal: %w", err)
	}
	path := filepath.Join(dir, "copy.db")
	if err := a.DB.CopyTo(ctx, path); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	b, err := Open(ctx, Options{Config: a.Config, Policy: a.Policy, Store: "sqlite:" + path, Now: a.Now, Log: a.Log, Offline: true})
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	b.DB.RemoveOnClose(dir)
	return b, nil
}

// servingFor is how long a sign of life of serve counts.
const servingFor = 30 * time.Second

const metaServing = "serving"

// Serving names the process that serves this store now; empty: none.
func (a *App) Serving(ctx context.Context) (string, error) {
	v, err := store.Meta(ctx, a.DB.View(), metaServing)
	if err != nil || v == "" {
		return "", err
	}
	var until int64
	var who string
	if _, err := fmt.Sscanf(v, "%d %s", &until, &who); err != nil || a.Now().UnixMilli() > until || a.ended(who) {
		return "", nil
	}
	return who, nil
}

// sign gives a sign of life of serve; with a zero time it takes it back.
func (a *App) sign(ctx context.Context, now time.Time) error {
	v := ""
	if !now.IsZero() {
		v = fmt.Sprintf("%d %s", now.Add(servingFor).UnixMilli(), a.Queue.Owner)
	}
	return a.DB.Update(ctx, func(tx *store.Tx) error { return store.SetMeta(ctx, tx, metaServing, v) })
}

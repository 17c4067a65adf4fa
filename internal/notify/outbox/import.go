package outbox

import (
	"context"
	"fmt"
	"slices"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// mostAtOnce bounds how many CRITICAL cases of a first import are counted.
const mostAtOnce = 10_000

// atOnce are the CRITICAL cases of a first import: each was told at once, by
// itself, and all count in its summary.
func (o *Outbox) atOnce(ctx context.Context, row store.Message) ([]*casefile.File, error) {
	list, _, err := store.List(ctx, o.DB.View(), store.Filter{Owners: []string{row.Owner}, Severities: []finding.Severity{finding.Critical},
		States: []casefile.State{casefile.Open}, Responses: []string{"track"}, Limit: mostAtOnce})
	if err != nil {
		return nil, fmt.Errorf("counting what was told at once: %w", err)
	}
	first := row.OpenedAt.Add(-row.Until.Sub(row.OpenedAt)) // they may have come before the row was opened
	list = slices.DeleteFunc(list, func(l store.Listed) bool {
		return !l.Life.Backlog || l.OpenedAt.Before(first) || l.OpenedAt.After(row.Until)
	})
	files := make([]*casefile.File, len(list))
	for i, l := range list {
		files[i] = l.File
	}
	return files, nil
}

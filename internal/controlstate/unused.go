package controlstate

import (
	"context"
	"maps"
	"slices"
	"time"

	"zesei/internal/control"
	"zesei/internal/store"
)

// Unused are the controls of which nothing is known.
type Unused struct {
	Since time.Time `json:"since"`
	// Controls are ids, or Service.* where nothing is known of any control of the
	// service: the policy's `unused:`.
	Controls []string `json:"unused"`
	// Young are accounts that have been known for less than the time asked for.
	Young []string `json:"young_accounts,omitempty"`
	// Accounts is how many accounts are known, Watched since when the first is.
	Accounts int       `json:"accounts"`
	Watched  time.Time `json:"watched_since,omitzero"`
}

// FindUnused lists the controls, of the standards (none: of all), without a
// case, a pass or a statement since a time in any account.
func FindUnused(ctx context.Context, q store.Querier, cat *control.Catalogue, standards []string, since time.Time) (Unused, error) {
	out := Unused{Since: since.UTC(), Controls: []string{}}
	first, err := store.AccountsFirstSeen(ctx, q)
	if err != nil {
		return out, err
	}
	out.Accounts = len(first)
	for _, id := range slices.Sorted(maps.Keys(first)) {
		if first[id].After(since) {
			out.Young = append(out.Young, id)
		}
		if out.Watched.IsZero() || first[id].Before(out.Watched) {
			out.Watched = first[id]
		}
	}
	var all []string
	for _, c := range cat.All() {
		all = append(all, c.ID)
	}
	known, err := store.ControlsWithData(ctx, q, all, since)
	if err != nil {
		return out, err
	}
	used, whole := map[string]bool{}, map[string]bool{}
	for _, c := range cat.All() {
		used[c.Service] = used[c.Service] || known[c.ID]
	}
	for _, c := range cat.All() {
		switch {
		case known[c.ID] || c.Retired || !among(c, standards):
		case !used[c.Service]:
			if !whole[c.Service] {
				whole[c.Service] = true
				out.Controls = append(out.Controls, c.Service+".*")
			}
		default:
			out.Controls = append(out.Controls, c.ID)
		}
	}
	slices.SortFunc(out.Controls, control.Compare)
	return out, nil
}

func among(c *control.Control, standards []string) bool {
	return len(standards) == 0 || slices.ContainsFunc(standards, func(s string) bool { _, ok := c.Standards[s]; return ok })
}

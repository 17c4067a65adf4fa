package ticket

import (
	"context"
	"errors"
)

// Keys are the keys of references.
func Keys(refs []Ref) map[string]bool {
	out := map[string]bool{}
	for _, r := range refs {
		out[r.Key] = true
	}
	return out
}

// ReadAll reads tickets one by one; those that are gone are left out.
func ReadAll(ctx context.Context, t Tracker, refs []Ref) ([]Issue, error) {
	var out []Issue
	for _, r := range refs {
		is, err := t.Get(ctx, r)
		if errors.Is(err, ErrGone) {
			continue
		}
		if err != nil {
			return out, err
		}
		out = append(out, is)
	}
	return out, nil
}

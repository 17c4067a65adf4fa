package store

import (
	"context"
	"fmt"
	"strings"
)

// leastOfID is the shortest beginning of an exception's id that is looked for.
const leastOfID = 4

// ManyExceptionsError says that a beginning names several exceptions.
type ManyExceptionsError struct {
	Prefix string
	IDs    []string // the first few
}

func (e *ManyExceptionsError) Error() string {
	return fmt.Sprintf("%q names several exceptions (%s, …): write more of the id", e.Prefix, strings.Join(e.IDs, ", "))
}

// FindException reads the one exception whose id is, or begins with, prefix (at
// least 4 characters). ErrNotFound where there is none, *ManyExceptionsError where
// there are several.
func FindException(ctx context.Context, q Querier, prefix string) (Exception, error) {
	if len(prefix) < leastOfID {
		return LoadException(ctx, q, prefix)
	}
	// A range of the key, not LIKE: an id is no pattern, and the index is used.
	list, err := exceptions(ctx, q, `WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 3`, prefix, prefix+"\U0010FFFF")
	switch {
	case err != nil:
		return Exception{}, err
	case len(list) == 0:
		return Exception{}, ErrNotFound
	case len(list) == 1 || list[0].ID == prefix:
		return list[0], nil
	}
	many := &ManyExceptionsError{Prefix: prefix}
	for _, x := range list[:2] {
		many.IDs = append(many.IDs, x.ID)
	}
	return Exception{}, many
}

package report

import (
	"fmt"
	"slices"

	"zesei/internal/control"
)

// UnknownControlError names a control that the catalogue does not know.
type UnknownControlError struct {
	Name    string
	Nearest string // "" where nothing is near
}

func (e *UnknownControlError) Error() string {
	if e.Nearest == "" {
		return fmt.Sprintf("unknown control %s; `zesei control list` shows them", e.Name)
	}
	return fmt.Sprintf("unknown control %s; did you mean %s?", e.Name, e.Nearest)
}

// Controls are the ids that names and globs (S3.*) stand for, in canonical case.
// The error is *UnknownControlError: a name that nothing answers to would be a
// list that is always empty.
func Controls(cat *control.Catalogue, names []string) ([]string, error) {
	var ids []string
	for _, name := range names {
		found := cat.Match(name)
		if len(found) == 0 {
			return nil, &UnknownControlError{name, cat.Nearest(name)}
		}
		for _, c := range found {
			if !slices.Contains(ids, c.ID) {
				ids = append(ids, c.ID)
			}
		}
	}
	return ids, nil
}

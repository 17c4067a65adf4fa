package ticket

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// shelf holds tickets by key; the keys of errors answer with them.
type shelf struct {
	Tracker
	errors map[string]error
}

func (s shelf) Get(_ context.Context, r Ref) (Issue, error) { return Issue{Ref: r}, s.errors[r.Key] }

func TestATicketThatGoesBetweenListAndReadIsLeftOut(t *testing.T) {
	refs := []Ref{{Key: "1"}, {Key: "2"}, {Key: "3"}}
	got, err := ReadAll(t.Context(), shelf{errors: map[string]error{"2": fmt.Errorf("get: %w", ErrGone)}}, refs)
	if err != nil || len(got) != 2 || got[1].Key != "3" {
		t.Errorf("got %+v, %v; want those that are there", got, err)
	}
	busy := errors.New("busy")
	if _, err := ReadAll(t.Context(), shelf{errors: map[string]error{"2": busy}}, refs); !errors.Is(err, busy) {
		t.Errorf("got %v, want the error: the next poll asks again", err)
	}
}

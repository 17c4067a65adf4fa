package app_test

import (
	"testing"
	"time"

	"zesei/internal/store"
)

func TestOldDeadLettersAreForgottenAndYoungOnesKept(t *testing.T) {
	w := newTown(t, 100)
	err := w.app.DB.Update(t.Context(), func(tx *store.Tx) error {
		for i, age := range []time.Duration{31 * 24 * time.Hour, time.Hour} {
			if err := store.AddDead(t.Context(), tx, store.Dead{Source: "s", Position: int64(i), Reason: "r", Raw: []byte{byte(i)}}, w.now().Add(-age)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := store.DeadLetters(t.Context(), w.app.DB.View(), 0, 10)
	if err != nil || len(list) != 1 || list[0].Position != 1 {
		t.Errorf("got %+v (%v), want the young one", list, err)
	}
}

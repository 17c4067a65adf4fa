package app_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"zesei/internal/casework"
	"zesei/internal/job"
	"zesei/internal/store"
)

// Who asked for an exception is warned of its end beside the owner's channel: where
// they cannot be reached, that channel does not hear it twice.
func TestWhatAPersonCannotBeToldDoesNotGoToTheOwnerAgain(t *testing.T) {
	p := newPlace(t, hubYAML)
	p.says(1, "FAILED")
	a := p.open()
	p.pass(a)
	said := len(p.slack.Messages("sec"))
	err := a.DB.Update(t.Context(), func(tx *store.Tx) error {
		list, _, err := store.List(t.Context(), a.DB.View(), store.Filter{})
		if err != nil {
			return err
		}
		m := store.Message{Kind: store.MessageReminder, Owner: "sec", Channel: "slack:U0GONE", OpenedAt: p.now(), SendAfter: p.now(), Until: p.now()}
		if err := store.AddMessage(t.Context(), tx, &m); err != nil {
			return err
		}
		if err := store.JoinMessage(t.Context(), tx, &m, list[0].ID, p.now()); err != nil {
			return err
		}
		return job.Enqueue(t.Context(), tx, p.now(), job.Want{Kind: casework.JobMessage, Subject: strconv.FormatInt(m.ID, 10)})
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		p.pass(a)
		p.later(time.Hour)
		if err := a.Mended(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range p.slack.Messages("sec")[said:] {
		if !strings.Contains(m.Text, "do not go out") {
			t.Errorf("the owner hears it too: %s", m.Text)
		}
	}
}

package casework_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// Where the owner is told by mail alone, no thread can call those who may approve.
func TestAWishReachesWhoMayApproveWhereTheOwnerHasNoThread(t *testing.T) {
	for _, c := range []struct {
		name           string
		channels, want []string
	}{
		{"by mail", []string{"email:shop@example.com"}, []string{"email:shop@example.com", "slack:U0TARO"}},
		{"by Slack and mail", []string{"slack:#shop", "email:shop@example.com"}, nil},
	} {
		s := newScene(t)
		s.channels = c.channels
		s.rules.Threads = func(channel string) bool { return strings.HasPrefix(channel, "slack:") }
		s.rules.Exceptions.Approvers = func(owner, askedBy string) []string {
			if owner != "shop" || askedBy != hana.ID {
				t.Errorf("%s: asked for the approvers of %s but %s", c.name, owner, askedBy)
			}
			return []string{"slack:U0TARO"}
		}
		s.take(s.said(finding.Failed))
		s.done()
		x, err := s.work.AskException(context.Background(), hana, casework.Ask{Case: s.only().ID, Reason: "so", Until: s.now.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		ids, err := store.MessagesOfException(context.Background(), s.db.View(), x.ID, store.MessageWish)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, id := range ids {
			m, err := store.LoadMessage(context.Background(), s.db.View(), id)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, m.Channel)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: told %v, want %v", c.name, got, c.want)
		}
	}
}

package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zesei/internal/store"
)

func TestAnAttentionBudgetIsCountedFromAnIndexAlone(t *testing.T) {
	db := openStore(t)
	ctx := context.Background()
	queries := &recorder{Querier: db.View()}
	if _, err := store.MessagesSince(ctx, queries, "shop", "slack:#shop", store.MessageCases, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, q := range queries.seen {
		if steps := strings.Join(plan(t, db, q), "\n"); !strings.Contains(steps, "COVERING INDEX messages_attention (owner=? AND channel=? AND kind=? AND opened_at>?)") {
			t.Errorf("%s", steps)
		}
	}
}

func TestMessagesOfAnOwnerAreCountedByChannelKindAndTime(t *testing.T) {
	db := openStore(t)
	ctx := context.Background()
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	err := db.Update(ctx, func(tx *store.Tx) error {
		for _, m := range []store.Message{
			{Kind: store.MessageCases, Owner: "shop", Control: "S3.8", Channel: "slack:#shop", OpenedAt: now},
			{Kind: store.MessageCases, Owner: "shop", Control: "S3.9", Channel: "slack:#shop", OpenedAt: now.Add(-time.Hour)},
			{Kind: store.MessageCases, Owner: "shop", Control: "S3.8", Channel: "email:a@example.com", OpenedAt: now},
			{Kind: store.MessageDigest, Owner: "shop", Channel: "slack:#shop", OpenedAt: now},
			{Kind: store.MessageCases, Owner: "web", Control: "S3.8", Channel: "slack:#shop", OpenedAt: now},
		} {
			m.Until, m.SendAfter = now, now
			if err := store.AddMessage(ctx, tx, &m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for since, want := range map[time.Duration]int{-2 * time.Hour: 2, -time.Hour: 1, 0: 0} {
		n, err := store.MessagesSince(ctx, db.View(), "shop", "slack:#shop", store.MessageCases, now.Add(since))
		if err != nil || n != want {
			t.Errorf("since %s: %d (%v), want %d", since, n, err, want)
		}
	}
}

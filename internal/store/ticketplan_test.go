package store_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"zesei/internal/store"
)

// The tickets of many months are asked for by index: those that are open, those
// that are still looked at, and those of a case.
func TestNoQueryOfTicketsReadsAllOfThem(t *testing.T) {
	db, ctx := openStore(t), context.Background()
	queries := &recorder{Querier: db.View()}
	_, err1 := store.FollowedTickets(ctx, queries, "redmine", "shop", time.Now())
	_, err2 := store.OpenTicket(ctx, queries, "shop", "S3.8", "redmine", "shop", 500)
	_, err3 := store.TicketsOfCases(ctx, queries, []int64{1})
	_, err4 := store.TicketCaseIDs(ctx, queries, 1)
	_, err5 := store.LoadTicket(ctx, queries, 1)
	if errors.Is(err2, store.ErrNotFound) && errors.Is(err5, store.ErrNotFound) {
		err2, err5 = nil, nil
	}
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile(`^SCAN (tickets|t|ticket_cases|tc)\b`)
	for _, q := range queries.seen {
		for _, step := range plan(t, db, q) {
			if all.MatchString(step) {
				t.Errorf("%s\n  %s", step, q)
			}
		}
	}
}

// The ends of a million chains are read in order, without sorting them.
func TestTheEndsOfAllChainsAreReadInTheirOrder(t *testing.T) {
	db, ctx := openStore(t), context.Background()
	queries := &recorder{Querier: db.View()}
	if err := store.Heads(ctx, queries, func(store.Head, bool) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for _, step := range plan(t, db, queries.seen[0]) {
		if strings.Contains(step, "TEMP B-TREE") {
			t.Errorf("it sorts: %s", step)
		}
	}
}

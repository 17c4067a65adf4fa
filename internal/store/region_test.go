package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zesei/internal/finding"
	"zesei/internal/store"
)

func TestWhereOpenCasesStand(t *testing.T) {
	db := openStore(t)
	ctx := context.Background()
	err := db.Update(ctx, func(tx *store.Tx) error {
		for i := range 5 {
			f := owned([]string{"shop", "pay"}[i%2], i, finding.High, 3, day.Add(time.Hour))
			f.Key.Region = []string{"us-east-1", "us-east-2"}[i/3]
			if err := store.SaveCase(ctx, tx, f); err != nil {
				return err
			}
		}
		return store.SetMeta(ctx, tx, "securityhub 111122223333 us-east-1", "{}")
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, owner := range []string{"", "shop"} {
		places, err := store.OpenPlaces(ctx, db.View(), owner, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range places {
			seen[owner+" "+p.Region] += p.Open
		}
	}
	if seen[" us-east-1"] != 3 || seen[" us-east-2"] != 2 || seen["shop us-east-1"] != 2 || seen["shop us-east-2"] != 1 {
		t.Errorf("got %v", seen)
	}
	names, err := store.MetaNames(ctx, db.View(), "securityhub 111122223333 ")
	if err != nil || len(names) != 1 {
		t.Errorf("got %v (%v)", names, err)
	}
	queries := &recorder{Querier: db.View()}
	for _, owner := range []string{"", "shop"} {
		if _, err := store.OpenPlaces(ctx, queries, owner, 100); err != nil {
			t.Fatal(err)
		}
	}
	for _, query := range queries.seen {
		steps := strings.Join(plan(t, db, query), "\n")
		if !strings.Contains(steps, "SEARCH cases USING INDEX cases_") {
			t.Errorf("%s\n%s", query, steps)
		}
	}
}

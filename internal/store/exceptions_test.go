package store_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

// What each batch of findings asks of the exceptions, and what their job asks of
// the cases, is found by an index, however many there are.
func TestNoQueryOfExceptionsReadsAWholeTable(t *testing.T) {
	db := openStore(t)
	ctx, now := context.Background(), time.Now()
	q := &recorder{Querier: db.View()}
	for _, ask := range []func() error{
		func() error { _, err := store.WideExceptions(ctx, q, now); return err },
		func() error { _, err := store.Exceptions(ctx, q, store.ExceptionActive); return err },
		func() error { _, err := store.ExceptionsOfCase(ctx, q, 1); return err },
		func() error { _, err := store.Renewed(ctx, q, store.Exception{ID: "x1"}); return err },
		func() error { _, err := store.UnfinishedExceptions(ctx, q); return err },
		func() error { _, err := store.CasesCovered(ctx, q, "x1", 10); return err },
		func() error { _, err := store.CoveredIDs(ctx, q, "x1", 10); return err },
		func() error { _, err := store.CountCovered(ctx, q, []string{"x1"}); return err },
		func() error { _, err := store.OwnersCovered(ctx, q, "x1"); return err },
		func() error { _, err := store.ExceptionsOfMessage(ctx, q, 1); return err },
		func() error { _, err := store.ExceptionAudit(ctx, q, "x1"); return err },
		func() error { _, err := store.MessagesOfException(ctx, q, "x1", store.MessageWish); return err },
		func() error { _, err := store.OpenCasesIn(ctx, q, store.Scope{Resource: "arn"}, 0, 10); return err },
		func() error {
			_, err := store.OpenCasesIn(ctx, q, store.Scope{Account: "a", Control: "c"}, 0, 10)
			return err
		},
		func() error {
			_, err := store.OpenCasesIn(ctx, q, store.Scope{Owner: "o", Tag: "k=v"}, 0, 10)
			return err
		},
	} {
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	whole := regexp.MustCompile(`^SCAN (cases|exceptions|exception_cases|exception_audit|message_exceptions)\b`)
	for _, query := range q.seen {
		for _, step := range plan(t, db, query) {
			if whole.MatchString(step) && !regexp.MustCompile(`USING (COVERING )?INDEX exceptions_(wide|phase)`).MatchString(step) {
				t.Errorf("%s\n  %s", step, query)
			}
		}
	}
}

// A row of an exception's chain that is changed, taken out or put in is seen.
func TestTheChainOfAnExceptionHoldsTogether(t *testing.T) {
	db := openStore(t)
	ctx := context.Background()
	for _, what := range []string{"asked", "approved", "ended"} {
		if err := db.Update(ctx, func(tx *store.Tx) error {
			return store.AddExceptionAudit(ctx, tx, "x1", casefile.Entry{At: time.Unix(1, 0), Actor: "cli:hana", What: what, Why: "so"})
		}); err != nil {
			t.Fatal(err)
		}
	}
	chain, err := store.ExceptionAudit(ctx, db.View(), "x1")
	if err != nil || len(chain) != 3 {
		t.Fatalf("%d rows (%v)", len(chain), err)
	}
	if err := casefile.VerifyChain(chain); err != nil {
		t.Fatal(err)
	}
	if casefile.VerifyChain(chain[1:]) == nil {
		t.Error("a row that is missing goes unseen")
	}
	if other, err := store.ExceptionAudit(ctx, db.View(), "x2"); err != nil || len(other) != 0 {
		t.Errorf("another exception has %d rows (%v)", len(other), err)
	}
}

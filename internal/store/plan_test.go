package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/store"
)

func openStore(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "z.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// plan is how SQLite would run a query: one line a step. The store keeps no
// statistics, so an empty one plans as a full one does.
func plan(t testing.TB, db *store.DB, query string, args ...any) []string {
	t.Helper()
	if args == nil {
		args = make([]any, strings.Count(query, "$"))
	}
	rows, err := db.View().QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		out = append(out, step)
	}
	return out
}

// big are the tables that grow with the findings, by name and by the names that
// queries give them.
var big = regexp.MustCompile(`^SCAN (cases|c|sources|s|seen|n|passes|audit|messages|m|message_cases|mc|hub|fixes|f|fix_cases|fc|jobs|dead|leases|exceptions|posts)\b`)

// Nothing that takes findings in, works jobs or tells may read a whole table: each
// statement of a transaction is explained, as is each query of the handlers.
func TestNoHotQueryReadsAWholeTable(t *testing.T) {
	db := openStore(t)
	ctx := context.Background()
	now := time.Now()
	queries := &recorder{Querier: db.View()}
	hot := func(tx *store.Tx, q store.Querier) error {
		f := aCase("111122223333", "EC2.19", 1)
		h := [][16]byte{f.Key.Hash()}
		ids := []int64{1}
		steps := []func() error{
			func() error { _, err := store.CasesByHash(ctx, q, h); return err },
			func() error { _, err := store.CasesByID(ctx, q, ids); return err },
			func() error { _, err := store.CasesOfResource(ctx, q, f.Key.Resource); return err },
			func() error { _, err := store.AllCasesOfResource(ctx, q, f.Key.Account, f.Key.Resource); return err },
			func() error { _, err := store.CasesDecidedByOther(ctx, q, "hash", 0, 10); return err },
			func() error { _, err := store.CaseIDsOfAccount(ctx, q, f.Key.Account); return err },
			func() error { _, err := store.AccountsWithCases(ctx, q); return err },
			func() error { _, err := store.CasesStanding(ctx, q, now, 0, 10); return err },
			func() error { _, err := store.CasesIn(ctx, q, "fsbp", now, now, 0, 10); return err },
			func() error { _, err := store.ControlsWithData(ctx, q, []string{"S3.1"}, now); return err },
			func() error { _, err := store.CasesToRemind(ctx, q, now, 10); return err },
			func() error { _, err := store.NextReminder(ctx, q); return err },
			func() error { _, err := store.SeenBy(ctx, q, h); return err },
			func() error { _, err := store.PassesAmong(ctx, q, h); return err },
			func() error { _, err := store.Audit(ctx, q, 1, "key"); return err },
			func() error { _, err := store.LoadMessage(ctx, q, 1); return ignoreNotFound(err) },
			func() error { _, err := store.MessageCaseIDs(ctx, q, 1); return err },
			func() error { _, err := store.MessagesOfCases(ctx, q, ids); return err },
			func() error { _, err := store.HubDue(ctx, q, "a", "r", now, 10); return err },
			func() error { _, err := store.HubNext(ctx, q, "a", "r"); return err },
			func() error { _, err := store.LoadFix(ctx, q, "f1"); return ignoreNotFound(err) },
			func() error { _, err := store.FixesOfCases(ctx, q, ids); return err },
			func() error { _, err := store.Fixes(ctx, q, "arn", "", 50); return err },
			func() error { _, err := store.Fixes(ctx, q, "", store.FixWaiting, 50); return err },
			func() error { _, _, err := store.AppliedSince(ctx, q, "a", now); return err },
			func() error { _, err := store.LoadException(ctx, q, "x1"); return ignoreNotFound(err) },
			func() error { _, err := store.ExceptionsOfCases(ctx, q, ids); return err },
			func() error { _, err := store.PostAt(ctx, q, "C1", "1.1"); return ignoreNotFound(err) },
			func() error { _, err := store.FindCase(ctx, q, "abcd"); return ignoreNotFound(err) },
			func() error { _, err := job.Pending(ctx, q, 10); return err },
		}
		if tx != nil {
			s := statement("finding-1", finding.Failed, now)
			steps = append(steps,
				func() error { return store.SaveCase(ctx, tx, f) },
				func() error { return store.SaveCase(ctx, tx, f) },
				func() error { return store.SaveSource(ctx, tx, f.ID, s) },
				func() error { return store.SaveSeen(ctx, tx, s.Source.Hash(), store.Seen{ObservedAt: now}, now) },
				func() error { return store.Touch(ctx, tx, [][16]byte{s.Source.Hash()}, []time.Time{now}, now) },
				func() error { return store.SavePass(ctx, tx, store.Pass{Hash: h[0], ObservedAt: now}) },
				func() error { return store.DeletePass(ctx, tx, h[0]) },
				func() error { _, err := store.First(ctx, tx, "account", "a", now); return err },
				func() error { return store.Count(ctx, tx, "a", "o", 1, "open", "track", 1) },
				func() error { return store.AddAudit(ctx, tx, f.ID, casefile.Entry{Seq: 1, At: now, Hash: []byte{1}}) },
				func() error {
					_, err := store.OpenMessage(ctx, tx, "cases", "o", "c", "ch", now, 10)
					return ignoreNotFound(err)
				},
				func() error {
					m := &store.Message{Kind: "cases", OpenedAt: now, Until: now, SendAfter: now}
					if err := store.AddMessage(ctx, tx, m); err != nil {
						return err
					}
					if err := store.JoinMessage(ctx, tx, m, f.ID, now); err != nil {
						return err
					}
					return store.SaveJoined(ctx, tx, m)
				},
				func() error { return store.SendBy(ctx, tx, 1, now) },
				func() error { return store.CoverCase(ctx, tx, "x1", f.ID, now) },
				func() error { return store.LeaveCase(ctx, tx, "x1", f.ID, now) },
				func() error { return store.LeaveCase(ctx, tx, "", f.ID, now) },
				func() error { return store.SaveTold(ctx, tx, 1, json.RawMessage("{}"), now) },
				func() error { return store.WantHub(ctx, tx, store.HubUpdate{Hash: h[0]}, true, now) },
				func() error { return store.HubTold(ctx, tx, store.HubUpdate{Hash: h[0]}) },
				func() error { return store.HubFailed(ctx, tx, store.HubUpdate{Hash: h[0]}, "why", now) },
				func() error { return store.SaveFix(ctx, tx, &store.Fix{ID: "f1", Cases: ids}) },
				func() error { _, err := store.Lease(ctx, tx, "arn", "f1", now, now); return err },
				func() error { return store.Release(ctx, tx, "arn", "f1") },
				func() error { return store.AddDead(ctx, tx, store.Dead{Raw: []byte("x")}, now) },
				func() error { return job.Enqueue(ctx, tx, now, job.Want{Kind: "k", Subject: "s"}) },
			)
		}
		for i, step := range steps {
			if err := step(); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
		}
		return nil
	}
	if err := db.Update(ctx, func(tx *store.Tx) error { return hot(tx, tx) }); err != nil {
		t.Fatal(err)
	}
	if err := hot(nil, queries); err != nil {
		t.Fatal(err)
	}
	q := &job.Queue{DB: db, Now: time.Now, Rand: rand.New(rand.NewPCG(1, 1)), Log: slog.New(slog.DiscardHandler),
		Handlers: map[string]job.Handler{"k": func(context.Context, job.Job) error { return nil }}}
	if err := q.Drain(ctx, 0); err != nil {
		t.Fatal(err)
	}
	all := append(db.Statements(), queries.seen...)
	if len(all) < 50 {
		t.Fatalf("only %d statements were seen", len(all))
	}
	for _, query := range all {
		for _, step := range plan(t, db, query) {
			if big.MatchString(step) && !ordered(query, step) {
				t.Errorf("%s\n  %s", step, query)
			}
		}
	}
}

// ordered says whether a scan follows an index in the order that is asked for
// and ends with the page.
func ordered(query, step string) bool {
	return strings.Contains(query, "LIMIT") && strings.Contains(step, "USING")
}

// What the text index found is looked up, not searched for in the list.
func TestTextThatIsIndexedIsLookedUp(t *testing.T) {
	db := openStore(t)
	save(t, db, aCase("111122223333", "EC2.19", 1))
	if err := db.IndexText(context.Background()); err != nil {
		t.Fatal(err)
	}
	queries := &recorder{Querier: db.View()}
	list, _, err := store.List(context.Background(), queries, store.Filter{Text: "sg-1", States: []casefile.State{casefile.Open}})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	looked := false
	for _, q := range queries.seen {
		for _, step := range plan(t, db, q) {
			if strings.HasPrefix(step, "SCAN cases") {
				t.Errorf("%s\n  %s", step, q)
			}
			looked = looked || strings.Contains(step, "SEARCH cases USING INTEGER PRIMARY KEY (rowid=?)")
		}
	}
	if !looked {
		t.Error("nothing was looked up by id")
	}
}

// A page of a list is read from an index in the list's order: never sorted.
func TestEveryListIsReadInOrder(t *testing.T) {
	db := openStore(t)
	two := []string{"a", "b"}
	for name, c := range map[string]struct {
		filter store.Filter
		index  string
	}{
		"everything":         {store.Filter{}, "cases_list"},
		"the next page":      {store.Filter{After: "0-1-2"}, "cases_list"},
		"open":               {store.Filter{States: []casefile.State{casefile.Open}}, "cases_list"},
		"open and accepted":  {store.Filter{States: []casefile.State{casefile.Open, casefile.Accepted}}, "cases_list"},
		"closed, next page":  {store.Filter{States: []casefile.State{casefile.Closed}, After: "3-1-2"}, "cases_list"},
		"overdue":            {store.Filter{Overdue: true, Now: time.Now()}, "cases_list"},
		"severity":           {store.Filter{Severities: []finding.Severity{finding.Critical}}, "cases_list"},
		"region":             {store.Filter{Regions: []string{"us-east-1"}}, "cases_list"},
		"text":               {store.Filter{Text: "bucket"}, "cases_list"},
		"an account":         {store.Filter{Accounts: []string{"a"}}, "cases_account"},
		"an account, page 2": {store.Filter{Accounts: []string{"a"}, After: "0-1-2"}, "cases_account"},
		"an account's open":  {store.Filter{Accounts: []string{"a"}, States: []casefile.State{casefile.Open}}, "cases_account"},
		"two accounts":       {store.Filter{Accounts: two}, "cases_account"},
		"a control":          {store.Filter{Controls: []string{"EC2.19"}}, "cases_control"},
		"two controls":       {store.Filter{Controls: two, Regions: two}, "cases_control"},
		"an owner":           {store.Filter{Owners: []string{"shop"}}, "cases_owner"},
		"two owners":         {store.Filter{Owners: two, Overdue: true}, "cases_owner"},
	} {
		t.Run(name, func(t *testing.T) {
			c.filter.Limit = 100
			query, args, err := c.filter.Query()
			if err != nil {
				t.Fatal(err)
			}
			steps := plan(t, db, query, args...)
			found := false
			merged := len(c.filter.Accounts)+len(c.filter.Controls)+len(c.filter.Owners) > 1
			for _, s := range steps {
				found = found || strings.Contains(s, c.index)
				// A few merged pages may be sorted, the cases themselves not.
				if strings.Contains(s, "TEMP B-TREE") && !merged || strings.HasPrefix(s, "SCAN cases") && !strings.Contains(s, "USING") {
					t.Errorf("it sorts or reads everything: %s", s)
				}
			}
			if !found {
				t.Errorf("%s is not used:\n%s", c.index, strings.Join(steps, "\n"))
			}
			if c.filter.After != "" && !strings.Contains(strings.Join(steps, "\n"), ">") {
				t.Errorf("the cursor is not sought:\n%s", strings.Join(steps, "\n"))
			}
		})
	}
}

package controlstate_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/control"
	"zesei/internal/controlstate"
	"zesei/internal/finding"
	"zesei/internal/store"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func openStore(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "z.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func catalogue(t *testing.T) *control.Catalogue {
	t.Helper()
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

func TestAControlIsUnusedOnlyWhereNothingIsKnownOfIt(t *testing.T) {
	db := openStore(t)
	ctx := context.Background()
	since := now.AddDate(0, 0, -30)
	put := func(tx *store.Tx, id string, state casefile.State, seen time.Time) {
		f := &casefile.File{Key: finding.Key{Kind: finding.State, Partition: "aws", Account: "111122223333", Region: "global", Control: id, Resource: "arn:aws:s3:::b"},
			Severity: finding.High, State: state, OpenedAt: seen, ChangedAt: seen, FirstSeen: seen}
		if state == casefile.Closed {
			f.ClosedAt = seen
		}
		f.AuditHead = []byte{}
		src := finding.Source{ProductARN: "p", ID: id}
		for _, err := range []error{
			store.SaveCase(ctx, tx, f),
			store.SaveSource(ctx, tx, f.ID, casefile.Statement{Source: src, ObservedAt: seen}),
			store.SaveSeen(ctx, tx, src.Hash(), store.Seen{ObservedAt: seen}, seen),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	err := db.Update(ctx, func(tx *store.Tx) error {
		put(tx, "S3.1", casefile.Open, now.AddDate(-1, 0, 0))    // still open
		put(tx, "S3.2", casefile.Closed, now.AddDate(0, 0, -3))  // passes since, and is reported
		put(tx, "S3.3", casefile.Closed, now.AddDate(0, 0, -60)) // silent
		if err := store.SavePass(ctx, tx, store.Pass{Hash: [16]byte{1}, Account: "111122223333", Control: "S3.5", Status: "PASSED", ObservedAt: now.AddDate(-1, 0, 0)}); err != nil {
			return err
		}
		for id, at := range map[string]time.Time{"111122223333": now.AddDate(-1, 0, 0), "444455556666": now.AddDate(0, 0, -2)} {
			if _, err := store.First(ctx, tx, "account", id, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	u, err := controlstate.FindUnused(ctx, db.View(), catalogue(t), []string{"fsbp"}, since)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{"S3.1": false, "S3.2": false, "S3.3": true, "S3.5": false, "S3.*": false, "Macie.*": true, "Macie.1": false} {
		if slices.Contains(u.Controls, id) != want {
			t.Errorf("%s is listed: %t, want %t", id, !want, want)
		}
	}
	if u.Accounts != 2 || !slices.Equal(u.Young, []string{"444455556666"}) || !u.Watched.Equal(now.AddDate(-1, 0, 0)) {
		t.Errorf("got %+v", u)
	}
}

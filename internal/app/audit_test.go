package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zesei/internal/audit"
	"zesei/internal/fake"
	"zesei/internal/store"
)

const auditKey = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
-----END PRIVATE KEY-----
`

func TestWithASigningKeyACheckpointADayIsMadeAndCopiedUnderObjectLock(t *testing.T) {
	w := newTown(t, 5)
	w.app.Close()
	w.write("audit.pem", auditKey)
	text, err := os.ReadFile(filepath.Join(w.dir, "zesei.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("zesei.yaml", string(text)+"audit: {signing_key: \"${file:audit.pem}\", bucket: audit-copies}\n")
	w.cloud.AddBucket(hubAccount, region, "audit-copies", false)
	w.open()
	drain := func() []store.Checkpoint {
		t.Helper()
		if err := w.app.Queue.Drain(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		list, err := store.Checkpoints(t.Context(), w.app.DB.View(), 0)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	list := drain()
	if len(list) != 1 || !strings.HasPrefix(list[0].Copied, "s3://audit-copies/zesei/") {
		t.Fatalf("got %+v", list)
	}
	puts := w.cloud.Journal().Entries(fake.Query{Service: "s3", Writes: true})
	if len(puts) != 1 || puts[0].Operation != "PutObject" || puts[0].Outcome != "ok" {
		t.Errorf("got %+v", puts)
	}
	if list = drain(); len(list) != 1 {
		t.Errorf("a second one on the same day: %+v", list)
	}
	w.later(24 * time.Hour)
	if list = drain(); len(list) != 2 {
		t.Errorf("the next day: %+v", list)
	}
	made, err := audit.List(t.Context(), w.app.DB, 1)
	if err != nil || len(made) != 1 || made[0].Number != 2 {
		t.Errorf("got %+v (%v)", made, err)
	}
}

func TestWithoutASigningKeyNothingIsSigned(t *testing.T) {
	w := newTown(t, 5)
	if err := w.app.Queue.Drain(t.Context(), 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	if list, err := store.Checkpoints(t.Context(), w.app.DB.View(), 0); err != nil || len(list) != 0 {
		t.Errorf("got %+v (%v)", list, err)
	}
}

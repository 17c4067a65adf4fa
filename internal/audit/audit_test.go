package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"zesei/internal/audit"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/store"
)

func TestAnExportedCaseIsProvedUpToItsCheckpoint(t *testing.T) {
	s := newScene(t)
	s.fails(0, 7)
	if v := verify(t, s.export(3)); v.Result() != "consistent, not anchored" || v.Checkpoint != nil {
		t.Errorf("before any checkpoint: %s, %+v", v.Result(), v.Broken)
	}
	first := s.checkpoint()
	if v := verify(t, s.export(3), s.signer.Public()); v.Result() != "consistent and anchored" || !v.TrustedKey || v.Sealed == "" || v.Checkpoint.Number != 1 {
		t.Errorf("got %s, %+v", v.Result(), v)
	}
	s.said(finding.Passed, 3, 4)
	if v := verify(t, s.export(3)); !strings.HasPrefix(v.Result(), "consistent, anchored up to entry 1 of ") {
		t.Errorf("a chain that has grown since: %s", v.Result())
	}
	second := s.checkpoint()
	if !bytes.Equal(second.Previous, first.Hash()) || second.Number != 2 || bytes.Equal(first.Root, second.Root) {
		t.Errorf("got %+v after %+v", second, first)
	}
	for i := range 7 {
		if v := verify(t, s.export(i)); v.Result() != "consistent and anchored" || v.Checkpoint.Number != 2 {
			t.Errorf("case %d: %s %v", i, v.Result(), v.Broken)
		}
	}
}

func TestAFileHoldsWhatWasSaidDecidedToldAndAccepted(t *testing.T) {
	s := newScene(t)
	ctx := context.Background()
	s.fails(0, 1)
	f := s.file(0)
	fix := store.Fix{State: store.FixWaiting, Mode: "approve", Remedy: "security-group-ingress", Account: f.Key.Account, Region: f.Key.Region, Resource: f.Key.Resource,
		Plan: json.RawMessage(`{"steps":[{"operation":"RevokeSecurityGroupIngress"}],"prior":{"n":10000000000000001}}`), ExpiresAt: s.now.Add(time.Hour), Cases: []int64{f.ID}}
	fix.PlanHash = "4e1a"
	if _, err := s.work.Planned(ctx, fix); err != nil {
		t.Fatal(err)
	}
	x, err := s.work.AskException(ctx, casework.Person{ID: "cli:hanako"}, casework.Ask{Case: f.ID, Reason: "a <test> & more", Until: s.now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	c, err := audit.Read(s.export(0))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Sources) != 1 || c.Sources[0].ID != "finding-0" || len(c.Messages) != 1 || c.Messages[0].Channel != "webhook" ||
		len(c.Exceptions) != 1 || c.Exceptions[0].ID != x.ID || len(c.Fixes) != 1 || len(c.Chain) != 3 || c.Chain[0].What != "opened" {
		t.Errorf("got %+v", c)
	}
	v := audit.Verify(c)
	if len(v.Broken) != 1 || !strings.Contains(v.Broken[0], "its plan is not the one with the hash 4e1a") {
		t.Errorf("a plan of another hash: %q", v.Broken)
	}
}

func TestWhateverIsChangedInAFileIsFound(t *testing.T) {
	s := newScene(t)
	s.fails(0, 5)
	s.checkpoint()
	s.fails(5, 6) // later than the checkpoint: not in it
	whole := s.export(2)
	if v := verify(t, whole); !v.Consistent() {
		t.Fatal(v.Broken)
	}
	changes := map[string]func(*audit.CaseFile){
		"reason of an entry":      func(c *audit.CaseFile) { c.Chain[0].Why = "nothing was wrong" },
		"time of an entry":        func(c *audit.CaseFile) { c.Chain[0].At = c.Chain[0].At.Add(time.Hour) },
		"data of an entry":        func(c *audit.CaseFile) { c.Chain[0].Data = []byte(`{}`) },
		"resource":                func(c *audit.CaseFile) { c.Key.Resource += "0" },
		"an entry taken away":     func(c *audit.CaseFile) { c.Chain = nil },
		"state":                   func(c *audit.CaseFile) { c.Standing.State = "closed" },
		"what a source said":      func(c *audit.CaseFile) { c.Sources[0].Status = finding.Passed },
		"root of the checkpoint":  func(c *audit.CaseFile) { c.Anchor.Checkpoint.Root[0] ^= 1 },
		"time of the checkpoint":  func(c *audit.CaseFile) { c.Anchor.Checkpoint.At = c.Anchor.Checkpoint.At.Add(-time.Hour) },
		"path to the root":        func(c *audit.CaseFile) { c.Anchor.Path[0][0] ^= 1 },
		"path made shorter":       func(c *audit.CaseFile) { c.Anchor.Path = c.Anchor.Path[1:] },
		"place in the tree":       func(c *audit.CaseFile) { c.Anchor.Index ^= 1 },
		"who exported it":         func(c *audit.CaseFile) { c.ExportedBy = "cli:taro" },
		"public key":              func(c *audit.CaseFile) { c.Anchor.Checkpoint.Signature.PublicKey = signer(t, 9).Public() },
		"store":                   func(c *audit.CaseFile) { c.Store = "00000000" },
		"a chain from its middle": func(c *audit.CaseFile) { c.Anchor.Seq = 2 },
	}
	for name, change := range changes {
		c, err := audit.Read(whole)
		if err != nil {
			t.Fatal(err)
		}
		change(c)
		if v := audit.Verify(c); v.Consistent() {
			t.Errorf("%s was changed and is not found", name)
		}
	}
}

func TestAnotherKeyThanTheTrustedOneIsBroken(t *testing.T) {
	s := newScene(t)
	s.fails(0, 1)
	s.checkpoint()
	if v := verify(t, s.export(0), signer(t, 2).Public()); v.Consistent() || !strings.Contains(v.Broken[0], "none of the keys given") {
		t.Errorf("got %s %v", v.Result(), v.Broken)
	}
	if v := verify(t, s.export(0), signer(t, 2).Public(), s.signer.Public()); !v.Consistent() {
		t.Errorf("got %v", v.Broken)
	}
	v := verify(t, s.export(0))
	if v.TrustedKey || len(v.Notes) == 0 || !strings.Contains(v.Notes[0], s.signer.Public().Fingerprint()) {
		t.Errorf("without a key, its fingerprint is to be compared: %+v", v)
	}
}

func TestAStoreThatLostWhatWasSignedSignsAndExportsNothing(t *testing.T) {
	for name, sql := range map[string]string{
		"a row is changed": `UPDATE audit SET why = 'nothing', hash = zeroblob(32) WHERE seq = 1`,
		"a row is gone":    `DELETE FROM audit WHERE case_id = 1`,
		"a case is gone":   `DELETE FROM cases WHERE id = 1`,
	} {
		s := newScene(t)
		s.fails(0, 3)
		s.checkpoint()
		ctx := context.Background()
		f := s.file(2)
		if err := s.db.Update(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, sql); return err }); err != nil {
			t.Fatal(err)
		}
		var broken *audit.BrokenError
		if _, err := audit.Make(ctx, s.db, s.signer, s.now); !errors.As(err, &broken) {
			t.Errorf("%s: a checkpoint was made: %v", name, err)
		}
		if _, err := s.exporter().Export(ctx, f); !errors.As(err, &broken) {
			t.Errorf("%s: a file was written: %v", name, err)
		}
	}
}

func TestACheckpointADayIsMadeAndCopied(t *testing.T) {
	s := newScene(t)
	s.fails(0, 2)
	tokyo := time.FixedZone("JST", 9*3600)
	var copied []int64
	fault := errors.New("the bucket cannot be reached")
	d := &audit.Daily{DB: s.db, Now: func() time.Time { return s.now }, Zone: tokyo, Log: slog.New(slog.DiscardHandler),
		Signer: func(context.Context) (*audit.Signer, error) { return s.signer, nil },
		Copy: func(_ context.Context, c audit.Checkpoint) (string, error) {
			if fault != nil {
				return "", fault
			}
			copied = append(copied, c.Number)
			return "s3://bucket/key", nil
		}}
	ctx := context.Background()
	if err := d.Job(ctx, job.Job{}); !errors.Is(err, fault) {
		t.Fatalf("got %v", err)
	}
	fault = nil
	var later *job.LaterError
	for range 2 { // the same day: no second one
		if err := d.Job(ctx, job.Job{}); !errors.As(err, &later) || !later.At.Equal(time.Date(2026, 11, 3, 0, 0, 0, 0, tokyo)) {
			t.Fatalf("got %v", err)
		}
	}
	s.now = later.At
	s.fails(2, 3)
	_ = d.Job(ctx, job.Job{})
	list, err := audit.List(ctx, s.db, 0)
	if err != nil || len(list) != 2 || list[0].Number != 2 || list[0].Chains != 3 || list[1].Chains != 2 {
		t.Fatalf("got %+v (%v)", list, err)
	}
	if len(copied) != 2 || copied[0] != 1 {
		t.Errorf("copied %v", copied)
	}
}

func TestAnEmptyStoreHasACheckpointToo(t *testing.T) {
	s := newScene(t)
	if c := s.checkpoint(); c.Chains != 0 || len(c.Root) != 32 {
		t.Errorf("got %+v", c)
	}
}

func TestKeysAreReadAsTheyAreWrittenAndRefusedOtherwise(t *testing.T) {
	p := signer(t, 1).Public()
	text, err := p.PEM()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := audit.ParsePublicKey(text); err != nil || !bytes.Equal(got, p) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := audit.ParseSigner(text); err == nil {
		t.Error("a public key was taken to sign with")
	}
	if _, err := audit.ParseSigner([]byte("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")); err == nil || strings.Contains(err.Error(), "c2Vj") {
		t.Errorf("got %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	s := newScene(f)
	s.t = &testing.T{}
	s.fails(0, 3)
	s.checkpoint()
	f.Add(s.export(1))
	f.Add([]byte(`{"format":"zesei case file 1"}`))
	f.Add([]byte(`{"format":"zesei case file 1","chain":[{"seq":1}],"anchor":{"seq":1,"path":["00"]},"fixes":[{"plan":null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := audit.Read(data)
		if err != nil {
			return
		}
		v := audit.Verify(c)
		if v.Result() == "" {
			t.Error("no result")
		}
	})
}

package audit_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"zesei/internal/audit"
	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/policy"
	"zesei/internal/store"
)

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// scene is a store with casework on it and a key to sign with.
type scene struct {
	t      *testing.T
	db     *store.DB
	work   *casework.Work
	now    time.Time
	signer *audit.Signer
}

func newScene(t testing.TB) *scene {
	t.Helper()
	db, err := store.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "z.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{db: db, now: start, signer: signer(t, 1)}
	s.t, _ = t.(*testing.T)
	s.work = casework.New(db, &casework.Rules{
		Policy: s, Directory: s, Catalogue: cat, GroupWindow: time.Hour,
		Hub:      func(account, region string) (string, string, bool) { return account, region, true },
		DigestAt: func(_ string, now time.Time) time.Time { return now.Add(24 * time.Hour) },
	}, func() time.Time { return s.now }, slog.New(slog.DiscardHandler))
	return s
}

// The scene is its own policy and directory.
func (s *scene) Decide(in policy.Input) policy.Decision {
	return policy.Decision{Response: policy.Track, Due: in.Now.Add(72 * time.Hour), Rule: "test <rule> & more", Fix: policy.Fix{Mode: policy.FixOff}}
}
func (s *scene) Problem(st finding.Status) bool   { return st == finding.Failed }
func (s *scene) Hash() string                     { return "policy-1" }
func (s *scene) Account(id string) policy.Account { return policy.Account{ID: id, Known: true} }
func (s *scene) Owner(string, map[string]string, string) (string, string) {
	return "shop", "the account's"
}
func (s *scene) Zone(string) *time.Location { return time.UTC }
func (s *scene) Above(string) []string      { return nil }
func (s *scene) Channels(string) []string   { return []string{"webhook"} }

// signer makes a key from a seed, by the way that users take.
func signer(t testing.TB, seed byte) *audit.Signer {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte{seed, 31: 0})
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	s, err := audit.ParseSigner(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fails says that groups numbered from and below to are open to the world.
func (s *scene) fails(from, to int) { s.said(finding.Failed, from, to) }

func (s *scene) said(status finding.Status, from, to int) {
	s.t.Helper()
	var all []finding.Finding
	for i := from; i < to; i++ {
		f := finding.Finding{
			Source:  finding.Source{ProductARN: "arn:aws:securityhub:ap-northeast-1::product/aws/securityhub", ID: fmt.Sprintf("finding-%d", i)},
			Account: "111122223333", Region: "ap-northeast-1", Title: "open <to> the world",
			Severity: finding.Critical, Status: status, RecordState: finding.Active, Workflow: finding.New,
			Standards: []string{"fsbp", "pci-dss-3.2.1"}, ObservedAt: s.now,
			Subjects: []finding.Subject{{Key: key(i), ResourceType: "AWS::EC2::SecurityGroup"}},
		}
		sum := sha256.Sum256(fmt.Append(nil, status, s.now))
		f.ContentHash = [16]byte(sum[:16])
		all = append(all, f)
	}
	if _, err := s.work.Take(context.Background(), casework.Arrival{Findings: all}); err != nil {
		s.t.Fatal(err)
	}
}

func key(i int) finding.Key {
	return finding.Key{Kind: finding.State, Partition: "aws", Account: "111122223333", Region: "ap-northeast-1", Control: "EC2.19",
		Resource: fmt.Sprintf("arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-%d", i)}
}

func (s *scene) file(i int) *casefile.File {
	s.t.Helper()
	h := key(i).Hash()
	found, err := store.CasesByHash(context.Background(), s.db.View(), [][16]byte{h})
	if err != nil || found[h] == nil {
		s.t.Fatalf("case %d: %v", i, err)
	}
	return found[h]
}

// checkpoint makes one an hour later.
func (s *scene) checkpoint() audit.Checkpoint {
	s.t.Helper()
	s.now = s.now.Add(time.Hour)
	c, err := audit.Make(context.Background(), s.db, s.signer, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *scene) exporter() *audit.Exporter {
	return &audit.Exporter{DB: s.db, By: "cli:hanako", Now: func() time.Time { return s.now }, Signer: s.signer}
}

// export writes a case file and gives its text.
func (s *scene) export(i int) []byte {
	s.t.Helper()
	c, err := s.exporter().Export(context.Background(), s.file(i))
	if err != nil {
		s.t.Fatal(err)
	}
	b, err := c.Write()
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

func verify(t *testing.T, text []byte, keys ...audit.PublicKey) *audit.Verdict {
	t.Helper()
	c, err := audit.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return audit.Verify(c, keys...)
}

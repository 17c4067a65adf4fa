package casework_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/policy"
	"zesei/internal/store"
)

// scene is a store with casework on it, a clock that a test moves, and a policy
// that a test sets.
type scene struct {
	t        testing.TB
	db       *store.DB
	work     *casework.Work
	now      time.Time
	response policy.Response
	mode     policy.FixMode
	hash     string
	readable bool
	channels []string
	rules    *casework.Rules
}

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

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
	s := &scene{t: t, db: db, now: start, response: policy.Track, mode: policy.FixOff, hash: "policy-1", channels: []string{"slack:#shop"}}
	s.rules = &casework.Rules{
		Policy: s, Directory: s, Catalogue: cat,
		CanRead:   func(string, string) bool { return s.readable },
		Hub:       func(account, region string) (string, string, bool) { return account, region, true },
		GroupWait: 30 * time.Second, GroupWindow: 24 * time.Hour,
		DigestAt: func(_ string, now time.Time) time.Time { return now.Add(24 * time.Hour) },
	}
	s.work = casework.New(db, s.rules, func() time.Time { return s.now }, slog.New(slog.DiscardHandler))
	return s
}

// The scene is its own policy and directory.
func (s *scene) Decide(in policy.Input) policy.Decision {
	return policy.Decision{Response: s.response, Class: in.Control.Class, Due: in.Now.Add(72 * time.Hour), Rule: "test", Fix: policy.Fix{Mode: s.mode}}
}
func (s *scene) Problem(st finding.Status) bool { return st == finding.Failed }
func (s *scene) Hash() string                   { return s.hash }
func (s *scene) Account(id string) policy.Account {
	return policy.Account{ID: id, Name: "shop", Known: true}
}
func (s *scene) Owner(string, map[string]string, string) (string, string) {
	return "shop", "the account's"
}
func (s *scene) Above(string) []string      { return []string{"slack:#leads"} }
func (s *scene) Zone(string) *time.Location { return time.UTC }
func (s *scene) Channels(string) []string   { return s.channels }

// said makes a statement of Security Hub about one security group.
func (s *scene) said(status finding.Status, change ...func(*finding.Finding)) finding.Finding {
	f := finding.Finding{
		Source:  finding.Source{ProductARN: "arn:aws:securityhub:ap-northeast-1::product/aws/securityhub", ID: "finding-1"},
		Account: "111122223333", Region: "ap-northeast-1", Title: "open to the world",
		Severity: finding.Critical, Status: status, RecordState: finding.Active, Workflow: finding.New,
		Standards: []string{"fsbp"}, ObservedAt: s.now,
		Subjects: []finding.Subject{{
			Key: finding.Key{Kind: finding.State, Partition: "aws", Account: "111122223333", Region: "ap-northeast-1", Control: "EC2.19",
				Resource: "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-1"},
			ResourceType: "AWS::EC2::SecurityGroup",
		}},
	}
	if status != finding.Failed {
		f.Severity = finding.Informational
	}
	for _, c := range change {
		c(&f)
	}
	sum := sha256.Sum256(fmt.Append(nil, f.Status, f.RecordState, f.Workflow, f.Severity, f.Standards, f.ArchivalReason, f.NoteUpdatedBy, f.Closes))
	f.ContentHash = [16]byte(sum[:16])
	return f
}

func from(id string, standards ...string) func(*finding.Finding) {
	return func(f *finding.Finding) { f.Source.ID, f.Standards = id, standards }
}

func workflow(w finding.Workflow, by string) func(*finding.Finding) {
	return func(f *finding.Finding) { f.Workflow, f.NoteUpdatedBy = w, by }
}

func archived(reason string) func(*finding.Finding) {
	return func(f *finding.Finding) { f.RecordState, f.ArchivalReason = finding.Archived, reason }
}

func at(t time.Time) func(*finding.Finding) { return func(f *finding.Finding) { f.ObservedAt = t } }

func (s *scene) take(findings ...finding.Finding) casework.Result {
	s.t.Helper()
	r, err := s.work.Take(context.Background(), casework.Arrival{Findings: findings})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *scene) later(d time.Duration) { s.now = s.now.Add(d) }

// only is the one case there is.
func (s *scene) only() *casefile.File {
	s.t.Helper()
	list, _, err := store.List(context.Background(), s.db.View(), store.Filter{})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(list) != 1 {
		s.t.Fatalf("got %d cases, want 1", len(list))
	}
	return list[0].File
}

func (s *scene) state(want casefile.State) *casefile.File {
	s.t.Helper()
	f := s.only()
	if f.State != want {
		s.t.Fatalf("the case is %s (%s), want %s", f.State, f.Reason, want)
	}
	return f
}

// jobs are the waiting jobs as "kind subject".
func (s *scene) jobs() map[string]time.Time {
	s.t.Helper()
	list, err := job.Pending(context.Background(), s.db.View(), 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]time.Time{}
	for _, j := range list {
		out[j.Kind+" "+j.Subject] = j.RunAt
	}
	return out
}

// done forgets all waiting jobs, as if they had been worked.
func (s *scene) done() {
	s.t.Helper()
	err := s.db.Update(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Exec(context.Background(), `DELETE FROM jobs`)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) hubWants() map[string]string {
	s.t.Helper()
	due, err := store.HubDue(context.Background(), s.db.View(), "111122223333", "ap-northeast-1", s.now.Add(time.Hour), 100)
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]string{}
	for _, u := range due {
		out[u.FindingID] = u.Workflow
	}
	return out
}

// chain checks the audit chain of the one case and returns its moves.
func (s *scene) chain() []string {
	s.t.Helper()
	f := s.only()
	h := f.Key.Hash()
	entries, err := store.Audit(context.Background(), s.db.View(), f.ID, fmt.Sprintf("%x", h))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := casefile.VerifyChain(entries); err != nil {
		s.t.Fatal(err)
	}
	if f.AuditSeq != int64(len(entries)) {
		s.t.Fatalf("the case says %d audit rows, there are %d", f.AuditSeq, len(entries))
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.What)
	}
	return out
}

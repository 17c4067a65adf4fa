package replay_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"zesei/internal/casework"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/policy"
	"zesei/internal/replay"
	"zesei/internal/store"
)

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

type scene struct {
	t     testing.TB
	db    *store.DB
	work  *casework.Work
	rules *casework.Rules
	old   *policy.Policy
	now   time.Time
}

func load(t testing.TB, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Load("policy.yaml", []byte(text), policy.Known{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newScene(t testing.TB, text string) *scene {
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
	s := &scene{t: t, db: db, old: load(t, text), now: start}
	s.rules = &casework.Rules{Policy: s.old, Directory: s, Catalogue: cat, GroupWindow: 24 * time.Hour, ImportWindow: time.Hour,
		DigestAt: func(_ string, now time.Time) time.Time { return now.Add(24 * time.Hour) }}
	s.work = casework.New(db, s.rules, func() time.Time { return s.now }, slog.New(slog.DiscardHandler))
	s.known()
	return s
}

// known makes account, standard and controls old acquaintances: no first import.
func (s *scene) known() {
	s.t.Helper()
	err := s.db.Update(context.Background(), func(tx *store.Tx) error {
		for _, n := range [][2]string{{"account", "111122223333"}, {"standard", "fsbp"}, {"control", "EC2.19"}, {"control", "S3.8"}, {"control", "S3.9"}} {
			if _, err := store.First(context.Background(), tx, n[0], n[1], start.AddDate(-1, 0, 0)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) Account(id string) policy.Account {
	return policy.Account{ID: id, Environment: "prod", IaC: "none", Known: true}
}
func (s *scene) Owner(string, map[string]string, string) (string, string) {
	return "shop", "the account's"
}
func (s *scene) Zone(string) *time.Location { return time.UTC }
func (s *scene) Channels(string) []string   { return []string{"slack:#shop", "webhook"} }
func (s *scene) Above(string) []string      { return nil }

func (s *scene) fails(control string, severity finding.Severity, from, to int) {
	s.said(finding.Failed, control, severity, from, to)
}

func (s *scene) said(status finding.Status, control string, severity finding.Severity, from, to int) {
	s.t.Helper()
	var all []finding.Finding
	for i := from; i < to; i++ {
		f := finding.Finding{
			Source:  finding.Source{ProductARN: "arn:aws:securityhub:ap-northeast-1::product/aws/securityhub", ID: fmt.Sprintf("%s-%d", control, i)},
			Account: "111122223333", Region: "ap-northeast-1", Severity: severity, Status: status, RecordState: finding.Active,
			Workflow: finding.New, Standards: []string{"fsbp"}, ObservedAt: s.now,
			Subjects: []finding.Subject{{Key: finding.Key{Kind: finding.State, Partition: "aws", Account: "111122223333", Region: "ap-northeast-1", Control: control,
				Resource: fmt.Sprintf("arn:aws:s3:::bucket-%d", i)}, ResourceType: "AWS::S3::Bucket"}},
		}
		sum := sha256.Sum256(fmt.Append(nil, status, s.now))
		f.ContentHash = [16]byte(sum[:16])
		if all = append(all, f); len(all) == 500 || i == to-1 {
			if _, err := s.work.Take(context.Background(), casework.Arrival{Findings: all}); err != nil {
				s.t.Fatal(err)
			}
			all = nil
		}
	}
}

func (s *scene) replay(text string, since time.Time) *replay.Result {
	s.t.Helper()
	r := replay.Replay{DB: s.db, Rules: s.rules, Old: s.old, New: load(s.t, text), Since: since, Examples: 2,
		Ticketed: func(owner string) bool { return owner == "shop" }}
	out, err := r.Run(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

const today = `
standards: [fsbp]
deadlines: {CRITICAL: 3 days, HIGH: 2 weeks, MEDIUM: 30 days}
responses: [{do: track}]
fix: [{controls: [S3.8], mode: approve}]
`

func difference(r *replay.Result, of, was, is string) replay.Difference {
	for _, d := range r.Differences {
		if d.Of == of && d.Old == was && d.New == is {
			return d
		}
	}
	return replay.Difference{}
}

func TestWhatWouldBeMoreFewerAndDifferentIsCountedWithExamples(t *testing.T) {
	s := newScene(t, today)
	s.fails("S3.8", finding.High, 0, 5)
	s.fails("S3.9", finding.Medium, 0, 3)
	r := s.replay(`
standards: [fsbp]
deadlines: {CRITICAL: 3 days, HIGH: 1 week}
responses: [{severity: [HIGH], do: track}, {do: suppress, reason: too many}]
fix: [{controls: [S3.8], mode: auto}]
`, start.Add(-time.Hour))
	if r.Cases != 8 || r.Same != 0 {
		t.Errorf("got %d cases, %d alike", r.Cases, r.Same)
	}
	if d := difference(r, replay.OfResponse, "track", "suppress"); d.Cases != 3 || len(d.Examples) != 2 || d.Examples[0].Control != "S3.9" || d.Examples[0].NewRule != "policy.yaml:4 responses[1]" {
		t.Errorf("got %+v", d)
	}
	if d := difference(r, replay.OfDeadline, "later", "earlier"); d.Cases != 5 || !d.Examples[0].OldDue.After(*d.Examples[0].NewDue) {
		t.Errorf("got %+v", d)
	}
	if d := difference(r, replay.OfFix, "approve", "auto"); d.Cases != 5 {
		t.Errorf("got %+v", d)
	}
	// Two controls, two channels: four messages; then one control.
	if want := (replay.Count{Old: 4, New: 2}); r.Messages != want {
		t.Errorf("messages %+v, want %+v", r.Messages, want)
	}
	if want := (replay.Count{Old: 8, New: 5}); r.Tickets != want {
		t.Errorf("tickets %+v, want %+v", r.Tickets, want)
	}
	if got := r.Fixes; got[policy.FixApprove] != (replay.Count{Old: 5}) || got[policy.FixAuto] != (replay.Count{New: 5}) {
		t.Errorf("fixes %+v", got)
	}
}

// What the old side of a replay counts is what casework has really made.
func TestTheOldSideIsWhatReallyHappened(t *testing.T) {
	s := newScene(t, today)
	s.fails("S3.8", finding.High, 0, 700) // more than one message holds
	s.now = s.now.Add(26 * time.Hour)
	s.fails("S3.8", finding.High, 700, 710)
	s.fails("EC2.19", finding.Critical, 0, 3)
	var n int
	if err := s.db.View().QueryRowContext(context.Background(), `SELECT count(*) FROM messages`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if r := s.replay(today, start); r.Messages.Old != n || r.Messages.New != n || r.Same != 713 || len(r.Differences) != 0 {
		t.Errorf("got %+v, %d messages were made", r, n)
	}
}

func TestCasesThatAnotherPolicyWouldNotOpenAreSaid(t *testing.T) {
	s := newScene(t, "standards: [fsbp]\nproblem: [FAILED, WARNING]\nresponses: [{do: track}]\n")
	s.said(finding.Warning, "S3.8", finding.Informational, 0, 2)
	s.fails("S3.9", finding.Medium, 0, 1)
	r := s.replay("standards: [fsbp]\nresponses: [{do: track}]\n", start)
	if d := difference(r, replay.OfCase, "opened", "not opened"); d.Cases != 2 || r.Same != 1 {
		t.Errorf("got %+v", r)
	}
	if r.Tickets.New != 1 {
		t.Errorf("tickets %+v", r.Tickets)
	}
	s = newScene(t, "standards: [fsbp]\nresponses: [{do: track}]\n")
	if r := s.replay("standards: [fsbp]\nproblem: [FAILED, NOT_AVAILABLE]\nresponses: [{do: track}]\n", start); len(r.Notes) != 1 {
		t.Errorf("what cannot be known is not said: %+v", r)
	}
}

func TestOnlyCasesOfTheTimeAreLookedAtAndNothingIsTouched(t *testing.T) {
	s := newScene(t, today)
	s.fails("S3.8", finding.High, 0, 2)
	s.now = s.now.Add(time.Hour)
	s.said(finding.Passed, "S3.8", finding.Informational, 0, 1)
	s.now = s.now.AddDate(0, 2, 0)
	before := s.rows()
	if r := s.replay(today, s.now.AddDate(0, -1, 0)); r.Cases != 1 {
		t.Errorf("a case that was closed before counts: %d", r.Cases)
	}
	if r := s.replay(today, start); r.Cases != 2 {
		t.Errorf("got %d", r.Cases)
	}
	if after := s.rows(); after != before {
		t.Errorf("the replay changed the store: %s, then %s", before, after)
	}
}

func (s *scene) rows() string {
	s.t.Helper()
	var a, b, c, d int
	err := s.db.View().QueryRowContext(context.Background(), `SELECT (SELECT count(*) FROM audit), (SELECT count(*) FROM jobs), (SELECT sum(changed_at) FROM cases), (SELECT count(*) FROM messages)`).Scan(&a, &b, &c, &d)
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprint(a, b, c, d)
}

func BenchmarkReplay(b *testing.B) {
	shipped, _ := policy.Shipped("s2")
	s := newScene(b, today)
	const n = 20_000
	s.fails("S3.8", finding.High, 0, n/2)
	s.fails("S3.9", finding.Medium, 0, n/2)
	r := replay.Replay{DB: s.db, Rules: s.rules, Old: s.old, Since: start, Examples: 3}
	var err error
	if r.New, err = policy.Load("s2.yaml", shipped, policy.Known{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.Run(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "cases/s")
}

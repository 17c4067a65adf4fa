package report_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"zesei/internal/casework"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/policy"
	"zesei/internal/report"
	"zesei/internal/store"
)

// team is a policy that tracks everything, and the directory of one owner.
type team struct{}

func (team) Decide(in policy.Input) policy.Decision {
	return policy.Decision{Response: policy.Track, Due: in.Now.Add(72 * time.Hour), Rule: "test"}
}
func (team) Problem(s finding.Status) bool                            { return s == finding.Failed }
func (team) Hash() string                                             { return "policy-1" }
func (team) Account(id string) policy.Account                         { return policy.Account{ID: id, Known: true} }
func (team) Owner(string, map[string]string, string) (string, string) { return "shop", "test" }
func (team) Above(string) []string                                    { return nil }
func (team) Zone(string) *time.Location                               { return time.UTC }
func (team) Channels(string) []string                                 { return nil }

// Security Hub leaves SUPPRESSED findings out of its score, and so do we what
// stands under an exception, before Security Hub has even been told.
func TestAnAcceptedCaseLeavesTheScoreUntilTheExceptionEnds(t *testing.T) {
	ctx, now := context.Background(), time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "z.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	work := casework.New(db, &casework.Rules{Policy: team{}, Directory: team{}, Catalogue: cat}, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	said := func(id string, status finding.Status) finding.Finding {
		return finding.Finding{
			Source:  finding.Source{ProductARN: "arn:aws:securityhub:ap-northeast-1::product/aws/securityhub", ID: id},
			Account: "111122223333", Region: "ap-northeast-1", Severity: finding.High, Status: status, RecordState: finding.Active, Workflow: finding.New,
			Standards: []string{"fsbp"}, ObservedAt: now, ContentHash: [16]byte{byte(len(status))},
			Subjects: []finding.Subject{{ResourceType: "AWS::EC2::SecurityGroup", Key: finding.Key{Kind: finding.State, Partition: "aws", Account: "111122223333",
				Region: "ap-northeast-1", Control: "EC2.19", Resource: "arn:aws:ec2:ap-northeast-1:111122223333:security-group/" + id}}},
		}
	}
	if _, err := work.Take(ctx, casework.Arrival{Findings: []finding.Finding{said("sg-1", finding.Failed), said("sg-2", finding.Passed)}}); err != nil {
		t.Fatal(err)
	}
	want := func(percent int, when string) {
		t.Helper()
		all, err := report.Scores(ctx, db.View(), nil, "en")
		if err != nil {
			t.Fatal(err)
		}
		if s := all[len(all)-1].Score; s == nil || *s != percent {
			t.Errorf("%s the score is %v, want %d", when, s, percent)
		}
	}
	want(0, "before")
	x, err := work.AskException(ctx, casework.Person{ID: "cli:hana"}, casework.Ask{
		Scope: store.Scope{Control: "EC2.19", Account: "111122223333"}, Reason: "so", Until: now.Add(48 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	want(0, "while it is only asked for")
	if _, err := work.ApproveException(ctx, casework.Person{ID: "cli:taro", Approver: true}, x.ID); err != nil {
		t.Fatal(err)
	}
	if err := work.ExceptionJob(ctx, x.ID); err != nil {
		t.Fatal(err)
	}
	want(100, "under the exception")
	now = now.Add(49 * time.Hour)
	if err := work.ExceptionJob(ctx, x.ID); err != nil {
		t.Fatal(err)
	}
	want(0, "after its end")
}

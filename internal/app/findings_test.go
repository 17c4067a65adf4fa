package app_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"

	"zesei/internal/app"
	"zesei/internal/fake"
	"zesei/internal/fake/slack"
	slackpkg "zesei/internal/notify/slack"
	"zesei/internal/report"
)

// bucketFails makes a bucket without a public access block, and lets the twin's
// Security Hub fail it.
func (w *town) bucketFails(account, control, bucket string) []byte {
	w.cloud.AddBucket(account, region, bucket, true)
	w.cloud.Evaluate(account, region, fake.Evaluation{Control: control, ResourceType: "AwsS3Bucket", ResourceID: "arn:aws:s3:::" + bucket, Status: "FAILED"})
	return w.lastEvent()
}

// uploaded is the one file in Slack, opened, with its comment.
func (w *town) uploaded() (lines [][]string, comment slack.Message, name string) {
	w.t.Helper()
	up := w.slack.Uploads()
	if len(up) != 1 {
		w.t.Fatalf("%d files were uploaded, want one", len(up))
	}
	text, ok := strings.CutPrefix(string(up[0].Body), "\ufeff")
	if !ok {
		w.t.Error("the file has no byte order mark")
	}
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range w.slack.Messages(up[0].Shared[0]) {
		if len(m.Files) == 1 && m.Files[0] == up[0].ID {
			return lines, m, up[0].Name
		}
	}
	w.t.Fatal("no message shares the file")
	return nil, slack.Message{}, ""
}

func TestFindingsLiveAreUploadedWithTheOwnerCalled(t *testing.T) {
	w := newTown(t, 100)
	w.bucketFails(shop, "S3.8", "shop-open")
	w.bucketFails(sandbox, "S3.8", "sandbox-open")
	w.bucketFails(shop, "S3.13", "not-asked-for")
	w.cloud.Evaluate(shop, region, fake.Evaluation{Control: "S3.8", ResourceType: "AwsS3Bucket", ResourceID: "arn:aws:s3:::closed", Status: "PASSED"})
	f, err := w.app.List(t.Context(), app.Findings{Query: report.Query{Controls: []string{"S3.8"}}, Language: "ja"})
	if err != nil {
		t.Fatal(err)
	}
	if f.From != app.FromLive || len(f.Rows) != 2 {
		t.Fatalf("got %d rows from %s: %+v; unread %v", len(f.Rows), f.From, f.Rows, f.Unread)
	}
	if len(f.Unread) != 1 || !strings.Contains(f.Unread[0], hubAccount) {
		t.Errorf("the account without Security Hub is not told of: %v", f.Unread)
	}
	p, err := w.app.PostFindings(t.Context(), f, app.Post{Channel: "#sec", Controls: []string{"S3.8"}, Language: "ja", CSV: true})
	if err != nil || !p.Said {
		t.Fatalf("%+v, %v", p, err)
	}
	lines, comment, name := w.uploaded()
	if len(lines) != 3 || lines[0][0] != "リソース" || lines[1][0] != "arn:aws:s3:::sandbox-open" || lines[2][5] != "shop-prod" || lines[2][7] != "shop" {
		t.Errorf("the file holds %v", lines)
	}
	if !strings.Contains(comment.Text, "<@U012AB3CD>") || !strings.Contains(comment.Text, "*2* 件") || !strings.Contains(comment.Text, "sandbox, shop-prod") || comment.ThreadTS != "" {
		t.Errorf("the comment is %q", comment.Text)
	}
	if day := w.now().In(w.app.Config.Zone()).Format("20060102"); !strings.Contains(name, day) {
		t.Errorf("the file is named %s, want the day %s in it", name, day)
	}
	if n := w.slack.Journal().Count(fake.Query{Operation: "files.completeUploadExternal", Outcome: "ok"}); n != 1 {
		t.Errorf("%d uploads in Slack's journal", n)
	}
}

func TestFindingsComeFromTheStoreWhereItHoldsCases(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	calls := w.cloud.Journal().Count(fake.Query{Operation: "GetFindings"})
	f, err := w.app.List(t.Context(), app.Findings{})
	if err != nil || f.From != app.FromStore || len(f.Rows) != 1 || f.Rows[0].Due == nil || f.Rows[0].Owner != "shop" || f.Rows[0].State != "open" {
		t.Fatalf("got %+v, %v", f, err)
	}
	if n := w.cloud.Journal().Count(fake.Query{Operation: "GetFindings"}); n != calls {
		t.Errorf("Security Hub was asked %d times", n-calls)
	}
	// Live, the same problem is the same row: the case's deadline and state are known.
	live, err := w.app.List(t.Context(), app.Findings{From: app.FromLive})
	if err != nil || len(live.Rows) != 1 || live.Rows[0].Key != f.Rows[0].Key || live.Rows[0].Due == nil || live.Rows[0].State != "open" {
		t.Errorf("live: %+v, %v", live.Rows, err)
	}
}

func TestNothingFoundIsSaidUnlessItShallNotBe(t *testing.T) {
	w := newTown(t, 100)
	empty := app.Found{Accounts: []string{shop}}
	if p, err := w.app.PostFindings(t.Context(), empty, app.Post{Channel: "#sec", CSV: true, Skip: true}); err != nil || p.Said {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := w.app.PostFindings(t.Context(), empty, app.Post{Channel: "#sec", CSV: true}); err != nil || !p.Said {
		t.Errorf("%+v, %v", p, err)
	}
	if m := w.slack.Messages("#sec"); len(m) != 1 || !strings.Contains(m[0].Text, "shop-prod: no open findings") {
		t.Errorf("got %+v", m)
	}
	if len(w.slack.Uploads()) != 0 {
		t.Error("an empty file was uploaded")
	}
}

func TestMoreThanTwentyAreCalledInTheThread(t *testing.T) {
	w := newTown(t, 100)
	var f app.Found
	people, owners := "", ""
	for i := range 25 {
		name := fmt.Sprintf("t%02d", i)
		owners += fmt.Sprintf("  %s: {mention: [%s]}\n", name, name)
		people += fmt.Sprintf("  %s: {slack: U0PERSON%02d, owners: [%s]}\n", name, i, name)
		f.Rows = append(f.Rows, report.Row{Owner: name, Resource: name, Account: shop})
	}
	w.reconfigure(strings.NewReplacer("owners:\n", "owners:\n"+owners, "people:\n", "people:\n"+people))
	if _, err := w.app.PostFindings(t.Context(), f, app.Post{Channel: "#sec", CSV: true}); err != nil {
		t.Fatal(err)
	}
	_, comment, _ := w.uploaded()
	all := w.slack.Messages("#sec")
	if len(all) != 2 || strings.Count(comment.Text, "<@") != 20 || all[1].ThreadTS != comment.TS || strings.Count(all[1].Text, "<@") != 5 {
		t.Errorf("got %+v", all)
	}
}

func TestAnUploadInDoubtIsTold(t *testing.T) {
	w := newTown(t, 100)
	w.slack.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Operation: "files.completeUploadExternal", Times: 1})
	_, err := w.app.PostFindings(t.Context(), app.Found{Rows: []report.Row{{Resource: "r"}}}, app.Post{Channel: "#sec", CSV: true})
	var doubt *slackpkg.InDoubt
	if !errors.As(err, &doubt) || !strings.Contains(err.Error(), "look into the channel") {
		t.Errorf("got %v", err)
	}
}

func TestTheCreatorIsCalledWhereTheOrderSaysSo(t *testing.T) {
	w := newTown(t, 100)
	w.reconfigure(strings.NewReplacer("owners:\n", "owner_from: [creator, account]\nowners:\n", "people:\n", "people:\n  hanako: {slack: U0HANAKO1, email: hanako@example.com, owners: [security]}\n"))
	w.makes(shop, "hanako", "made-by-hanako")
	w.cloud.Evaluate(shop, region, fake.Evaluation{Control: "S3.8", ResourceType: "AwsS3Bucket", ResourceID: "arn:aws:s3:::made-by-hanako", Status: "FAILED"})
	f, err := w.app.List(t.Context(), app.Findings{Query: report.Query{Accounts: []string{shop}}, From: app.FromLive})
	if err != nil || len(f.Rows) != 1 || f.Rows[0].Owner != "security" || f.Rows[0].Person != "hanako" {
		t.Fatalf("got %+v, unread %v, %v", f.Rows, f.Unread, err)
	}
	if _, err := w.app.PostFindings(t.Context(), f, app.Post{Channel: "#sec", CSV: true}); err != nil {
		t.Fatal(err)
	}
	if _, comment, _ := w.uploaded(); !strings.Contains(comment.Text, "<@U0HANAKO1>") {
		t.Errorf("the comment is %q", comment.Text)
	}
}

package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"zesei/internal/app"
	"zesei/internal/fake"
)

// reconfigure rewrites the configuration and opens the app anew.
func (w *town) reconfigure(change *strings.Replacer) {
	w.t.Helper()
	name := filepath.Join(w.dir, "zesei.yaml")
	b, err := os.ReadFile(name)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("zesei.yaml", change.Replace(string(b)))
	if err := w.app.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
}

// makes lets a user make a bucket, so that CloudTrail knows who it was.
func (w *town) makes(account, user, bucket string) {
	w.t.Helper()
	keys := w.cloud.AddUser(account, user)
	client := s3.New(s3.Options{
		Region: region, BaseEndpoint: aws.String(w.opts.Cloud.BaseEndpoint), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, ""),
	})
	if _, err := client.CreateBucket(w.t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String(bucket), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: region},
	}); err != nil {
		w.t.Fatal(err)
	}
}

// schedule gives the town a schedule and starts it.
func (w *town) schedule(line string) {
	w.t.Helper()
	w.reconfigure(strings.NewReplacer("owners:\n", "schedules:\n  - "+line+"\nowners:\n"))
	if err := w.app.StartSchedules(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// nextMorning moves the clock to a little after 09:00 in Tokyo.
func (w *town) nextMorning() {
	now := w.now()
	tokyo := now.In(w.app.Config.Zone())
	next := time.Date(tokyo.Year(), tokyo.Month(), tokyo.Day()+1, 9, 0, 1, 0, tokyo.Location())
	w.later(next.Sub(now))
}

const daily = `{cron: "0 9 * * *", do: findings, controls: [S3.8], csv: true, slack: "#sec"}`

func TestAScheduledListIsPostedOnceForEachTime(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	w.schedule(daily)
	w.work()
	if n := len(w.slack.Uploads()); n != 0 {
		t.Fatalf("%d files before the time", n)
	}
	w.nextMorning()
	w.work()
	w.work()
	if err := w.app.StartSchedules(t.Context()); err != nil { // a restart
		t.Fatal(err)
	}
	w.work()
	_, comment, _ := w.uploaded()
	if !strings.Contains(comment.Text, "<@U012AB3CD>") || !strings.Contains(comment.Text, "*1* open findings of S3.8") {
		t.Errorf("the comment is %q", comment.Text)
	}
	w.nextMorning()
	w.work()
	if n := len(w.slack.Uploads()); n != 2 {
		t.Errorf("%d files on the second day, want 2", n)
	}
}

func TestAScheduledUploadWhoseAnswerWasLostIsNotRepeated(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	w.schedule(daily)
	w.nextMorning()
	w.slack.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Operation: "files.completeUploadExternal", Times: 1})
	w.work()
	w.later(time.Minute)
	w.work()
	w.uploaded()
	if n := w.slack.Journal().Count(fake.Query{Operation: "files.completeUploadExternal"}); n != 1 {
		t.Errorf("the upload was completed %d times", n)
	}
	if n := w.slack.Journal().Count(fake.Query{Operation: "conversations.history"}); n == 0 {
		t.Error("the channel was not looked into")
	}
	w.nextMorning()
	w.work()
	if n := len(w.slack.Uploads()); n != 2 {
		t.Errorf("%d files on the next day, want 2", n)
	}
}

func TestAMissedTimeIsDoneOnceAndNotAfterADay(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	w.schedule(`{cron: "0 * * * *", do: findings, controls: [S3.8], csv: true, slack: "#sec"}`)
	w.later(5 * time.Hour)
	w.work()
	if n := len(w.slack.Uploads()); n != 1 {
		t.Errorf("after five missed hours %d files, want 1", n)
	}
	w.later(49 * time.Hour)
	w.work()
	if n := len(w.slack.Uploads()); n != 2 {
		t.Errorf("after two days %d files, want 2: only the last missed time is done", n)
	}
}

func TestATimeMissedForMoreThanADayIsLeftOut(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	w.schedule(`{cron: "0 9 1 1 *", do: findings, csv: true, slack: "#sec"}`)
	now := w.now().In(w.app.Config.Zone())
	w.later(time.Date(now.Year()+1, 1, 2, 9, 0, 1, 0, now.Location()).Sub(now))
	w.work()
	if n := len(w.slack.Uploads()); n != 0 {
		t.Errorf("%d files", n)
	}
}

func TestAFailedRunIsToldAndTheNextTimeComes(t *testing.T) {
	w := newTown(t, 100)
	w.reconfigure(strings.NewReplacer("roles: {read", "roles: {write", ", write: \"arn:aws:iam::111122223333:role/zesei-write\"", "", ", write: \"arn:aws:iam::444455556666:role/zesei-write\"", ""))
	w.schedule(daily)
	w.nextMorning()
	for range 30 {
		w.work()
		w.later(2 * time.Minute)
	}
	m := w.slack.Messages("#sec")
	if len(m) != 1 || !strings.Contains(m[0].Text, "could not be made") {
		t.Fatalf("got %+v, want that the report could not be made", m)
	}
	w.cloud.EnableHub(hubAccount, region, "fsbp")
	w.nextMorning()
	w.work()
	if m := w.slack.Messages("#sec"); len(m) != 2 || !strings.Contains(m[1].Text, "no open findings") {
		t.Errorf("got %+v", m)
	}
}

func TestTheScheduledSummaryIsSaidOnce(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	w.schedule(`{cron: "0 9 * * *", do: summary, owner: shop}`)
	w.nextMorning()
	w.slack.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Operation: "chat.postMessage", Times: 1})
	w.work()
	w.later(time.Minute)
	w.work()
	said := 0
	for _, m := range w.slack.Messages("#shop-sec") {
		if strings.Contains(m.Text, "検知状況") && strings.Contains(m.Text, "◆AWS 基礎セキュリティのベストプラクティス") {
			said++
		}
	}
	if said != 1 {
		t.Errorf("the summary was said %d times", said)
	}
}

func TestAScheduleOfAnUnknownControlIsAnErrorOfTheFile(t *testing.T) {
	w := newTown(t, 100)
	b, err := os.ReadFile(filepath.Join(w.dir, "zesei.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("bad.yaml", strings.Replace(string(b), "owners:\n", "schedules:\n  - "+strings.Replace(daily, "S3.8", "CR.1", 1)+"\nowners:\n", 1))
	w.opts.ConfigPath = filepath.Join(w.dir, "bad.yaml")
	_, err = app.Open(t.Context(), w.opts)
	if err == nil || !strings.Contains(err.Error(), "schedules[0].controls: unknown control CR.1; did you mean ECR.1?") {
		t.Errorf("got %v", err)
	}
}

// The clock may be set back while a run is on its way, by a little more than what
// has passed since its time: that time has been done.
func TestAScheduledListIsNotPostedAgainWhenTheClockIsSetBack(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	w.schedule(daily)
	w.nextMorning()
	right, asked := w.app.Now, 0
	w.app.Now = func() time.Time {
		if asked++; asked > 1 {
			return right().Add(-time.Minute)
		}
		return right()
	}
	w.work()
	w.app.Now = right
	w.later(time.Minute)
	w.work()
	if n := len(w.slack.Uploads()); n != 1 {
		t.Errorf("%d files, want 1", n)
	}
}

package app_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/fake"
	"zesei/internal/job"
	"zesei/internal/store"
)

// recordOf is the CloudTrail record in an EventBridge event.
func recordOf(t *testing.T, envelope []byte) []byte {
	t.Helper()
	var e struct{ Detail json.RawMessage }
	if err := json.Unmarshal(envelope, &e); err != nil {
		t.Fatal(err)
	}
	return e.Detail
}

// asEvent is the EventBridge event that AWS makes of a record.
func asEvent(t *testing.T, id string, record []byte) []byte {
	t.Helper()
	var r struct {
		Source string `json:"eventSource"`
		Region string `json:"awsRegion"`
	}
	if err := json.Unmarshal(record, &r); err != nil {
		t.Fatal(err)
	}
	service, _, _ := strings.Cut(r.Source, ".")
	return fmt.Appendf(nil, `{"version":"0","id":%q,"detail-type":"AWS API Call via CloudTrail","source":"aws.%s","account":%q,"time":%q,"region":%q,"resources":[],"detail":%s}`,
		id, service, sandbox, time.Now().UTC().Format(time.RFC3339), r.Region, record)
}

func zipped(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// delivered are the ways in which the same records arrive.
func delivered(t *testing.T, records [][]byte) map[string][]byte {
	t.Helper()
	file := bytes.Join([][]byte{[]byte(`{"Records":[`), bytes.Join(records, []byte(",")), []byte("]}")}, nil)
	var looked, events [][]byte
	for i, r := range records {
		text, err := json.Marshal(string(r))
		if err != nil {
			t.Fatal(err)
		}
		looked = append(looked, fmt.Appendf(nil, `{"EventId":"%d","EventName":"x","CloudTrailEvent":%s}`, i, text))
		events = append(events, asEvent(t, fmt.Sprintf("env-%d", i), r))
	}
	return map[string][]byte{
		"trail file":    file,
		"gzip":          zipped(t, file),
		"JSON lines":    bytes.Join(records, []byte("\n")),
		"lookup-events": bytes.Join([][]byte{[]byte(`{"Events":[`), bytes.Join(looked, []byte(",")), []byte("]}")}, nil),
		"EventBridge":   bytes.Join(events, []byte("\n")),
	}
}

// happened are records of which each leads to something else: a look, a notice,
// an incident, a threshold that is reached with them and one that is not.
func (w *town) happened() [][]byte {
	w.t.Helper()
	sg := w.cloud.AddSecurityGroup(sandbox, region, fake.SecurityGroup{Name: "web"})
	hana := `"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::` + sandbox + `:user/hana","accountId":"` + sandbox + `","userName":"hana"}`
	out := [][]byte{
		recordOf(w.t, w.opens(sandbox, sg)),
		record("k-1", "CreateAccessKey", hana+`,"requestParameters":{"userName":"build"},"responseElements":{"accessKey":{"userName":"build","status":"Active"}}`),
		record("a-1", "AttachUserPolicy", hana+`,"requestParameters":{"userName":"build","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"},"responseElements":null`),
		record("a-2", "AttachUserPolicy", hana+`,"requestParameters":{"userName":"build","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"},"responseElements":null`),
	}
	for i := range 7 {
		out = append(out, record(fmt.Sprintf("d-%d", i), "ListUsers", hana+`,"errorCode":"AccessDenied","errorMessage":"no"`))
	}
	return out
}

// stands is everything that a delivery may change.
type stands struct {
	cases    []string
	notices  int
	told     int
	windows  string
	calls    int
	audit    int
	jobsLeft int
}

func (w *town) stands() stands {
	w.t.Helper()
	s := stands{told: len(w.slack.Messages("shop-sec")) + len(w.slack.Messages("sec")), calls: len(w.cloud.Journal().Entries(fake.Query{}))}
	for _, c := range w.cases() {
		s.cases = append(s.cases, fmt.Sprint(store.ShortKey(c.Key), c.Key.Control, c.State, c.ChangedAt))
		s.audit += int(c.AuditSeq)
	}
	db := w.app.DB.View()
	if err := db.QueryRowContext(w.t.Context(), `SELECT count(*) FROM notices`).Scan(&s.notices); err != nil {
		w.t.Fatal(err)
	}
	if err := db.QueryRowContext(w.t.Context(), `SELECT coalesce(group_concat(key || hex(state), ' '), '') FROM windows`).Scan(&s.windows); err != nil {
		w.t.Fatal(err)
	}
	waiting, err := job.Pending(w.t.Context(), db, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	s.jobsLeft = len(waiting)
	return s
}

func TestTheSameRecordsBroughtAgainByAnyWayChangeNothing(t *testing.T) {
	for _, first := range []string{"trail file", "EventBridge"} {
		t.Run(first+" first", func(t *testing.T) {
			w := newTown(t, 100)
			ways := delivered(t, w.happened())
			if r := w.take(ways[first]); r.Events != 11 || r.Dead != 0 {
				t.Fatalf("%+v", r)
			}
			before := w.stands()
			if len(before.cases) == 0 || before.notices == 0 || before.windows == "" || before.calls == 0 {
				t.Fatalf("too little happened: %+v", before)
			}
			for name, body := range ways {
				w.later(time.Second)
				if r := w.take(body); r.Events != 11 {
					t.Errorf("%s: %+v", name, r)
				}
				if after := w.stands(); fmt.Sprint(after) != fmt.Sprint(before) {
					t.Errorf("%s again:\n%+v\nbefore:\n%+v", name, after, before)
				}
			}
		})
	}
}

func TestEveryWayOfDeliveringATrailSaysTheSame(t *testing.T) {
	var want []string
	for _, name := range []string{"trail file", "gzip", "JSON lines", "lookup-events", "EventBridge"} {
		w := newTown(t, 100)
		r := w.take(delivered(t, w.happened())[name])
		var got []string
		for _, c := range w.cases() {
			got = append(got, c.Key.Control+" "+string(c.State))
		}
		got = append(got, fmt.Sprint(r.Events, r.Detected, w.stands().notices))
		if want == nil {
			want = got
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestTrailFilesAreFetchedWhenANotificationNamesThem(t *testing.T) {
	p := newPlace(t, `sqs: [{queue: "arn:aws:sqs:`+region+`:`+sandbox+`:zesei"}]`)
	p.cloud.AddBucket(sandbox, region, "trail-logs", false)
	made := record("k-1", "CreateAccessKey", `"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::`+sandbox+`:user/hana","accountId":"`+sandbox+`","userName":"hana"},"requestParameters":{"userName":"build"},"responseElements":{"accessKey":{"userName":"build","status":"Active"}}`)
	const key = "AWSLogs/111122223333/CloudTrail/ap-northeast-1/2026/11/22/a b.json.gz"
	p.cloud.PutObjectBody("trail-logs", key, zipped(t, delivered(t, [][]byte{made})["trail file"]))
	notice := func(event, key string) string {
		return `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"` + region + `","eventName":"` + event + `","s3":{"bucket":{"name":"trail-logs"},"object":{"key":"` + key + `","size":10}}}]}`
	}
	s := p.serve()
	send := func(body string) {
		t.Helper()
		if err := p.cloud.Send(sandbox, region, "zesei", body); err != nil {
			t.Fatal(err)
		}
		until(t, "an empty queue", func() bool { return len(p.cloud.QueueBodies(sandbox, region, "zesei")) == 0 })
	}
	notices := func() (n int) {
		if err := s.app.DB.View().QueryRowContext(context.Background(), `SELECT count(*) FROM notices`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	encoded := strings.ReplaceAll(key, " ", "+")
	send(notice("ObjectCreated:Put", encoded))
	if n := notices(); n != 1 {
		t.Fatalf("%d notices of the file, want 1; %s", n, p.log.String())
	}
	send(notice("ObjectCreated:Put", encoded))
	send(`{"version":"0","id":"o","detail-type":"Object Created","source":"aws.s3","account":"111122223333","time":"2026-11-22T00:00:00Z","region":"` + region + `","resources":[],"detail":{"bucket":{"name":"trail-logs"},"object":{"key":"` + key + `","size":10}}}`)
	send(notice("ObjectRemoved:Delete", encoded))
	send(notice("ObjectCreated:Put", "AWSLogs/111122223333/CloudTrail-Digest/x.json.gz"))
	if n := notices(); n != 1 {
		t.Errorf("%d notices after the same file again", n)
	}
	if letters, err := store.DeadLetters(t.Context(), s.app.DB.View(), 0, 10); err != nil || len(letters) != 0 {
		t.Errorf("dead letters: %+v %v", letters, err)
	}
	if n := len(p.cloud.Journal().Entries(fake.Query{Operation: "GetObject"})); n != 3 {
		t.Errorf("%d objects were fetched, want 3", n)
	}
}

// Recorded trails go through the whole intake; again, they change no case.
func TestRecordedTrailsAreReadAndTheSameAgainChangesNothing(t *testing.T) {
	root, err := filepath.Abs("../../../shared/testdata/cloudtrail")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(root); err != nil {
		if os.Getenv("ZESEI_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip("the recorded trails (../shared/testdata/cloudtrail) are not here")
	}
	a := alone(t)
	events, detected := 0, 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), ".json") || strings.Contains(d.Name(), "panther") {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		first, err := a.Intake.Read(t.Context(), bytes.NewReader(body), d.Name())
		if err != nil {
			return err
		}
		events, detected = events+first.Events, detected+first.Detected
		again, err := a.Intake.Read(t.Context(), bytes.NewReader(body), d.Name())
		if err != nil {
			return err
		}
		if n := again.Cases; n.Opened+n.Reopened+n.Closed+n.Updated != 0 {
			t.Errorf("%s again: %+v", d.Name(), n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if events < 3000 || detected < 50 {
		t.Errorf("%d events, %d matches", events, detected)
	}
	t.Logf("%d events, %d matches", events, detected)
}

// A reader of many records tells how far it has come, also where nothing wakes a
// rule and nothing is committed.
func TestProgressIsToldOfATrailThatWakesNothing(t *testing.T) {
	a := alone(t)
	var b bytes.Buffer
	b.WriteString(`{"Records":[`)
	for i := range 40_000 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"eventVersion":"1.08","eventID":"q-%d","eventTime":"2026-11-20T00:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"ap-northeast-1","recipientAccountId":"111122223333","padding":%q}`, i, strings.Repeat("x", 200))
	}
	b.WriteString("]}")
	in := *a.Intake
	var told []int64
	in.Progress = func(n int64) { told = append(told, n) }
	total := int64(b.Len())
	r, err := in.Read(t.Context(), &b, "quiet")
	if err != nil || r.Events != 40_000 || r.Detected != 0 {
		t.Fatalf("%+v %v", r, err)
	}
	if len(told) < 2 || told[len(told)-1] != total || told[0] >= total {
		t.Errorf("told %v of %d bytes", told, total)
	}
}

func TestWhoDidItStandsInTheCaseAndInTheMessage(t *testing.T) {
	w := newTown(t, 100)
	sg := w.cloud.AddSecurityGroup(shop, region, fake.SecurityGroup{Name: "web"})
	w.take(w.opens(shop, sg))
	var found *casefile.File
	for _, c := range w.cases() {
		if c.Key.Control == "EC2.19" {
			found = c.File
		}
	}
	if found == nil || found.Life.Actor == nil || !strings.HasSuffix(found.Life.Actor.Principal, "user/hana") || found.Life.Actor.Address == "" || found.Life.Actor.UserAgent == "" {
		t.Fatalf("who did it is not in the case: %+v", found)
	}
	w.later(2 * time.Minute)
	w.work()
	said := false
	for _, m := range w.slack.Messages("shop-sec") {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		said = said || bytes.Contains(b, []byte("hana"))
	}
	if !said {
		t.Error("no message says who did it")
	}
}

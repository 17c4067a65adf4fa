package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"zesei/internal/app"
)

// TestFourWaysMakeTheSameCases lets the same findings arrive in a file, over
// HTTP, through SQS and by asking Security Hub.
func TestFourWaysMakeTheSameCases(t *testing.T) {
	const n = 60
	tell := func(p *place) {
		for i := range n {
			p.says(i, []string{"FAILED", "FAILED", "PASSED", "WARNING"}[i%4])
		}
	}
	// Some close again, once the first have been heard: neither a queue nor a poll
	// shows what was mended before we looked.
	mend := func(p *place) {
		for i := 0; i < n; i += 8 {
			p.later(time.Second)
			p.says(i, "PASSED")
		}
	}
	cases := map[string][]string{}

	file := newPlace(t, "{}")
	tell(file)
	mend(file)
	a := file.open()
	if _, err := a.Intake.Read(context.Background(), bytes.NewReader(bytes.Join(file.published(), []byte("\n"))), "file"); err != nil {
		t.Fatal(err)
	}
	cases["file"] = caseLines(t, a.DB)

	web := newPlace(t, `http: {secret: "${env:LIVE_HOOK}"}`)
	tell(web)
	mend(web)
	s := web.serve()
	for _, e := range web.published() {
		if status, _, answer := s.post(e, "X-Api-Key", liveHook); status != http.StatusOK {
			t.Fatal(status, answer)
		}
	}
	cases["http"] = caseLines(t, s.app.DB)

	queue := newPlace(t, `sqs: [{queue: "arn:aws:sqs:`+region+`:`+sandbox+`:zesei"}]`)
	queue.cloud.DeliverEvents(sandbox, region, "zesei", nil)
	tell(queue)
	q := queue.serve()
	empty := func() bool { return len(queue.cloud.QueueBodies(sandbox, region, "zesei")) == 0 }
	until(t, "an empty queue", empty)
	mend(queue)
	until(t, "an empty queue", empty)
	cases["sqs"] = caseLines(t, q.app.DB)

	poll := newPlace(t, `securityhub: {every: 15m}`)
	tell(poll)
	b := poll.open()
	if _, err := b.Poll(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	mend(poll)
	if _, err := b.Poll(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	cases["polling"] = caseLines(t, b.DB)

	if len(cases["file"]) < n/2 {
		t.Fatalf("%d cases", len(cases["file"]))
	}
	for way, got := range cases {
		if d := cmp.Diff(cases["file"], got); d != "" {
			t.Errorf("%s (-file +%s):\n%s", way, way, d)
		}
	}
}

// TestSNSDeliversOverHTTPS lets a topic of the twin deliver to serve: the
// subscription is confirmed, the message taken once.
func TestSNSDeliversOverHTTPS(t *testing.T) {
	p := newPlace(t, `http: {topics: ["`+topicARN+`"]}`)
	p.says(1, "FAILED")
	var confirmed []string
	s := p.serve(func(o *app.ServeOptions) {
		o.SNS = roundTrip(func(r *http.Request) (*http.Response, error) {
			body := []byte("<ConfirmSubscriptionResponse/>")
			if strings.HasSuffix(r.URL.Path, ".pem") {
				body = p.cloud.SNSCertificate()
			} else {
				confirmed = append(confirmed, r.URL.String())
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(bytes.NewReader(body)), Header: http.Header{}}, nil
		})
	})
	send := func(m map[string]string) (int, string) {
		body, err := json.Marshal(p.cloud.SignSNS(region, "2", m))
		if err != nil {
			t.Fatal(err)
		}
		status, _, answer := s.post(body, "X-Amz-Sns-Message-Type", m["Type"])
		return status, answer
	}
	stamp := p.now().UTC().Format("2006-01-02T15:04:05.000Z")
	if status, answer := send(map[string]string{"Type": "SubscriptionConfirmation", "MessageId": "m0", "Token": "t0", "TopicArn": topicARN, "Message": "x", "Timestamp": stamp,
		"SubscribeURL": "https://sns." + region + ".amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topicARN + "&Token=t0"}); status != 200 || len(confirmed) != 1 {
		t.Fatal(status, answer, confirmed)
	}
	m := map[string]string{"Type": "Notification", "MessageId": "m1", "TopicArn": topicARN, "Message": string(p.published()[0]), "Timestamp": stamp}
	if status, answer := send(m); status != 200 || !strings.Contains(answer, `"findings":1`) {
		t.Fatal(status, answer)
	}
	if status, answer := send(m); status != 200 || !strings.Contains(answer, `"repeated":true`) {
		t.Fatal(status, answer)
	}
	if n := len(caseLines(t, s.app.DB)); n != 1 {
		t.Fatalf("%d cases", n)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestServeShowsItsHealthAndLeavesNothingBehind(t *testing.T) {
	p := newPlace(t, `http: {secret: "${env:LIVE_HOOK}"}
sqs: [{queue: "arn:aws:sqs:`+region+`:`+sandbox+`:zesei"}]
securityhub: {every: 15m}`)
	before := goleak.IgnoreCurrent()
	p.says(1, "FAILED")
	s := p.serve()
	until(t, "a case by polling", func() bool { return len(caseLines(t, s.app.DB)) == 1 })
	if status, _, _ := s.post(p.published()[0], "Authorization", "Bearer "+liveHook); status != 200 {
		t.Errorf("a bearer token got %d", status)
	}
	if status, _, _ := s.post(p.published()[0], "X-Api-Key", "wrong"); status != 401 {
		t.Errorf("a wrong secret got %d", status)
	}
	if status, _, _ := s.post(bytes.Repeat([]byte(" "), 1<<20+1), "X-Api-Key", liveHook); status != 413 {
		t.Errorf("a large body got %d", status)
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ready", "/metrics": `zesei_intake_messages_total{outcome="taken",via="http"} 1`} {
		if status, got := s.get(path); status != 200 || !strings.Contains(got, want) {
			t.Errorf("%s: %d, no %q", path, status, want)
		}
	}
	// A poll is counted when it ends, which is after its cases have been committed.
	for _, want := range []string{`zesei_aws_calls_total{operation="GetFindings",outcome="ok",service="SecurityHub"}`, "zesei_jobs{", "zesei_intake_batch_seconds_count", "zesei_dead_letters 0", `zesei_securityhub_polls_total{outcome="ok"`} {
		until(t, want+" in the metrics", func() bool {
			_, metrics := s.get("/metrics")
			return strings.Contains(metrics, want)
		})
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(before, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"), goleak.IgnoreAnyFunction("net/http.(*conn).serve")); err != nil {
		t.Error(err)
	}
}

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"zesei/internal/app"
	"zesei/internal/awscloud"
	"zesei/internal/casework"
	"zesei/internal/fake"
	"zesei/internal/intake"
)

const benchRegion = "ap-northeast-1"

// noted notes when each finding was committed.
type noted struct {
	*casework.Work
	mu   sync.Mutex
	sent map[string]time.Time
	took []time.Duration
	n    atomic.Int64
}

func (t *noted) Take(ctx context.Context, a casework.Arrival) (casework.Result, error) {
	r, err := t.Work.Take(ctx, a)
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range a.Findings {
		if at, ok := t.sent[a.Findings[i].Source.ID]; ok {
			t.took = append(t.took, now.Sub(at))
		}
	}
	t.n.Add(int64(len(a.Findings)))
	return r, err
}

// BenchmarkSQS takes events in from a queue of the twin, over HTTP on loopback:
// received, decoded, decided, committed durably and deleted, in one process. The
// twin works on the same cores.
//
// events/s is for a queue that holds everything at the start; p50 and p99 are
// from sending to commit at 100 events a second.
func BenchmarkSQS(b *testing.B) {
	n := size(b, "ZESEI_BENCH_EVENTS", 5000)
	var rate []float64
	var latency []time.Duration
	for b.Loop() {
		r, l := fromQueue(b, n)
		rate, latency = append(rate, r), append(latency, l...)
	}
	sum := 0.0
	for _, r := range rate {
		sum += r
	}
	b.ReportMetric(sum/float64(len(rate)), "events/s")
	b.ReportMetric(ms(quantile(latency, 0.50)), "p50-ms")
	b.ReportMetric(ms(quantile(latency, 0.99)), "p99-ms")
	b.ReportMetric(0, "ns/op")
}

func fromQueue(b *testing.B, n int) (perSecond float64, latency []time.Duration) {
	b.Helper()
	account := accountID(0)
	cloud := fake.NewCloud(fake.Options{Seed: 1})
	keys := cloud.AddAccount(fake.Account{ID: account})
	arn := cloud.AddQueue(account, benchRegion, "zesei", "", 0)
	twin := httptest.NewServer(cloud)
	defer twin.Close()
	a := open(b, b.TempDir())
	defer a.Close()
	work := &noted{Work: a.Work, sent: map[string]time.Time{}}
	joiner := intake.NewJoiner(work, nil, nil)
	client := sqs.New(sqs.Options{Region: benchRegion, BaseEndpoint: aws.String(twin.URL), Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, "")})
	q := &intake.Queue{ARN: arn, Connect: func(context.Context) (intake.QueueClient, error) { return client, nil }, Intake: a.Intake, Joiner: joiner,
		Log: slog.New(slog.DiscardHandler), Wait: time.Second, Sleep: func(context.Context, time.Duration) error { return nil }}
	random := rand.New(rand.NewPCG(1, 1))
	send := func(i int, mark bool) {
		id, body := envelope(b, random, i)
		if mark {
			work.mu.Lock()
			work.sent[id] = time.Now()
			work.mu.Unlock()
		}
		if err := cloud.Send(account, benchRegion, "zesei", string(body)); err != nil {
			b.Fatal(err)
		}
	}
	for i := range n {
		send(i, false)
	}
	taking, stop := context.WithCancel(context.Background())
	ended, end := context.WithCancel(context.Background())
	var reading, joining sync.WaitGroup
	joining.Go(func() { joiner.Run(context.Background(), ended) })
	start := time.Now()
	reading.Go(func() { q.Run(taking, context.Background()) })
	wait := func(want int) {
		for work.n.Load() < int64(want) {
			time.Sleep(time.Millisecond)
		}
	}
	wait(n)
	perSecond = float64(n) / time.Since(start).Seconds()
	const paced = 500
	for i := range paced {
		send(n+i, true)
		time.Sleep(10 * time.Millisecond)
	}
	wait(n + paced)
	stop()
	reading.Wait()
	end()
	joining.Wait()
	return perSecond, work.took
}

// envelope is an event as EventBridge delivers it, with one finding.
func envelope(b *testing.B, r *rand.Rand, i int) (id string, body []byte) {
	b.Helper()
	var f bytes.Buffer
	one(&f, r, i, time.Now())
	raw := f.Bytes()
	var read struct{ Id, AwsAccountId string }
	if err := json.Unmarshal(raw, &read); err != nil {
		b.Fatal(err)
	}
	return read.Id, fmt.Appendf(nil, `{"version":"0","id":"%d","detail-type":"Security Hub Findings - Imported","source":"aws.securityhub","account":%q,"time":%q,"region":%q,"resources":[],"detail":{"findings":[%s]}}`,
		i, read.AwsAccountId, time.Now().UTC().Format(time.RFC3339), benchRegion, raw)
}

// BenchmarkPolling counts the calls for reading 20,000 findings the first time,
// for a poll two hours later that finds a hundred more, and for a day later,
// when all are read again. Security Hub allows three calls a second.
func BenchmarkPolling(b *testing.B) {
	n := size(b, "ZESEI_BENCH_FINDINGS", 20_000)
	var first, next, daily int
	for b.Loop() {
		first, next, daily = polls(b, n)
	}
	b.ReportMetric(float64(first), "calls-first")
	b.ReportMetric(float64(next), "calls-next")
	b.ReportMetric(float64(daily), "calls-daily")
	b.ReportMetric(float64(first)/3, "s-at-3/s")
}

func polls(b *testing.B, n int) (first, next, daily int) {
	b.Helper()
	var offset atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	account := accountID(0)
	cloud := fake.NewCloud(fake.Options{Seed: 1, Now: now})
	keys := cloud.AddAccount(fake.Account{ID: account})
	cloud.EnableHub(account, benchRegion)
	random := rand.New(rand.NewPCG(1, 1))
	put := func(i int) {
		var f bytes.Buffer
		one(&f, random, i, now())
		if err := cloud.PutFinding(account, benchRegion, f.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
	for i := range n {
		offset.Add(int64(24*time.Hour) / int64(n)) // as a day of checks updates them
		put(i)
	}
	offset.Add(int64(time.Hour))
	twin := httptest.NewServer(cloud)
	defer twin.Close()
	dir := b.TempDir()
	write(b, filepath.Join(dir, "zesei.yaml"), fmt.Appendf(nil, "store: sqlite:%s\nintake: {securityhub: {regions: [%s], products: [\"*\"]}}\n", filepath.Join(dir, "z.db"), benchRegion))
	a, err := app.Open(context.Background(), app.Options{ConfigPath: filepath.Join(dir, "zesei.yaml"), Now: now, Cloud: awscloud.Config{Limits: awscloud.Unlimited, Base: &aws.Config{
		Region: benchRegion, BaseEndpoint: aws.String(twin.URL), Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, "")}}})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	poll := func() int {
		got, err := a.Poll(context.Background(), a)
		if err != nil || got.Regions[0].Err != nil || got.Dead > 0 {
			b.Fatal(err, got)
		}
		return cloud.Journal().Count(fake.Query{Operation: "GetFindings"})
	}
	first = poll()
	offset.Add(int64(2 * time.Hour))
	for i := range 100 {
		put(n + i)
	}
	next = poll() - first
	offset.Add(int64(25 * time.Hour))
	daily = poll() - next - first
	return first, next, daily
}

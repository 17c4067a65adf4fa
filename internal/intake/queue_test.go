package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"go.uber.org/goleak"

	"zesei/internal/casework"
	"zesei/internal/event"
	"zesei/internal/fake"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// TestMain finds what a test leaves running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// taker stands for casework: it keeps what it took, and fails where told.
type taker struct {
	mu       sync.Mutex
	findings []string
	dead     []store.Dead
	commits  int
	fail     func(casework.Arrival) error
	wait     chan struct{} // nil: none
	entered  atomic.Int64
	held     atomic.Int64 // findings that were handed in
}

func (k *taker) Take(ctx context.Context, a casework.Arrival) (casework.Result, error) {
	k.entered.Add(1)
	k.held.Add(int64(len(a.Findings)))
	if k.wait != nil {
		select {
		case <-k.wait:
		case <-ctx.Done():
			return casework.Result{}, ctx.Err()
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		if err := k.fail(a); err != nil {
			return casework.Result{}, err
		}
	}
	k.commits++
	for _, f := range a.Findings {
		k.findings = append(k.findings, f.Title)
	}
	k.dead = append(k.dead, a.Dead...)
	return casework.Result{Findings: len(a.Findings), Dead: len(a.Dead)}, nil
}

func (k *taker) took() (findings []string, dead []store.Dead) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string{}, k.findings...), append([]store.Dead{}, k.dead...)
}

// words decodes an item into one finding that is titled with its whole text.
type words struct{}

func (words) Decode(item event.Item, _ time.Time) ([]finding.Finding, error) {
	if item.Err != nil {
		return nil, item.Err
	}
	if bytes.Contains(item.Raw, []byte("panic")) {
		panic("a decoder that stumbles")
	}
	return []finding.Finding{{Title: string(item.Raw)}}, nil
}

// line is a queue of the twin and what reads it.
type line struct {
	*testing.T
	cloud *fake.Cloud
	taker *taker
	queue *Queue
	mu    sync.Mutex
	skew  time.Duration
	end   func()
}

const (
	account = "111122223333"
	tokyo   = "ap-northeast-1"
)

func newLine(t *testing.T, change ...func(*line)) *line {
	t.Helper()
	l := &line{T: t, taker: &taker{}}
	l.cloud = fake.NewCloud(fake.Options{Seed: 1, Now: l.now})
	keys := l.cloud.AddAccount(fake.Account{ID: account})
	arn := l.cloud.AddQueue(account, tokyo, "zesei", "", 0)
	server := httptest.NewServer(l.cloud)
	t.Cleanup(server.Close)
	transport := &http.Transport{MaxConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	client := sqs.New(sqs.Options{Region: tokyo, BaseEndpoint: aws.String(server.URL), HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, "")})
	in := &Intake{Decoder: words{}, Now: l.now}
	joiner := NewJoiner(l.taker, nil, nil)
	l.queue = &Queue{ARN: arn, Connect: func(context.Context) (QueueClient, error) { return client, nil }, Intake: in, Joiner: joiner,
		Log: slog.New(slog.DiscardHandler), Wait: time.Second, Sleep: func(context.Context, time.Duration) error { return nil }}
	for _, c := range change {
		c(l)
	}
	taking, stop := context.WithCancel(context.Background())
	stopped, stopJoiner := context.WithCancel(context.Background())
	var reading, joining sync.WaitGroup
	joining.Go(func() { joiner.Run(context.Background(), stopped) })
	reading.Go(func() { l.queue.Run(taking, context.Background()) })
	l.end = sync.OnceFunc(func() { stop(); reading.Wait(); stopJoiner(); joining.Wait() })
	t.Cleanup(l.end)
	return l
}

func (l *line) now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Now().Add(l.skew)
}

func (l *line) later(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.skew += d
}

func (l *line) send(bodies ...string) {
	l.Helper()
	for _, b := range bodies {
		if err := l.cloud.Send(account, tokyo, "zesei", b); err != nil {
			l.Fatal(err)
		}
	}
}

func (l *line) left() int { return len(l.cloud.QueueBodies(account, tokyo, "zesei")) }

func (l *line) until(what string, ok func() bool) {
	l.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	findings, dead := l.taker.took()
	l.Fatalf("never came: %s (%d left, took %d findings and %d dead letters)", what, l.left(), len(findings), len(dead))
}

func item(i int) string { return fmt.Sprintf(`{"detail-type":"x","detail":{"n":%d}}`, i) }

func TestMessagesAreDeletedAfterTheirCommit(t *testing.T) {
	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	l := newLine(t, func(l *line) { l.taker.wait = gate })
	t.Cleanup(open) // a test that fails ends
	for i := range 137 {
		l.send(item(i))
	}
	l.until("a receipt", func() bool { return l.cloud.Journal().Count(fake.Query{Operation: "ReceiveMessage"}) >= 14 })
	l.until("all before the store", func() bool { return len(l.queue.Joiner.queue)+int(l.taker.held.Load()) >= 130 })
	if n := l.left(); n != 137 {
		t.Errorf("%d messages are left before any commit, want all 137", n)
	}
	open()
	l.until("an empty queue", func() bool { return l.left() == 0 })
	if findings, _ := l.taker.took(); len(findings) != 137 {
		t.Errorf("took %d", len(findings))
	}
	if l.taker.commits > 40 {
		t.Errorf("%d commits for 137 messages that waited together", l.taker.commits)
	}
	l.end()
}

func TestMessagesStayInvisibleWhileWeWork(t *testing.T) {
	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	l := newLine(t, func(l *line) { l.taker.wait = gate; l.queue.Visibility = time.Second })
	t.Cleanup(open)
	l.send(item(1))
	l.until("three renewals", func() bool {
		return l.cloud.Journal().Count(fake.Query{Operation: "ChangeMessageVisibilityBatch", Outcome: "ok"}) >= 3
	})
	open()
	l.until("an empty queue", func() bool { return l.left() == 0 })
	if findings, _ := l.taker.took(); len(findings) != 1 {
		t.Errorf("taken %d times", len(findings))
	}
}

// TestPoisonIsKeptAndLeavesTheQueue: a message that fails alone does not fail its
// neighbours, comes again, and is at last a dead letter with the whole body.
func TestPoisonIsKeptAndLeavesTheQueue(t *testing.T) {
	l := newLine(t, func(l *line) {
		l.taker.fail = func(a casework.Arrival) error {
			for _, f := range a.Findings {
				if strings.Contains(f.Title, "poison") {
					return errors.New("no case can be made of this")
				}
			}
			return nil
		}
	})
	poison := `{"detail-type":"poison","detail":{}}`
	l.send(item(1), poison, item(2))
	l.until("the neighbours", func() bool { f, _ := l.taker.took(); return len(f) == 2 && l.left() == 1 })
	for range poisonAfter {
		l.later(2 * time.Minute)
		time.Sleep(20 * time.Millisecond)
	}
	l.until("an empty queue", func() bool { l.later(2 * time.Minute); return l.left() == 0 })
	_, dead := l.taker.took()
	dead = slices.CompactFunc(dead, func(a, b store.Dead) bool { return a.Reason == b.Reason && string(a.Raw) == string(b.Raw) }) // as the store does
	if len(dead) != 1 || string(dead[0].Raw) != poison || !strings.Contains(dead[0].Reason, "no case can be made") {
		t.Errorf("%+v", dead)
	}
}

func TestWhatCannotBeReadIsKeptWhole(t *testing.T) {
	l := newLine(t)
	large := `{"Records": [` + strings.Repeat(`{"x": 1},`, 30000)
	bodies := []string{"not json", `{"detail-type":"panic","detail":{}}`, large}
	l.send(bodies...)
	l.until("an empty queue", func() bool { return l.left() == 0 })
	_, dead := l.taker.took()
	for _, b := range bodies {
		found := false
		for _, d := range dead {
			found = found || string(d.Raw) == b && d.Reason != ""
		}
		if !found {
			t.Errorf("%.40s… is not kept whole", b)
		}
	}
}

func TestDeletionsThatFailAreRepeated(t *testing.T) {
	l := newLine(t, func(l *line) {
		l.cloud.Faults().Add(fake.Fault{Kind: fake.Partial, Operation: "DeleteMessageBatch", Items: 2, Times: 2})
	})
	for i := range 10 {
		l.send(item(i))
	}
	l.until("an empty queue", func() bool { return l.left() == 0 })
}

// shelf is S3: it takes what it is told of, and fails at first.
type shelf struct {
	mu   sync.Mutex
	took []Object
	fail int
}

func (s *shelf) Object(_ context.Context, o Object) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail--; s.fail >= 0 {
		return errors.New("S3 does not answer")
	}
	s.took = append(s.took, o)
	return nil
}

const notification = `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"ap-northeast-1","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"trail"},"object":{"key":"a/b+c%3D.json.gz","size":7,"versionId":"v"}}}]}`

func TestObjectsOfNotificationsAreTakenBeforeTheMessageGoes(t *testing.T) {
	s := &shelf{fail: 1}
	l := newLine(t, func(l *line) { l.queue.Intake.Objects = s })
	l.send(notification)
	l.until("a first attempt", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.fail <= 0 })
	if l.left() != 1 {
		t.Error("a message went whose object was not taken")
	}
	l.until("an empty queue", func() bool { l.later(2 * time.Minute); return l.left() == 0 })
	if want := (Object{Bucket: "trail", Key: "a/b c=.json.gz", Version: "v", Region: tokyo, Size: 7}); len(s.took) == 0 || s.took[0] != want {
		t.Errorf("%+v", s.took)
	}
}

func TestNotificationsWithoutAReaderAreDeadLetters(t *testing.T) {
	l := newLine(t)
	l.send(notification, `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-02T00:00:00.000Z","Bucket":"trail"}`)
	l.until("an empty queue", func() bool { return l.left() == 0 })
	if _, dead := l.taker.took(); len(dead) != 1 || !strings.Contains(dead[0].Reason, "s3://trail/") {
		t.Errorf("%+v", dead)
	}
}

// TestAFullHouseStopsReading: what waits for the store is bounded.
func TestAFullHouseStopsReading(t *testing.T) {
	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	l := newLine(t, func(l *line) { l.taker.wait = gate; l.queue.Batches = 3 })
	t.Cleanup(open)
	for i := range 200 {
		l.send(item(i))
	}
	l.until("three receipts", func() bool { return l.cloud.Journal().Count(fake.Query{Operation: "ReceiveMessage"}) == 3 })
	time.Sleep(50 * time.Millisecond) // a fourth would show now
	if n := l.cloud.Journal().Count(fake.Query{Operation: "ReceiveMessage"}); n != 3 {
		t.Errorf("%d receipts while none was committed, want 3", n)
	}
	open()
	l.until("an empty queue", func() bool { return l.left() == 0 })
}

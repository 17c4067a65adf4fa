package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"zesei/internal/fake"
	"zesei/internal/fake/slack"
	"zesei/internal/store"
)

// served is one company whose events arrive at a serve that is killed.
type served struct {
	*testing.T
	program, dir, address string
	env                   []string
	cloud                 *fake.Cloud
	slack                 *slack.Twin
	log                   logFile

	mu   sync.Mutex
	skew time.Duration // of the twin's clock
}

// logFile is what the program printed, over all its lives.
type logFile struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logFile) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const (
	servedQueue  = "zesei"
	servedSecret = "s3cret"
	servedKills  = 5
	servedEvents = 2000 // half by SQS, half by HTTP
	servedLoud   = 5    // of them, told at once
)

func newServed(t *testing.T) *served {
	s := &served{T: t, dir: t.TempDir()}
	s.program = filepath.Join(s.dir, "zesei")
	if out, err := exec.Command("go", "build", "-o", s.program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.cloud = fake.NewCloud(fake.Options{Seed: 7, Now: s.now})
	keys := s.cloud.AddAccount(fake.Account{ID: faultOwn, Name: "shop"})
	queue := s.cloud.AddQueue(faultOwn, faultRegion, servedQueue, "", 0)
	s.cloud.DefineControls(fake.Control{ID: "EC2.3", Title: "volumes", Severity: "HIGH"}, fake.Control{ID: "RDS.2", Title: "databases", Severity: "CRITICAL"})
	s.cloud.EnableHub(faultOwn, faultRegion, "fsbp")
	s.slack = slack.New(slack.Options{Seed: 7})
	s.slack.AddChannel("sec")
	aws, chat := httptest.NewServer(s.cloud), httptest.NewServer(s.slack)
	t.Cleanup(aws.Close)
	t.Cleanup(chat.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	l.Close()
	s.env = []string{
		"HOME=" + s.dir, "PATH=" + os.Getenv("PATH"), "AWS_ENDPOINT_URL=" + aws.URL, "AWS_REGION=" + faultRegion, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=" + keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + keys.SecretAccessKey, "SLACK_TOKEN=xoxb-twin", "SECRET=" + servedSecret,
	}
	s.write("zesei.yaml", fmt.Sprintf(`store: sqlite:%s
policy: policy.yaml
intake:
  http: {listen: "%s", secret: "${env:SECRET}"}
  sqs: [{queue: "%s"}]
notify: {slack: {token: "${env:SLACK_TOKEN}", api_url: "%s/api/"}}
owners: {sec: {slack: "#sec", default: true}}
accounts: [{id: "%s", name: shop, owner: sec, iac: unknown}]
`, filepath.Join(s.dir, "z.db"), s.address, queue, chat.URL, faultOwn))
	s.write("policy.yaml", "standards: [fsbp]\nresponses: [{do: track}]\nfix: [{mode: \"off\"}]\n")
	return s
}

func (s *served) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

func (s *served) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.skew)
}

// events are what Security Hub publishes of so many findings.
func (s *served) events() [][]byte {
	var all [][]byte
	s.cloud.OnEvent(func(e fake.Event) {
		b, err := json.Marshal(e)
		if err != nil {
			s.Error(err)
		}
		all = append(all, b)
	})
	for i := range servedEvents {
		service, control, kind, resource := "ec2", "EC2.3", "AwsEc2Volume", "volume/vol-"
		if i%(servedEvents/servedLoud) == 0 {
			service, control, kind, resource = "rds", "RDS.2", "AwsRdsDbInstance", "db:db-"
		}
		s.cloud.Evaluate(faultOwn, faultRegion, fake.Evaluation{Control: control, ResourceType: kind, Status: "FAILED",
			ResourceID: fmt.Sprintf("arn:aws:%s:%s:%s:%s%08x", service, faultRegion, faultOwn, resource, i)})
	}
	return all
}

// start starts serve.
func (s *served) start() *exec.Cmd {
	s.Helper()
	cmd := exec.Command(s.program, "-c", filepath.Join(s.dir, "zesei.yaml"), "serve")
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = s.env, s.dir, &s.log, &s.log
	fmt.Fprintln(&s.log, "--- serve")
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	return cmd
}

// post sends an event until it is taken, as EventBridge does.
func (s *served) post(ctx context.Context, client *http.Client, body []byte) {
	for ctx.Err() == nil {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/events", bytes.NewReader(body))
		if err != nil {
			s.Error(err)
			return
		}
		r.Header.Set("X-Api-Key", servedSecret)
		resp, err := client.Do(r)
		if err == nil {
			answer, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
			if resp.StatusCode < 429 {
				s.Errorf("%d %s", resp.StatusCode, answer)
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Error("an event was never taken")
}

// TestServeIsKilledWhileEventsArrive kills serve with SIGKILL while 2,000 events
// arrive by SQS and HTTP: none is lost, nobody is told twice. At last it is asked
// to end, and ends with 0.
func TestServeIsKilledWhileEventsArrive(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the built program, killed")
	}
	s := newServed(t)
	events := s.events()
	if len(events) != servedEvents {
		t.Fatalf("%d events", len(events))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	var senders sync.WaitGroup
	work := make(chan []byte)
	for range 8 {
		senders.Go(func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
			defer client.CloseIdleConnections()
			for e := range work {
				s.post(ctx, client, e)
			}
		})
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		defer close(work)
		for i, e := range events {
			if i%2 == 0 {
				if err := s.cloud.Send(faultOwn, faultRegion, servedQueue, string(e)); err != nil {
					t.Error(err)
				}
				continue
			}
			work <- e
		}
	}()
	random := rand.New(rand.NewPCG(rand.Uint64(), 1))
	cmd := s.start()
	for range servedKills {
		time.Sleep(time.Duration(100+random.IntN(500)) * time.Millisecond)
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
		s.mu.Lock()
		s.skew += 61 * time.Second // what was received becomes visible again
		s.mu.Unlock()
		cmd = s.start()
	}
	<-sent
	senders.Wait()
	s.until(ctx, "an empty queue", func() bool { return len(s.cloud.QueueBodies(faultOwn, faultRegion, servedQueue)) == 0 })
	s.until(ctx, "readiness", s.ready)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("asked to end, serve ended with %v", err)
	}
	s.pass()
	s.judge()
	if t.Failed() {
		t.Log(s.log.String())
	}
}

func (s *served) until(ctx context.Context, what string, ok func() bool) {
	s.Helper()
	for !ok() {
		if ctx.Err() != nil {
			s.Fatalf("never came: %s\n%s", what, s.log.String())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *served) ready() bool {
	resp, err := http.Get("http://" + s.address + "/readyz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// pass runs zesei run, which does not wait for more cases before it tells, until
// it finds nothing more to tell.
func (s *served) pass() {
	s.Helper()
	for range 10 {
		cmd := exec.Command(s.program, "-c", filepath.Join(s.dir, "zesei.yaml"), "run")
		cmd.Env, cmd.Dir = s.env, s.dir
		out, err := cmd.CombinedOutput()
		fmt.Fprintf(&s.log, "--- run\n%s", out)
		if err != nil {
			s.Errorf("run: %v", err)
			return
		}
		if bytes.Contains(out, []byte("nothing changed")) {
			return
		}
	}
	s.Error("run after run changes something")
}

func (s *served) judge() {
	db, err := store.Open(context.Background(), "sqlite:"+filepath.Join(s.dir, "z.db"))
	if err != nil {
		s.Fatal(err)
	}
	defer db.Close()
	one := func(query string) (n int) {
		if err := db.View().QueryRowContext(context.Background(), query).Scan(&n); err != nil {
			s.Fatal(err)
		}
		return n
	}
	if n := one(`SELECT count(*) FROM cases`); n != servedEvents {
		s.Errorf("%d cases, want %d", n, servedEvents)
	}
	if n := one(`SELECT count(*) FROM audit WHERE what = 'opened'`); n != servedEvents {
		s.Errorf("cases were opened %d times, want %d", n, servedEvents)
	}
	if n := one(`SELECT count(*) FROM dead`); n != 0 {
		s.Errorf("%d dead letters", n)
	}
	if n := one(`SELECT count(*) FROM (SELECT case_id FROM message_cases GROUP BY case_id HAVING count(*) > 1)`); n != 0 {
		s.Errorf("%d cases stand in more than one message", n)
	}
	if n := one(`SELECT count(DISTINCT case_id) FROM message_cases`); n != servedEvents {
		s.Errorf("%d cases stand in a message, want %d", n, servedEvents)
	}
	posts := map[string]int{}
	for _, m := range s.slack.Messages("sec") {
		var meta struct {
			Payload struct{ Key, Part string } `json:"event_payload"`
		}
		if err := json.Unmarshal(m.Metadata, &meta); err != nil || meta.Payload.Key == "" {
			s.Errorf("a message without our mark: %s", m.Text)
		}
		if posts[meta.Payload.Key+" "+meta.Payload.Part]++; posts[meta.Payload.Key+" "+meta.Payload.Part] > 1 {
			s.Errorf("posted twice: %s %s", meta.Payload.Key, meta.Payload.Part)
		}
	}
	if len(posts) < 2 {
		s.Errorf("%d posts, want the summary and what is urgent", len(posts))
	}
}

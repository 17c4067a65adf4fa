package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"zesei/internal/app"
	"zesei/internal/awscloud"
	"zesei/internal/casefile"
	"zesei/internal/fake"
	"zesei/internal/fake/slack"
	"zesei/internal/store"
)

// place is one account on the twin whose findings arrive by themselves.
type place struct {
	*testing.T
	cloud *fake.Cloud
	slack *slack.Twin
	url   string // of the twin
	keys  fake.Keys
	dir   string
	opts  app.Options
	log   logged

	mu     sync.Mutex
	offset time.Duration
	events []fake.Event
}

// places gives each place ids of its own.
var places atomic.Uint64

// logged keeps what was logged.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const (
	topicARN  = "arn:aws:sns:" + region + ":" + sandbox + ":findings"
	liveHook  = "s3cret-of-the-sender"
	volumeARN = "arn:aws:ec2:" + region + ":" + sandbox + ":volume/vol-"
)

// newPlace makes the account; intake is the YAML under intake:.
func newPlace(t *testing.T, intakeYAML string) *place {
	t.Helper()
	p := &place{T: t, dir: t.TempDir()}
	p.cloud = fake.NewCloud(fake.Options{Seed: places.Add(1), Now: p.now})
	p.keys = p.cloud.AddAccount(fake.Account{ID: sandbox, Name: "sandbox"})
	p.cloud.AddQueue(sandbox, region, "zesei", "", 0)
	p.cloud.DefineControls(fake.Control{ID: "EC2.3", Title: "Attached EBS volumes should be encrypted at-rest", Severity: "MEDIUM"})
	p.cloud.EnableHub(sandbox, region, "fsbp")
	p.cloud.OnEvent(func(e fake.Event) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.events = append(p.events, e)
	})
	p.slack = slack.New(slack.Options{Seed: 1, Now: p.now})
	p.slack.AddChannel("sec")
	twin, chat := httptest.NewServer(p.cloud), httptest.NewServer(p.slack)
	t.Cleanup(twin.Close)
	t.Cleanup(chat.Close)
	p.url = twin.URL
	t.Setenv("LIVE_HOOK", liveHook)
	t.Setenv("LIVE_SLACK", "xoxb-twin")
	p.write("zesei.yaml", fmt.Sprintf(`store: sqlite:%s/zesei.db
policy: policy.yaml
intake:
  %s
accounts: [{id: "%s", name: sandbox, owner: sec, iac: none}]
owners: {sec: {slack: "#sec", default: true}}
notify: {slack: {token: "${env:LIVE_SLACK}", api_url: "%s/api/"}}
`, p.dir, strings.ReplaceAll(intakeYAML, "\n", "\n  "), sandbox, chat.URL))
	p.write("policy.yaml", livePolicy)
	base := p.base(p.keys)
	p.opts = app.Options{ConfigPath: filepath.Join(p.dir, "zesei.yaml"), Now: p.now, Log: slog.New(slog.NewTextHandler(&p.log, nil)),
		Cloud: awscloud.Config{Base: &base, Limits: awscloud.Unlimited}, SlackPace: time.Nanosecond}
	return p
}

const livePolicy = "standards: [fsbp]\nresponses: [{do: track}]\nfix: [{mode: suggest}]\n"

func (p *place) base(k fake.Keys) aws.Config {
	return aws.Config{Region: region, BaseEndpoint: aws.String(p.url), Credentials: credentials.NewStaticCredentialsProvider(k.AccessKeyID, k.SecretAccessKey, k.SessionToken)}
}

func (p *place) now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Add(p.offset)
}

func (p *place) later(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offset += d
}

func (p *place) write(name, text string) {
	p.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

// says lets Security Hub say something of volume i.
func (p *place) says(i int, status string) string {
	return p.cloud.Evaluate(sandbox, region, fake.Evaluation{Control: "EC2.3", ResourceType: "AwsEc2Volume", ResourceID: fmt.Sprintf("%s%08x", volumeARN, i), Status: status})
}

// published are the events so far, as a rule's target receives them.
func (p *place) published() [][]byte {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var out [][]byte
	for _, e := range p.events {
		b, err := json.Marshal(e)
		if err != nil {
			p.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// open opens an App on the place.
func (p *place) open() *app.App {
	p.Helper()
	a, err := app.Open(context.Background(), p.opts)
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { a.Close() })
	return a
}

// served is a running serve.
type served struct {
	place  *place
	app    *app.App
	url    string
	reload chan struct{}
	ready  chan *app.App
	end    func() error
}

// serve starts serve and returns when it takes.
func (p *place) serve(change ...func(*app.ServeOptions)) *served {
	p.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &served{place: p, reload: make(chan struct{}), ready: make(chan *app.App, 4)}
	addresses := make(chan net.Addr, 4)
	o := app.ServeOptions{Listen: "127.0.0.1:0", Reload: s.reload, Ready: func(a *app.App, at net.Addr) { addresses <- at; s.ready <- a }}
	for _, c := range change {
		c(&o)
	}
	done := make(chan error, 1)
	go func() { done <- app.Serve(ctx, p.opts, o) }()
	once := sync.OnceValue(func() error { cancel(); return <-done })
	s.end = once
	p.Cleanup(func() {
		if err := once(); err != nil {
			p.Errorf("serve ended with %v", err)
		}
	})
	select {
	case s.app = <-s.ready:
	case err := <-done:
		done <- err
		p.Fatalf("serve ended at once: %v", err)
	}
	s.url = "http://" + (<-addresses).String()
	return s
}

// post sends a body to serve.
func (s *served) post(body []byte, header ...string) (int, http.Header, string) {
	s.place.Helper()
	r, err := http.NewRequest(http.MethodPost, s.url+app.EventsPath, bytes.NewReader(body))
	if err != nil {
		s.place.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.place.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(answer)
}

func (s *served) get(path string) (int, string) {
	s.place.Helper()
	resp, err := http.Get(s.url + path)
	if err != nil {
		s.place.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer)
}

// caseLines are the cases of a store, as lines that do not tell when.
func caseLines(t *testing.T, db *store.DB) []string {
	t.Helper()
	var out []string
	f := store.Filter{Limit: 500}
	for {
		list, next, err := store.List(context.Background(), db.View(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range list {
			c := l.File
			out = append(out, fmt.Sprintf("%s %s %s %s %s %s %s", store.ShortKey(c.Key), c.Key.Control, c.Key.Resource, c.State, c.Severity, c.Terms.Response, c.Terms.Owner))
		}
		if f.After = next; next == "" {
			sort.Strings(out)
			return out
		}
	}
}

// until waits for a condition that must come true.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never came: %s", what)
}

// openCases counts cases in a state.
func inState(t *testing.T, db *store.DB, state casefile.State) int {
	t.Helper()
	n := 0
	for _, l := range caseLines(t, db) {
		if strings.Contains(l, " "+string(state)+" ") {
			n++
		}
	}
	return n
}

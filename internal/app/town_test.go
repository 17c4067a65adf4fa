package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"zesei/internal/app"
	"zesei/internal/awscloud"
	"zesei/internal/casefile"
	"zesei/internal/fake"
	"zesei/internal/fake/slack"
	"zesei/internal/intake"
	"zesei/internal/store"
)

const (
	hubAccount = "999988887777" // whose credentials zesei has
	sandbox    = "111122223333"
	shop       = "444455556666"
	region     = "ap-northeast-1"
)

// town is a zesei on the twin: three accounts, two owners, one Slack.
type town struct {
	t     *testing.T
	cloud *fake.Cloud
	slack *slack.Twin
	app   *app.App
	dir   string
	opts  app.Options

	mu     sync.Mutex
	offset time.Duration
	echoes [][]byte // what the twin's Security Hub published
	calls  [][]byte // other events that the twin published
}

const townConfig = `
store: sqlite:%[1]s/zesei.db
timezone: Asia/Tokyo
language: en
accounts:
  - {id: "111122223333", name: sandbox, owner: shop, environment: sandbox, iac: none, roles: {read: "arn:aws:iam::111122223333:role/zesei-read", write: "arn:aws:iam::111122223333:role/zesei-write"}, external_id: "x-1"}
  - {id: "444455556666", name: shop-prod, owner: shop, environment: prod, iac: terraform, roles: {read: "arn:aws:iam::444455556666:role/zesei-read", write: "arn:aws:iam::444455556666:role/zesei-write"}, external_id: "x-1"}
owners:
  shop: {slack: "#shop-sec", mention: [taro], language: ja, timezone: Asia/Tokyo}
  security: {slack: "#sec", default: true}
people:
  taro: {slack: U012AB3CD, roles: [approver], owners: [shop]}
notify: {slack: {token: "${env:TOWN_SLACK_TOKEN}", api_url: "%[2]s/api/"}}
`

const townPolicy = `
standards: [fsbp]
deadlines: {CRITICAL: 3 days, HIGH: 2 weeks}
responses:
  - {severity: [CRITICAL, HIGH], do: track}
  - {do: notify}
fix:
  - {controls: [EC2.19], accounts: ["env:sandbox"], mode: auto, with: {how: revoke}}
  - {controls: [EC2.18], accounts: ["env:sandbox"], mode: approve}
  - {mode: suggest}
limits: {fixes: 20 per hour, per_account: %d per hour}
group_wait: 1m
`

func newTown(t *testing.T, perAccount int) *town {
	t.Helper()
	w := &town{t: t, dir: t.TempDir()}
	w.cloud = fake.NewCloud(fake.Options{Seed: 7, Now: w.now})
	w.slack = slack.New(slack.Options{Now: w.now})
	keys := w.cloud.AddAccount(fake.Account{ID: hubAccount, Name: "security"})
	for _, id := range []string{sandbox, shop} {
		w.cloud.AddAccount(fake.Account{ID: id, Trail: true})
		for _, role := range []string{"zesei-read", "zesei-write"} {
			w.cloud.PutRole(fake.Role{ARN: "arn:aws:iam::" + id + ":role/" + role, ExternalID: "x-1", Trusts: []string{hubAccount}})
		}
	}
	w.slack.AddChannel("shop-sec")
	w.slack.AddChannel("sec")
	aws1, slack1 := httptest.NewServer(w.cloud), httptest.NewServer(w.slack)
	t.Cleanup(aws1.Close)
	t.Cleanup(slack1.Close)
	t.Setenv("TOWN_SLACK_TOKEN", "xoxb-twin")
	w.write("zesei.yaml", fmt.Sprintf(townConfig, w.dir, slack1.URL))
	w.write("policy.yaml", fmt.Sprintf(townPolicy, perAccount))
	w.cloud.OnEvent(func(e fake.Event) {
		b, err := json.Marshal(e)
		if err != nil {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if e.DetailType != "Security Hub Findings - Imported" {
			w.calls = append(w.calls, b)
			return
		}
		w.echoes = append(w.echoes, b)
	})
	w.opts = app.Options{
		ConfigPath: filepath.Join(w.dir, "zesei.yaml"), Now: w.now, SlackPace: -1, Log: slog.New(slog.DiscardHandler),
		Sleep: func(ctx context.Context, d time.Duration) error { w.later(d); return ctx.Err() },
		Cloud: awscloud.Config{BaseEndpoint: aws1.URL, Region: region, Limits: awscloud.Unlimited, MaxAttempts: 2,
			Base: &aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, "")}},
	}
	w.open()
	// The account, the standard and the controls have been known for long.
	err := w.app.DB.Update(t.Context(), func(tx *store.Tx) error {
		for _, n := range [][2]string{{"account", sandbox}, {"account", shop}, {"standard", "fsbp"}, {"control", "EC2.19"}, {"control", "EC2.18"}, {"control", "EC2.13"}, {"control", "S3.8"}} {
			if _, err := store.First(t.Context(), tx, n[0], n[1], w.now().Add(-48*time.Hour)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *town) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) open() {
	w.t.Helper()
	a, err := app.Open(w.t.Context(), w.opts)
	if err != nil {
		w.t.Fatal(err)
	}
	w.app = a
	w.t.Cleanup(func() { a.Close() })
}

func (w *town) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.offset)
}

func (w *town) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offset += d
}

// openGroup adds a group with a hole, an innocent rule with a description and a
// narrow one beside the hole.
func (w *town) openGroup(account, name string) string {
	return w.cloud.AddSecurityGroup(account, region, fake.SecurityGroup{Name: name, Rules: []fake.SecurityGroupRule{
		{Protocol: "tcp", From: 0, To: 65535, CIDR4: "0.0.0.0/0"},
		{Protocol: "tcp", From: 443, To: 443, CIDR4: "0.0.0.0/0", Description: "public web"},
		{Protocol: "tcp", From: 22, To: 22, CIDR4: "10.0.0.0/8", Description: "office"},
	}})
}

// ingress are the inbound rules of a group, in words.
func (w *town) ingress(account, id string) string {
	g, _ := w.cloud.SecurityGroup(account, region, id)
	var out []string
	for _, r := range g.Rules {
		if !r.Egress {
			out = append(out, fmt.Sprintf("%s %d-%d %s%s", r.Protocol, r.From, r.To, r.CIDR4, r.CIDR6))
		}
	}
	return strings.Join(out, ", ")
}

const (
	holed    = "tcp 0-65535 0.0.0.0/0, tcp 443-443 0.0.0.0/0, tcp 22-22 10.0.0.0/8"
	innocent = "tcp 443-443 0.0.0.0/0, tcp 22-22 10.0.0.0/8"
)

// evaluated lets the twin's Security Hub check a control on a group, and returns
// the event that it publishes.
func (w *town) evaluated(account, control, group, status string) []byte {
	w.cloud.Evaluate(account, region, fake.Evaluation{Control: control, ResourceType: "AwsEc2SecurityGroup",
		ResourceID: "arn:aws:ec2:" + region + ":" + account + ":security-group/" + group, Status: status})
	return w.lastEvent()
}

func (w *town) lastEvent() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.echoes[len(w.echoes)-1]
}

// take takes events in, and works what follows.
func (w *town) take(events ...[]byte) intake.Totals {
	w.t.Helper()
	t, err := w.app.Intake.Read(w.t.Context(), bytes.NewReader(bytes.Join(events, []byte("\n"))), "test")
	if err != nil {
		w.t.Fatal(err)
	}
	if t.Dead > 0 {
		letters, _ := store.DeadLetters(w.t.Context(), w.app.DB.View(), 0, 10)
		w.t.Fatalf("dead letters: %s", letters[0].Reason)
	}
	w.work()
	return t
}

func (w *town) work() {
	w.t.Helper()
	if err := w.app.Queue.Drain(w.t.Context(), time.Minute); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) cases() []store.Listed {
	w.t.Helper()
	list, _, err := store.List(w.t.Context(), w.app.DB.View(), store.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// only is the one case there is, in the state wanted.
func (w *town) only(want casefile.State) *casefile.File {
	w.t.Helper()
	list := w.cases()
	if len(list) != 1 || list[0].State != want {
		w.t.Fatalf("got %d cases, the first %s (%s); want one, %s", len(list), list[0].State, list[0].Reason, want)
	}
	return list[0].File
}

func (w *town) fixes() []store.Fix {
	w.t.Helper()
	list, err := store.Fixes(w.t.Context(), w.app.DB.View(), "", "", 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// heads are the messages of a channel that stand by themselves, without threads.
func (w *town) heads(channel string) []slack.Message {
	var out []slack.Message
	for _, m := range w.slack.Messages(channel) {
		if m.ThreadTS == "" || m.ThreadTS == m.TS {
			out = append(out, m)
		}
	}
	return out
}

// rewrite replaces text in a file of the town.
func (w *town) rewrite(name, old, new string) {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil || !strings.Contains(string(b), old) {
		w.t.Fatalf("%s has no %q (%v)", name, old, err)
	}
	w.write(name, strings.ReplaceAll(string(b), old, new))
}

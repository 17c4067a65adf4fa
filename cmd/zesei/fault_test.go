package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/fake"
	"zesei/internal/fake/slack"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/store"
)

// TestKilledAtAnyPoint builds the program, lets it take in findings that lead to
// messages, fixes and word to Security Hub, and kills it with SIGKILL at random
// points until it comes through. Whatever the points: every case is there once,
// every message was posted once, every fix was applied once.
//
// ZESEI_FAULT_ROUNDS sets how many rounds are played (20), ZESEI_FAULT_SEED plays
// one round again.
func TestKilledAtAnyPoint(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: rounds of the built program")
	}
	program := filepath.Join(t.TempDir(), "zesei")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rounds := 20
	if v := os.Getenv("ZESEI_FAULT_ROUNDS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatalf("ZESEI_FAULT_ROUNDS=%q: expected a number", v)
		}
		rounds = n
	}
	seeds := make([]uint64, rounds)
	for i := range seeds {
		seeds[i] = rand.Uint64()
	}
	if v := os.Getenv("ZESEI_FAULT_SEED"); v != "" {
		seed, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			t.Fatalf("ZESEI_FAULT_SEED=%q: expected a number", v)
		}
		seeds = []uint64{seed}
	}
	// The rounds wait for Slack's pace most of the time: more of them run side by
	// side than -parallel, which counts processors, would let.
	var all sync.WaitGroup
	slots := make(chan struct{}, 8)
	for _, seed := range seeds {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				r := newFaultRound(t, program, seed)
				r.play()
				r.judge()
				if t.Failed() {
					t.Logf("play it again with ZESEI_FAULT_SEED=%d", seed)
				}
			})
		})
	}
	all.Wait()
}

const (
	faultOwn    = "111122223333" // its groups are fixed by themselves
	faultOther  = "444455556666" // its groups are only suggested
	faultRegion = "ap-northeast-1"
	faultFixed  = 12 // groups that are fixed
	faultLeft   = 6  // groups that are suggested
	faultAll    = 500
	faultKills  = 4 // at most, of one round
)

// faultRound is one company, one store and one program that dies.
type faultRound struct {
	*testing.T
	program string
	dir     string
	rand    *rand.Rand
	cloud   *fake.Cloud
	slack   *slack.Twin
	env     []string
	groups  []string // fixed by themselves
	others  []string

	calls atomic.Int64
	kill  atomic.Pointer[faultKill]
	log   bytes.Buffer
}

// faultKill kills a process at one of its calls, before or after the call was
// carried out; it never gets the answer.
type faultKill struct {
	at     int64
	before bool
	once   sync.Once
	end    func()
}

func newFaultRound(t *testing.T, program string, seed uint64) *faultRound {
	r := &faultRound{T: t, program: program, dir: t.TempDir(), rand: rand.New(rand.NewPCG(seed, 1))}
	r.cloud = fake.NewCloud(fake.Options{Seed: seed})
	keys := r.cloud.AddAccount(fake.Account{ID: faultOwn, Name: "shop"})
	r.cloud.AddAccount(fake.Account{ID: faultOther, Name: "bank"})
	role := "arn:aws:iam::" + faultOther + ":role/zesei"
	r.cloud.PutRole(fake.Role{ARN: role})
	// HIGH, so that the first import is told in one summary an owner.
	r.cloud.DefineControls(fake.Control{ID: "EC2.19", Title: "Security groups should not allow high-risk ports from everywhere", Severity: "HIGH"})
	for _, account := range []string{faultOwn, faultOther} {
		r.cloud.EnableHub(account, faultRegion, "fsbp")
	}
	r.slack = slack.New(slack.Options{Seed: seed})
	for i := range 4 {
		r.slack.AddChannel(fmt.Sprint("team-", i))
	}
	aws, chat := httptest.NewServer(r.dying(r.cloud)), httptest.NewServer(r.dying(r.slack))
	t.Cleanup(aws.Close)
	t.Cleanup(chat.Close)
	r.env = []string{
		"HOME=" + r.dir, "PATH=" + os.Getenv("PATH"), "AWS_ENDPOINT_URL=" + aws.URL, "AWS_REGION=" + faultRegion, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=" + keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + keys.SecretAccessKey, "SLACK_TOKEN=xoxb-twin",
	}
	r.write("zesei.yaml", fmt.Sprintf(`store: sqlite:%s
policy: policy.yaml
notify: {slack: {token: "${env:SLACK_TOKEN}", api_url: "%s/api/"}}
owners:
  team-0: {slack: "#team-0", default: true}
  team-1: {slack: "#team-1"}
  team-2: {slack: "#team-2"}
  team-3: {slack: "#team-3"}
owner_from: [tag:owner, account]
accounts:
  - {id: "%s", name: shop, owner: team-1, iac: none, roles: {}}
  - {id: "%s", name: bank, owner: team-0, iac: unknown, roles: {read: "%s", write: "%[5]s"}}
`, filepath.Join(r.dir, "z.db"), chat.URL, faultOwn, faultOther, role))
	r.write("policy.yaml", `standards: [fsbp]
deadlines: {CRITICAL: 3 days, HIGH: 2 weeks, MEDIUM: 30 days, LOW: 90 days}
responses:
  - {do: track}
fix:
  - {controls: [EC2.19], mode: auto, with: {how: revoke}}
  - {mode: "off"}
limits: {fixes: 100000 per hour, per_account: 100000 per hour}
`)
	r.findings()
	return r
}

func (r *faultRound) write(name, text string) {
	r.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
}

// findings opens the groups and writes what Security Hub says of everything.
func (r *faultRound) findings() {
	open := func(account string) string {
		return r.cloud.AddSecurityGroup(account, faultRegion, fake.SecurityGroup{Name: fmt.Sprint("web-", r.rand.Uint32()), Rules: []fake.SecurityGroupRule{
			{Protocol: "tcp", From: 3389, To: 3389, CIDR4: "0.0.0.0/0"}, {Protocol: "tcp", From: 443, To: 443, CIDR4: "10.0.0.0/8"}}})
	}
	tell := func(account, control, kind, arn string) {
		r.cloud.Evaluate(account, faultRegion, fake.Evaluation{Control: control, ResourceType: kind, ResourceID: arn, Status: "FAILED"})
	}
	group := func(account, id string) string {
		return "arn:aws:ec2:" + faultRegion + ":" + account + ":security-group/" + id
	}
	for range faultFixed {
		id := open(faultOwn)
		r.groups = append(r.groups, id)
		tell(faultOwn, "EC2.19", "AwsEc2SecurityGroup", group(faultOwn, id))
	}
	for range faultLeft {
		id := open(faultOther)
		r.others = append(r.others, id)
		tell(faultOther, "EC2.19", "AwsEc2SecurityGroup", group(faultOther, id))
	}
	for i := range faultAll - faultFixed - faultLeft {
		account := faultOwn
		if i%2 == 0 {
			account = faultOther
		}
		tell(account, "EC2.3", "AwsEc2Volume", fmt.Sprintf("arn:aws:ec2:%s:%s:volume/vol-%017x", faultRegion, account, i))
	}
	var all []json.RawMessage
	for _, account := range []string{faultOwn, faultOther} {
		all = append(all, r.cloud.Findings(account, faultRegion)...)
	}
	r.rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	b, err := json.Marshal(map[string]any{"Findings": all})
	if err != nil {
		r.Fatal(err)
	}
	r.write("findings.json", string(b))
}

// dying passes calls to a twin, and kills the program at the one that was drawn.
func (r *faultRound) dying(twin http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		n, k := r.calls.Add(1), r.kill.Load()
		hit := k != nil && n >= k.at
		if hit && k.before {
			k.once.Do(k.end)
			panic(http.ErrAbortHandler)
		}
		if !hit {
			twin.ServeHTTP(w, q)
			return
		}
		twin.ServeHTTP(httptest.NewRecorder(), q) // done, and nobody hears of it
		k.once.Do(k.end)
		panic(http.ErrAbortHandler)
	})
}

// play runs the program until it comes through.
func (r *faultRound) play() {
	for kills := 1 + r.rand.IntN(faultKills); kills > 0; kills-- {
		if r.run(true) {
			break // it was through before it was to die
		}
	}
	r.kill.Store(nil)
	for range 30 {
		if !r.run(false) {
			r.Fatalf("the program failed:\n%s", r.log.String())
		}
		if r.pending() == 0 {
			return
		}
		time.Sleep(300 * time.Millisecond) // a backoff
	}
	r.Fatalf("jobs are left: %+v\n%s", r.left(), r.log.String())
}

// run starts the program once, to be killed or not, and says whether it ended
// well by itself.
func (r *faultRound) run(dies bool) bool {
	cmd := exec.Command(r.program, "-c", filepath.Join(r.dir, "zesei.yaml"), "ingest", filepath.Join(r.dir, "findings.json"))
	cmd.Env, cmd.Dir = r.env, r.dir
	cmd.Stdout, cmd.Stderr = &r.log, &r.log
	fmt.Fprintf(&r.log, "--- run\n")
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	end := func() { _ = cmd.Process.Kill() }
	if dies {
		switch r.rand.IntN(4) {
		case 0: // while it reads and commits, mostly
			t := time.AfterFunc(time.Duration(r.rand.IntN(800))*time.Millisecond, end)
			defer t.Stop()
		default:
			r.kill.Store(&faultKill{at: r.calls.Load() + 1 + int64(r.rand.IntN(120)), before: r.rand.IntN(2) == 0, end: end})
		}
	}
	err := cmd.Wait()
	r.kill.Store(nil)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.Fatal(err)
	}
	return err == nil
}

func (r *faultRound) store() *store.DB {
	r.Helper()
	db, err := store.Open(context.Background(), "sqlite:"+filepath.Join(r.dir, "z.db"))
	if err != nil {
		r.Fatal(err)
	}
	return db
}

func (r *faultRound) left() []job.Waiting {
	r.Helper()
	db := r.store()
	defer db.Close()
	list, err := job.Pending(context.Background(), db.View(), 100)
	if err != nil {
		r.Fatal(err)
	}
	return list
}

func (r *faultRound) pending() int { return len(r.left()) }

// judge looks at what came of it.
func (r *faultRound) judge() {
	r.cases()
	r.fixes()
	r.messages()
	r.hub()
	if r.Failed() {
		r.Log(r.log.String())
	}
}

func (r *faultRound) cases() {
	db := r.store()
	defer db.Close()
	ctx := context.Background()
	list, _, err := store.List(ctx, db.View(), store.Filter{Limit: 2 * faultAll})
	if err != nil {
		r.Fatal(err)
	}
	seen := map[finding.Key]bool{}
	closed := 0
	for _, c := range list {
		if seen[c.Key] {
			r.Errorf("a case is there twice: %v", c.Key)
		}
		seen[c.Key] = true
		if c.State == casefile.Closed {
			closed++
		}
		entries, err := store.Audit(ctx, db.View(), c.ID, fmt.Sprintf("%x", c.Key.Hash()))
		if err != nil {
			r.Fatal(err)
		}
		if err := casefile.VerifyChain(entries); err != nil || int64(len(entries)) != c.AuditSeq {
			r.Errorf("case %d: %d rows of its audit chain, %d counted: %v", c.ID, len(entries), c.AuditSeq, err)
		}
	}
	if len(seen) != faultAll || closed != faultFixed {
		r.Errorf("%d cases, %d of them closed; want %d and %d", len(seen), closed, faultAll, faultFixed)
	}
	tallies, err := store.Tallies(ctx, db.View())
	if err != nil {
		r.Fatal(err)
	}
	n := 0
	for _, t := range tallies {
		n += t.N
	}
	if n != faultAll {
		r.Errorf("the counters add up to %d, want %d", n, faultAll)
	}
}

func (r *faultRound) fixes() {
	revoked := map[string]int{}
	for _, e := range r.cloud.Journal().Entries(fake.Query{Service: "ec2", Writes: true, Outcome: "ok"}) {
		if e.Operation != "RevokeSecurityGroupIngress" {
			r.Errorf("%s was called", e.Operation)
		}
		for _, id := range append(r.groups, r.others...) {
			if bytes.Contains(e.Input, []byte(id)) {
				revoked[id]++
			}
		}
	}
	for _, id := range r.groups {
		g, _ := r.cloud.SecurityGroup(faultOwn, faultRegion, id)
		in := 0
		for _, rule := range g.Rules {
			if !rule.Egress {
				in++
			}
		}
		if revoked[id] != 1 || in != 1 {
			r.Errorf("group %s: the fix was applied %d times and leaves %d rules; want once and one", id, revoked[id], in)
		}
	}
	for _, id := range r.others {
		if revoked[id] != 0 {
			r.Errorf("group %s was changed; only a suggestion was allowed", id)
		}
	}
}

func (r *faultRound) messages() {
	posts := map[string]int{}
	top := 0
	for i := range 4 {
		for _, m := range r.slack.Messages(fmt.Sprint("#team-", i)) {
			var meta struct {
				Payload struct{ Key, Part string } `json:"event_payload"`
			}
			if err := json.Unmarshal(m.Metadata, &meta); err != nil || meta.Payload.Key == "" {
				r.Errorf("a message without our mark: %s", m.Text)
			}
			posts[meta.Payload.Key+" "+meta.Payload.Part]++
			if m.ThreadTS == "" || m.ThreadTS == m.TS {
				top++
			}
		}
	}
	for k, n := range posts {
		if n != 1 {
			r.Errorf("%s was posted %d times", k, n)
		}
	}
	if top != 2 {
		r.Errorf("%d messages to channels, want one for each of two owners", top)
	}
}

// hub: a fixed case is RESOLVED, any other that people were told of NOTIFIED.
func (r *faultRound) hub() {
	fixed := map[string]bool{}
	for _, id := range r.groups {
		fixed[id] = true
	}
	wrong := 0
	for _, account := range []string{faultOwn, faultOther} {
		for _, raw := range r.cloud.Findings(account, faultRegion) {
			var f struct {
				Resources []struct{ Id string }
				Workflow  struct{ Status string }
			}
			if err := json.Unmarshal(raw, &f); err != nil {
				r.Fatal(err)
			}
			want, id := "NOTIFIED", f.Resources[0].Id
			if fixed[id[len(id)-20:]] {
				want = "RESOLVED"
			}
			if f.Workflow.Status != want {
				if wrong++; wrong < 5 {
					r.Errorf("Security Hub shows %s as %s, want %s", id, f.Workflow.Status, want)
				}
			}
		}
	}
	if wrong > 0 {
		r.Errorf("Security Hub was not told of %d findings", wrong)
	}
}

package controlstate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"
	"go.uber.org/goleak"

	"zesei/internal/awscloud"
	"zesei/internal/config/document"
	"zesei/internal/control"
	"zesei/internal/fake"
	"zesei/internal/policy"
	"zesei/internal/store"
)

const (
	admin   = "999988887777"
	shop    = "111122223333"
	sandbox = "444455556666"
	tokyo   = "ap-northeast-1"
)

// company is Security Hub of two members on the twin.
type company struct {
	t       *testing.T
	cloud   *fake.Cloud
	db      *store.DB
	cat     *control.Catalogue
	aws     *awscloud.Cloud
	targets []Target
	slept   []time.Duration
}

func newCompany(t *testing.T) *company {
	t.Helper()
	before := goleak.IgnoreCurrent()
	c := &company{t: t, cloud: fake.NewCloud(fake.Options{Seed: 3})}
	keys := c.cloud.AddAccount(fake.Account{ID: admin})
	for _, id := range []string{shop, sandbox} {
		c.cloud.AddAccount(fake.Account{ID: id})
		c.cloud.EnableHub(id, tokyo, "fsbp", "cis-1.4")
		for _, role := range []string{"read", "write"} {
			c.cloud.PutRole(fake.Role{ARN: "arn:aws:iam::" + id + ":role/zesei-" + role, Trusts: []string{admin}})
		}
		c.targets = append(c.targets, Target{id, tokyo})
	}
	server := httptest.NewServer(c.cloud)
	http := server.Client()
	c.aws = awscloud.New(awscloud.Config{BaseEndpoint: server.URL, Region: tokyo, Limits: awscloud.Unlimited, MaxAttempts: 2,
		Base: &aws.Config{Region: tokyo, Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, ""), HTTPClient: http},
		Accounts: func(id string) awscloud.Account {
			return awscloud.Account{ReadRole: "arn:aws:iam::" + id + ":role/zesei-read", WriteRole: "arn:aws:iam::" + id + ":role/zesei-write"}
		}})
	var err error
	if c.db, err = store.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "z.db")); err != nil {
		t.Fatal(err)
	}
	if c.cat, err = control.Load(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.db.Close()
		http.CloseIdleConnections()
		server.Close()
		goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
			goleak.IgnoreAnyFunction("net/http.(*conn).serve")) // a second company's connections
	})
	return c
}

func (c *company) Account(id string) policy.Account {
	env := map[string]string{shop: "prod", sandbox: "sandbox"}[id]
	return policy.Account{ID: id, Name: "the-" + env, Environment: env, OU: "Root/" + env, Known: true}
}

func (c *company) Owner(string, map[string]string, string) (string, string) { return "shop", "" }

func (c *company) client(ctx context.Context, t Target, session string) (*hub.Client, error) {
	purpose := awscloud.Write
	if session == "" {
		purpose = awscloud.Read
	}
	cfg, err := c.aws.For(ctx, t.Account, t.Region, purpose, session)
	if err != nil {
		return nil, err
	}
	return hub.NewFromConfig(cfg), nil
}

func (c *company) read() *Live {
	c.t.Helper()
	live, err := Read(context.Background(), c.client, c.targets, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return live
}

func (c *company) wants(text string) Desired {
	c.t.Helper()
	return c.wanted(text).Of
}

func (c *company) wanted(text string) Wanted {
	c.t.Helper()
	w, err := parse("controls.yaml", []byte(text), c.cat, c)
	if err != nil {
		c.t.Fatal(err)
	}
	return w
}

func (c *company) applier() *Applier {
	return &Applier{DB: c.db, Clients: c.client, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Sleep: func(ctx context.Context, d time.Duration) error { c.slept = append(c.slept, d); return ctx.Err() }}
}

func (c *company) apply(p *Plan) *Summary {
	c.t.Helper()
	s, err := c.applier().Apply(context.Background(), p, "cli:taro")
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// off lists what is disabled, as account standard control.
func (c *company) off() string {
	c.t.Helper()
	live := c.read()
	p := NewPlan(live, func(Item) (Want, bool) { return Want{Enabled: true}, true })
	var out []string
	for _, x := range p.Changes {
		out = append(out, x.Account[:4]+" "+x.Standard+" "+x.Control)
	}
	return strings.Join(out, "\n")
}

const noMacro = `
controls:
  - {controls: [CloudTrail.1], standards: [cis-1.4], state: enabled}
  - {controls: ["CloudTrail.*"], state: disabled, reason: the trails are the parent company's}
  - {controls: [S3.13], accounts: ["env:sandbox"], state: disabled, reason: nothing is kept there}
  - {controls: [S3.9], ou: [Root/prod], state: disabled, reason: cost}
`

func TestWhatIsWantedIsPlannedAndMadeWithItsRecord(t *testing.T) {
	c := newCompany(t)
	p := NewPlan(c.read(), c.wants(noMacro))
	if len(p.Problems) != 0 || len(p.Changes) != 8 {
		t.Fatalf("got %d changes, %v", len(p.Changes), p.Problems)
	}
	if again := NewPlan(c.read(), c.wants(noMacro)); again.Hash() != p.Hash() {
		t.Error("the same plan has another hash")
	}
	s := c.apply(p)
	if !s.OK() || s.Done != 8 {
		t.Fatalf("got %+v", s)
	}
	want := "1111 cis-1.4 CloudTrail.2\n1111 fsbp CloudTrail.1\n1111 fsbp CloudTrail.2\n1111 fsbp S3.9\n4444 cis-1.4 CloudTrail.2\n4444 fsbp CloudTrail.1\n4444 fsbp CloudTrail.2\n4444 fsbp S3.13"
	if got := c.off(); got != want {
		t.Errorf("got\n%s", got)
	}
	rows, err := store.ControlChangesOf(context.Background(), c.db.View(), s.Run)
	if err != nil || len(rows) != 8 || rows[0].State != store.ChangeDone || !strings.Contains(string(rows[0].Prior), `"enabled":true`) || rows[0].Rule != "controls.yaml:4 controls[1]" {
		t.Errorf("got %+v (%v)", rows, err)
	}
	runs, err := store.ControlRuns(context.Background(), c.db.View(), 10)
	if err != nil || len(runs) != 1 || runs[0].Actor != "cli:taro" || runs[0].Plan != p.Hash() || runs[0].EndedAt.IsZero() {
		t.Errorf("got %+v (%v)", runs, err)
	}
	if next := NewPlan(c.read(), c.wants(noMacro)); len(next.Changes) != 0 {
		t.Errorf("still %+v", next.Changes)
	}
}

func TestThrottledRefusedAndUnreachableAreInTheSummary(t *testing.T) {
	c := newCompany(t)
	p := NewPlan(c.read(), c.wants(noMacro))
	c.cloud.Faults().Add(fake.Fault{Kind: fake.Partial, Service: "securityhub", Operation: "BatchUpdateStandardsControlAssociations", Account: shop, Items: 1})
	c.cloud.Faults().Add(fake.Fault{Kind: fake.Deny, Service: "securityhub", Operation: "BatchUpdateStandardsControlAssociations", Account: sandbox})
	s := c.apply(p)
	if s.OK() || s.Done+s.Failed+s.Left != 8 || s.Failed != 4+1 || len(s.Problems) != 5 {
		t.Fatalf("got %+v", s)
	}
	var throttled, denied int
	for _, x := range s.Problems {
		switch x.Kind {
		case awscloud.Throttled:
			throttled++
		case awscloud.Denied:
			denied++
		}
	}
	if throttled != 1 || denied != 4 || len(c.slept) != tries-1 {
		t.Errorf("%d throttled, %d denied, waited %v", throttled, denied, c.slept)
	}
	c.cloud.Faults().Clear()
	if s = c.apply(NewPlan(c.read(), c.wants(noMacro))); !s.OK() || s.Done != 5 {
		t.Errorf("what was left: %+v", s)
	}

	c.cloud.Faults().Add(fake.Fault{Kind: fake.Deny, Service: "securityhub", Operation: "GetEnabledStandards", Account: sandbox})
	live := c.read()
	if len(live.Problems) != 1 || live.Problems[0].Account != sandbox || live.Problems[0].Kind != awscloud.Denied {
		t.Errorf("got %v", live.Problems)
	}
	if s := c.apply(NewPlan(live, c.wants(noMacro))); s.OK() {
		t.Error("an account that cannot be read is passed over in silence")
	}
}

func TestAThrottleThatPassesIsNoFailure(t *testing.T) {
	c := newCompany(t)
	p := NewPlan(c.read(), c.wants(noMacro))
	c.cloud.Faults().Add(fake.Fault{Kind: fake.Partial, Service: "securityhub", Operation: "BatchUpdateStandardsControlAssociations", Account: shop, Items: 2, Times: 2})
	if s := c.apply(p); !s.OK() || s.Done != 8 {
		t.Errorf("got %+v", s)
	}
}

func TestALostAnswerIsLookedUpAndNotSentAgain(t *testing.T) {
	c := newCompany(t)
	p := NewPlan(c.read(), c.wants(noMacro))
	c.cloud.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Service: "securityhub", Operation: "BatchUpdateStandardsControlAssociations", Account: shop})
	s := c.apply(p)
	if !s.OK() || s.Done != 8 {
		t.Fatalf("got %+v", s)
	}
	rows, _ := store.ControlChangesOf(context.Background(), c.db.View(), s.Run)
	if rows[0].State != store.ChangeDone || rows[0].Why != "the answer was lost; found done" {
		t.Errorf("got %+v", rows[0])
	}
}

func TestARunThatWasCutOffIsTakenUpByTheNext(t *testing.T) {
	c := newCompany(t)
	p := NewPlan(c.read(), c.wants(noMacro))
	ctx, cancel := context.WithCancel(context.Background())
	a := c.applier()
	reach := a.Clients
	a.Clients = func(ctx context.Context, t Target, session string) (*hub.Client, error) {
		if t.Account == sandbox {
			cancel()
			return nil, ctx.Err()
		}
		return reach(ctx, t, session)
	}
	if s, err := a.Apply(ctx, p, "cli:taro"); !errors.Is(err, context.Canceled) || s.Done == 8 {
		t.Fatalf("got %+v, %v", s, err)
	}
	next := NewPlan(c.read(), c.wants(noMacro))
	if s := c.apply(next); !s.OK() || s.Done != len(next.Changes) {
		t.Fatalf("got %+v", s)
	}
	open, err := store.OpenControlChanges(context.Background(), c.db.View(), "")
	if err != nil || len(open) != 0 {
		t.Errorf("left open: %+v (%v)", open, err)
	}
}

// A run that looks at one account closes no record of another.
func TestWhatWasNotLookedAtStaysOpen(t *testing.T) {
	c := newCompany(t)
	ctx, cancel := context.WithCancel(context.Background())
	a := c.applier()
	a.Clients = func(ctx context.Context, _ Target, _ string) (*hub.Client, error) { cancel(); return nil, ctx.Err() }
	if _, err := a.Apply(ctx, NewPlan(c.read(), c.wants(noMacro)), "cli:taro"); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	live, err := Read(context.Background(), c.client, c.targets[:1], nil)
	if err != nil {
		t.Fatal(err)
	}
	c.apply(NewPlan(live, c.wants(noMacro)))
	open, err := store.OpenControlChanges(context.Background(), c.db.View(), "")
	if err != nil || len(open) == 0 {
		t.Fatalf("got %+v (%v)", open, err)
	}
	for _, o := range open {
		if o.Account == c.targets[0].Account {
			t.Errorf("still open: %+v", o)
		}
	}
}

func TestThePolicyDisablesOnlyWhatItSaysAndWhereAndTakesBackOnlyItsOwn(t *testing.T) {
	c := newCompany(t)
	load := func(text string) *policy.Policy {
		p, err := policy.Load("policy.yaml", []byte(text), policy.Known{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	rows := func() func(Item) bool {
		list, err := store.DisabledByUs(context.Background(), c.db.View())
		if err != nil {
			t.Fatal(err)
		}
		return func(it Item) bool {
			for _, r := range list {
				if (Item{r.Account, r.Region, r.Standard, r.Control}) == it {
					return true
				}
			}
			return false
		}
	}
	// Somebody else has disabled one.
	c.apply(NewPlan(c.read(), c.wants("controls: [{controls: [IAM.6], standards: [fsbp], accounts: [the-prod], state: disabled, reason: by hand}]\n")))
	if err := c.db.Update(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Exec(context.Background(), `DELETE FROM control_changes`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	old := load("standards: [fsbp, cis-1.4]\nresponses:\n  - {standard: cis-1.4, controls: [\"S3.*\"], do: disable, reason: told twice}\n  - {controls: [Lambda.1], when: 'resource.type == \"AWS::Lambda::Function\"', do: disable}\n  - {do: track}\n")
	p := NewPlan(c.read(), FromPolicy(old, c.cat, c, rows()))
	for _, x := range p.Changes {
		if x.Standard != "cis-1.4" || !strings.HasPrefix(x.Control, "S3.") || x.Enable || x.Reason != "told twice" {
			t.Errorf("got %+v", x)
		}
	}
	if len(p.Changes) != 6 {
		t.Fatalf("got %d changes", len(p.Changes))
	}
	c.apply(p)
	p = NewPlan(c.read(), FromPolicy(load("standards: [fsbp, cis-1.4]\nresponses: [{do: track}]\n"), c.cat, c, rows()))
	if len(p.Changes) != 6 || !p.Changes[0].Enable {
		t.Fatalf("what the policy no longer disables: %+v", p.Changes)
	}
	if s := c.apply(p); !s.OK() {
		t.Fatal(s)
	}
	if got := c.off(); got != "1111 fsbp IAM.6" {
		t.Errorf("got %s", got)
	}
	if p = NewPlan(c.read(), FromPolicy(old, c.cat, c, rows())); len(p.Changes) != 6 {
		t.Errorf("got %d", len(p.Changes))
	}
}

func TestWhatIsImportedPlansNoChange(t *testing.T) {
	c := newCompany(t)
	c.apply(NewPlan(c.read(), c.wants(noMacro)))
	c.apply(NewPlan(c.read(), c.wants(`controls: [{controls: [IAM.1, IAM.4], accounts: ["env:prod"], state: disabled, reason: "a \"quoted\" $${reason}: 日本"}]`)))
	live := c.read()
	text := Import(live)
	want := `  - controls: ["CloudTrail.2"]
    state: disabled
    reason: "the trails are the parent company's"
    standards: ["cis-1.4", "fsbp"]
`
	if !strings.Contains(text, want) || !strings.Contains(text, `accounts: ["111122223333"]`) {
		t.Errorf("got\n%s", text)
	}
	for _, it := range NewPlan(live, c.wants(text)).Changes {
		t.Errorf("would change %+v", it)
	}
	// And on a hub where all is enabled, it makes the same again.
	fresh := newCompany(t)
	fresh.apply(NewPlan(fresh.read(), fresh.wants(text)))
	if got := fresh.off(); got != c.off() {
		t.Errorf("got\n%s\nfrom\n%s", got, text)
	}
	if again := Import(fresh.read()); again != text {
		t.Errorf("got\n%s\nfrom\n%s", again, text)
	}
}

func TestMistakesInTheFileAreSaidWithTheirPlace(t *testing.T) {
	c := newCompany(t)
	_, err := parse("controls.yaml", []byte(`
controls:
  - {controls: [S3.999], state: disabled}
  - {controls: [], state: of, standards: [cis-14], accounts: ["team:x"]}
  - {controls: [S3.8], state: enabled, regions: []}
  - {controls: [S3.8], state: enabled, region: [x]}
`), c.cat, c)
	for _, want := range []string{
		"controls.yaml:3:", `no control "S3.999" is known`, "a control is disabled without a reason", "the rule names no control",
		`"of" is no state of a control`, `no standard "cis-14" is known`, `"team:x" is not a way to pick accounts`, "the list is empty, which would mean all", "region",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said: %v", want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	cat, err := control.Load()
	if err != nil {
		f.Fatal(err)
	}
	c := &company{}
	f.Add([]byte(noMacro))
	f.Add([]byte("controls: [{controls: ['*'], state: enabled}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := parse("controls.yaml", data, cat, c)
		if err == nil {
			d.Of(Item{shop, tokyo, "fsbp", "S3.8"})
		}
	})
}

func FuzzQuoted(f *testing.F) {
	cat, err := control.Load()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("a ${b} \"c\" \\ \n é\u0085")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.TrimSpace(s) == "" || strings.ToValidUTF8(s, "") != s || strings.ContainsAny(s, "\ufeff\ufffe\uffff") {
			return
		}
		text := fmt.Sprintf("controls:\n  - controls: [\"S3.8\"]\n    state: disabled\n    reason: %s\n", document.Quote(s))
		d, err := parse("c.yaml", []byte(text), cat, &company{})
		if err != nil {
			t.Skip(err) // what YAML cannot hold is refused, never read otherwise
		}
		if w, _ := d.Of(Item{shop, tokyo, "fsbp", "S3.8"}); w.Reason != s {
			t.Errorf("wrote %q, read %q", s, w.Reason)
		}
	})
}

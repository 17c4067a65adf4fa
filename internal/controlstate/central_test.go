package controlstate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake"
	"zesei/internal/policy"
	"zesei/internal/store"
)

const osaka = "ap-northeast-3"

// fewDays is a custom parameter of a control that nobody touches.
const fewDays = `[{"SecurityControlId": "S3.9", "Parameters": {"days": {"ValueType": "CUSTOM", "Value": {"Integer": 15}}, "names": {"ValueType": "CUSTOM", "Value": {"StringList": ["a", "b"]}}}}]`

// newGoverned is the company whose members a configuration policy governs; the
// write role of the administrator may do nothing but update it.
func newGoverned(t *testing.T, p fake.ConfigurationPolicy) (*company, string) {
	t.Helper()
	c := newCompany(t)
	c.cloud.EnableHub(admin, tokyo, "fsbp")
	c.cloud.PutRole(fake.Role{ARN: "arn:aws:iam::" + admin + ":role/zesei-read", Trusts: []string{admin}, Deny: []string{"securityhub:Update*", "securityhub:BatchUpdate*"}})
	c.cloud.PutRole(fake.Role{ARN: "arn:aws:iam::" + admin + ":role/zesei-write", Trusts: []string{admin}, Allow: []string{"sts:GetCallerIdentity", "securityhub:UpdateConfigurationPolicy"}})
	c.cloud.DelegateHub(admin, shop, sandbox)
	c.cloud.AggregateHub(admin, tokyo, osaka)
	c.cloud.CentralizeHub(admin)
	p.Name = "members"
	id := c.cloud.PutConfigurationPolicy(admin, p)
	for _, account := range []string{shop, sandbox} {
		c.cloud.AssociateHub(admin, id, account)
	}
	return c, id
}

func both() fake.ConfigurationPolicy {
	return fake.ConfigurationPolicy{Description: "of all members", Standards: []string{"fsbp", "cis-1.4"}, Disabled: []string{"IAM.6"}, Parameters: fewDays}
}

func (c *company) central() *Central {
	c.t.Helper()
	out, err := ReadCentral(context.Background(), c.client, admin, tokyo)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

func (c *company) planned(text string) *CentralPlan {
	c.t.Helper()
	return NewCentralPlan(c.central(), c.wanted(text), func(id string) bool { return c.Account(id).Known }, nil)
}

func (c *company) applied(p *CentralPlan) *Summary {
	c.t.Helper()
	s, err := c.applier().ApplyCentral(context.Background(), p, "cli:taro")
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *company) fault(kind fake.FaultKind, operation string, more ...func(*fake.Fault)) {
	f := fake.Fault{Kind: kind, Service: "securityhub", Operation: operation}
	for _, m := range more {
		m(&f)
	}
	c.cloud.Faults().Add(f)
}

func once(f *fake.Fault) { f.Times = 1 }

// throttled is a refusal that the SDK does not slow down for.
func throttled(f *fake.Fault) { f.Status, f.Code = 400, "UpdateThrottled" }

// sent is the content of the last update.
func (c *company) sent() (body struct {
	Name, Description, UpdatedReason string
	ConfigurationPolicy              struct {
		SecurityHub struct {
			ServiceEnabled                bool
			EnabledStandardIdentifiers    []string
			SecurityControlsConfiguration struct {
				EnabledSecurityControlIdentifiers, DisabledSecurityControlIdentifiers []string
				SecurityControlCustomParameters                                       json.RawMessage
			}
		}
	}
},
) {
	c.t.Helper()
	all := c.cloud.Journal().Entries(fake.Query{Operation: "UpdateConfigurationPolicy"})
	if len(all) == 0 {
		c.t.Fatal("nothing was updated")
	}
	if err := json.Unmarshal(all[len(all)-1].Input, &body); err != nil {
		c.t.Fatal(err)
	}
	return body
}

func (c *company) updates() int {
	return c.cloud.Journal().Count(fake.Query{Operation: "UpdateConfigurationPolicy"})
}

func changes(p *CentralPlan) string {
	var out []string
	for _, one := range p.Policies {
		for _, ch := range one.Changes {
			out = append(out, one.Name+" "+ch.Control+" "+ch.To())
		}
	}
	return strings.Join(out, "\n")
}

func problems(list []Problem) string {
	var out []string
	for _, p := range list {
		out = append(out, p.String())
	}
	return strings.Join(out, "\n")
}

const offForAll = `
controls:
  - {controls: [IAM.6], state: enabled}
  - {controls: [S3.13, CloudTrail.2], state: disabled, reason: not ours}
`

func TestAPolicySwitchesForAllThatItGovernsAndKeepsEverythingElse(t *testing.T) {
	c, id := newGoverned(t, both())
	p := c.planned(offForAll)
	if got := changes(p); got != "members CloudTrail.2 disabled\nmembers IAM.6 enabled\nmembers S3.13 disabled" || len(p.Problems) != 0 {
		t.Fatalf("got\n%s\n%s", got, problems(p.Problems))
	}
	if again := c.planned(offForAll); again.Hash() != p.Hash() {
		t.Error("the same plan has another hash")
	}
	s := c.applied(p)
	if !s.OK() || s.Done != 3 || s.Left != 0 {
		t.Fatalf("got %+v", s)
	}
	body := c.sent()
	is := body.ConfigurationPolicy.SecurityHub
	controls := is.SecurityControlsConfiguration
	if !is.ServiceEnabled || len(is.EnabledStandardIdentifiers) != 2 || strings.Join(controls.DisabledSecurityControlIdentifiers, " ") != "CloudTrail.2 S3.13" || controls.EnabledSecurityControlIdentifiers != nil ||
		body.Name != "members" || body.Description != "of all members" || body.UpdatedReason != "zesei c000001 (cli:taro): disabled CloudTrail.2, S3.13: enabled IAM.6" {
		t.Errorf("sent %+v", body)
	}
	var params, want any
	if json.Unmarshal(controls.SecurityControlCustomParameters, &params) != nil || json.Unmarshal([]byte(fewDays), &want) != nil || fmt.Sprint(params) != fmt.Sprint(want) {
		t.Errorf("the parameters became %s", controls.SecurityControlCustomParameters)
	}
	if got := c.off(); got != "1111 cis-1.4 CloudTrail.2\n1111 fsbp CloudTrail.2\n1111 fsbp S3.13\n4444 cis-1.4 CloudTrail.2\n4444 fsbp CloudTrail.2\n4444 fsbp S3.13" {
		t.Errorf("the members stand\n%s", got)
	}
	rows, err := store.ControlChangesOf(context.Background(), c.db.View(), s.Run)
	if err != nil || len(rows) != 3 || rows[1].State != store.ChangeDone || rows[1].Account != admin || rows[1].Region != tokyo || rows[1].Standard != "policy:"+id ||
		rows[1].Control != "IAM.6" || !strings.Contains(string(rows[1].Prior), `"enabled":false,"policy":"members"`) || !strings.Contains(string(rows[1].Prior), shop) {
		t.Errorf("got %+v (%v)", rows, err)
	}
	if next := c.planned(offForAll); next.Count() != 0 || len(next.Problems) != 0 {
		t.Errorf("still %+v", next)
	}
}

// The list becomes empty, and is sent as an empty list: everything is enabled.
func TestTheLastDisabledControlIsEnabled(t *testing.T) {
	c, _ := newGoverned(t, both())
	s := c.applied(c.planned("controls: [{controls: [IAM.6], state: enabled}]"))
	if !s.OK() || s.Done != 1 || c.off() != "" {
		t.Fatalf("got %+v, off %s", s, c.off())
	}
	if is := c.sent().ConfigurationPolicy.SecurityHub.SecurityControlsConfiguration; is.DisabledSecurityControlIdentifiers == nil {
		t.Errorf("sent %+v", is)
	}
}

func TestAListOfWhatIsEnabledIsKeptAsOne(t *testing.T) {
	c, _ := newGoverned(t, fake.ConfigurationPolicy{Standards: []string{"fsbp"}, Enabled: []string{"S3.8", "S3.13", "IAM.1", "S3.14"}}) // S3.14 is in no standard of it
	p := c.planned("controls: [{controls: [S3.13], state: disabled, reason: cost}, {controls: [EC2.19], state: enabled}, {controls: [Lambda.1], state: disabled, reason: none here}]")
	if got := changes(p); got != "members EC2.19 enabled\nmembers S3.13 disabled" {
		t.Fatalf("got %s\n%s", got, problems(p.Problems))
	}
	if s := c.applied(p); !s.OK() || s.Done != 2 {
		t.Fatalf("got %+v", s)
	}
	is := c.sent().ConfigurationPolicy.SecurityHub.SecurityControlsConfiguration
	if strings.Join(is.EnabledSecurityControlIdentifiers, " ") != "S3.8 IAM.1 S3.14 EC2.19" || is.DisabledSecurityControlIdentifiers != nil {
		t.Errorf("sent %+v", is)
	}
	c.cloud.PutConfigurationPolicy(admin, fake.ConfigurationPolicy{Name: "members", Standards: []string{"fsbp"}, Enabled: []string{"S3.8", "S3.13"}})
	p = c.planned(`controls: [{controls: ["*"], state: disabled, reason: all off}]`)
	if p.Count() != 0 || !strings.Contains(problems(p.Problems), "no control would be left on its list") {
		t.Errorf("got %s, %s", changes(p), problems(p.Problems))
	}
}

func TestWhatIsWantedForSomeOnlyIsAProblemAndStays(t *testing.T) {
	for name, test := range map[string]struct{ rules, want string }{
		"one account": {`{controls: [S3.13], accounts: ["env:prod"], state: disabled, reason: x}`,
			"configuration policy members S3.13: it stays enabled, since a policy switches it for all alike, and that is not wanted. disabled is wanted: fsbp (account 111122223333); left as it is: fsbp (account 444455556666)."},
		"one standard": {`{controls: [S3.8], standards: [cis-1.4], state: disabled, reason: x}`,
			"S3.8: it stays enabled, since a policy switches it for all alike, and that is not wanted. disabled is wanted: cis-1.4 (all 2 accounts); left as it is: fsbp (all 2 accounts)."},
		"one of the Regions": {`{controls: [S3.13], regions: [ap-northeast-3], state: disabled, reason: x}`,
			"S3.13: it stays enabled, since a policy switches it for all alike, and that is not wanted. disabled is wanted: fsbp in ap-northeast-3 (all 2 accounts); left as it is: fsbp in ap-northeast-1 (all 2 accounts)."},
		"the other way round": {`{controls: [IAM.6], accounts: ["env:prod"], state: enabled}, {controls: [IAM.6], state: disabled, reason: x}`,
			"IAM.6: it stays disabled, since a policy switches it for all alike, and that is not wanted. disabled is wanted: cis-1.4, fsbp (account 444455556666); enabled is wanted: cis-1.4, fsbp (account 111122223333)."},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newGoverned(t, both())
			p := c.planned("controls: [" + test.rules + "]")
			if got := problems(p.Problems); p.Count() != 0 || len(p.Problems) != 1 || !strings.Contains(got, test.want) || !strings.Contains(got, "Split the policy") {
				t.Errorf("got %s\n%s", changes(p), got)
			}
			if s := c.applied(p); s.OK() || c.updates() != 0 {
				t.Errorf("%d updates, %+v", c.updates(), s)
			}
		})
	}
	t.Run("a Region that is not governed does not matter", func(t *testing.T) {
		c, _ := newGoverned(t, both())
		p := c.planned(`controls: [{controls: [S3.13], regions: [us-east-1], state: enabled}, {controls: [S3.13], state: disabled, reason: x}]`)
		if got := changes(p); got != "members S3.13 disabled" {
			t.Errorf("got %s\n%s", got, problems(p.Problems))
		}
	})
	t.Run("all Regions are linked", func(t *testing.T) {
		c, _ := newGoverned(t, both())
		c.cloud.AggregateHub(admin, tokyo)
		p := c.planned(`controls: [{controls: [S3.13], regions: [us-east-1], state: enabled}, {controls: [S3.13], state: disabled, reason: x}]`)
		if p.Count() != 0 || !strings.Contains(problems(p.Problems), "enabled is wanted: fsbp in us-east-1") {
			t.Errorf("got %s\n%s", changes(p), problems(p.Problems))
		}
	})
	t.Run("an account that is not in the configuration", func(t *testing.T) {
		c, _ := newGoverned(t, both())
		p := NewCentralPlan(c.central(), c.wanted(offForAll), func(id string) bool { return id != sandbox }, nil)
		if p.Count() != 0 || !strings.Contains(problems(p.Problems), "not in the configuration (accounts:), so left as it is: fsbp (account 444455556666)") {
			t.Errorf("got %s\n%s", changes(p), problems(p.Problems))
		}
	})
}

func TestWhatCouldNotBeReadIsNotChanged(t *testing.T) {
	for operation, kind := range map[string]fake.FaultKind{
		"ListConfigurationPolicies": fake.Deny, "GetConfigurationPolicy": fake.Deny, "ListConfigurationPolicyAssociations": fake.Deny, "ListSecurityControlDefinitions": fake.Deny,
	} {
		t.Run(operation, func(t *testing.T) {
			c, _ := newGoverned(t, both())
			c.fault(kind, operation)
			p := c.planned(offForAll)
			if p.Count() != 0 || len(p.Problems) == 0 {
				t.Errorf("got %s\n%s", changes(p), problems(p.Problems))
			}
			c.applied(p)
			if c.updates() != 0 {
				t.Error("a policy was updated")
			}
		})
	}
	t.Run("the second page of the associations", func(t *testing.T) {
		c, _ := newGoverned(t, both())
		for i := range 110 {
			id := fmt.Sprintf("7%011d", i)
			c.cloud.AddAccount(fake.Account{ID: id})
			c.cloud.DelegateHub(admin, id)
		}
		c.fault(fake.Deny, "ListConfigurationPolicyAssociations", func(f *fake.Fault) { f.Skip = 1 })
		if p := c.planned(offForAll); p.Count() != 0 || !strings.Contains(problems(p.Problems), "no policy is changed") {
			t.Errorf("got %s\n%s", changes(p), problems(p.Problems))
		}
	})
	t.Run("a standard that only one policy has", func(t *testing.T) {
		c, _ := newGoverned(t, both())
		c.cloud.AssociateHub(admin, c.cloud.PutConfigurationPolicy(admin, fake.ConfigurationPolicy{Name: "boxes", Standards: []string{"fsbp"}}), sandbox)
		c.fault(fake.Deny, "ListSecurityControlDefinitions", func(f *fake.Fault) { f.Skip = 1 }) // CIS comes second
		if got := changes(c.planned(offForAll)); got != "boxes CloudTrail.2 disabled\nboxes S3.13 disabled" {
			t.Errorf("got %s", got)
		}
	})
}

func TestAPolicyThatChangedSinceThePlanIsLeftAlone(t *testing.T) {
	for name, change := range map[string]func(c *company){
		"its controls": func(c *company) {
			p := both()
			p.Name, p.Disabled = "members", []string{"IAM.6", "S3.3"}
			c.cloud.PutConfigurationPolicy(admin, p)
		},
		"its parameters": func(c *company) {
			p := both()
			p.Name, p.Parameters = "members", strings.Replace(fewDays, "15", "16", 1)
			c.cloud.PutConfigurationPolicy(admin, p)
		},
		"whom it governs": func(c *company) { c.cloud.AssociateHub(admin, "", sandbox) },
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newGoverned(t, both())
			p := c.planned(offForAll)
			change(c)
			s := c.applied(p)
			if c.updates() != 0 || s.Failed != 3 || s.OK() || !strings.Contains(problems(s.Problems), "changed since the plan") {
				t.Errorf("%d updates, %+v", c.updates(), s)
			}
			if c.planned(offForAll).Hash() == p.Hash() {
				t.Error("the plan has the same hash")
			}
		})
	}
}

func TestFaultsOfAnUpdate(t *testing.T) {
	const update, get = "UpdateConfigurationPolicy", "GetConfigurationPolicy"
	for name, test := range map[string]struct {
		order  func(*company)
		done   int
		says   string
		states string
	}{
		"a throttle that passes":     {func(c *company) { c.fault(fake.ServerError, update, throttled, func(f *fake.Fault) { f.Times = 3 }) }, 3, "", "done"},
		"a throttle that stays":      {func(c *company) { c.fault(fake.ServerError, update, throttled) }, 0, "UpdateThrottled", "failed"},
		"a refusal":                  {func(c *company) { c.fault(fake.Deny, update) }, 0, "not switched: CloudTrail.2, IAM.6, S3.13", "failed"},
		"a lost answer":              {func(c *company) { c.fault(fake.LostAnswer, update, once) }, 3, "", "done"},
		"cut before it was handled":  {func(c *company) { c.fault(fake.Hang, update, once) }, 3, "", "done"},
		"a reading back that is old": {func(c *company) { c.fault(fake.Stale, get, func(f *fake.Fault) { f.Skip, f.Times = 1, 2 }) }, 3, "", "done"},
		"a reading back that fails":  {func(c *company) { c.fault(fake.Deny, get, func(f *fake.Fault) { f.Skip = 1 }) }, 0, "cannot be read back", "sent"},
		"nobody says who took it up": {func(c *company) {
			c.fault(fake.Deny, "ListConfigurationPolicyAssociations", func(f *fake.Fault) { f.Skip = 1 })
		}, 3, "asking whether the accounts have taken the policies up", "done"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newGoverned(t, both())
			p := c.planned(offForAll)
			test.order(c)
			s := c.applied(p)
			if s.Done != test.done || s.Done+s.Failed != 3 || s.OK() != (test.says == "") || !strings.Contains(problems(s.Problems), test.says) {
				t.Errorf("got %+v", s)
			}
			rows, err := store.ControlChangesOf(context.Background(), c.db.View(), s.Run)
			if err != nil || rows[0].State != test.states {
				t.Errorf("recorded as %s: %s (%v)", rows[0].State, rows[0].Why, err)
			}
			c.cloud.Faults().Clear()
			if s = c.applied(c.planned(offForAll)); !s.OK() {
				t.Errorf("the next run: %+v", s)
			}
			open, err := store.OpenControlChanges(context.Background(), c.db.View(), "")
			if err != nil || len(open) != 0 || c.planned(offForAll).Count() != 0 {
				t.Errorf("left open: %+v (%v)", open, err)
			}
		})
	}
}

func TestACentralRunThatWasCutOffIsTakenUpByTheNextOneOfItsKind(t *testing.T) {
	c, _ := newGoverned(t, both())
	other := fake.ConfigurationPolicy{Name: "zz", Standards: []string{"fsbp"}}
	c.cloud.AssociateHub(admin, c.cloud.PutConfigurationPolicy(admin, other), sandbox)
	p := c.planned(offForAll)
	if len(p.Policies) != 2 {
		t.Fatalf("got %s", changes(p))
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := c.applier()
	// The first policy's update takes effect, and the program dies before it hears.
	c.fault(fake.LostAnswer, "UpdateConfigurationPolicy")
	a.Sleep = func(context.Context, time.Duration) error { cancel(); return ctx.Err() }
	s, err := a.ApplyCentral(ctx, p, "cli:taro")
	if !errors.Is(err, context.Canceled) || s.Done != 0 || s.Left != p.Count() {
		t.Fatalf("got %+v, %v", s, err)
	}
	c.cloud.Faults().Clear()
	// A run for the members looks at nothing of it.
	c.apply(NewPlan(c.read(), func(Item) (Want, bool) { return Want{}, false }))
	open, _ := store.OpenControlChanges(context.Background(), c.db.View(), "")
	if len(open) != p.Count() {
		t.Errorf("%d are open, want %d", len(open), p.Count())
	}
	next := c.planned(offForAll)
	if got := changes(next); got != "zz CloudTrail.2 disabled\nzz S3.13 disabled" {
		t.Fatalf("left is\n%s", got)
	}
	if s := c.applied(next); !s.OK() || s.Resumed != 3 {
		t.Errorf("got %+v", s)
	}
	if open, _ = store.OpenControlChanges(context.Background(), c.db.View(), ""); len(open) != 0 {
		t.Errorf("left open: %+v", open)
	}
}

func TestAccountsThatAPolicyDidNotReachAreReported(t *testing.T) {
	c, _ := newGoverned(t, both())
	c.cloud.AddAccount(fake.Account{ID: "777788889999"})
	c.cloud.DelegateHub(admin, "777788889999")
	c.cloud.HoldAssociation(admin, shop, "FAILED", "Config is not on")
	p := c.planned(offForAll)
	if got := problems(p.Problems); got != "111122223333 ap-northeast-1 configuration policy members: the account does not stand as the policy says: Config is not on" {
		t.Errorf("got %s", got)
	}
	if got := strings.Join(p.Notes, "\n"); !strings.Contains(got, "self-managed, so not changed centrally: 777788889999, "+admin) {
		t.Errorf("got %s", got)
	}
	c.cloud.HoldAssociation(admin, sandbox, "PENDING", "")
	c.cloud.HoldAssociation(admin, shop, "SUCCESS", "")
	s := c.applied(p)
	if s.Done != 3 || !s.OK() || !slices.Contains(s.Notes, "configuration policy members is still being applied, for which AWS may take a day: 444455556666") {
		t.Errorf("got %+v", s)
	}
	c.cloud.HoldAssociation(admin, sandbox, "FAILED", "")
	if s = c.applied(c.planned("controls: [{controls: [S3.9], state: disabled, reason: x}]")); s.Done != 1 || s.OK() || len(s.Problems) != 1 || !strings.Contains(problems(s.Problems), "AWS gives no reason") {
		t.Errorf("got %+v", s)
	}
}

// An account by its unit, and one whose own policy goes before.
func TestWhoIsGovernedIsWhatSecurityHubSays(t *testing.T) {
	c, id := newGoverned(t, both())
	c.cloud.AddAccount(fake.Account{ID: "555566667777", OU: "Workloads/Prod"})
	c.cloud.DelegateHub(admin, "555566667777")
	c.cloud.AssociateHub(admin, id, "Workloads")
	central := c.central()
	if got := strings.Join(central.Policies[0].Accounts, " "); got != "111122223333 444455556666 555566667777" {
		t.Errorf("got %s", got)
	}
	if p, ok := central.PolicyOf(shop, osaka); !ok || p.ID != id {
		t.Error("a linked Region is not governed")
	}
	if _, ok := central.PolicyOf(shop, "us-east-1"); ok {
		t.Error("a Region that is not linked is governed")
	}
	if got := changes(NewCentralPlan(central, c.wanted(offForAll), func(string) bool { return true }, []string{"none"})); got != "" {
		t.Errorf("of other policies only: %s", got)
	}
}

func TestGovernedAccountsAreSaidToBeSoAndLeftOutAccountByAccount(t *testing.T) {
	c, _ := newGoverned(t, both())
	c.cloud.AssociateHub(admin, "", sandbox)
	p := NewPlan(c.read(), c.wants(noMacro))
	all := len(p.Changes)
	governed, err := ReadGoverned(context.Background(), c.client, admin, tokyo)
	if err != nil {
		t.Fatal(err)
	}
	blind := *p
	blind.Changes = slices.Clone(p.Changes)
	p.Without(governed)
	if len(p.Changes) != all/2 || p.Changes[0].Account != sandbox || len(p.Problems) != 1 || !strings.Contains(p.Problems[0].String(),
		"111122223333 ap-northeast-1 configuration policy members: it governs the account, so what was to be changed (CloudTrail.2, CloudTrail.1, S3.9) is left out: only the delegated administrator switches its controls: use `zesei control plan --central`") {
		t.Errorf("got %d changes, %s", len(p.Changes), problems(p.Problems))
	}
	// Where nobody could be asked before, AWS's refusal is explained.
	s := c.apply(&blind)
	if s.Done != all/2 || s.Failed != all/2 || !strings.Contains(problems(s.Problems), "use `zesei control plan --central`") {
		t.Errorf("got %+v", s)
	}
}

func TestWithoutCentralConfigurationItIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		set  func(*company)
		want string
	}{
		"no home Region":          {func(*company) {}, "it has no home Region"},
		"local":                   {func(c *company) { c.cloud.AggregateHub(admin, tokyo); c.cloud.DelegateHub(admin) }, "configured locally"},
		"no administrator":        {func(c *company) { c.cloud.AggregateHub(admin, tokyo) }, "is not an administrator for this organization"},
		"it may not be asked":     {func(c *company) { c.fault(fake.Deny, "ListFindingAggregators") }, "asking for the home Region"},
		"the links are not known": {func(c *company) { c.cloud.AggregateHub(admin, tokyo); c.fault(fake.Deny, "GetFindingAggregator") }, "asking for the linked Regions"},
		"there is no way to reach": {func(c *company) {
			c.cloud.PutRole(fake.Role{ARN: "arn:aws:iam::" + admin + ":role/zesei-read", Refuses: true})
		}, "reaching it"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCompany(t)
			c.cloud.EnableHub(admin, tokyo, "fsbp")
			c.cloud.PutRole(fake.Role{ARN: "arn:aws:iam::" + admin + ":role/zesei-read", Trusts: []string{admin}})
			test.set(c)
			_, err := ReadCentral(context.Background(), c.client, admin, tokyo)
			var not *NotCentralError
			if !errors.As(err, &not) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestThePolicysDisableIsHadCentrallyAndTakenBack(t *testing.T) {
	c, _ := newGoverned(t, both())
	plan := func(text string) *CentralPlan {
		t.Helper()
		pol, err := policy.Load("policy.yaml", []byte(text), policy.Known{})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := store.DisabledByUs(context.Background(), c.db.View())
		if err != nil {
			t.Fatal(err)
		}
		central := c.central()
		return NewCentralPlan(central, Wanted{Of: FromPolicy(pol, c.cat, c, central.Ours(rows))}, func(string) bool { return true }, nil)
	}
	p := plan("standards: [fsbp, cis-1.4]\nresponses: [{controls: [S3.9, CloudTrail.2], do: disable, reason: not ours}, {standard: cis-1.4, controls: [S3.5], do: disable}, {do: track}]\n")
	if got := changes(p); got != "members CloudTrail.2 disabled\nmembers S3.9 disabled" || len(p.Problems) != 1 || p.Problems[0].Control != "S3.5" {
		t.Fatalf("got %s\n%s", got, problems(p.Problems))
	}
	c.applied(p)
	p = plan("standards: [fsbp, cis-1.4]\nresponses: [{do: track}]\n")
	// IAM.6 was disabled by somebody else.
	if got := changes(p); got != "members CloudTrail.2 enabled\nmembers S3.9 enabled" || len(p.Problems) != 0 {
		t.Errorf("got %s\n%s", got, problems(p.Problems))
	}
}

func TestAPolicyThatIsOffOrGovernsNobodyIsLeftAsItIs(t *testing.T) {
	c, id := newGoverned(t, both())
	c.cloud.PutConfigurationPolicy(admin, fake.ConfigurationPolicy{Name: "empty", Standards: []string{"fsbp"}})
	c.cloud.AssociateHub(admin, c.cloud.PutConfigurationPolicy(admin, fake.ConfigurationPolicy{Name: "off"}), sandbox)
	p := c.planned(offForAll)
	notes := strings.Join(p.Notes, "\n")
	if len(p.Policies) != 1 || p.Policies[0].ID != id || len(p.Problems) != 0 || !strings.Contains(notes, "policy empty governs no account") || !strings.Contains(notes, "policy off turns Security Hub off") {
		t.Errorf("got %s\n%s\n%s", changes(p), notes, problems(p.Problems))
	}
	if text := ImportCentral(c.central()); strings.Count(text, "- controls:") != 1 {
		t.Errorf("got %s", text)
	}
}

func TestWhatIsImportedCentrallyPlansNoChange(t *testing.T) {
	c, _ := newGoverned(t, both())
	c.cloud.AssociateHub(admin, c.cloud.PutConfigurationPolicy(admin, fake.ConfigurationPolicy{Name: "boxes", Standards: []string{"fsbp"}, Enabled: []string{"S3.8", "S3.2"}}), sandbox)
	text := ImportCentral(c.central())
	if !strings.Contains(text, "controls: [\"IAM.6\"]\n    state: disabled\n    reason: \"disabled by configuration policy members\"\n    accounts: [\"111122223333\"]") {
		t.Errorf("got\n%s", text)
	}
	if p := c.planned(text); p.Count() != 0 || len(p.Problems) != 0 {
		t.Errorf("would change %s\n%s", changes(p), problems(p.Problems))
	}
}

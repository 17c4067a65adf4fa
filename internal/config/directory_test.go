package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zesei/internal/policy"
)

const company = `
language: en
timezone: Asia/Tokyo
owner_from: [tag:team, account, creator]
accounts:
  - {id: "111122223333", name: shop-prod, roles: {write: "arn:aws:iam::111122223333:role/zesei-write"}, iac: none}
  - {from: organizations, roles: {read: "arn:aws:iam::{id}:role/zesei-read"}, owner: "tag:Team", environment: "tag:Env"}
  - {from: "dynamodb:Accounts", columns: {id: AccountId, owner: 担当, name: Name}}
owners:
  shop: {language: ja, timezone: Europe/Berlin, aliases: [EC-Team]}
  security: {default: true}
people:
  taro: {email: taro@example.com, slack: U012AB3CD, roles: [approver], owners: [shop]}
`

var fetched = []Fetched{
	{Row: 2, Accounts: []FetchedAccount{
		{Columns: map[string]string{"AccountId": "111122223333", "担当": "security", "Name": "other name"}},
		{Columns: map[string]string{"AccountId": "777788889999", "担当": "nobody"}},
		{Columns: map[string]string{"AccountId": "not an id"}},
	}},
	{Row: 1, Accounts: []FetchedAccount{
		{ID: "111122223333", Name: "Shop", OU: "Root/Prod", Tags: map[string]string{"Team": "ec-team", "Env": "prod"}},
		{ID: "444455556666", Name: "lab", Tags: map[string]string{"Team": "unheard of"}},
	}},
}

func TestFirstRowThatKnowsAFieldGivesIt(t *testing.T) {
	d := parse(t, company).Directory(fetched...)
	got, access := d.Account("111122223333")
	want := policy.Account{
		ID: "111122223333", Name: "shop-prod", Environment: "prod", OU: "Root/Prod", Owner: "shop", IaC: "none", Known: true,
		Tags: map[string]string{"Team": "ec-team", "Env": "prod"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if access.ReadRole != "arn:aws:iam::111122223333:role/zesei-read" || access.WriteRole != "arn:aws:iam::111122223333:role/zesei-write" {
		t.Errorf("%+v", access)
	}
	var lines []string
	for _, f := range d.Explain("111122223333") {
		lines = append(lines, f.Field+" = "+f.Value+" from "+f.From)
	}
	wantLines := []string{
		"name = shop-prod from zesei.yaml:6 accounts[0]", "iac = none from zesei.yaml:6 accounts[0]",
		"write role = arn:aws:iam::111122223333:role/zesei-write from zesei.yaml:6 accounts[0]",
		"environment = prod from zesei.yaml:7 accounts[1]", "ou = Root/Prod from zesei.yaml:7 accounts[1]", "owner = shop from zesei.yaml:7 accounts[1]",
		"read role = arn:aws:iam::111122223333:role/zesei-read from zesei.yaml:7 accounts[1]",
		"tag Env = prod from zesei.yaml:7 accounts[1]", "tag Team = ec-team from zesei.yaml:7 accounts[1]",
	}
	if diff := cmp.Diff(wantLines, lines); diff != "" {
		t.Error(diff)
	}
}

func TestAccountsThatNobodyOrOnlySomeKnow(t *testing.T) {
	d := parse(t, company).Directory(fetched...)
	if a, _ := d.Account("999900001111"); a.Known || a.ID != "999900001111" {
		t.Errorf("%+v", a)
	}
	if a, _ := d.Account("444455556666"); !a.Known || a.Owner != "" || a.IaC != "" {
		t.Errorf("%+v", a)
	}
	if facts := d.Explain("444455556666"); !strings.Contains(facts[1].From, `says "unheard of", which names no configured owner`) {
		t.Errorf("%+v", facts)
	}
	if got := strings.Join(d.Accounts(), " "); got != "111122223333 444455556666 777788889999" {
		t.Error(got)
	}
}

func TestOwnerOf(t *testing.T) {
	c := parse(t, company)
	known := policy.Account{ID: "111122223333", Owner: "shop", Known: true}
	ownerless := policy.Account{ID: "444455556666", Known: true}
	tag := func(v string) policy.Resource { return policy.Resource{Tags: map[string]string{"team": v}} }
	for name, tc := range map[string]struct {
		account    policy.Account
		resource   policy.Resource
		creator    string
		owner, why string
	}{
		"a tag":                      {known, tag("Security"), "", "security", "tag team of the resource"},
		"an alias in a tag":          {ownerless, tag("ec-team"), "", "shop", "tag team of the resource"},
		"a tag that names nobody":    {known, tag("x"), "", "shop", "tag team of the resource says x, which names no owner; owner of account 111122223333"},
		"a tag that was not read":    {known, policy.Resource{TagsUnread: true}, "", "shop", "the resource's tag team could not be read; owner of account 111122223333"},
		"the creator by address":     {ownerless, policy.Resource{}, "Taro@example.com", "shop", "account 444455556666 has no owner; created by taro"},
		"a creator of no team":       {ownerless, policy.Resource{}, "x@example.com", "security", "account 444455556666 has no owner; the creator x@example.com belongs to no owner; the default owner gets it"},
		"nobody":                     {ownerless, policy.Resource{}, "", "security", "account 444455556666 has no owner; the default owner gets it"},
		"no account at all":          {policy.Account{}, policy.Resource{}, "", "security", "no account is named; the default owner gets it"},
		"an account that no row has": {policy.Account{ID: "999900001111"}, policy.Resource{}, "", "security", "no row of accounts knows 999900001111; the default owner gets it"},
	} {
		if owner, why := c.OwnerOf(tc.account, tc.resource, tc.creator); owner != tc.owner || why != tc.why {
			t.Errorf("%s: %s, %q; want %s, %q", name, owner, why, tc.owner, tc.why)
		}
	}
	if owner, why := Default().OwnerOf(known, tag("x"), ""); owner != "" || why != "no owners are configured" {
		t.Errorf("%s %s", owner, why)
	}
}

func TestEachOwnersLanguageAndZone(t *testing.T) {
	c := parse(t, company)
	if c.OwnerLanguage("shop") != "ja" || c.OwnerZone("shop").String() != "Europe/Berlin" {
		t.Error("shop")
	}
	for _, owner := range []string{"security", "", "unknown"} {
		if c.OwnerLanguage(owner) != "en" || c.OwnerZone(owner).String() != "Asia/Tokyo" {
			t.Error(owner)
		}
	}
	if name, p, ok := c.PersonBySlack("U012AB3CD"); !ok || name != "taro" || !p.Has("approver") || p.Has("operator") {
		t.Error("person")
	}
	if _, _, ok := c.PersonBySlack(""); ok {
		t.Error("nobody is somebody")
	}
}

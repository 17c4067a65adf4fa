package app_test

import (
	"strings"
	"testing"
	"time"

	"zesei/internal/fake"
)

// organized puts the town into an organization whose accounts are fetched.
func organized(t *testing.T) *town {
	w := newTown(t, 100)
	w.cloud.AddAccount(fake.Account{ID: "777788889999", Name: "pay-prod", OU: "Prod/Pay", Tags: map[string]string{"Team": "shop", "Env": "prod"}})
	w.cloud.Organize(hubAccount)
	w.reconfigure(strings.NewReplacer("owners:\n", `  - {from: organizations, roles: {read: "arn:aws:iam::{id}:role/zesei-read"}, owner: "tag:Team", environment: "tag:Env"}
owners:
`))
	return w
}

func TestAccountsComeFromOrganizationsAndAreExplained(t *testing.T) {
	w := organized(t)
	a := w.app.Directory.Account("777788889999")
	if a.Name != "pay-prod" || a.Owner != "shop" || a.Environment != "prod" || a.OU != "Root/Prod/Pay" || !a.Known {
		t.Errorf("got %+v", a)
	}
	// A row of the file before it wins, field by field.
	if s := w.app.Directory.Account(shop); s.Name != "shop-prod" || s.OU != "Root" {
		t.Errorf("got %+v", s)
	}
	from := map[string]string{}
	for _, f := range w.app.Directory.Explain(shop) {
		from[f.Field] = f.From
	}
	if !strings.Contains(from["name"], "accounts[1]") || !strings.Contains(from["ou"], "accounts[2]") {
		t.Errorf("explained by %v", from)
	}
}

func TestAccountsAreKeptAndUsedWhenTheSourceDoesNotAnswer(t *testing.T) {
	w := organized(t)
	calls := func() int { return w.cloud.Journal().Count(fake.Query{Service: "organizations"}) }
	before := calls()
	w.app.Close()
	w.open()
	if n := calls(); n != before {
		t.Errorf("within the hour Organizations was asked %d times", n-before)
	}
	w.later(2 * time.Hour)
	lift := w.cloud.Faults().Add(fake.Fault{Kind: fake.Deny, Service: "organizations"})
	w.app.Close()
	w.open()
	if a := w.app.Directory.Account("777788889999"); a.Owner != "shop" || !a.Known {
		t.Errorf("the fault made us forget: %+v", a)
	}
	lift()
	w.cloud.AddAccount(fake.Account{ID: "777788889999", Name: "renamed"})
	w.app.Close()
	w.open()
	if a := w.app.Directory.Account("777788889999"); a.Name != "renamed" {
		t.Errorf("it was not asked again: %+v", a)
	}
	w.app.Close()
	w.opts.Offline = true
	before = calls()
	w.open()
	if a := w.app.Directory.Account("777788889999"); a.Name != "renamed" || calls() != before {
		t.Errorf("without the cloud: %+v", a)
	}
}

func TestASourceThatHasNeverAnsweredTakesNoCaseFromItsOwner(t *testing.T) {
	w := organized(t)
	w.take(w.evaluated("777788889999", "EC2.19", "sg-0123456789abcdef0", "FAILED"))
	w.work()
	if got := w.cases()[0].Terms.Owner; got != "shop" {
		t.Fatalf("it belongs to %s", got)
	}
	lift := w.cloud.Faults().Add(fake.Fault{Kind: fake.Deny, Operation: "ListAccounts"})
	// Asked by another role, the source is another: nothing is kept of it.
	w.again(strings.NewReplacer("{from: organizations, ", `{from: organizations, role: "arn:aws:iam::999999999999:role/zesei-list", `))
	if got := w.cases()[0].Terms.Owner; got != "shop" {
		t.Errorf("while nothing is known it belongs to %s", got)
	}
	lift()
	w.again(strings.NewReplacer(`role: "arn:aws:iam::999999999999:role/zesei-list", `, "", `owner: "tag:Team"`, "owner: security"))
	if got := w.cases()[0].Terms.Owner; got != "security" {
		t.Errorf("once it is known it belongs to %s", got)
	}
}

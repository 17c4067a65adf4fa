package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/fake"
	"zesei/internal/store"
)

const hubYAML = "securityhub: {every: 15m}"

// poll asks once, as serve does: without the hourly looks unless they are due.
func (p *place) poll(a *app.App) app.Polling {
	p.Helper()
	got, err := a.Poll(context.Background(), a)
	if err != nil {
		p.Fatal(err)
	}
	for _, r := range got.Regions {
		if r.Err != nil {
			p.Fatal(r.Err)
		}
	}
	return got
}

// suppress sets a finding's workflow status, as a person in the console does.
func (p *place) setWorkflow(finding string, status types.WorkflowStatus) {
	p.Helper()
	var f struct{ ProductArn string }
	raw, ok := p.cloud.Finding(sandbox, region, finding)
	if !ok || json.Unmarshal(raw, &f) != nil {
		p.Fatalf("no finding %s", finding)
	}
	out, err := hub.NewFromConfig(p.base(p.keys)).BatchUpdateFindings(context.Background(), &hub.BatchUpdateFindingsInput{
		FindingIdentifiers: []types.AwsSecurityFindingIdentifier{{Id: &finding, ProductArn: &f.ProductArn}},
		Workflow:           &types.WorkflowUpdate{Status: status},
	})
	if err != nil || len(out.UnprocessedFindings) > 0 {
		p.Fatal(err, out)
	}
}

// one is the state of the only case.
func one(t *testing.T, a *app.App) casefile.State {
	t.Helper()
	list, _, err := store.List(context.Background(), a.DB.View(), store.Filter{})
	if err != nil || len(list) != 1 {
		t.Fatal(len(list), "cases", err)
	}
	return list[0].State
}

func TestPollingClosesWhatPasses(t *testing.T) {
	p := newPlace(t, hubYAML)
	p.says(1, "FAILED")
	a := p.open()
	p.poll(a)
	if got := one(t, a); got != casefile.Open {
		t.Fatal(got)
	}
	p.later(time.Hour)
	p.says(1, "PASSED")
	p.poll(a)
	if got := one(t, a); got != casefile.Closed {
		t.Fatal(got)
	}
}

func TestPollingClosesWhatIsArchived(t *testing.T) {
	p := newPlace(t, hubYAML)
	p.says(1, "FAILED")
	a := p.open()
	p.poll(a)
	p.later(time.Hour)
	p.cloud.Evaluate(sandbox, region, fake.Evaluation{Control: "EC2.3", ResourceType: "AwsEc2Volume", ResourceID: volumeARN + "00000001", Status: "NOT_AVAILABLE", Gone: true})
	p.poll(a)
	if got := one(t, a); got != casefile.Closed {
		t.Fatal(got)
	}
}

// TestPollingSeesTheConsole: suppressing does not move UpdatedAt, and lifting it
// neither.
func TestPollingSeesTheConsole(t *testing.T) {
	p := newPlace(t, hubYAML)
	id := p.says(1, "FAILED")
	a := p.open()
	p.poll(a)
	p.later(time.Hour)
	p.setWorkflow(id, types.WorkflowStatusSuppressed)
	p.poll(a)
	if got := one(t, a); got != casefile.Suppressed {
		t.Fatalf("suppressed in the console: the case is %s", got)
	}
	p.later(time.Hour)
	p.setWorkflow(id, types.WorkflowStatusNew)
	p.poll(a)
	if got := one(t, a); got != casefile.Open {
		t.Fatalf("no longer suppressed in the console: the case is %s", got)
	}
}

// TestAbsenceClosesNothing: what Security Hub no longer knows is asked for by Id
// once a day, and its case stays.
func TestAbsenceClosesNothing(t *testing.T) {
	p := newPlace(t, hubYAML)
	p.says(1, "FAILED")
	a := p.open()
	p.poll(a)
	// Another Security Hub stands in the place of the one that knew it.
	q := newPlace(t, hubYAML)
	q.later(25 * time.Hour)
	q.says(2, "FAILED")
	q.opts.Store = "sqlite:" + a.DB.Path()
	b := q.open()
	got := q.poll(b)
	if r := got.Regions[0]; !r.Full || r.Unknown != 1 {
		t.Errorf("%+v", r)
	}
	if n := inState(t, b.DB, casefile.Open); n != 2 {
		t.Errorf("%d cases are open, want 2", n)
	}
	if n := q.cloud.Journal().Count(fake.Query{Operation: "GetFindings"}); n != 2 {
		t.Errorf("%d calls, want one for all and one by Id", n)
	}
}

// TestPollingGoesOnWhereItWas lets the third call fail for good.
func TestPollingGoesOnWhereItWas(t *testing.T) {
	p := newPlace(t, hubYAML)
	for i := range 1200 {
		p.later(time.Millisecond)
		p.says(i, "FAILED")
	}
	a := p.open()
	end := p.cloud.Faults().Add(fake.Fault{Kind: fake.Deny, Operation: "GetFindings", Skip: 7})
	got, err := a.Poll(context.Background(), a)
	if err != nil || got.Regions[0].Err == nil || got.Findings != 500 {
		t.Fatalf("%+v %v", got, err)
	}
	end()
	before := p.cloud.Journal().Count(fake.Query{Operation: "GetFindings"})
	p.poll(a)
	if n := len(caseLines(t, a.DB)); n != 1200 {
		t.Fatalf("%d cases", n)
	}
	if calls := p.cloud.Journal().Count(fake.Query{Operation: "GetFindings"}) - before; calls != 8 {
		t.Errorf("%d calls for the 700 that were left (and the last of those before), want 8", calls)
	}
}

func TestOtherProductsAreNotAskedFor(t *testing.T) {
	p := newPlace(t, hubYAML)
	p.says(1, "FAILED")
	for i, name := range []string{"Inspector", "GuardDuty"} {
		if err := p.cloud.PutFinding(sandbox, region, fmt.Appendf(nil, `{"Id":"f%d","ProductArn":"arn:aws:securityhub:%s::product/aws/%s","ProductName":"%s","GeneratorId":"g","Title":"t","Description":"d",
			"Types":["TTPs/Discovery/Recon:EC2-Portscan"],"Severity":{"Label":"HIGH"},"Resources":[{"Type":"AwsEc2Instance","Id":"arn:aws:ec2:%[2]s:%s:instance/i-%[1]d"}]}`, i, region, strings.ToLower(name), name, sandbox)); err != nil {
			t.Fatal(err)
		}
	}
	a := p.open()
	if got := p.poll(a); got.Findings != 2 || got.Dead != 0 {
		t.Errorf("%+v", got.Totals)
	}
}

// TestTheAggregationRegionIsAsked where no Region is named.
func TestTheAggregationRegionIsAsked(t *testing.T) {
	p := newPlace(t, hubYAML)
	p.cloud.EnableHub(sandbox, "us-east-1", "fsbp")
	p.cloud.AggregateHub(sandbox, "us-east-1", region)
	p.says(1, "FAILED")
	a := p.open()
	if got := p.poll(a); got.Regions[0].Region != "us-east-1" || got.Findings != 1 {
		t.Errorf("%+v", got)
	}
}

// TestTheRoleOfTheAdministratorIsUsed: its findings of members are believed.
func TestTheRoleOfTheAdministratorIsUsed(t *testing.T) {
	const admin = "555566667777"
	role := "arn:aws:iam::" + admin + ":role/audit"
	p := newPlace(t, fmt.Sprintf(`securityhub: {regions: [%s], role: "%s"}`, region, role))
	p.cloud.AddAccount(fake.Account{ID: admin})
	p.cloud.PutRole(fake.Role{ARN: role, Allow: []string{"securityhub:*", "sts:*"}})
	p.cloud.EnableHub(admin, region)
	p.cloud.DelegateHub(admin, sandbox)
	p.says(1, "FAILED")
	a := p.open()
	if got := p.poll(a); got.Findings != 1 {
		t.Errorf("%+v", got)
	}
	if n := p.cloud.Journal().Count(fake.Query{Operation: "GetFindings", Account: admin}); n != 1 {
		t.Errorf("%d calls in the administrator's account", n)
	}
}

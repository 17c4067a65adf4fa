package app_test

import (
	"context"
	"strings"
	"testing"

	"zesei/internal/app"
	"zesei/internal/fake"
)

func (p *place) pass(a *app.App) app.Pass {
	p.Helper()
	got, err := a.Pass(context.Background())
	if err != nil {
		p.Fatal(err)
	}
	return got
}

func TestASecondPassChangesNothing(t *testing.T) {
	p := newPlace(t, hubYAML)
	for i := range 30 {
		p.says(i, "FAILED")
	}
	a := p.open()
	first := p.pass(a)
	if first.Changes.Opened != 30 || first.Messages == 0 || first.Nothing() || len(first.Failed)+len(first.Refused) > 0 {
		t.Errorf("%+v", first)
	}
	if second := p.pass(a); !second.Nothing() {
		t.Errorf("the second pass: %+v", second)
	}
	p.later(1)
	p.says(3, "PASSED")
	if third := p.pass(a); third.Changes.Closed != 1 || third.Changes.Opened+third.Changes.Reopened != 0 {
		t.Errorf("the third pass: %+v", third.Changes)
	}
}

func TestARehearsedPassChangesNothing(t *testing.T) {
	p := newPlace(t, hubYAML)
	p.says(1, "FAILED")
	a := p.open()
	writes := p.cloud.Journal().Count(fake.Query{Writes: true})
	looked := false
	err := a.Rehearse(context.Background(), func(b *app.App, got app.Pass) error {
		looked = got.Cases.Opened == 1 && len(caseLines(t, b.DB)) == 1
		return nil
	})
	if err != nil || !looked {
		t.Fatal(looked, err)
	}
	if len(caseLines(t, a.DB)) != 0 || len(p.slack.Messages("sec")) != 0 || p.cloud.Journal().Count(fake.Query{Writes: true}) != writes {
		t.Error("the rehearsal changed something")
	}
	if got := p.pass(a); got.Changes.Opened != 1 {
		t.Errorf("what was only rehearsed was not done after it: %+v", got)
	}
}

// TestAnAccountThatRefusesIsOneLine and stops nothing.
func TestAnAccountThatRefusesIsOneLine(t *testing.T) {
	p := newPlace(t, hubYAML)
	p.says(1, "FAILED")
	a := p.open()
	p.pass(a)
	p.cloud.Faults().Add(fake.Fault{Kind: fake.Deny, Service: "securityhub"})
	got := p.pass(a)
	if len(got.Refused) != 1 || !strings.Contains(got.Refused[0], "AccessDenied") || len(got.Failed) != 0 {
		t.Errorf("refused %q, failed %q", got.Refused, got.Failed)
	}
}

func TestARoleThatMayNotBeAssumedIsOneLine(t *testing.T) {
	role := "arn:aws:iam::555566667777:role/audit"
	p := newPlace(t, `securityhub: {role: "`+role+`"}`)
	p.cloud.PutRole(fake.Role{ARN: role, Refuses: true})
	a := p.open()
	if got := p.pass(a); len(got.Refused) != 1 || !strings.Contains(got.Refused[0], role) {
		t.Errorf("%+v", got)
	}
}

// TestWithoutAnyFile the caller's own account is asked, and nothing is changed.
func TestWithoutAnyFile(t *testing.T) {
	p := newPlace(t, "{}")
	group := p.cloud.AddSecurityGroup(sandbox, region, fake.SecurityGroup{Name: "web", Rules: []fake.SecurityGroupRule{{Protocol: "tcp", From: 22, To: 22, CIDR4: "0.0.0.0/0"}}})
	p.cloud.DefineControls(fake.Control{ID: "EC2.19", Title: "high-risk ports", Severity: "CRITICAL"})
	p.cloud.Evaluate(sandbox, region, fake.Evaluation{Control: "EC2.19", ResourceType: "AwsEc2SecurityGroup", ResourceID: "arn:aws:ec2:" + region + ":" + sandbox + ":security-group/" + group, Status: "FAILED"})
	t.Chdir(t.TempDir())
	p.opts.ConfigPath = ""
	a := p.open()
	if got := p.pass(a); got.Changes.Opened == 0 || len(got.Failed)+len(got.Refused) > 0 {
		t.Errorf("%+v", got)
	}
	if w := p.cloud.Journal().Entries(fake.Query{Writes: true}); len(w) != 0 {
		t.Errorf("a pass without any file changed something: %s", w[0].Operation)
	}
}

func TestAPassBesideServeOnlyAsks(t *testing.T) {
	p := newPlace(t, `http: {secret: "${env:LIVE_HOOK}"}`)
	s := p.serve()
	who, err := s.app.Serving(context.Background())
	if err != nil || who == "" {
		t.Fatal(who, err)
	}
	p.opts.Store = "sqlite:" + s.app.DB.Path()
	a := p.open()
	got := p.pass(a)
	if len(got.Notes) != 1 || !strings.Contains(got.Notes[0], who) {
		t.Errorf("%+v", got)
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	if who, _ := a.Serving(context.Background()); who != "" {
		t.Errorf("%s still serves", who)
	}
}

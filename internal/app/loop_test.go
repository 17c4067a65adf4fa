package app_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/fake"
	"zesei/internal/store"
)

func TestAnOpenGroupIsClosedToldAndProved(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(sandbox, "web")
	w.take(w.evaluated(sandbox, "EC2.19", sg, "FAILED"))
	if got := w.ingress(sandbox, sg); got != innocent {
		t.Errorf("the group has %s, want %s", got, innocent)
	}
	f := w.only(casefile.Closed)
	if f.Reason != casefile.Fixed || !strings.Contains(f.Life.Proof, "checked live by fix") {
		t.Errorf("closed as %s with proof %q", f.Reason, f.Life.Proof)
	}
	heads := w.heads("shop-sec")
	if len(heads) != 1 {
		t.Fatalf("%d messages, want 1", len(heads))
	}
	for _, want := range []string{"EC2.19", "sandbox", sandbox, sg} {
		if !strings.Contains(heads[0].Text+string(heads[0].Blocks), want) {
			t.Errorf("the message does not name %s:\n%s", want, heads[0].Text)
		}
	}
	finding := w.cloud.Findings(sandbox, region)[0]
	if !strings.Contains(string(finding), `"RESOLVED"`) {
		t.Errorf("Security Hub was not told: %s", finding)
	}
	writes := w.cloud.Journal().Entries(fake.Query{Service: "ec2", Writes: true})
	if len(writes) != 1 || !strings.HasPrefix(writes[0].Session, "zesei-") {
		t.Errorf("got %d writes (%+v), want one, in a session of ours", len(writes), writes)
	}
}

func TestTheEchoOfWhatWeToldSecurityHubTellsNobody(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(shop, "web")
	w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"))
	before := len(w.slack.Messages("shop-sec"))
	echo := w.lastEvent()
	if !strings.Contains(string(echo), `"NOTIFIED"`) {
		t.Fatalf("Security Hub was not told NOTIFIED: %s", echo)
	}
	posts := w.slack.Journal().Count(fake.Query{Operation: "chat.postMessage"}) + w.slack.Journal().Count(fake.Query{Operation: "chat.update"})
	w.take(echo)
	w.only(casefile.Open)
	after := w.slack.Journal().Count(fake.Query{Operation: "chat.postMessage"}) + w.slack.Journal().Count(fake.Query{Operation: "chat.update"})
	if len(w.slack.Messages("shop-sec")) != before || after != posts {
		t.Errorf("the echo made %d calls to Slack", after-posts)
	}
	if n := w.cloud.Journal().Count(fake.Query{Operation: "BatchUpdateFindings"}); n != 1 {
		t.Errorf("Security Hub was told %d times", n)
	}
}

func TestAResetToNewIsToldToSecurityHubAgainAndToNobodyElse(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(shop, "web")
	w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"))
	w.take(w.lastEvent())
	posts := w.slack.Journal().Count(fake.Query{Outcome: "ok"})
	w.later(time.Minute)
	passed := w.evaluated(shop, "EC2.19", sg, "PASSED")
	w.later(time.Second)
	w.take(passed, w.evaluated(shop, "EC2.19", sg, "FAILED"))
	w.only(casefile.Open)
	if n := w.slack.Journal().Count(fake.Query{Outcome: "ok"}); n != posts {
		t.Errorf("%d calls to Slack for a reset", n-posts)
	}
	if f := string(w.cloud.Findings(shop, region)[0]); !strings.Contains(f, `"NOTIFIED"`) {
		t.Errorf("Security Hub still says NEW: %s", f)
	}
}

func TestWhatTerraformManagesIsOnlySuggested(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(shop, "web")
	w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"))
	if got := w.ingress(shop, sg); got != holed {
		t.Errorf("the group was changed: %s", got)
	}
	fixes := w.fixes()
	if len(fixes) != 1 || fixes[0].State != store.FixSuggested || !strings.Contains(string(fixes[0].Plan), "aws_security_group") {
		t.Fatalf("got %+v, want a suggestion that names the attribute", fixes)
	}
}

func TestAPlanWaitsForTheApprovalOfExactlyThatPlan(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(sandbox, "web")
	w.take(w.evaluated(sandbox, "EC2.18", sg, "FAILED"))
	fix := w.fixes()[0]
	if fix.State != store.FixWaiting || w.ingress(sandbox, sg) != holed {
		t.Fatalf("the fix is %s, the group %s", fix.State, w.ingress(sandbox, sg))
	}
	taro := casework.Person{ID: "cli:taro", Approver: true}
	var refused *casefile.RefusedError
	if _, err := w.app.Work.ApproveFix(t.Context(), taro, fix.ID, "another-hash"); !errors.As(err, &refused) {
		t.Errorf("another plan was approved: %v", err)
	}
	if _, err := w.app.Work.ApproveFix(t.Context(), casework.Person{ID: "cli:jiro"}, fix.ID, fix.PlanHash); !errors.As(err, &refused) {
		t.Errorf("somebody who may not approved: %v", err)
	}
	if _, err := w.app.Work.ApproveFix(t.Context(), taro, fix.ID, fix.PlanHash); err != nil {
		t.Fatal(err)
	}
	w.work()
	if got := w.ingress(sandbox, sg); got != innocent {
		t.Errorf("the group has %s, want %s", got, innocent)
	}
	w.only(casefile.Closed)
}

func TestARiskAcceptedWhileAFixWaitsIsNotFixed(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(sandbox, "web")
	w.take(w.evaluated(sandbox, "EC2.18", sg, "FAILED"))
	fix, taro := w.fixes()[0], casework.Person{ID: "cli:taro", Approver: true}
	if _, err := w.app.Work.ApproveFix(t.Context(), taro, fix.ID, fix.PlanHash); err != nil {
		t.Fatal(err)
	}
	x, err := w.app.Work.AskException(t.Context(), casework.Person{ID: "cli:hana"}, casework.Ask{Case: w.only(casefile.Open).ID, Reason: "load test", Until: w.now().Add(8 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Work.ApproveException(t.Context(), taro, x.ID); err != nil {
		t.Fatal(err)
	}
	w.work()
	if got := w.ingress(sandbox, sg); got != holed {
		t.Errorf("an accepted risk was fixed: %s", got)
	}
	if f, _ := store.LoadFix(t.Context(), w.app.DB.View(), fix.ID); f.State != store.FixExpired {
		t.Errorf("the fix is %s", f.State)
	}
}

func TestAGroupThatChangedSinceThePlanIsLeftAlone(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(sandbox, "web")
	w.take(w.evaluated(sandbox, "EC2.18", sg, "FAILED"))
	fix := w.fixes()[0]
	if _, err := w.app.Work.ApproveFix(t.Context(), casework.Person{ID: "cli:taro", Approver: true}, fix.ID, fix.PlanHash); err != nil {
		t.Fatal(err)
	}
	w.cloud.RemoveSecurityGroup(sandbox, region, sg)
	w.cloud.AddSecurityGroup(sandbox, region, fake.SecurityGroup{ID: sg, Name: "web", Rules: []fake.SecurityGroupRule{
		{Protocol: "tcp", From: 0, To: 1000, CIDR4: "0.0.0.0/0"},
	}})
	w.work()
	if n := w.cloud.Journal().Count(fake.Query{Service: "ec2", Writes: true}); n != 0 {
		t.Errorf("%d writes to a group that changed", n)
	}
	if f, _ := store.LoadFix(t.Context(), w.app.DB.View(), fix.ID); f.State != store.FixRefused {
		t.Errorf("the fix is %s", f.State)
	}
}

func TestUndoRestoresReopensAndAsksAPersonNextTime(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(sandbox, "web")
	w.take(w.evaluated(sandbox, "EC2.19", sg, "FAILED"))
	fix := w.fixes()[0]
	if _, err := w.app.Fixes.Undo(t.Context(), casework.Person{ID: "cli:jiro"}, fix.ID, "why not"); err == nil {
		t.Error("somebody who may not undid a fix")
	}
	if _, err := w.app.Fixes.Undo(t.Context(), casework.Person{ID: "cli:taro", Approver: true}, fix.ID, "the vendor needs it"); err != nil {
		t.Fatal(err)
	}
	w.work()
	g, _ := w.cloud.SecurityGroup(sandbox, region, sg)
	found := false
	for _, r := range g.Rules {
		found = found || !r.Egress && r.From == 0 && r.To == 65535 && r.CIDR4 == "0.0.0.0/0"
	}
	f := w.only(casefile.Open)
	if !found || !f.Life.ApproveOnly {
		t.Errorf("restored %t, approve only %t", found, f.Life.ApproveOnly)
	}
	// The finding that comes again does not fix it by itself.
	w.later(time.Hour)
	cannotTell := w.evaluated(sandbox, "EC2.19", sg, "WARNING")
	w.later(time.Second)
	w.take(cannotTell, w.evaluated(sandbox, "EC2.19", sg, "FAILED"))
	if w.ingress(sandbox, sg) == innocent {
		t.Error("the hole that a person wanted open was closed by itself")
	}
	// Until a person lifts it.
	if err := w.app.Work.Lift(t.Context(), casework.Person{ID: "cli:jiro"}, f.ID, "done"); err == nil {
		t.Error("somebody who may not lifted it")
	}
	if err := w.app.Work.Lift(t.Context(), casework.Person{ID: "cli:taro", Approver: true}, f.ID, "the vendor is done"); err != nil {
		t.Fatal(err)
	}
	w.work()
	if got := w.ingress(sandbox, sg); got != innocent {
		t.Errorf("after it was lifted the group has %s", got)
	}
}

func TestLimitsHoldBackWhatIsTooMuchAtOnce(t *testing.T) {
	w := newTown(t, 2)
	var events [][]byte
	for range 4 {
		events = append(events, w.evaluated(sandbox, "EC2.19", w.openGroup(sandbox, "web"), "FAILED"))
	}
	w.take(events...)
	closed := 0
	for _, c := range w.cases() {
		if c.State == casefile.Closed {
			closed++
		}
	}
	if closed != 2 {
		t.Errorf("%d fixed at once, the limit is 2", closed)
	}
	w.later(time.Hour + time.Minute)
	w.work()
	for _, c := range w.cases() {
		if c.State != casefile.Closed {
			t.Errorf("case %s is %s after the hour", store.ShortKey(c.Key), c.State)
		}
	}
}

func TestALostAnswerIsLookedForAndNotRepeated(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(sandbox, "web")
	w.cloud.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Service: "ec2", Operation: "RevokeSecurityGroupIngress", Times: 1})
	w.slack.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Operation: "chat.postMessage", Times: 1})
	w.take(w.evaluated(sandbox, "EC2.19", sg, "FAILED"))
	for range 5 {
		w.later(time.Minute)
		w.work()
	}
	w.only(casefile.Closed)
	if n := len(w.heads("shop-sec")); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
	if got := w.ingress(sandbox, sg); got != innocent {
		t.Errorf("the group has %s", got)
	}
}

func TestAReadThatStaysStaleIsHeldForAPersonAndNeverUndone(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(sandbox, "web")
	event := w.evaluated(sandbox, "EC2.19", sg, "FAILED")
	for _, read := range []string{"DescribeSecurityGroups", "DescribeSecurityGroupRules"} {
		w.cloud.Faults().Add(fake.Fault{Kind: fake.Stale, Service: "ec2", Operation: read, Skip: 2}) // for the plan and before applying
	}
	w.take(event)
	fix := w.fixes()[0]
	if fix.State != store.FixHeld {
		t.Errorf("the fix is %s (%s)", fix.State, fix.Why)
	}
	w.only(casefile.Open)
	if n := w.cloud.Journal().Count(fake.Query{Service: "ec2", Operation: "AuthorizeSecurityGroupIngress"}); n != 0 {
		t.Error("the fix was undone by itself")
	}
}

func TestFindingsThatSecurityHubRefusesAreToldAgain(t *testing.T) {
	w := newTown(t, 100)
	var events [][]byte
	for range 3 {
		events = append(events, w.evaluated(shop, "EC2.19", w.openGroup(shop, "web"), "FAILED"))
	}
	w.cloud.Faults().Add(fake.Fault{Kind: fake.Partial, Service: "securityhub", Operation: "BatchUpdateFindings", Items: 1, Times: 1})
	w.take(events...)
	w.later(2 * time.Minute)
	w.work()
	for _, f := range w.cloud.Findings(shop, region) {
		if !strings.Contains(string(f), `"NOTIFIED"`) {
			t.Errorf("not told: %s", f)
		}
	}
}

func TestKeepOpenUntilSixAndThenItIsClosedByItself(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(sandbox, "web")
	w.take(w.evaluated(sandbox, "EC2.18", sg, "FAILED")) // mode approve: nothing happens by itself
	f := w.only(casefile.Open)
	ctx := context.Background()
	x, err := w.app.Work.AskException(ctx, casework.Person{ID: "cli:hana"}, casework.Ask{Case: f.ID, Reason: "load test", Until: w.now().Add(8 * time.Hour), CloseHole: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Work.ApproveException(ctx, casework.Person{ID: "cli:taro", Approver: true}, x.ID); err != nil {
		t.Fatal(err)
	}
	w.later(7 * time.Hour)
	w.work()
	w.only(casefile.Accepted)
	w.later(61 * time.Minute)
	w.work()
	w.only(casefile.Closed)
	if got := w.ingress(sandbox, sg); got != innocent {
		t.Errorf("the group has %s", got)
	}
}

func TestAnAccountThatRefusesStopsNothing(t *testing.T) {
	w := newTown(t, 100)
	w.cloud.PutRole(fake.Role{ARN: "arn:aws:iam::" + shop + ":role/zesei-read", Refuses: true})
	a, b := w.openGroup(shop, "web"), w.openGroup(sandbox, "web")
	w.take(w.evaluated(shop, "EC2.19", a, "FAILED"), w.evaluated(sandbox, "EC2.19", b, "FAILED"))
	states := map[string]casefile.State{}
	for _, c := range w.cases() {
		states[c.Key.Account] = c.State
	}
	if states[shop] != casefile.Open || states[sandbox] != casefile.Closed {
		t.Errorf("got %v", states)
	}
	if w.ingress(shop, a) != holed {
		t.Error("the group of the account that refuses was changed")
	}
}

func TestAPassedFindingClosesOnlyWhatOurOwnCheckPasses(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(shop, "web")
	w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"))
	w.later(time.Minute)
	w.take(w.evaluated(shop, "EC2.19", sg, "PASSED")) // the source errs: the hole is still there
	w.only(casefile.Open)
	w.cloud.RemoveSecurityGroup(shop, region, sg)
	w.later(time.Minute)
	again := w.evaluated(shop, "EC2.19", sg, "FAILED")
	w.later(time.Second)
	w.take(again, w.evaluated(shop, "EC2.19", sg, "PASSED"))
	if f := w.only(casefile.Closed); f.Reason != casefile.Gone {
		t.Errorf("closed as %s", f.Reason)
	}
}

func TestSeveralControlsOfOneGroupAreOnePlan(t *testing.T) {
	w := newTown(t, 100)
	sg := w.openGroup(shop, "web")
	w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"), w.evaluated(shop, "EC2.18", sg, "FAILED"), w.evaluated(shop, "EC2.13", sg, "FAILED"))
	live := 0
	for _, f := range w.fixes() {
		if f.Live() {
			live++
			if len(f.Cases) != 3 {
				t.Errorf("fix %s serves %d cases, want 3", f.ID, len(f.Cases))
			}
		}
	}
	if live != 1 {
		t.Errorf("%d live plans, want 1", live)
	}
}

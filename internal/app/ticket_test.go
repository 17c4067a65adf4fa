package app_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/fake"
	"zesei/internal/fake/tracker"
	"zesei/internal/store"
)

// withRedmine gives the town's teams a tracker.
func (w *town) withRedmine() *tracker.Twin {
	w.t.Helper()
	twin := tracker.New(tracker.Redmine, tracker.Options{Now: w.now})
	server := httptest.NewServer(twin)
	w.t.Cleanup(server.Close)
	w.t.Setenv("TOWN_REDMINE_KEY", "twin-token")
	w.rewrite("zesei.yaml", "notify: ", "ticket: {redmine: {url: \""+server.URL+"\", token: \"${env:TOWN_REDMINE_KEY}\"}}\nnotify: ")
	w.rewrite("zesei.yaml", "mention: [taro], language: ja,", "mention: [taro], language: ja, ticket: {in: redmine, project: shop, assignee: taro},")
	w.rewrite("zesei.yaml", "roles: [approver], owners: [shop]}", "roles: [approver], owners: [shop], logins: {redmine: Taro Yamada}}")
	w.app.Close()
	w.open()
	return twin
}

// wait lets time pass in steps, and what is due be worked.
func (w *town) wait(d time.Duration) {
	w.t.Helper()
	for ; d > 0; d -= time.Minute {
		w.later(time.Minute)
		w.work()
	}
}

func TestATicketFollowsItsCase(t *testing.T) {
	w := newTown(t, 100)
	redmine := w.withRedmine()
	sg := w.openGroup(shop, "web")
	w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"))
	one := func() tracker.Issue { return onlyTicket(t, redmine) }
	made := one()
	if !strings.Contains(made.Title, "EC2.19") || !strings.Contains(made.Body, "対応期限") || made.Due == "" || made.Assignee != "taro" {
		t.Errorf("the ticket is %+v", made)
	}
	w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"))
	w.wait(2 * time.Minute)
	if got := one(); len(got.Comments) != 0 || got.Closed {
		t.Errorf("the same again made %d comments", len(got.Comments))
	}

	if err := redmine.Close(made.Key, "hanako"); err != nil {
		t.Fatal(err)
	}
	w.wait(9 * time.Minute)
	got := one()
	if got.Closed || len(got.Comments) != 1 || !strings.Contains(got.Comments[0].Text, "まだ基準を満たしていない") {
		t.Fatalf("closed %v, %d comments, want it opened again with the reason: %+v", got.Closed, len(got.Comments), got.Comments)
	}
	w.only(casefile.Open)
}

func onlyTicket(t *testing.T, redmine *tracker.Twin) tracker.Issue {
	t.Helper()
	all := redmine.Issues()
	if len(all) != 1 {
		t.Fatalf("%d tickets stand, want 1", len(all))
	}
	return all[0]
}

func TestAWishFromATicketWaitsForAnApproverAndAFixClosesIt(t *testing.T) {
	w := newTown(t, 100)
	redmine := w.withRedmine()
	sg := w.openGroup(shop, "web")
	w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"))
	one := func() tracker.Issue { return onlyTicket(t, redmine) }
	w.later(time.Second)
	if err := redmine.Say(one().Key, "hanako", "/zesei exception until the move to the new network"); err != nil {
		t.Fatal(err)
	}
	w.wait(7 * time.Minute)
	asked, err := store.ExceptionsOfCase(t.Context(), w.app.DB.View(), w.only(casefile.Open).ID)
	if err != nil || len(asked) != 1 || asked[0].State != store.ExceptionAsked || asked[0].AskedBy != "redmine:Hanako Sato" || asked[0].Reason != "until the move to the new network" {
		t.Fatalf("exceptions: %+v, %v; want one that hanako asked for and nobody approved", asked, err)
	}

	w.mend(shop, sg)
	w.take(w.evaluated(shop, "EC2.19", sg, "PASSED"))
	w.wait(2 * time.Minute)
	w.only(casefile.Closed)
	got := one()
	if last := got.Comments[len(got.Comments)-1].Text; !got.Closed || !strings.Contains(last, "確認内容") {
		t.Errorf("closed %v, last comment %q; want it closed with proof", got.Closed, last)
	}

	w.hole(shop, sg)
	w.later(time.Minute)
	w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"))
	w.wait(2 * time.Minute)
	if got := one(); got.Closed || !strings.Contains(got.Comments[len(got.Comments)-1].Text, "再発") {
		t.Errorf("the problem is back: closed %v, %+v", got.Closed, got.Comments)
	}
}

func TestAnExceptionClosesTheTicketAndItsEndOpensIt(t *testing.T) {
	w := newTown(t, 100)
	w.rewrite("policy.yaml", "group_wait: 1m", "group_wait: 1m\ntickets: {closed_early: request}")
	redmine := w.withRedmine()
	sg := w.openGroup(shop, "web")
	w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"))
	key := redmine.Issues()[0].Key
	w.later(time.Second)
	if err := redmine.Close(key, "hanako"); err != nil {
		t.Fatal(err)
	}
	w.wait(20 * time.Minute)
	if !redmine.Issues()[0].Closed {
		t.Error("the ticket was opened although its closing asks for an exception")
	}
	asked, err := store.ExceptionsOfCase(t.Context(), w.app.DB.View(), w.only(casefile.Open).ID)
	if err != nil || len(asked) != 1 || asked[0].State != store.ExceptionAsked {
		t.Fatalf("exceptions: %+v, %v; want one that waits for an approver", asked, err)
	}
	if _, err := w.app.Work.RevokeException(t.Context(), w.app.Person("taro"), asked[0].ID, "no"); err != nil {
		t.Fatal(err)
	}
	w.wait(65 * time.Minute)
	if redmine.Issues()[0].Closed {
		t.Error("the wish was refused, the resource still fails and the ticket is closed")
	}
}

// set puts a group's rules as somebody else does.
func (w *town) set(account, id string, rules ...fake.SecurityGroupRule) {
	w.cloud.RemoveSecurityGroup(account, region, id)
	w.cloud.AddSecurityGroup(account, region, fake.SecurityGroup{ID: id, Name: "web", Rules: rules})
}

func (w *town) mend(account, id string) {
	w.set(account, id, fake.SecurityGroupRule{Protocol: "tcp", From: 443, To: 443, CIDR4: "0.0.0.0/0"})
}

func (w *town) hole(account, id string) {
	w.set(account, id, fake.SecurityGroupRule{Protocol: "tcp", From: 0, To: 65535, CIDR4: "0.0.0.0/0"})
}

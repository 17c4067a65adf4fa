package casework_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/store"
)

var (
	hana = casework.Person{ID: "cli:hana", Approver: true, Also: []string{"slack:U012AB3CD", "redmine:hanako"}}
	taro = casework.Person{ID: "cli:taro", Approver: true}
)

// sg makes a finding of Security Hub about the nth security group.
func sg(n int, more ...func(*finding.Finding)) func(*finding.Finding) {
	return func(f *finding.Finding) {
		f.Source.ID = fmt.Sprintf("finding-%s-%d", f.Account, n)
		f.Subjects = []finding.Subject{{ResourceType: "AWS::EC2::SecurityGroup", Key: finding.Key{
			Kind: finding.State, Partition: "aws", Account: f.Account, Region: f.Region, Control: "EC2.19",
			Resource: fmt.Sprintf("arn:aws:ec2:ap-northeast-1:%s:security-group/sg-%d", f.Account, n),
		}}}
		for _, m := range more {
			m(f)
		}
	}
}

func inAccount(id string) func(*finding.Finding) {
	return func(f *finding.Finding) { f.Account = id; f.Subjects[0].Key.Account = id }
}

func ofControl(id string) func(*finding.Finding) {
	return func(f *finding.Finding) { f.Source.ID += id; f.Subjects[0].Key.Control = id }
}

func tagged(kv ...string) func(*finding.Finding) {
	return func(f *finding.Finding) {
		m := map[string]string{}
		for i := 0; i+1 < len(kv); i += 2 {
			m[kv[i]] = kv[i+1]
		}
		f.Subjects[0].Tags = m
		f.Title += strings.Join(kv, "=") // part of the content
		f.Standards = append(f.Standards, "tagged-"+strings.Join(kv, "-"))
	}
}

// accepted asks for an exception, approves it and works its job.
func (s *scene) accepted(ask casework.Ask) store.Exception {
	s.t.Helper()
	if ask.Reason == "" {
		ask.Reason = "agreed"
	}
	x, err := s.work.AskException(context.Background(), hana, ask)
	if err != nil {
		s.t.Fatal(err)
	}
	if x, err = s.work.ApproveException(context.Background(), taro, x.ID); err != nil {
		s.t.Fatal(err)
	}
	s.sweep(x.ID)
	return x
}

// sweep works the exception's job and gives the time for which it asks again.
func (s *scene) sweep(id string) time.Time {
	s.t.Helper()
	ctx := context.Background()
	if err := s.db.Update(ctx, func(tx *store.Tx) error { return job.Cancel(ctx, tx, casework.JobException, id) }); err != nil {
		s.t.Fatal(err)
	}
	if err := s.work.ExceptionJob(ctx, id); err != nil {
		s.t.Fatal(err)
	}
	return s.jobs()["exception "+id]
}

func (s *scene) exception(id string) store.Exception {
	s.t.Helper()
	x, err := store.LoadException(context.Background(), s.db.View(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return x
}

// states are the states of all cases, in the order in which they came.
func (s *scene) states() []string {
	s.t.Helper()
	var out []string
	for _, f := range s.files() {
		out = append(out, string(f.State))
	}
	return out
}

func (s *scene) files() []*casefile.File {
	s.t.Helper()
	var ids []int64
	for id := range int64(3000) {
		ids = append(ids, id)
	}
	files, err := store.CasesByID(context.Background(), s.db.View(), ids)
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}

func (s *scene) want(states ...string) {
	s.t.Helper()
	if got := s.states(); !slices.Equal(got, states) {
		s.t.Fatalf("the cases are %v, want %v", got, states)
	}
}

const (
	open, acc, closed = "open", "accepted", "closed"
	shop, other       = "111122223333", "444455556666"
)

func TestAnExceptionOnAResourceCoversAllItsControlsAndNoOther(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed, sg(1)), s.said(finding.Failed, sg(1, ofControl("EC2.18"))), s.said(finding.Failed, sg(2)))
	s.accepted(casework.Ask{Scope: store.Scope{Resource: "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-1"}, Until: s.now.Add(48 * time.Hour)})
	s.want(acc, acc, open)
	s.take(s.said(finding.Failed, sg(1, ofControl("EC2.13"))))
	s.want(acc, acc, open, acc)
}

func TestAnExceptionOnAControlInAnAccountCoversNoOtherAccountControlOrRegion(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed, sg(1)), s.said(finding.Failed, sg(2, ofControl("EC2.18"))), s.said(finding.Failed, sg(3, inAccount(other))))
	s.accepted(casework.Ask{Scope: store.Scope{Control: "ec2.19", Account: shop}, Until: s.now.Add(48 * time.Hour)})
	s.want(acc, open, open)
	s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.18", Account: shop, Region: "eu-west-1"}, Until: s.now.Add(48 * time.Hour)})
	s.want(acc, open, open)
	s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.18", Account: shop, Region: "ap-northeast-1"}, Until: s.now.Add(48 * time.Hour)})
	s.want(acc, acc, open)
}

func TestAnExceptionOnATagCoversWhatHasItAndNothingWhoseTagsAreUnread(t *testing.T) {
	s := newScene(t)
	s.take(
		s.said(finding.Failed, sg(1, tagged("env", "sandbox"))), s.said(finding.Failed, sg(2)),
		s.said(finding.Failed, sg(3, tagged("env", "sandbox-2"))), s.said(finding.Failed, sg(4, inAccount(other), tagged("env", "sandbox"))),
	)
	s.accepted(casework.Ask{Scope: store.Scope{Tag: "env=sandbox", Account: shop}, Until: s.now.Add(48 * time.Hour)})
	s.want(acc, open, open, open)
}

func TestACaseThatLosesTheTagLeavesTheExceptionAndOneThatGetsItJoins(t *testing.T) {
	for name, lost := range map[string]func(*finding.Finding){"another value": tagged("env", "prod"), "no tags any more": func(*finding.Finding) {}} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.take(s.said(finding.Failed, sg(1, tagged("env", "sandbox"))))
			s.accepted(casework.Ask{Scope: store.Scope{Tag: "env=sandbox", Account: shop}, Until: s.now.Add(48 * time.Hour)})
			s.want(acc)
			s.later(time.Hour)
			s.take(s.said(finding.Failed, sg(1, lost)))
			f := s.state(casefile.Open)
			if f.Overdue(s.now) || !f.Terms.Due.Equal(s.now.Add(72*time.Hour)) {
				t.Errorf("it is due %s", f.Terms.Due)
			}
			if got := s.chain(); !slices.Equal(got, []string{"opened", "accepted", "exception ended", "reopened"}) {
				t.Errorf("the chain is %v", got)
			}
			s.later(time.Hour)
			s.take(s.said(finding.Failed, sg(1, tagged("env", "sandbox"))))
			s.want(acc)
		})
	}
}

// A finding of another source that knows nothing of tags says nothing about them.
func TestASourceWithoutTagsTakesNoneAway(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed, sg(1, tagged("env", "sandbox"))))
	s.accepted(casework.Ask{Scope: store.Scope{Tag: "env=sandbox", Account: shop}, Until: s.now.Add(48 * time.Hour)})
	s.later(time.Hour)
	s.take(s.said(finding.Failed, sg(1, func(f *finding.Finding) { f.Source.ID = "another" })))
	s.want(acc)
}

func TestAScopeThatIsTooWideOrNamesNothingIsRefusedWithTheReason(t *testing.T) {
	s := newScene(t)
	s.rules.Exceptions.Owner = func(name string) bool { return name == "shop" || name == "security" }
	s.rules.Exceptions.DefaultOwner = "security"
	until := s.now.Add(time.Hour)
	for want, ask := range map[string]casework.Ask{
		"cover too much: it names":         {Scope: store.Scope{Account: shop}, Until: until},
		"together with an account":         {Scope: store.Scope{Tag: "env=sandbox"}, Until: until},
		"control or tag together":          {Scope: store.Scope{Control: "EC2.19"}, Until: until},
		"names a case":                     {Until: until},
		`there is no control "EC2.999"`:    {Scope: store.Scope{Control: "EC2.999", Account: shop}, Until: until},
		"expected 12 digits":               {Scope: store.Scope{Control: "EC2.19", Account: "shop"}, Until: until},
		"expected a Region such as":        {Scope: store.Scope{Control: "EC2.19", Account: shop, Region: "Tokyo"}, Until: until},
		`there is no owner "shopp"`:        {Scope: store.Scope{Control: "EC2.19", Owner: "shopp"}, Until: until},
		"whatever nobody is known to own":  {Scope: store.Scope{Control: "EC2.19", Owner: "security"}, Until: until},
		"expected name=value":              {Scope: store.Scope{Tag: "sandbox", Account: shop}, Until: until},
		"expected the ARN of one resource": {Scope: store.Scope{Resource: "sg-1"}, Until: until},
		"is the account itself":            {Scope: store.Scope{Resource: "arn:aws:iam::111122223333:root"}, Until: until},
		"expected an address that begins":  {Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: until, Evidence: "http://wiki.example.com"},
		"an end in the future":             {Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: s.now},
		"there is no exception x9":         {Renews: "x9", Until: until},
	} {
		ask.Reason = "so"
		_, err := s.work.AskException(context.Background(), hana, ask)
		var refused *casefile.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", ask.Scope, err, want)
		}
	}
	if _, err := s.work.AskException(context.Background(), hana, casework.Ask{Scope: store.Scope{Control: "EC2.19", Owner: "shop"}, Until: until}); err == nil {
		t.Error("an exception without a reason was taken")
	}
}

func TestAWideExceptionNeedsAnotherPersonWhicheverWayTheyCome(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed, sg(1)))
	ctx := context.Background()
	x, err := s.work.AskException(ctx, hana, casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Reason: "so", Until: s.now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	slack := casework.Person{ID: "slack:U012AB3CD", Approver: true, Also: []string{"cli:hana"}}
	for _, p := range []casework.Person{hana, slack, {ID: "cli:HANA", Approver: true}, {ID: "cli:jiro"}} {
		if _, err := s.work.ApproveException(ctx, p, x.ID); err == nil {
			t.Errorf("%s approved", p.ID)
		}
	}
	if _, err := s.work.RefuseException(ctx, casework.Person{ID: "cli:jiro"}, x.ID, "no"); err == nil {
		t.Error("who is no approver refused it")
	}
	s.sweep(x.ID)
	s.want(open)
	if x, err = s.work.RefuseException(ctx, taro, x.ID, "close it instead"); err != nil || x.State != store.ExceptionRefused || x.EndedBy != "cli:taro" {
		t.Errorf("%+v (%v)", x, err)
	}
	if _, err := s.work.ApproveException(ctx, taro, x.ID); err == nil {
		t.Error("what was refused was approved")
	}
}

func TestTheLongestTimeThatThePolicyAllowsIsCheckedWhenAskedAndWhenApproved(t *testing.T) {
	s := newScene(t)
	ctx := context.Background()
	days := 30
	s.rules.Exceptions.Latest = func(begin time.Time) time.Time { return begin.AddDate(0, 0, days) }
	s.take(s.said(finding.Failed))
	ask := casework.Ask{Case: 1, Reason: "so", Until: s.now.AddDate(0, 0, 31)}
	if _, err := s.work.AskException(ctx, hana, ask); err == nil || !strings.Contains(err.Error(), "exceptions.max") {
		t.Errorf("asked: %v", err)
	}
	ask.Until = s.now.AddDate(0, 0, 20)
	x, err := s.work.AskException(ctx, hana, ask)
	if err != nil {
		t.Fatal(err)
	}
	days = 10
	if _, err := s.work.ApproveException(ctx, taro, x.ID); err == nil || !strings.Contains(err.Error(), "exceptions.max") {
		t.Errorf("approved: %v", err)
	}
}

func TestAtItsEndEveryCoveredCaseOpensWithAFreshDeadlineAndSecurityHubIsTold(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed, sg(1)), s.said(finding.Failed, sg(2)))
	x := s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: s.now.Add(30 * 24 * time.Hour)})
	s.want(acc, acc)
	if got := s.hubWants(); got["finding-111122223333-1"] != "SUPPRESSED" || got["finding-111122223333-2"] != "SUPPRESSED" {
		t.Errorf("Security Hub is to be told %v", got)
	}
	if next := s.sweep(x.ID); !next.Equal(x.ExpiresAt) {
		t.Errorf("its job waits until %s", next)
	}
	s.later(31 * 24 * time.Hour)
	s.sweep(x.ID)
	s.want(open, open)
	for _, f := range s.files() {
		if f.Overdue(s.now) || !f.Terms.Due.Equal(s.now.Add(72*time.Hour)) || f.Life.Exception != nil {
			t.Errorf("case %d is due %s", f.ID, f.Terms.Due)
		}
	}
	if got := s.hubWants(); got["finding-111122223333-1"] != "NEW" || got["finding-111122223333-2"] != "NEW" {
		t.Errorf("Security Hub is to be told %v, though it has not said that it suppressed them", got)
	}
	if x = s.exception(x.ID); x.State != store.ExceptionEnded || x.EndedWhy != "it expired" || x.Phase != "" {
		t.Errorf("the exception is %+v", x)
	}
	n, err := store.CountCovered(context.Background(), s.db.View(), []string{x.ID})
	if err != nil || n[x.ID] != (store.Covered{Now: 0, Ever: 2}) {
		t.Errorf("it covers %+v (%v)", n, err)
	}
}

func TestRevokedItLetsEveryCaseGo(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed, sg(1)), s.said(finding.Failed, sg(2)))
	x := s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: s.now.Add(48 * time.Hour)})
	s.later(time.Hour)
	if _, err := s.work.RevokeException(context.Background(), hana, x.ID, "it holds invoices now"); err != nil {
		t.Fatal(err)
	}
	s.take(s.said(finding.Failed, sg(3))) // before the job has run
	s.want(acc, acc, open)
	s.sweep(x.ID)
	s.want(open, open, open)
	if f := s.files()[0]; !strings.Contains(f.Reason, "revoked by cli:hana: it holds invoices now") || !f.Terms.Due.Equal(s.now.Add(72*time.Hour)) {
		t.Errorf("%s, due %s", f.Reason, f.Terms.Due)
	}
}

// Past its end an exception covers nothing, whether or not its job has run.
func TestAnExceptionThatIsOverCoversNothingBeforeItsJobHasRun(t *testing.T) {
	s := newScene(t)
	s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: s.now.Add(time.Hour)})
	s.later(2 * time.Hour)
	s.take(s.said(finding.Failed, sg(1)))
	s.want(open)
}

func TestAFixedCaseClosesUnderAWideExceptionAndIsAcceptedWhenItComesBack(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed, sg(1)), s.said(finding.Failed, sg(2)))
	x := s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: s.now.Add(48 * time.Hour)})
	s.later(time.Minute)
	s.take(s.said(finding.Passed, sg(1)))
	s.want(closed, acc)
	if x = s.exception(x.ID); x.State != store.ExceptionActive {
		t.Errorf("the exception is %s: another case stands under it", x.State)
	}
	s.later(time.Minute)
	s.take(s.said(finding.Failed, sg(1)))
	s.want(acc, acc)
}

func TestAnExceptionOnAResourceEndsWhenTheResourceGoes(t *testing.T) {
	s := newScene(t)
	s.readable = false
	s.take(s.said(finding.Failed, sg(1)), s.said(finding.Failed, sg(1, ofControl("EC2.18"))))
	arn := "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-1"
	x := s.accepted(casework.Ask{Scope: store.Scope{Resource: arn}, Until: s.now.Add(48 * time.Hour)})
	s.want(acc, acc)
	s.later(time.Minute)
	target := casework.Target{Partition: "aws", Account: shop, Region: "ap-northeast-1", Type: "AWS::EC2::SecurityGroup", ARN: arn}
	if _, err := s.work.Check(context.Background(), target, nil, []casework.Verdict{{Control: "EC2.19", Verdict: casefile.Verdict{Gone: true, At: s.now}}}); err != nil {
		t.Fatal(err)
	}
	if x = s.exception(x.ID); x.State != store.ExceptionEnded || x.EndedWhy != "the resource is gone" {
		t.Fatalf("the exception is %+v", x)
	}
	s.sweep(x.ID)
	s.want(closed, open)
	s.later(time.Minute)
	// Made again under the same id, it is another.
	if _, err := s.work.Check(context.Background(), target, nil, []casework.Verdict{{Control: "EC2.19", Verdict: casefile.Verdict{Status: finding.Failed, At: s.now}}}); err != nil {
		t.Fatal(err)
	}
	s.want(open, open)
}

func TestOfSeveralExceptionsTheLastHolds(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed, sg(1)))
	narrow := s.accepted(casework.Ask{Case: 1, Until: s.now.Add(10 * 24 * time.Hour)})
	wide := s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: s.now.Add(20 * 24 * time.Hour)})
	s.later(11 * 24 * time.Hour)
	s.sweep(narrow.ID)
	s.want(acc)
	if x := s.exception(narrow.ID); x.State != store.ExceptionEnded {
		t.Errorf("the first is %s", x.State)
	}
	s.later(10 * 24 * time.Hour)
	s.sweep(wide.ID)
	s.want(open)
}

func TestRevokedTheOtherExceptionHolds(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed, sg(1)))
	wide := s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: s.now.Add(20 * 24 * time.Hour)})
	narrow := s.accepted(casework.Ask{Case: 1, Until: s.now.Add(10 * 24 * time.Hour)})
	if _, err := s.work.RevokeException(context.Background(), taro, wide.ID, "too wide"); err != nil {
		t.Fatal(err)
	}
	s.sweep(wide.ID)
	s.want(acc)
	if f := s.only(); f.Life.Exception.ID != narrow.ID || slices.Contains(s.chain(), "reopened") {
		t.Errorf("%+v holds; the chain is %v", f.Life.Exception, s.chain())
	}
	s.later(10 * 24 * time.Hour)
	if err := s.work.Tick(context.Background(), "1"); err != nil {
		t.Fatal(err)
	}
	s.want(open)
}

// Who may approve hears of a wish over more than one case where its owner is told,
// and what came of it is said in the same message.
func TestAWideWishIsToldAndWhatCameOfItToo(t *testing.T) {
	s := newScene(t)
	ctx := context.Background()
	ask := casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Reason: "so", Until: s.now.Add(time.Hour)}
	x, err := s.work.AskException(ctx, hana, ask)
	if err != nil {
		t.Fatal(err)
	}
	m, err := store.LoadMessage(ctx, s.db.View(), 1)
	if err != nil || m.Kind != store.MessageWish || m.Channel != "slack:#shop" {
		t.Fatalf("told %+v (%v)", m, err)
	}
	if _, ok := s.jobs()["message 1"]; !ok {
		t.Error("nothing tells the wish")
	}
	s.done()
	if _, err := s.work.RefuseException(ctx, taro, x.ID, "no"); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.jobs()["message 1"]; !ok {
		t.Error("nothing tells that it was refused")
	}
	if _, err := s.work.AskException(ctx, hana, ask); err != nil {
		t.Fatal(err)
	}
	if list, err := store.ExceptionsOfMessage(ctx, s.db.View(), 2); err != nil || len(list) != 1 {
		t.Errorf("the second wish has no message of its own: %+v (%v)", list, err)
	}
	s.take(s.said(finding.Failed))
	s.done()
	if _, err := s.work.AskException(ctx, hana, casework.Ask{Case: 1, Reason: "so", Until: s.now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if ids, err := store.MessagesOfException(ctx, s.db.View(), x.ID, store.MessageWish); err != nil || len(ids) != 1 {
		t.Errorf("the messages of the first are %v (%v)", ids, err)
	}
	if _, err := store.LoadMessage(ctx, s.db.View(), 4); err == nil {
		t.Error("a wish about one case has a message of its own")
	}
}

// The end of an exception on one case is noted once, whether the case's own job
// or the exception's comes first.
func TestTheEndOfAnExceptionOnOneCaseIsNotedOnce(t *testing.T) {
	for name, order := range map[string][]string{"the case first": {"case", "exception"}, "the exception first": {"exception", "case"}} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.take(s.said(finding.Failed))
			x := s.accepted(casework.Ask{Case: 1, Until: s.now.Add(time.Hour)})
			s.later(time.Hour)
			for _, job := range order {
				if job == "exception" {
					s.sweep(x.ID)
				} else if err := s.work.Tick(context.Background(), "1"); err != nil {
					t.Fatal(err)
				}
			}
			if got := s.chain(); !slices.Equal(got, []string{"opened", "exception asked", "accepted", "exception ended", "reopened"}) {
				t.Errorf("the chain is %v", got)
			}
			if x = s.exception(x.ID); x.State != store.ExceptionEnded || x.Phase != "" {
				t.Errorf("the exception is %+v", x)
			}
		})
	}
}

// An exception whose row cannot be found covers nothing, and stops no finding.
func TestWhatCannotBeReadCoversNothing(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed, sg(1)))
	x := s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: s.now.Add(time.Hour)})
	s.want(acc)
	if err := s.db.Update(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Exec(context.Background(), `DELETE FROM exceptions WHERE id = $1`, x.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	s.later(time.Minute)
	s.take(s.said(finding.Failed, sg(1), func(f *finding.Finding) { f.Severity = finding.High }))
	s.want(open)
}

func TestAWideExceptionCoversNoHappening(t *testing.T) {
	s := newScene(t)
	happened := func(f *finding.Finding) {
		f.Subjects[0].Key.Kind, f.Subjects[0].Key.Discriminator = finding.Incident, "once"
	}
	s.take(s.said(finding.Failed, sg(1, happened)))
	s.accepted(casework.Ask{Scope: store.Scope{Resource: "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-1"}, Until: s.now.Add(48 * time.Hour)})
	s.want(open)
}

// Each batch is a transaction of its own; a process that is killed between two
// goes on where it was.
func TestApprovingAndEndingGoesOnAfterAKill(t *testing.T) {
	s := newScene(t)
	const n = casework.BatchSize + 20
	var all []finding.Finding
	for i := range n {
		all = append(all, s.said(finding.Failed, sg(i)))
	}
	s.take(all[:casework.BatchSize]...)
	s.take(all[casework.BatchSize:]...)
	count := func(state string) (k int) {
		for _, is := range s.states() {
			if is == state {
				k++
			}
		}
		return k
	}
	ctx := context.Background()
	x, err := s.work.AskException(ctx, hana, casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Reason: "so", Until: s.now.Add(48 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.work.ApproveException(ctx, taro, x.ID); err != nil {
		t.Fatal(err)
	}
	batches := 0
	killed, kill := context.WithCancel(ctx)
	s.work.Committed = func() { batches++; kill() } // the process dies after its first batch
	if err := s.work.ExceptionJob(killed, x.ID); err == nil {
		t.Fatal("the killed job ended well")
	}
	s.work.Committed = nil
	if got := count(acc); got != casework.BatchSize || batches != 1 {
		t.Fatalf("after the first of the batches %d cases are accepted (%d batches)", got, batches)
	}
	s.sweep(x.ID)
	if got := count(acc); got != n {
		t.Fatalf("%d of %d cases are accepted", got, n)
	}
	s.later(49 * time.Hour)
	killed, kill = context.WithCancel(ctx)
	batches = 0
	s.work.Committed = func() {
		if batches++; batches == 2 { // the end is noted, and the first batch let go
			kill()
		}
	}
	if err := s.work.ExceptionJob(killed, x.ID); err == nil {
		t.Fatal("the killed job ended well")
	}
	s.work.Committed = nil
	if got := count(open); got != casework.BatchSize {
		t.Fatalf("after the first batch %d cases are open", got)
	}
	if err := s.work.WakeExceptions(ctx); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.jobs()["exception "+x.ID]; !ok {
		t.Error("nothing wakes the job of an exception that is not done with")
	}
	s.sweep(x.ID)
	if got := count(open); got != n {
		t.Fatalf("%d of %d cases are open", got, n)
	}
}

func TestTheEndIsToldOnceToOwnerAndAskerOverRestartAndClockChanges(t *testing.T) {
	s := newScene(t)
	s.rules.Exceptions.Warn = 7 * 24 * time.Hour
	s.rules.Exceptions.Reach = func(id string) []string { return []string{"slack:" + id} }
	s.take(s.said(finding.Failed, sg(1)))
	s.done()
	x := s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: s.now.Add(30 * 24 * time.Hour)})
	warnAt := x.ExpiresAt.Add(-7 * 24 * time.Hour)
	if next := s.sweep(x.ID); !next.Equal(warnAt) {
		t.Errorf("the job waits until %s, want %s", next, warnAt)
	}
	endings := func() (out []store.Message) {
		for id := range int64(10) {
			if m, err := store.LoadMessage(context.Background(), s.db.View(), id); err == nil && m.Kind == store.MessageEnding {
				out = append(out, m)
			}
		}
		return out
	}
	if got := endings(); len(got) != 0 {
		t.Fatalf("told before its time: %+v", got)
	}
	s.now = warnAt
	if next := s.sweep(x.ID); !next.Equal(x.ExpiresAt) {
		t.Errorf("the job waits until %s, want %s", next, x.ExpiresAt)
	}
	got := endings()
	if len(got) != 2 || got[0].Channel != "slack:cli:hana" || got[1].Channel != "slack:#shop" || got[0].N != 1 {
		t.Fatalf("told %+v", got)
	}
	for _, m := range got {
		list, err := store.ExceptionsOfMessage(context.Background(), s.db.View(), m.ID)
		if err != nil || len(list) != 1 || list[0].ID != x.ID {
			t.Errorf("message %d is about %+v (%v)", m.ID, list, err)
		}
	}
	for _, at := range []time.Time{warnAt.Add(time.Hour), warnAt.Add(-48 * time.Hour), warnAt.Add(24 * time.Hour)} { // restarts, a clock that is put back
		s.now = at
		if err := s.work.WakeExceptions(context.Background()); err != nil {
			t.Fatal(err)
		}
		s.sweep(x.ID)
	}
	if got := endings(); len(got) != 2 {
		t.Errorf("told again: %+v", got)
	}
}

func TestNobodyIsWarnedOfWhatIsRenewedOrLastsLessThanADay(t *testing.T) {
	s := newScene(t)
	s.rules.Exceptions.Warn = 7 * 24 * time.Hour
	s.take(s.said(finding.Failed, sg(1)))
	x := s.accepted(casework.Ask{Case: 1, Until: s.now.Add(8 * time.Hour)})
	if next := s.sweep(x.ID); !next.Equal(x.ExpiresAt) {
		t.Errorf("eight hours: the job waits until %s", next)
	}
	s.later(9 * time.Hour)
	s.sweep(x.ID)
	// One of four days is warned of half-way.
	x = s.accepted(casework.Ask{Case: 1, Until: s.now.Add(96 * time.Hour)})
	if next := s.sweep(x.ID); !next.Equal(s.now.Add(48 * time.Hour)) {
		t.Errorf("four days: the job waits until %s", next)
	}
	s.later(24 * time.Hour)
	again := s.accepted(casework.Ask{Renews: x.ID, Until: s.now.Add(30 * 24 * time.Hour)})
	if again.CaseID != 1 || again.Scope != x.Scope {
		t.Errorf("the renewal covers %+v", again.Scope)
	}
	s.later(24 * time.Hour)
	s.done()
	s.sweep(x.ID)
	for j := range s.jobs() {
		if strings.HasPrefix(j, "message") {
			t.Errorf("%s, though it is renewed", j)
		}
	}
	s.later(48 * time.Hour)
	s.sweep(x.ID)
	s.want(acc) // the renewal holds
}

// The moves of an exception stand in its own chain, also where it covers nothing.
func TestAWideExceptionWithoutACaseIsProvedByItsOwnChain(t *testing.T) {
	s := newScene(t)
	x := s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: s.now.Add(time.Hour)})
	s.later(time.Hour)
	s.sweep(x.ID)
	chain, err := store.ExceptionAudit(context.Background(), s.db.View(), x.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := casefile.VerifyChain(chain); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range chain {
		got = append(got, e.Actor+" "+e.What)
	}
	if !slices.Equal(got, []string{"cli:hana asked", "cli:taro approved", "zesei ended"}) {
		t.Errorf("the chain says %v", got)
	}
	chain[1].Why = "another"
	if casefile.VerifyChain(chain) == nil {
		t.Error("a changed row goes unseen")
	}
}

// What opens under an exception tells nobody and makes no ticket; Security Hub is
// told with a note.
func TestACaseThatOpensUnderAnExceptionTellsNobody(t *testing.T) {
	s := newScene(t)
	s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: s.now.Add(48 * time.Hour)})
	s.done()
	r := s.take(s.said(finding.Failed, sg(1)))
	s.want(acc)
	if r.Cases != (casework.Counts{Opened: 1}) {
		t.Errorf("counted %+v", r.Cases)
	}
	for j := range s.jobs() {
		if strings.HasPrefix(j, "message") || strings.HasPrefix(j, "fix") || strings.HasPrefix(j, "case.tick") {
			t.Errorf("%s follows", j)
		}
	}
	due, err := store.HubDue(context.Background(), s.db.View(), shop, "ap-northeast-1", s.now, 10)
	if err != nil || len(due) != 1 || due[0].Workflow != "SUPPRESSED" || !strings.Contains(due[0].Note, "risk accepted until 2026-11-04 09:00Z: agreed (asked by cli:hana, approved by cli:taro)") {
		t.Errorf("Security Hub is to be told %+v (%v)", due, err)
	}
	if got := s.chain(); !slices.Equal(got, []string{"opened", "accepted"}) {
		t.Errorf("the chain is %v", got)
	}
}

// A first import that was accepted ends as a case like others: what is left of the
// backlog gives it no later deadline, and people are told.
func TestAnEndedExceptionTellsAlsoOfWhatAFirstImportFound(t *testing.T) {
	s := newScene(t)
	s.rules.ImportWindow = time.Hour
	s.take(s.said(finding.Failed, sg(1), func(f *finding.Finding) { f.Severity = finding.High }))
	x := s.accepted(casework.Ask{Scope: store.Scope{Control: "EC2.19", Account: shop}, Until: s.now.Add(48 * time.Hour)})
	s.done()
	s.later(48 * time.Hour)
	s.sweep(x.ID)
	f := s.state(casefile.Open)
	told := false
	for j := range s.jobs() {
		told = told || strings.HasPrefix(j, "message")
	}
	if f.Life.Backlog || !told {
		t.Errorf("backlog %t, told %t", f.Life.Backlog, told)
	}
}

// A wish from a tracker is held to the policy, and keeps no address that is not
// https.
func TestAWishFromATrackerIsHeldToThePolicy(t *testing.T) {
	s := ticketScene(t)
	s.rules.Exceptions.Latest = func(begin time.Time) time.Time { return begin.AddDate(0, 0, 10) }
	s.take(s.said(finding.Failed))
	news := []casework.TicketNews{{What: "exception", Who: "hanako", Text: "public site", URL: "http://redmine/issues/17", Until: s.now.AddDate(1, 0, 0)}}
	if err := s.work.HeardTicket(context.Background(), 1, casework.TicketState{Key: "17", Open: true, Known: []byte(`{}`)}, nil, news); err != nil {
		t.Fatal(err)
	}
	asked, err := store.Exceptions(context.Background(), s.db.View(), store.ExceptionAsked)
	if err != nil || len(asked) != 1 || asked[0].Evidence != "" || !asked[0].ExpiresAt.Equal(s.now.AddDate(0, 0, 10)) {
		t.Fatalf("asked %+v (%v)", asked, err)
	}
	if _, err := s.work.ApproveException(context.Background(), hana, asked[0].ID); err == nil {
		t.Error("who asked in the tracker approved on the command line")
	}
}

// An agreement to close a hole is over once the risk is accepted anew.
func TestAnAgreementToCloseTheHoleEndsWithANewAcceptance(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	id := s.only().ID
	x := s.accepted(casework.Ask{Case: id, Until: s.now.Add(time.Hour), CloseHole: true})
	s.later(2 * time.Hour)
	s.sweep(x.ID)
	if f := s.only(); f.Life.AutoBy == "" {
		t.Fatal("the fix was agreed")
	}
	x = s.accepted(casework.Ask{Case: id, Until: s.now.Add(time.Hour)})
	s.later(2 * time.Hour)
	s.sweep(x.ID)
	if f := s.only(); f.Life.AutoBy != "" {
		t.Errorf("the second exception agreed to no fix: %q", f.Life.AutoBy)
	}
}

// Who may not approve a risk, and did not ask for it, does not end it either.
func TestWhoMayNotApproveDoesNotRevokeWhatOthersAgreed(t *testing.T) {
	s := newScene(t)
	s.take(s.said(finding.Failed))
	x := s.accepted(casework.Ask{Case: s.only().ID, Until: s.now.Add(time.Hour), CloseHole: true})
	_, err := s.work.RevokeException(context.Background(), casework.Person{ID: "cli:mallory"}, x.ID, "no")
	if err == nil || !strings.Contains(err.Error(), "approver") {
		t.Errorf("revoked: %v", err)
	}
	if got := s.exception(x.ID).State; got != store.ExceptionActive {
		t.Error(got)
	}
}

package controlstate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"zesei/internal/awscloud"
	"zesei/internal/fake"
	"zesei/internal/store"
)

func TestProblemsWithOneReasonAreSaidOnce(t *testing.T) {
	var list []Problem
	for i := range 302 {
		id := fmt.Sprintf("%012d", i+1)
		list = append(list, Problem{Target: Target{id, tokyo}, Kind: awscloud.Denied, Why: (&awscloud.NoAccessError{Account: id, Purpose: awscloud.Read, Reason: "no read role is configured"}).Error()})
	}
	for _, id := range []string{"S3.1", "S3.2", "S3.3", "S3.4"} {
		list = append(list, Problem{Target: Target{shop, tokyo}, Standard: "fsbp", Control: id, Kind: awscloud.Denied, Why: "not disabled: 403, RequestID: 0a-" + id + ", AccessDenied"})
	}
	alone := Problem{Target: Target{sandbox, tokyo}, Standard: "fsbp", Kind: awscloud.Conflict, Why: "try again later"}
	groups := Group(append(list, alone))
	want := []string{
		"302 accounts (000000000001, 000000000002, 000000000003, …), Region ap-northeast-1: no read access to the account: no read role is configured",
		"account 111122223333, Region ap-northeast-1, standard fsbp, 4 controls (S3.1, S3.2, S3.3, …): not disabled: 403, AccessDenied",
		alone.String(),
	}
	if len(groups) != len(want) {
		t.Fatalf("got %d groups: %v", len(groups), groups)
	}
	for i, g := range groups {
		if g.String() != want[i] {
			t.Errorf("got  %s\nwant %s", g, want[i])
		}
	}
	if text := Import(&Live{Problems: list[:302], Items: map[Item]Status{}}); strings.Count(text, "# not read") != 1 {
		t.Errorf("got\n%s", text)
	}
}

func TestWhereNothingCanBeReadNothingIsSaidToBeWell(t *testing.T) {
	c := newCompany(t)
	if err := c.read().Nothing(); err != nil {
		t.Errorf("got %v", err)
	}
	c.cloud.Faults().Add(fake.Fault{Kind: fake.Deny, Service: "securityhub", Operation: "GetEnabledStandards"})
	var unread *UnreadError
	err := c.read().Nothing()
	if !errors.As(err, &unread) || !strings.Contains(err.Error(), "in any of 2 accounts") || !strings.Contains(err.Error(), "roles: {read: ARN}") {
		t.Errorf("got %v", err)
	}
}

// A record says who changed what: where nothing is changed there is none.
func TestNothingToDoIsNoRun(t *testing.T) {
	c := newCompany(t)
	s := c.apply(NewPlan(c.read(), c.wants("controls: []\n")))
	runs, err := store.ControlRuns(context.Background(), c.db.View(), 10)
	if s.Run != "" || !s.OK() || len(runs) != 0 || err != nil {
		t.Errorf("got %+v, %v (%v)", s, runs, err)
	}
}

package report

import (
	"fmt"
	"testing"
)

func TestTheFilterIsTheScheduledFindersWithinTheLimits(t *testing.T) {
	var q Query
	for i := range 45 {
		q.Controls = append(q.Controls, fmt.Sprintf("S3.%d", i))
	}
	for i := range 21 {
		q.Accounts = append(q.Accounts, fmt.Sprintf("%012d", i))
	}
	all := Filters(q)
	if len(all) != 3*2 {
		t.Fatalf("%d filters", len(all))
	}
	controls := map[string]bool{}
	for _, f := range all {
		if len(f.ComplianceSecurityControlId) > 20 || len(f.AwsAccountId) > 20 || f.WorkflowState != nil {
			t.Errorf("%d controls, %d accounts", len(f.ComplianceSecurityControlId), len(f.AwsAccountId))
		}
		if *f.ComplianceStatus[0].Value != "FAILED" || len(f.WorkflowStatus) != 2 || *f.RecordState[0].Value != "ACTIVE" {
			t.Errorf("%+v", f)
		}
		for _, c := range f.ComplianceSecurityControlId {
			controls[*c.Value] = true
		}
	}
	if len(controls) != 45 {
		t.Errorf("%d controls are asked for", len(controls))
	}
	if one := Filters(Query{}); len(one) != 1 || one[0].ComplianceSecurityControlId != nil || one[0].AwsAccountId != nil {
		t.Errorf("without a wish: %+v", one)
	}
}

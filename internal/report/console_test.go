package report

import (
	"strings"
	"testing"

	"zesei/internal/finding"
	"zesei/internal/store"
)

// Where nobody says which Region shows the findings of all, a link leads to where
// most of what it shows stands.
func TestALinkLeadsToWhereItsCasesStand(t *testing.T) {
	c := Console{open: []store.OpenPlace{
		{Region: "global", Control: "IAM.6", Standards: "fsbp", Severity: 4, Open: 90},
		{Region: "us-east-1", Control: "S3.5", Standards: "cis-1.4,fsbp", Severity: 2, Open: 30},
		{Region: "us-east-2", Control: "EC2.19", Standards: "fsbp", Severity: 4, Open: 8},
		{Region: "us-west-2", Control: "EC2.19", Standards: "fsbp", Severity: 4, Open: 8},
	}}
	for _, one := range []struct {
		w    Wanted
		want string
	}{
		{Wanted{}, "us-east-1"},
		{Wanted{Control: "EC2.19"}, "us-east-2"},
		{Wanted{Standard: "fsbp", Severity: finding.Critical}, "us-east-2"},
		{Wanted{Standard: "cis-1.4"}, "us-east-1"},
		{Wanted{Standard: "cis-1.4", Severity: finding.Critical}, ""},
		{Wanted{Control: "IAM.6"}, ""},
	} {
		got := c.Findings(one.w)
		if (got == "") != (one.want == "") || one.want != "" && !strings.HasPrefix(got, "https://"+one.want+".console.aws.amazon.com/") {
			t.Errorf("%+v: got %q", one.w, got)
		}
	}
	if got := (Console{Region: "ap-northeast-1", open: c.open}).Findings(Wanted{}); !strings.HasPrefix(got, "https://ap-northeast-1.") {
		t.Errorf("the Region that is known: got %s", got)
	}
}

package report

import (
	"testing"

	"zesei/internal/finding"
)

func TestACaseAboutAnAccountIsNamedByIt(t *testing.T) {
	of := SummaryOf{Account: func(id string) string { return map[string]string{"111122223333": "shop-prod"}[id] }}
	for _, c := range []struct{ kind, account, resource, want string }{
		{finding.AccountType, "111122223333", "arn:aws:iam::111122223333:root", "shop-prod"},
		{finding.AccountType, "444455556666", "arn:aws:iam::444455556666:root", "444455556666"},
		{"AWS::S3::Bucket", "111122223333", "arn:aws:s3:::logs", "logs"},
	} {
		if got := of.nameOf(c.kind, c.account, c.resource); got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.resource, c.account, got, c.want)
		}
	}
	if got := (SummaryOf{}).nameOf(finding.AccountType, "111122223333", "arn:aws:iam::111122223333:root"); got != "111122223333" {
		t.Errorf("without names: %q", got)
	}
}

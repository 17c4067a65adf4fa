package policy

import (
	"strings"
	"testing"
	"time"

	"zesei/internal/finding"
)

const fixRules = `
responses: [{do: track}]
iac_tags: [managed-by=terraform]
fix:
  - {controls: [EC2.19], accounts: ["owner:sandbox"], mode: auto, with: {how: revoke}, after: 30m}
  - {controls: [EC2.18], accounts: ["env:dev"], mode: auto}
  - {controls: [EC2.18], mode: approve}
  - {ruleset: pci-dss-3.2.1, controls: [S3.4], resources: {name: [my-bucket]}, remedies: [s3-encryption, s3-versioning], mode: auto, comment: agreed}
  - {controls: [S3.8], resources: {tags: {data: public}}, mode: off}
  - {controls: [S3.14], resources: {tags: {fix: "yes"}}, mode: auto}
  - {controls: ["S3.*"], mode: approve}
  - {controls: [EC2.2], mode: approve, managed: approve}
  - {controls: [RDS.1], mode: auto}
  - {mode: suggest}
`

func TestFix(t *testing.T) {
	p := load(t, fixRules)
	for name, c := range map[string]struct {
		control string
		change  func(*Input)
		mode    FixMode
		why     string // part of it
	}{
		"the first rule that matches": {"EC2.19", func(in *Input) { in.Account.Owner = "sandbox" }, FixAuto, "mode auto by policy.yaml:5 fix[0]"},
		"another owner":               {"EC2.19", nil, FixSuggest, "fix[9]"},
		"an owner that a tag of the resource gave permits nothing": {
			"EC2.19", func(in *Input) { in.Owner = "sandbox" }, FixSuggest, "fix[9]",
		},
		"an owner that is not known bounds what follows": {
			"EC2.19", func(in *Input) { in.Account.Owner = "" }, FixSuggest, "the account's owner is not known",
		},
		"an environment that is not known bounds what follows": {
			"EC2.18", func(in *Input) { in.Account.Environment = "" }, FixSuggest, "lowered to suggest: a rule before it cannot be told",
		},
		"a ruleset and a name": {"S3.4", func(in *Input) { in.Standards = []string{"pci-dss-3.2.1"} }, FixAuto, "fix[3]"},
		"not of the ruleset":   {"S3.4", nil, FixApprove, "fix[6]"},
		"another bucket": {"S3.4", func(in *Input) {
			in.Standards, in.Resource.Name = []string{"pci-dss-3.2.1"}, "other"
		}, FixApprove, "fix[6]"},
		"a tag forbids":           {"S3.8", func(in *Input) { in.Resource.Tags = map[string]string{"data": "public"} }, FixOff, "fix[4]"},
		"without the tag":         {"S3.8", nil, FixApprove, "fix[6]"},
		"a tag never permits":     {"S3.14", func(in *Input) { in.Resource.Tags = map[string]string{"fix": "yes"} }, FixApprove, "a tag never permits a fix"},
		"the tag that forbids":    {"RDS.1", func(in *Input) { in.Resource.Tags = map[string]string{"zesei:fix": "off"} }, FixOff, "the tag zesei:fix=off forbids a fix"},
		"tags that were not read": {"RDS.1", func(in *Input) { in.Resource.TagsUnread = true }, FixOff, "could not be read"},
		"an unknown account":      {"RDS.1", func(in *Input) { in.Account.Known = false }, FixOff, "no row of accounts knows 111122223333"},
		"no remedy":               {"RDS.1", func(in *Input) { in.Control.Remedy = "" }, FixOff, "no remedy is known for RDS.1"},
		"auto without code":       {"RDS.1", nil, FixAuto, "fix[8]"},
		"auto where it is not known who manages": {
			"RDS.1", func(in *Input) { in.Account.IaC = "" }, FixSuggest, "(iac: unknown)",
		},
		"auto in a Terraform account": {"RDS.1", func(in *Input) { in.Account.IaC = "terraform" }, FixSuggest, "terraform manages the resources of account shop-prod"},
		"a state that was read does not hold the resource": {
			"RDS.1", func(in *Input) { in.Account.IaC, in.Resource.IaC = "terraform", "none" }, FixAuto, "fix[8]",
		},
		"a state that was read holds it": {"S3.8", func(in *Input) { in.Resource.IaC = "terraform" }, FixSuggest, "terraform manages the resource"},
		"CloudFormation's own tag": {"S3.8", func(in *Input) {
			in.Resource.Tags = map[string]string{"aws:cloudformation:stack-id": "arn:aws:cloudformation:…"}
		}, FixSuggest, "the tag aws:cloudformation:stack-id"},
		"a tag that the company uses": {"S3.8", func(in *Input) { in.Resource.Tags = map[string]string{"managed-by": "terraform"} }, FixSuggest, "the tag managed-by"},
		"managed may be raised":       {"EC2.2", func(in *Input) { in.Account.IaC = "terraform" }, FixApprove, "fix[7]"},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(c.control, "essential", finding.High, "fsbp")
			if c.change != nil {
				c.change(&in)
			}
			fix := p.Decide(in).Fix
			if fix.Mode != c.mode || !strings.Contains(fix.Why, c.why) {
				t.Errorf("got %s (%s), want %s (%s)", fix.Mode, fix.Why, c.mode, c.why)
			}
		})
	}
}

func TestFixCarriesWhatTheRuleSays(t *testing.T) {
	p := load(t, fixRules)
	in := input("EC2.19", "essential", finding.High)
	in.Account.Owner = "sandbox"
	fix := p.Decide(in).Fix
	if fix.With["how"] != "revoke" || fix.After != 30*time.Minute {
		t.Errorf("got %+v", fix)
	}
	in = input("S3.4", "essential", finding.High, "pci-dss-3.2.1")
	in.Control.Remedy = ""
	fix = p.Decide(in).Fix
	if fix.Ruleset != "pci-dss-3.2.1" || len(fix.Remedies) != 2 || fix.Comment != "agreed" || fix.Mode != FixAuto {
		t.Errorf("got %+v", fix)
	}
}

func TestNoFixForWhatIsNotHandled(t *testing.T) {
	for _, do := range []string{"suppress", "disable"} {
		p := load(t, "responses: [{do: "+do+"}]\nfix: [{mode: auto}]\n")
		if fix := p.Decide(input("EC2.19", "essential", finding.High)).Fix; fix.Mode != FixOff {
			t.Errorf("%s: fix %s", do, fix.Mode)
		}
	}
	if fix := load(t, "responses: [{do: track}]\n").Decide(input("EC2.19", "essential", finding.High)).Fix; fix.Mode != FixOff || fix.Why != "no rule of fix matches" {
		t.Errorf("without rules: %+v", fix)
	}
}

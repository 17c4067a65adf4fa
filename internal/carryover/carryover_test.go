package carryover_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zesei/internal/carryover"
	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/policy"
)

func read(t testing.TB, input string, columns map[string]string) (*carryover.Result, carryover.Kind) {
	t.Helper()
	r := reader(t, columns)
	kind, err := r.Read("in", []byte(input), "")
	if err != nil {
		t.Fatal(err)
	}
	check(t, r.Result)
	return r.Result, kind
}

func reader(t testing.TB, columns map[string]string) *carryover.Reader {
	t.Helper()
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &carryover.Reader{Catalogue: cat, Columns: columns, Result: carryover.New()}
}

// check wants what was written to be a policy and a configuration.
func check(t testing.TB, r *carryover.Result) *policy.Policy {
	t.Helper()
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range cat.All() {
		ids = append(ids, c.ID)
	}
	p, err := policy.Load("policy.yaml", []byte(r.Policy()), policy.Known{Controls: ids})
	if err != nil {
		t.Fatalf("%v in\n%s", err, r.Policy())
	}
	return p
}

func leftOut(r *carryover.Result) string {
	var out []string
	for _, l := range r.LeftOut {
		out = append(out, l.String())
	}
	return strings.Join(out, "\n")
}

func wants(t *testing.T, in string, list ...string) {
	t.Helper()
	for _, want := range list {
		if !strings.Contains(in, want) {
			t.Errorf("%q is missing in\n%s", want, in)
		}
	}
}

func TestATableOfResponsesBecomesControlsAndRules(t *testing.T) {
	r, kind := read(t, `{"Count": 7, "Items": [
		{"ControlId": {"S": "s3.13"}, "対応方針": {"S": "是正まで追跡"}, "分類": {"S": "ロギング"}, "期限": {"N": "14"}, "タイトル": {"S": "…"}, "Memo": {"S": "x"}},
		{"ControlId": {"S": "RDS.5"}, "対応方針": {"S": "対応しない"}, "分類": {"S": "可用性確保"}},
		{"ControlId": {"S": "Macie.1"}, "対応方針": {"S": "無効化"}, "分類": {"S": "使用なし"}},
		{"ControlId": {"S": "CloudTrail.1"}, "対応方針": {"S": "是正まで追跡"}, "Standard": {"S": "cis-1.4"}},
		{"ControlId": {"S": "IAM.4"}, "対応方針": {"S": "是正まで追跡"}, "Standard": {"S": "arn:aws:securityhub:ap-northeast-1::standards/cis-aws-foundations-benchmark/v/1.4.0"}},
		{"ControlId": {"S": "ELB.1"}, "対応方針": {"S": "様子を見る"}},
		{"ControlId": {"S": "NoSuch.1"}, "対応方針": {"S": "通知のみ"}}]}`, nil)
	if kind != carryover.Policy {
		t.Fatalf("taken for %s", kind)
	}
	wants(t, r.Policy(), `S3.13: {do: "track", class: "logging", due: "14 days"}`, `RDS.5: {do: "suppress", class: "availability"}`, `unused: ["Macie.1"]`,
		`Macie.1: {do: "disable"}`, `{standard: ["cis-1.4"], controls: ["CloudTrail.1", "IAM.4"], do: "track"}`, `standards: ["cis-1.4"]`)
	wants(t, leftOut(r), `"様子を見る" is no response that is known`, `no control "NoSuch.1" is known`, "column Memo")
	if len(r.LeftOut) != 3 {
		t.Errorf("got %s", leftOut(r))
	}
}

func TestATableOfAccountsBecomesAccountsAndOwners(t *testing.T) {
	r, kind := read(t, `[
		{"AccountId": "111122223333", "AccountName": "shop \"prod\"", "Team": "shop", "SlackChannel": "shop-sec", "メールアドレス": ["a@example.com"], "Env": "prod"},
		{"AccountId": 44455556666, "Team": "shop", "SlackChannel": "#other"},
		{"AccountId": "shop", "Team": "x"}, {"AccountId": "1234"}, {"AccountId": "111122223333"}]`, nil)
	if kind != carryover.Accounts {
		t.Fatalf("taken for %s", kind)
	}
	text := r.Config()
	wants(t, text, `{id: "044455556666", owner: "shop"}`, `{id: "111122223333", name: "shop \"prod\"", owner: "shop", environment: "prod"}`, `"shop": {slack: "#shop-sec", email: ["a@example.com"], default: true}`)
	wants(t, leftOut(r), `"shop" is no account id`, `"1234" is no account id`, "has another channel already (#shop-sec, not #other)", "stands there already")
	whole := text + "notify: {slack: {token: \"${env:T}\"}, email: {from: a@example.com, smtp: \"localhost:25\"}}\n"
	c, err := config.Parse("zesei.yaml", []byte(whole), os.LookupEnv, os.ReadFile)
	if err != nil {
		t.Fatalf("%v in\n%s", err, whole)
	}
	if a, _ := c.Account("044455556666"); a.Owner != "shop" {
		t.Errorf("got %+v", a)
	}
}

func TestColumnsThatAreNotKnownCanBeNamed(t *testing.T) {
	r := reader(t, nil)
	if _, err := r.Read("t.json", []byte(`[{"rule": "S3.8", "what": "notify"}]`), ""); err == nil || !strings.Contains(err.Error(), "it has rule, what") {
		t.Errorf("got %v", err)
	}
	got, _ := read(t, `[{"rule": "S3.8", "what": "notify"}]`, map[string]string{"control": "rule", "do": "what"})
	wants(t, got.Policy(), `S3.8: {do: "notify"}`)
}

const suppressions = `
Rules:
  - note: 'Config as code ${x}'
    action: 'SUPPRESSED'
    match_on:
      security_control_id: 'S3.14'
      tags: [{key: ManagedBy, value: Terraform}, {key: ManagedBy, value: CFN}]
  - {note: dev, action: SUPPRESSED, match_on: {security_control_id: S3.9, resource_id_regexps: ['^arn:aws:s3:::.*-dev$', '^arn:aws:s3:::.*-acc$']}}
  - {note: one Region, action: SUPPRESSED, match_on: {security_control_id: EC2.172, regions: [us-east-1]}}
  - {note: title, action: SUPPRESSED, match_on: {product_name: Inspector, title: CVE}}
  - {note: Python only, action: SUPPRESSED, match_on: {security_control_id: S3.9, resource_id_regexps: ['(?=x)y']}}
  - {note: solved, action: RESOLVED, match_on: {security_control_id: S3.9}}
  - {note: an account, action: SUPPRESSED, match_on: {security_control_id: S3.1, resource_id_regexps: ['^111122223333$']}}
`

func TestSuppressionRulesAreCarriedOverWholeOrNotAtAll(t *testing.T) {
	r, kind := read(t, suppressions, nil)
	if kind != carryover.Suppressions || len(r.Responses) != 2 || len(r.LeftOut) != 5 {
		t.Fatalf("%s: %d rules, left out\n%s", kind, len(r.Responses), leftOut(r))
	}
	wants(t, leftOut(r), "rule 3 (one Region): a policy knows no Regions (us-east-1)", "rule 4 (title): a policy cannot match on product_name", `"(?=x)y" cannot be used here`, `the action "RESOLVED"`, "matches no ARN")
	p := check(t, r)
	decide := func(control, resource string, tags map[string]string) policy.Response {
		return p.Decide(policy.Input{Control: policy.Control{ID: control, Known: true}, Severity: finding.High, Status: finding.Failed, Now: time.Unix(0, 0),
			Resource: policy.Resource{ID: resource, Tags: tags}}).Response
	}
	for _, c := range []struct {
		control, resource string
		tags              map[string]string
		want              policy.Response
	}{
		{"S3.9", "arn:aws:s3:::shop-dev", nil, policy.Suppress},
		{"S3.9", "arn:aws:s3:::shop-dev-2", nil, policy.Notify},
		{"S3.8", "arn:aws:s3:::shop-dev", nil, policy.Notify},
		{"S3.14", "arn:aws:s3:::b", map[string]string{"ManagedBy": "CFN"}, policy.Suppress},
		{"S3.14", "arn:aws:s3:::b", map[string]string{"ManagedBy": "hand"}, policy.Notify},
		{"S3.14", "arn:aws:s3:::b", nil, policy.Notify},
	} {
		if got := decide(c.control, c.resource, c.tags); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestAutomationRulesBecomeResponsesAndSeverities(t *testing.T) {
	r, kind := read(t, `{"Rules": [
		{"RuleName": "last", "RuleOrder": 9, "RuleStatus": "ENABLED", "Criteria": {"ComplianceSecurityControlId": [{"Value": "S3.", "Comparison": "PREFIX"}],
			"AwsAccountId": [{"Value": "111122223333", "Comparison": "EQUALS"}], "ResourceType": [{"Value": "AwsS3Bucket", "Comparison": "EQUALS"}],
			"ResourceTags": [{"Key": "env", "Value": "dev", "Comparison": "EQUALS"}], "ResourceId": [{"Value": "arn:aws:s3:::keep", "Comparison": "PREFIX_NOT_EQUALS"}],
			"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]},
		 "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "dev buckets", "UpdatedBy": "sec"}, "Confidence": 3}}]},
		{"RuleName": "first", "RuleOrder": 1, "Criteria": {"ComplianceSecurityControlId": [{"Value": "EC2.8", "Comparison": "EQUALS"}]},
		 "Actions": [{"FindingFieldsUpdate": {"Severity": {"Label": "CRITICAL"}}}]},
		{"RuleName": "off", "RuleStatus": "DISABLED", "Criteria": {}},
		{"RuleName": "old", "Criteria": {"ComplianceSecurityControlId": [{"Value": "EC2.8", "Comparison": "EQUALS"}], "CreatedAt": [{"DateRange": {"Value": 5}}]}, "Actions": []},
		{"RuleName": "all", "Criteria": {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}, "Actions": [{"FindingFieldsUpdate": {"Workflow": {"Status": "SUPPRESSED"}}}]},
		{"RuleName": "done", "Criteria": {"GeneratorId": [{"Value": "security-control/EC2.9", "Comparison": "EQUALS"}]}, "Actions": [{"FindingFieldsUpdate": {"Workflow": {"Status": "RESOLVED"}}}]}
	], "UnprocessedAutomationRules": []}`, nil)
	if kind != carryover.Automation || len(r.Responses) != 1 {
		t.Fatalf("%s, %+v\n%s", kind, r.Responses, leftOut(r))
	}
	wants(t, r.Policy(), `controls: ["S3.*"], accounts: ["111122223333"]`, `!resource.id.startsWith(\"arn:aws:s3:::keep\")`, `resource.type == \"AWS::S3::Bucket\"`, `reason: "dev buckets"`, `EC2.8: {severity: "CRITICAL", reason: "first"}`)
	wants(t, leftOut(r), "last: it sets Confidence", "off: it is DISABLED", "old: a policy cannot match on CreatedAt", "all: it would match every case", "done: it sets the workflow to RESOLVED")
	if _, err := reader(t, nil).Read("in", []byte(`{"AutomationRulesMetadata": [{"RuleArn": "a"}]}`), ""); err == nil || !strings.Contains(err.Error(), "batch-get-automation-rules") {
		t.Errorf("got %v", err)
	}
}

func TestTheRecordedRulesOfAwsfindingsmanagerAreRead(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "testdata", "securityhub", "awsfindingsmanagerlib", "rules.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		if os.Getenv("ZESEI_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip("the recorded rules are not here: " + path)
	}
	r := reader(t, nil)
	if _, err := r.Read("rules.yaml", data, ""); err != nil {
		t.Fatal(err)
	}
	check(t, r.Result)
	if n := strings.Count(string(data), "\n  - note:"); n != len(r.Result.Responses)+len(r.Result.LeftOut) || len(r.Result.Responses) < 3 {
		t.Errorf("%d rules, %d carried over, left out\n%s", n, len(r.Result.Responses), leftOut(r.Result))
	}
}

func TestWhatIsNoneOfTheseIsRefusedWithWhatWasExpected(t *testing.T) {
	for in, want := range map[string]string{
		`{"a": 1}`: "not recognised: expected a DynamoDB export", `[]`: "not recognised", "a: [": "neither JSON nor YAML", `{"Items": []}`: "not recognised",
	} {
		if _, err := reader(t, nil).Read("f", []byte(in), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(suppressions))
	f.Add([]byte(`{"Items": [{"ControlId": {"S": "S3.8"}, "対応方針": {"S": "通知のみ"}}]}`))
	f.Add([]byte(`{"Rules": [{"RuleName": "a", "Criteria": {"ResourceId": [{"Value": "x\u0000\n", "Comparison": "EQUALS"}]}, "Actions": [{"FindingFieldsUpdate": {"Workflow": {"Status": "SUPPRESSED"}}}]}]}`))
	f.Add([]byte(`{"Item": {"AccountId": {"N": "1"}}}` + "\n" + `{"Item": {"AccountId": {"N": "2"}, "Team": {"S": "x"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := reader(t, nil)
		if _, err := r.Read("f", data, ""); err != nil {
			return
		}
		if _, err := policy.Load("policy.yaml", []byte(r.Result.Policy()), policy.Known{}); err != nil && strings.Contains(err.Error(), "yaml") && !strings.Contains(err.Error(), "policy.yaml:") {
			t.Errorf("%v in\n%s", err, r.Result.Policy())
		}
		_ = r.Result.Config()
	})
}

func TestFindingsAndEventsAreNoTable(t *testing.T) {
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{
		`[{"SchemaVersion": "2018-10-08", "AwsAccountId": "111122223333", "Title": "x"}]`,
		`{"Findings": [{"ProductArn": "arn:aws:securityhub:::product/x/y", "AwsAccountId": "111122223333"}]}`,
		`{"ProductArn": "arn:aws:securityhub:::product/x/y", "AwsAccountId": "111122223333"}`,
		`[{"detail-type": "x", "source": "aws.health", "account": "111122223333"}]`,
		`{"Records": [{"eventSource": "s3.amazonaws.com", "eventName": "PutBucketAcl"}]}`,
	} {
		for _, as := range []carryover.Kind{"", carryover.Accounts} {
			r := carryover.Reader{Catalogue: cat, Result: carryover.New()}
			if _, err := r.Read("in.json", []byte(in), as); err == nil || !strings.Contains(err.Error(), "`zesei ingest in.json`") || len(r.Result.Accounts) > 0 {
				t.Errorf("%s: %v, %d accounts", in, err, len(r.Result.Accounts))
			}
		}
	}
}

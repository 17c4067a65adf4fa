package detect

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/event"
)

// recorded calls visit with every item of the recorded files under a folder.
// The collections of AWS's documentation hold a document as text in each row.
func recorded(t testing.TB, folder string, visit func(file string, item event.Item)) {
	t.Helper()
	items := func(name string, r io.Reader) {
		reader := event.NewReader(r, name)
		for {
			item, err := reader.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			visit(name, item)
		}
	}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".md") || strings.Contains(path, "panther") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.Base(path)
		if !strings.HasPrefix(name, "aws-docs-") {
			items(name, bytes.NewReader(data))
			return nil
		}
		for line := range bytes.Lines(data) {
			var row struct{ Text string }
			if json.Unmarshal(line, &row) == nil {
				items(name, strings.NewReader(row.Text))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What the shipped packs say of recorded trails, findings and events. The test
// holds that nothing panics and that what must fire does; the log shows the rest.
func TestRecordedEventsThroughAllPacks(t *testing.T) {
	root := shared(t, "testdata")
	e := engine(t, Options{Trusted: func(string, string) bool { return true }}, Names()...)
	fired := map[string]int{}
	for _, folder := range []string{"cloudtrail", "guardduty", "events"} {
		items, broken, silent := 0, 0, 0
		faults := map[string]int{}
		b := e.Batch(nil)
		recorded(t, filepath.Join(root, folder), func(file string, item event.Item) {
			items++
			if item.Err != nil {
				broken++
				return
			}
			hits, err := b.Detect(item.Format, item.Raw, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
			if err != nil {
				for line := range strings.Lines(err.Error()) {
					_, why, _ := strings.Cut(strings.TrimSpace(line), ": ")
					faults[file+": "+why]++
				}
			}
			if len(hits) == 0 {
				silent++
			}
			for _, h := range hits {
				fired[h.Rule.Name()]++
			}
		})
		t.Logf("%s: %d items, %d no event, %d told nothing, %d windows", folder, items, broken, silent, len(b.Changes()))
		for _, fault := range slices.Sorted(maps.Keys(faults)) {
			t.Logf("  refused %d×: %s", faults[fault], fault)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fired)) {
		t.Logf("%6d  %s", fired[name], name)
	}
	for _, want := range []string{
		"baseline.security-group-rules-changed", "baseline.trail-stopped", "baseline.trail-changed",
		"baseline.trail-event-selectors-changed", "baseline.sign-in-without-mfa", "baseline.organization-left",
		"baseline.network-logs-removed", "baseline.access-key-created", "baseline.iam-user-created",
		"baseline.administrator-access-granted", "baseline.snapshot-shared", "baseline.unauthorized-attempts",
		"cis.CloudWatch.4", "cis.CloudWatch.10", "baseline.guardduty-finding", "baseline.health-event",
		"trusted-advisor.check-item", "access-analyzer.external-access",
	} {
		if fired[want] == 0 {
			t.Errorf("%s said nothing of any recorded event", want)
		}
	}
}

// covered maps the labelled rules of the recorded collection to those of ours
// that are about the same happening.
var covered = map[string][]string{
	"AWS.CloudTrail.IAMAnythingChanged":     {"cis.CloudWatch.4", "baseline.iam-policy-changed"},
	"AWS.CloudTrail.RootPasswordChanged":    {"baseline.root-password-changed"},
	"AWS.CloudTrail.Stopped":                {"baseline.trail-stopped", "baseline.trail-changed"},
	"AWS.ConfigService.DisabledDeleted":     {"baseline.config-disabled"},
	"AWS.EC2.EBS.Encryption.Disabled":       {"baseline.ebs-encryption-default-disabled"},
	"AWS.EC2.GatewayModified":               {"cis.CloudWatch.12"},
	"AWS.EC2.ManualSecurityGroupChange":     {"baseline.security-group-rules-changed", "baseline.security-group-created-or-deleted"},
	"AWS.EC2.NetworkACLModified":            {"baseline.network-acl-changed"},
	"AWS.IAM.AttachAdminRolePolicy":         {"baseline.administrator-access-granted"},
	"AWS.IAM.AttachAdminUserPolicy":         {"baseline.administrator-access-granted"},
	"AWS.IAM.Backdoor.User.Keys":            {"baseline.access-key-created"},
	"AWS.IAM.CreateUser":                    {"baseline.iam-user-created"},
	"AWS.IPSet.Modified":                    {"baseline.guardduty-lists-changed"},
	"AWS.Macie.Evasion":                     {"baseline.macie-disabled"},
	"AWS.RDS.InstanceMadePublic":            {"baseline.database-made-public"},
	"AWS.RDS.PublicRestore":                 {"baseline.database-made-public"},
	"AWS.Root.Activity":                     {"baseline.root-activity", "baseline.root-sign-in"},
	"AWS.S3.BucketPolicyModified":           {"baseline.bucket-policy-changed"},
	"AWS.S3.DeleteBucketEncryption":         {"baseline.bucket-protection-weakened"},
	"AWS.S3.DisableBucketLogging":           {"baseline.bucket-logging-removed"},
	"AWS.S3.SecurityControlDisabling":       {"baseline.bucket-protection-weakened", "baseline.bucket-logging-removed"},
	"AWS.S3.SuspendVersioning":              {"baseline.bucket-protection-weakened"},
	"AWS.Suspicious.SAML.Activity":          {"baseline.identity-provider-changed"},
	"AWS.Unsuccessful.MFA.attempt":          {"cis.CloudWatch.6"},
	"AWS.WAF.Disassociation":                {"baseline.web-acl-removed"},
	"AWS.CloudTrail.VPCE.SensitiveAPICalls": {"baseline.trail-changed"},
}

// apart are the labelled examples on which ours differ, with why.
var apart = map[string]string{
	"AWS.IPSet.Modified/CreateIPSet Event":                                        "its members are in small letters, as CloudTrail writes none",
	"AWS.IPSet.Modified/UpdateIPSet":                                              "its members are in small letters, as CloudTrail writes none",
	"AWS.Macie.Evasion/UpdateSession":                                             "the session is not paused",
	"AWS.Macie.Evasion/UpdateSession (Macie v1 event)":                            "the session is not paused",
	"AWS.S3.DisableBucketLogging/Logging Field Missing":                           "a call without a target switches logging off",
	"AWS.S3.SuspendVersioning/Different S3 Event":                                 "one rule of ours covers versioning and encryption",
	"AWS.EC2.ManualSecurityGroupChange/Terraform Security Group Creation":         "theirs lets Terraform's user agent pass, which anybody can send",
	"AWS.EC2.ManualSecurityGroupChange/Terraform Security Group Authorize Egress": "theirs lets Terraform's user agent pass, which anybody can send",
	"AWS.IAM.Backdoor.User.Keys/user1 create keys for user1":                      "every new access key is told",
	"AWS.Root.Activity/Root Activity - CreateServiceLinkedRole":                   "every use of the root user is told, as in CIS 3.3",
	"AWS.Root.Activity/Root User Failed Activity":                                 "every use of the root user is told, as in CIS 3.3",
	"AWS.Root.Activity/Root Read-Only Enumeration":                                "every use of the root user is told, as in CIS 3.3",
	"AWS.EC2.GatewayModified/Error Modifying Network Gateway":                     "the CIS filter counts refused calls too",
	"AWS.CloudTrail.IAMAnythingChanged/Error Making IAM Change":                   "the CIS filter counts refused calls too",
}

// shortAccounts are account ids that their authors shortened or blotted out,
// which an engine refuses as nobody's.
var shortAccounts = regexp.MustCompile(`("(?:recipientAccountId|accountId)": *)"(?:[0-9]{1,11}|[^0-9"][^"]*)"`)

func TestLabelledExamples(t *testing.T) {
	file, err := os.Open(shared(t, "testdata/cloudtrail/panther_aws_cloudtrail_rules.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	e := engine(t, Options{}, "baseline", "cis")
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	var table strings.Builder
	agree, differ, unjudged, others := 0, 0, 0, 0
	for lines.Scan() {
		var row struct {
			RuleID   string `json:"rule_id"`
			Test     string
			Expected bool
			Event    json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		ours, ok := covered[row.RuleID]
		if !ok || !bytes.HasPrefix(row.Event, []byte("{")) {
			others++
			continue
		}
		hits, err := e.Batch(nil).Detect(event.CloudTrailItem, shortAccounts.ReplaceAll(row.Event, []byte(`$1"111122223333"`)), noon)
		actual := slices.ContainsFunc(hits, func(h Hit) bool { return !h.Finding.Closes && slices.Contains(ours, h.Rule.Name()) })
		name, verdict := row.RuleID+"/"+row.Test, ""
		switch why, known := apart[name]; {
		case err != nil && !actual:
			verdict = "not judged: " + strings.ReplaceAll(err.Error(), "\n", "; ")
			unjudged++
		case actual == row.Expected:
			agree++
		case known:
			verdict = "differs: " + why
			differ++
		default:
			verdict = "DIFFERS"
			t.Errorf("%s: expected %v, actual %v", name, row.Expected, actual)
		}
		fmt.Fprintf(&table, "%-90s expected %-5v actual %-5v %s\n", name, row.Expected, actual, verdict)
	}
	t.Logf("%d agree, %d differ on purpose, %d not judged, %d of rules that ours do not cover\n%s", agree, differ, unjudged, others, table.String())
	if agree < 50 {
		t.Errorf("only %d agree", agree)
	}
}

package baseline

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/goccy/go-yaml"

	"zesei/eventpattern"
	"zesei/internal/detect"
	"zesei/internal/fake/mototest"
	"zesei/internal/organization"
	"zesei/internal/remedy"
	"zesei/internal/resource/live"
)

func TestTheTemplatesAreCleanForCfnLint(t *testing.T) {
	program, err := exec.LookPath("cfn-lint")
	if err != nil {
		if os.Getenv("ZESEI_REQUIRE") == "all" {
			t.Fatal("cfn-lint is not on PATH, and ZESEI_REQUIRE=all demands it")
		}
		t.Skip("cfn-lint is not on PATH: the templates are not linted")
	}
	var names []string
	for _, name := range Names() {
		text, err := Template(name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name+".yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, path)
	}
	for _, region := range []string{"ap-northeast-1", "us-east-1"} {
		if out, err := exec.Command(program, append([]string{"--regions", region, "--"}, names...)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", region, err, out)
		}
	}
}

// CloudFormation reads no YAML aliases.
func TestNoTemplateNamesAPartitionOrUsesWhatCloudFormationLacks(t *testing.T) {
	for _, name := range Names() {
		text, err := Template(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(`"arn:aws:`)) || bytes.Contains(text, []byte("<<")) || regexp.MustCompile(`(?m)[:-] [&*][a-z]`).Match(text) {
			t.Errorf("%s: a partition, a placeholder or a YAML alias is left", name)
		}
	}
	if _, err := Template("nothing"); err == nil || !strings.Contains(err.Error(), "intake or member-role") {
		t.Errorf("got %v", err)
	}
}

// The emulator deploys no queue policies: that each rule, and nothing else, may
// send is read in the template.
func TestTheQueueTakesFromItsRulesOnly(t *testing.T) {
	text, err := Template(Intake)
	if err != nil {
		t.Fatal(err)
	}
	_, policy, _ := strings.Cut(string(text), "OnlyOurRulesSend")
	policy, _, _ = strings.Cut(policy, "OnlyEncryptedTransport")
	rules := patterns(t)
	for name := range rules {
		if !strings.Contains(policy, "- !GetAtt "+name+".Arn\n") {
			t.Errorf("%s may not send to the queue", name)
		}
	}
	if n := strings.Count(policy, "Rule.Arn"); n != len(rules) || !strings.Contains(policy, "aws:SourceArn") {
		t.Errorf("%d of %d rules may send", n, len(rules))
	}
	if n := strings.Count(string(text), "Id: queue"); n != len(rules) {
		t.Errorf("%d of %d rules send to the queue", n, len(rules))
	}
}

// actionNames are the IAM actions of calls of S3 that are named otherwise
// (Service Authorization Reference, "Actions for Amazon S3").
var actionNames = map[string]string{
	"s3:GetBucketEncryption": "s3:GetEncryptionConfiguration", "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
	"s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock", "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
}

// calls are the IAM actions for the methods of an interface to a service.
func calls[API any](service string) (out []string) {
	api := reflect.TypeFor[API]()
	for i := range api.NumMethod() {
		name := service + ":" + api.Method(i).Name
		if action, ok := actionNames[name]; ok {
			name = action
		}
		out = append(out, name)
	}
	return out
}

// The roles may do what the code calls, and nothing else.
func TestTheRolesMayDoWhatTheCodeCalls(t *testing.T) {
	p, err := AllPermissions()
	if err != nil {
		t.Fatal(err)
	}
	read := slices.Concat(calls[live.EC2]("ec2"), calls[live.S3]("s3"), calls[live.S3Control]("s3control"),
		calls[configservice.DescribeConfigRulesAPIClient]("config"), calls[securityhub.GetFindingsAPIClient]("securityhub"), calls[securityhub.ListMembersAPIClient]("securityhub"), calls[securityhub.ListFindingAggregatorsAPIClient]("securityhub"),
		// Turning controls on and off (internal/controlstate).
		calls[securityhub.GetEnabledStandardsAPIClient]("securityhub"), calls[securityhub.ListSecurityControlDefinitionsAPIClient]("securityhub"), []string{"securityhub:BatchGetStandardsControlAssociations"},
		// And centrally.
		calls[securityhub.ListConfigurationPoliciesAPIClient]("securityhub"), calls[securityhub.ListConfigurationPolicyAssociationsAPIClient]("securityhub"),
		[]string{"securityhub:GetConfigurationPolicy", "securityhub:GetFindingAggregator", "securityhub:DescribeOrganizationConfiguration"})
	var fix []string
	for _, r := range remedy.All() {
		fix = append(fix, r.About().Permissions...)
		read = append(read, r.About().ReadPermissions...)
	}
	same := func(role string, may, does []string) {
		slices.Sort(does)
		if does = slices.Compact(does); !slices.Equal(may, does) {
			t.Errorf("the %s role may\n%v\nthe code calls\n%v", role, may, does)
		}
	}
	same("read", p.Read, read)
	same("write", p.Fix, slices.DeleteFunc(fix, func(s string) bool { return s == "ec2:CreateTags" })) // in a statement of its own
	same("write (Security Hub)", p.Hub, []string{"securityhub:BatchUpdateFindings", "securityhub:BatchUpdateStandardsControlAssociations", "securityhub:UpdateConfigurationPolicy"})
	same("organization", p.Organization, organization.Permissions)
}

// patterns are the event patterns of the intake template.
func patterns(t *testing.T) map[string]*eventpattern.Pattern {
	t.Helper()
	text, err := Template(Intake)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Resources map[string]struct {
			Type       string
			Properties struct {
				EventPattern map[string]any `yaml:"EventPattern"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]*eventpattern.Pattern{}
	for name, r := range doc.Resources {
		if r.Properties.EventPattern == nil {
			continue
		}
		b, err := json.Marshal(r.Properties.EventPattern)
		if err != nil {
			t.Fatal(err)
		}
		// EventBridge quotas: a pattern has at most 2,048 characters.
		if len(b) > 2048 {
			t.Errorf("%s: the pattern has %d characters", name, len(b))
		}
		if out[name], err = eventpattern.Parse(b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	return out
}

// Each kind of event that a shipped detection rule names must reach the queue.
func TestTheRulesLetThroughWhatDetectionLooksFor(t *testing.T) {
	all := patterns(t)
	checked := 0
	for _, pack := range detect.Names() {
		data, err := detect.File(pack)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Rules []struct {
				ID    string
				Event map[string]any
			}
		}
		if err := yaml.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		for _, r := range doc.Rules {
			for _, e := range eventsOf(r.Event) {
				b, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				checked++
				hit := false
				for _, p := range all {
					m, err := p.Match(b)
					if err != nil {
						t.Fatal(err)
					}
					hit = hit || m
				}
				if !hit {
					t.Errorf("%s of pack %s looks for an event that no rule of the template lets through: %s", r.ID, pack, b)
				}
			}
		}
	}
	if checked < 60 {
		t.Errorf("only %d kinds of events were checked", checked)
	}
}

// eventsOf makes an event for each source, kind and API call that a pattern
// names; none where it names no source or kind.
func eventsOf(pattern map[string]any) []map[string]any {
	texts := func(v any) (out []string) {
		list, _ := v.([]any)
		for _, x := range list {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	detail, _ := pattern["detail"].(map[string]any)
	names := texts(detail["eventName"])
	var out []map[string]any
	for _, source := range texts(pattern["source"]) {
		for _, kind := range texts(pattern["detail-type"]) {
			if !strings.Contains(kind, "CloudTrail") {
				out = append(out, map[string]any{"source": source, "detail-type": kind, "detail": map[string]any{}})
			}
			for _, name := range names {
				out = append(out, map[string]any{"source": source, "detail-type": kind, "detail": map[string]any{"eventSource": texts(detail["eventSource"]), "eventName": name}})
			}
		}
	}
	for _, e := range out {
		d := e["detail"].(map[string]any)
		if s, ok := d["eventSource"].([]string); ok && len(s) > 0 {
			d["eventSource"] = s[0]
		}
	}
	return out
}

func TestAnEventGoesThroughTheDeployedTemplateIntoTheQueue(t *testing.T) {
	endpoint := mototest.Start(t)
	cfg := aws.Config{Region: "ap-northeast-1", BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")}
	text, err := Template(Intake)
	if err != nil {
		t.Fatal(err)
	}
	stack := deploy(t, cfg, Intake, text, map[string]string{"AllowFixes": "yes", "CreateUser": "yes", "ExternalId": "x-1"})
	ctx := t.Context()

	events := eventbridge.NewFromConfig(cfg)
	detail := `{"findings": [{"Id": "f-1", "Compliance": {"Status": "FAILED"}}]}`
	put, err := events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{
		{Source: aws.String("aws.securityhub"), DetailType: aws.String("Security Hub Findings - Imported"), Detail: aws.String(detail)},
		{Source: aws.String("aws.ec2"), DetailType: aws.String("EC2 Instance State-change Notification"), Detail: aws.String(`{"state": "running"}`)},
	}})
	if err != nil || put.FailedEntryCount != 0 {
		t.Fatalf("%+v, %v", put, err)
	}
	queues := sqs.NewFromConfig(cfg)
	url, err := queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("zesei")})
	if err != nil {
		t.Fatal(err)
	}
	var got []sqstypes.Message
	for range 20 {
		out, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url.QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0})
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, out.Messages...); len(got) > 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if len(got) != 1 {
		t.Fatalf("%d events in the queue, want the finding alone", len(got))
	}
	var envelope struct {
		Source string `json:"source"`
		Detail struct {
			Findings []struct {
				ID string `json:"Id"`
			} `json:"findings"`
		} `json:"detail"`
	}
	if err := json.Unmarshal([]byte(*got[0].Body), &envelope); err != nil || envelope.Source != "aws.securityhub" || envelope.Detail.Findings[0].ID != "f-1" {
		t.Errorf("the queue holds %s, %v", *got[0].Body, err)
	}

	attributes, err := queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll}})
	if err != nil {
		t.Fatal(err)
	}
	a := attributes.Attributes
	if !strings.Contains(a["RedrivePolicy"], ":zesei-dead") || a["SqsManagedSseEnabled"] != "true" {
		t.Errorf("the queue is %v", a)
	}
	if !strings.HasSuffix(stack["QueueArn"], ":zesei") || !strings.Contains(stack["RoleArn"], ":role/") {
		t.Errorf("the stack gives %v", stack)
	}
}

func TestTheMemberRolesAreDeployed(t *testing.T) {
	endpoint := mototest.Start(t)
	cfg := aws.Config{Region: "ap-northeast-1", BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")}
	text, err := Template(MemberRole)
	if err != nil {
		t.Fatal(err)
	}
	stack := deploy(t, cfg, MemberRole, text, map[string]string{"TrustedArn": "arn:aws:iam::999988887777:role/zesei", "ExternalId": "x-1"})
	if !strings.HasSuffix(stack["ReadRoleArn"], ":role/zesei-read") || !strings.HasSuffix(stack["WriteRoleArn"], ":role/zesei-write") {
		t.Errorf("the stack gives %v", stack)
	}
}

// deploy makes a stack and returns its outputs.
func deploy(t *testing.T, cfg aws.Config, name string, text []byte, parameters map[string]string) map[string]string {
	t.Helper()
	client := cloudformation.NewFromConfig(cfg)
	in := &cloudformation.CreateStackInput{StackName: aws.String(name), TemplateBody: aws.String(string(text)), Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam}}
	for k, v := range parameters {
		in.Parameters = append(in.Parameters, cfntypes.Parameter{ParameterKey: aws.String(k), ParameterValue: aws.String(v)})
	}
	if _, err := client.CreateStack(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	out, err := client.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
	if err != nil {
		t.Fatal(err)
	}
	if s := out.Stacks[0].StackStatus; s != cfntypes.StackStatusCreateComplete {
		t.Fatalf("the stack is %s: %s", s, aws.ToString(out.Stacks[0].StackStatusReason))
	}
	outputs := map[string]string{}
	for _, o := range out.Stacks[0].Outputs {
		outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	return outputs
}

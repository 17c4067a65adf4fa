package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"zesei/internal/app"
	"zesei/internal/config"
	"zesei/internal/policy"
)

// size reads a size from the environment.
func size(b testing.TB, name string, otherwise int) int {
	v := os.Getenv(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		b.Fatalf("%s=%q: expected a number", name, v)
	}
	return n
}

// accounts of the generated findings.
const accounts = 40

func accountID(i int) string { return fmt.Sprintf("1111%08d", i%accounts) }

// open opens zesei with the shipped policy s2 on a new store: accounts with
// owners and roles, a Slack channel each, so that findings lead to messages,
// checks and plans as they do in earnest. Nothing is called.
func open(b testing.TB, dir string) *app.App {
	b.Helper()
	var y bytes.Buffer
	fmt.Fprintf(&y, "store: sqlite:%s\ntimezone: Asia/Tokyo\nnotify: {slack: {token: xoxb-bench}}\npolicy: policy.yaml\nowners:\n", filepath.Join(dir, "z.db"))
	for i := range 8 {
		fmt.Fprintf(&y, "  team-%d: {slack: \"#team-%d\", default: %t}\n", i, i, i == 0)
	}
	y.WriteString("accounts:\n")
	for i := range accounts {
		fmt.Fprintf(&y, "  - {id: %q, name: account-%d, owner: team-%d, environment: prod, roles: {read: \"arn:aws:iam::%[1]s:role/read\", write: \"arn:aws:iam::%[1]s:role/write\"}}\n", accountID(i), i, i%8)
	}
	file := filepath.Join(dir, "zesei.yaml")
	rules, _ := policy.Shipped("s2")
	write(b, filepath.Join(dir, "policy.yaml"), rules)
	write(b, file, bytes.ReplaceAll(y.Bytes(), []byte("xoxb-bench"), []byte(`"${env:ZESEI_BENCH_TOKEN}"`)))
	b.Setenv("ZESEI_BENCH_TOKEN", "xoxb-bench")
	c, err := config.Load(file)
	if err != nil {
		b.Fatal(err)
	}
	a, err := app.Open(context.Background(), app.Options{Config: c, Offline: true})
	if err != nil {
		b.Fatal(err)
	}
	return a
}

func write(b testing.TB, path string, data []byte) {
	b.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
}

// controls of the generated findings, with the type and the ARN of what they
// are about.
var controls = []struct{ id, severity, kind, arn string }{
	{"EC2.19", "CRITICAL", "AwsEc2SecurityGroup", "arn:aws:ec2:%s:%s:security-group/sg-%017x"},
	{"EC2.18", "HIGH", "AwsEc2SecurityGroup", "arn:aws:ec2:%s:%s:security-group/sg-%017x"},
	{"EC2.2", "HIGH", "AwsEc2SecurityGroup", "arn:aws:ec2:%s:%s:security-group/sg-%017x"},
	{"EC2.3", "MEDIUM", "AwsEc2Volume", "arn:aws:ec2:%s:%s:volume/vol-%017x"},
	{"EC2.8", "HIGH", "AwsEc2Instance", "arn:aws:ec2:%s:%s:instance/i-%017x"},
	{"EC2.9", "HIGH", "AwsEc2Instance", "arn:aws:ec2:%s:%s:instance/i-%017x"},
	{"RDS.3", "MEDIUM", "AwsRdsDbInstance", "arn:aws:rds:%s:%s:db:db-%x"},
	{"Lambda.2", "MEDIUM", "AwsLambdaFunction", "arn:aws:lambda:%s:%s:function:fn-%x"},
	{"KMS.4", "MEDIUM", "AwsKmsKey", "arn:aws:kms:%s:%s:key/%032x"},
	{"SQS.1", "MEDIUM", "AwsSqsQueue", "arn:aws:sqs:%s:%s:queue-%x"},
}

var regions = []string{"ap-northeast-1", "us-east-1", "eu-west-1", "us-west-2"}

// findings writes n findings as a GetFindings answer, one page after another.
// The same seed gives the same findings; at is their time.
func findings(w io.Writer, n int, at time.Time) error {
	r := rand.New(rand.NewPCG(7, 7))
	var b bytes.Buffer
	for i := range n {
		if i%100 == 0 {
			if i > 0 {
				b.WriteString("]}\n")
			}
			b.WriteString(`{"Findings":[`)
		} else {
			b.WriteString(",\n")
		}
		one(&b, r, i, at)
		if b.Len() > 1<<20 {
			if _, err := w.Write(b.Bytes()); err != nil {
				return err
			}
			b.Reset()
		}
	}
	b.WriteString("]}\n")
	_, err := w.Write(b.Bytes())
	return err
}

func one(b *bytes.Buffer, r *rand.Rand, i int, at time.Time) {
	c := controls[r.IntN(len(controls))]
	account, region := accountID(r.IntN(accounts)), regions[r.IntN(len(regions))]
	arn := fmt.Sprintf(c.arn, region, account, uint64(i)<<16|uint64(r.Uint32()&0xffff))
	stamp := at.UTC().Format("2006-01-02T15:04:05.000Z")
	fmt.Fprintf(b, `{"SchemaVersion":"2018-10-08","Id":"arn:aws:securityhub:%[1]s:%[2]s:security-control/%[3]s/finding/%08[4]x-aaaa-4bbb-8ccc-%012[4]x",`+
		`"ProductArn":"arn:aws:securityhub:%[1]s::product/aws/securityhub","ProductName":"Security Hub","CompanyName":"AWS","Region":"%[1]s","GeneratorId":"security-control/%[3]s",`+
		`"AwsAccountId":"%[2]s","AwsAccountName":"account","Types":["Software and Configuration Checks/Industry and Regulatory Standards"],`+
		`"FirstObservedAt":"%[5]s","LastObservedAt":"%[5]s","CreatedAt":"%[5]s","UpdatedAt":"%[5]s","Severity":{"Label":"%[6]s","Normalized":70,"Original":"%[6]s"},`+
		`"Title":"A rule of %[3]s should hold for every resource of this kind","Description":"This control checks whether the resource is set up as the rule asks. The control fails if it is not, or if the setting cannot be seen from outside of the resource itself.",`+
		`"Remediation":{"Recommendation":{"Text":"For information on how to correct this issue, consult the AWS Security Hub controls documentation.","Url":"https://docs.aws.amazon.com/console/securityhub/%[3]s/remediation"}},`+
		`"ProductFields":{"RelatedAWSResources:0/name":"securityhub-rule-%[4]x","RelatedAWSResources:0/type":"AWS::Config::ConfigRule","aws/securityhub/ProductName":"Security Hub","aws/securityhub/CompanyName":"AWS","Resources:0/Id":"%[7]s",`+
		`"aws/securityhub/FindingId":"arn:aws:securityhub:%[1]s::product/aws/securityhub/arn:aws:securityhub:%[1]s:%[2]s:security-control/%[3]s/finding/%08[4]x-aaaa-4bbb-8ccc-%012[4]x"},`+
		`"Resources":[{"Type":"%[8]s","Id":"%[7]s","Partition":"aws","Region":"%[1]s","Tags":{"Name":"resource-%[4]d","env":"prod"},"Details":{"Other":{"note":"a few details of the resource, as the product saw it when it looked"}}}],`+
		`"Compliance":{"Status":"FAILED","SecurityControlId":"%[3]s","RelatedRequirements":["PCI DSS v3.2.1/1.2.1","NIST.800-53.r5 AC-4","NIST.800-53.r5 AC-4(21)","NIST.800-53.r5 SC-7"],"AssociatedStandards":[{"StandardsId":"standards/aws-foundational-security-best-practices/v/1.0.0"},{"StandardsId":"standards/nist-800-53/v/5.0.0"}]},`+
		`"WorkflowState":"NEW","Workflow":{"Status":"NEW"},"RecordState":"ACTIVE","FindingProviderFields":{"Severity":{"Label":"%[6]s","Original":"%[6]s"},"Types":["Software and Configuration Checks/Industry and Regulatory Standards"]},"ProcessedAt":"%[5]s"}`,
		region, account, c.id, i, stamp, c.severity, arn, c.kind)
}

// quantile of durations: 0.5 is the median.
func quantile(all []time.Duration, q float64) time.Duration {
	s := slices.Sorted(slices.Values(all))
	return s[min(len(s)-1, int(q*float64(len(s))))]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

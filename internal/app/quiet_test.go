package app_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"zesei/internal/app"
	"zesei/internal/awscloud"
	"zesei/internal/fake"
	"zesei/internal/fake/slack"
	"zesei/internal/store"
)

const (
	quietAccounts = 50
	quietOwners   = 10
	quietFindings = 20_000
)

// quietControls are what fails; the first is CRITICAL. Our own check reads none
// of them in an account without a role.
var quietControls = []struct{ id, severity, kind, arn string }{
	{"RDS.2", "CRITICAL", "AwsRdsDbInstance", "arn:aws:rds:" + region + ":%s:db:db-%d"},
	{"RDS.13", "HIGH", "AwsRdsDbInstance", "arn:aws:rds:" + region + ":%s:db:db-%d"},
	{"Lambda.2", "MEDIUM", "AwsLambdaFunction", "arn:aws:lambda:" + region + ":%s:function:f-%d"},
	{"SQS.1", "MEDIUM", "AwsSqsQueue", "arn:aws:sqs:" + region + ":%s:q-%d"},
	{"ECR.1", "HIGH", "AwsEcrRepository", "arn:aws:ecr:" + region + ":%s:repository/r-%d"},
	{"ECR.3", "MEDIUM", "AwsEcrRepository", "arn:aws:ecr:" + region + ":%s:repository/r-%d"},
	{"DynamoDB.2", "MEDIUM", "AwsDynamoDbTable", "arn:aws:dynamodb:" + region + ":%s:table/t-%d"},
	{"KMS.4", "MEDIUM", "AwsKmsKey", "arn:aws:kms:" + region + ":%s:key/k-%d"},
}

func quietAccount(i int) string { return fmt.Sprintf("%012d", 200000000000+i) }

// quietFinding is one failed finding in ASFF.
func quietFinding(b *bytes.Buffer, account string, n int, at time.Time) {
	c := quietControls[n%len(quietControls)]
	arn := fmt.Sprintf(c.arn, account, n)
	when := at.UTC().Format("2006-01-02T15:04:05.000Z")
	fmt.Fprintf(b, `{"SchemaVersion":"2018-10-08","Id":"arn:aws:securityhub:%[1]s:%[2]s:security-control/%[3]s/finding/%[2]s-%[4]d","ProductArn":"arn:aws:securityhub:%[1]s::product/aws/securityhub",`+
		`"GeneratorId":"security-control/%[3]s","AwsAccountId":"%[2]s","Region":"%[1]s","CreatedAt":"%[5]s","UpdatedAt":"%[5]s","LastObservedAt":"%[5]s","Severity":{"Label":"%[6]s"},"Title":"t","Description":"d",`+
		`"Resources":[{"Type":"%[7]s","Id":"%[8]s","Partition":"aws","Region":"%[1]s"}],"Compliance":{"Status":"FAILED","SecurityControlId":"%[3]s","AssociatedStandards":[{"StandardsId":"standards/aws-foundational-security-best-practices/v/1.0.0"}]},`+
		`"Workflow":{"Status":"NEW"},"RecordState":"ACTIVE"}`+"\n", region, account, c.id, n, when, c.severity, c.kind, arn)
}

// quietTown has fifty accounts of ten owners, each owner with a channel.
func quietTown(t *testing.T) (*app.App, *slack.Twin, func(time.Duration)) {
	var offset time.Duration
	now := func() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC).Add(offset) }
	twin := slack.New(slack.Options{Now: now})
	server := httptest.NewServer(twin)
	t.Cleanup(server.Close)
	t.Setenv("TOWN_SLACK_TOKEN", "xoxb-twin")
	var accounts, owners strings.Builder
	for i := range quietOwners {
		twin.AddChannel(fmt.Sprintf("team-%d", i))
		fmt.Fprintf(&owners, "  team-%d: {slack: \"#team-%d\", default: %t}\n", i, i, i == 0)
	}
	for i := range quietAccounts {
		fmt.Fprintf(&accounts, "  - {id: %q, name: account-%d, owner: team-%d}\n", quietAccount(i), i, i%quietOwners)
	}
	w := &town{t: t, dir: t.TempDir()}
	w.write("zesei.yaml", fmt.Sprintf("store: sqlite:%s/zesei.db\naccounts:\n%sowners:\n%snotify: {slack: {token: \"${env:TOWN_SLACK_TOKEN}\", api_url: %q}}\n", w.dir, &accounts, &owners, server.URL+"/api/"))
	w.write("policy.yaml", "standards: [fsbp]\nbacklog: 90 days\ndeadlines: {CRITICAL: 3 days, HIGH: 2 weeks, MEDIUM: 30 days}\nresponses:\n  - {do: track}\n")
	a, err := app.Open(t.Context(), app.Options{
		ConfigPath: filepath.Join(w.dir, "zesei.yaml"), Now: now, SlackPace: -1, Log: slog.New(slog.DiscardHandler),
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Cloud: awscloud.Config{Base: &aws.Config{Region: region}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a, twin, func(d time.Duration) { offset += d }
}

// told counts the messages of each channel: by themselves, and in threads.
func told(twin *slack.Twin) (heads, replies map[string]int) {
	heads, replies = map[string]int{}, map[string]int{}
	for i := range quietOwners {
		name := fmt.Sprintf("#team-%d", i)
		for _, m := range twin.Messages(name) {
			if m.ThreadTS == "" || m.ThreadTS == m.TS {
				heads[name]++
			} else {
				replies[name]++
			}
		}
	}
	return heads, replies
}

// A first import of 20,000 findings of 50 accounts: each owner gets one summary
// and, at once, one message for the one control whose findings are CRITICAL;
// nobody gets one message a finding.
func TestAFirstImportIsQuiet(t *testing.T) {
	a, twin, later := quietTown(t)
	imports := func() (opened int) {
		t.Helper()
		var b bytes.Buffer
		for i := range quietAccounts {
			for n, made := 0, 0; made < quietFindings/quietAccounts; n++ {
				if n == 0 || n%len(quietControls) != 0 { // one CRITICAL an account
					quietFinding(&b, quietAccount(i), n, a.Now())
					made++
				}
			}
		}
		got, err := a.Intake.Read(t.Context(), &b, "import")
		if err != nil || got.Dead > 0 || got.Findings != quietFindings {
			t.Fatalf("%+v, %v", got, err)
		}
		if err := a.Queue.Drain(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		return got.Cases.Opened
	}
	if n := imports(); n != quietFindings {
		t.Fatalf("%d cases were opened", n)
	}
	heads, replies := told(twin)
	for i := range quietOwners {
		name := fmt.Sprintf("#team-%d", i)
		summaries, critical := 0, 0
		for _, m := range twin.Messages(name) {
			if m.ThreadTS != "" && m.ThreadTS != m.TS {
				continue
			}
			if !strings.Contains(m.Text, "First import") {
				critical++
				continue
			}
			summaries++
			if want := fmt.Sprintf("CRITICAL: %d\n", quietAccounts/quietOwners); !strings.Contains(m.Text, want) {
				t.Errorf("%s: the summary does not count what was told at once:\n%s", name, m.Text)
			}
		}
		if heads[name] != 2 || summaries != 1 || critical != 1 {
			t.Errorf("%s: %d messages, %d summaries, %d of CRITICAL; want one each", name, heads[name], summaries, critical)
		}
		// The five CRITICAL cases of its five accounts may stand in the thread, each once.
		if replies[name] > quietAccounts/quietOwners {
			t.Errorf("%s: %d replies in threads", name, replies[name])
		}
	}

	// The deadlines are spread over the backlog, not all on one day.
	days := map[string]int{}
	list, _, err := store.List(t.Context(), a.DB.View(), store.Filter{Accounts: []string{quietAccount(3)}, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		days[c.Terms.Due.Format(time.DateOnly)]++
	}
	if len(days) < 20 {
		t.Errorf("%d cases are due on %d days: %v", len(list), len(days), days)
	}

	// The same again says nothing, whenever it comes.
	later(26 * time.Hour)
	posts := twin.Journal().Count(fake.Query{Operation: "chat.postMessage"})
	imports()
	if n := twin.Journal().Count(fake.Query{Operation: "chat.postMessage"}); n != posts {
		t.Errorf("the same import again posted %d messages", n-posts)
	}

	// What is new after the import is told.
	var b bytes.Buffer
	quietFinding(&b, quietAccount(4), quietFindings*8+1, a.Now()) // RDS.13
	if _, err := a.Intake.Read(t.Context(), &b, "later"); err != nil {
		t.Fatal(err)
	}
	if err := a.Queue.Drain(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	after, _ := told(twin)
	if after["#team-4"] != 3 || after["#team-5"] != heads["#team-5"] {
		t.Errorf("after a new finding team-4 has %d messages, team-5 %d", after["#team-4"], after["#team-5"])
	}
}

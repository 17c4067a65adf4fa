package detect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared returns a path in the shared data, and skips where that is absent.
func shared(t testing.TB, path string) string {
	t.Helper()
	path = filepath.Join("..", "..", "..", "shared", path)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("ZESEI_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skipf("needs %s", path)
	}
	return path
}

const ourTemplate = `
Parameters:
  Suffix: {Type: String, Default: -closed}
Resources:
  SgRule1A2B3C4D:
    Type: AWS::Events::Rule
    Properties:
      Description: It's "changed"
      EventPattern:
        source: [aws.ec2]
        detail: {eventName: [AuthorizeSecurityGroupIngress], severity: [{numeric: [">=", 4.5]}]}
  ByName:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {detail: {configRuleName: [!Sub "default${Suffix}"]}}
  Unknown:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {account: [!Ref AWS::AccountId]}
  Nightly:
    Type: AWS::Events::Rule
    Properties: {ScheduleExpression: rate(1 day)}
  Off:
    Type: AWS::Events::Rule
    Properties: {State: DISABLED, EventPattern: {source: [aws.s3]}}
  Broken:
    Type: AWS::Events::Rule
    Properties: {EventPattern: {source: aws.s3}}
  Refused:
    Type: AWS::Logs::MetricFilter
    Properties:
      FilterPattern: '{ $.errorCode = "AccessDenied*" }'
      MetricTransformations: [{MetricName: Refused, MetricNamespace: Trail, MetricValue: "1"}]
  RefusedAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties: {MetricName: Refused, Namespace: Trail, Statistic: Sum, Period: 300, EvaluationPeriods: 1, Threshold: 4, ComparisonOperator: GreaterThanThreshold, AlarmDescription: Many refusals}
  Alone:
    Type: AWS::Logs::MetricFilter
    Properties: {FilterPattern: '{ $.eventName = CreateUser }', MetricTransformations: []}
  Topic: {Type: AWS::SNS::Topic}
`

func TestImportTakesOverRulesFiltersAndAlarms(t *testing.T) {
	pack, report, err := Import("ours", []byte(ourTemplate))
	if err != nil {
		t.Fatal(err)
	}
	p, err := LoadFile("ours.yaml", pack)
	if err != nil {
		t.Fatalf("%v\n%s", err, pack)
	}
	rules := map[string]*Rule{}
	for _, r := range p.Rules {
		rules[r.ID] = r
	}
	if len(rules) != 4 {
		t.Errorf("%d rules, want 4\n%s", len(rules), pack)
	}
	if r := rules["sg-rule"]; r == nil || r.Title.EN != `It's "changed"` || !strings.Contains(string(r.Event.JSON), `[">=",4.5]`) {
		t.Errorf("sg-rule: %+v", r)
	}
	if r := rules["by-name"]; r == nil || !strings.Contains(string(r.Event.JSON), `"default-closed"`) {
		t.Errorf("by-name: %+v", r)
	}
	if r := rules["refused"]; r == nil || r.Threshold == nil || r.Threshold.Count != 5 || r.Threshold.Within.Minutes() != 5 || r.Title.EN != "Many refusals" {
		t.Errorf("refused: %+v", r)
	}
	notes := map[string]string{}
	for _, one := range report {
		notes[one.Resource] = strings.Join(one.Notes, "; ")
	}
	for resource, says := range map[string]string{
		"Unknown": `Ref "AWS::AccountId" is known only to a deployed stack`,
		"Nightly": "runs on a schedule",
		"Off":     "disabled",
		"Broken":  "left out: ",
		"Alone":   "no alarm watches its metric",
	} {
		if !strings.Contains(notes[resource], says) {
			t.Errorf("%s: %q, want %q", resource, notes[resource], says)
		}
	}
}

func TestImportRefusesWhatIsNoTemplate(t *testing.T) {
	for text, says := range map[string]string{
		``:                      "empty",
		`{"a":`:                 "reading the template",
		`{"Resources":{}}`:      "no Resources",
		"exports[`x`] = `\n{}`": "",
		`{"Resources":{"T":{"Type":"AWS::SNS::Topic"}}}`: "no EventBridge rule and no metric filter",
		"a: *b": "",
	} {
		if _, _, err := Import("x", []byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

func TestImportReadsTheBaselineSnapshots(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "testdata/iac/blea-snapshots"), "*gov-base*.template.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	taken := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pack, report, err := Import("blea", data)
		if len(report) == 0 {
			t.Logf("%s: %v", filepath.Base(file), err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		p, err := LoadFile(filepath.Base(file), pack)
		if err != nil {
			t.Errorf("%s: %v\n%s", file, err, pack)
			continue
		}
		for _, one := range report {
			t.Logf("%s: %s → %s %v", filepath.Base(file)[:24], one.Resource, one.Rule, one.Notes)
			if one.Rule == "" {
				t.Errorf("%s was left out", one.Resource)
			}
		}
		for _, r := range p.Rules {
			if r.Threshold != nil {
				taken++
			}
		}
	}
	if taken < 4 {
		t.Errorf("%d thresholds taken over, want those of the four alarms at least", taken)
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(ourTemplate))
	f.Add([]byte(`{"Resources":{"R":{"Type":"AWS::Events::Rule","Properties":{"EventPattern":{"source":["a"]}}}}}`))
	f.Add([]byte("Resources: {R: {Type: AWS::Events::Rule, Properties: {EventPattern: !Sub '${x'}}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pack, _, err := Import("x", data)
		if err != nil {
			return
		}
		if _, err := LoadFile("x.yaml", pack); err != nil {
			t.Fatalf("the pack does not load: %v\n%s", err, pack)
		}
	})
}

package detect

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"zesei/internal/control"
	"zesei/internal/event"
	"zesei/internal/finding"
)

func engine(t testing.TB, o Options, names ...string) *Engine {
	t.Helper()
	e, err := New(load(t, names...), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func detect(t testing.TB, e *Engine, format event.Format, raw string) []Hit {
	t.Helper()
	hits, err := e.Batch(nil).Detect(format, []byte(raw), noon)
	if err != nil {
		t.Fatal(err)
	}
	return hits
}

func record(source, name, more string) string {
	return fmt.Sprintf(`{"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","accountId":"111122223333","arn":"arn:aws:sts::111122223333:assumed-role/admin/taro","sessionContext":{"sessionIssuer":{"userName":"admin"}}},"eventTime":"2026-05-01T11:59:00Z","eventSource":"%s.amazonaws.com","eventName":"%s","awsRegion":"ap-northeast-1","sourceIPAddress":"203.0.113.9","userAgent":"aws-cli/2","eventID":"11111111-2222-4333-8444-555555555555","eventType":"AwsApiCall","recipientAccountId":"111122223333"%s}`, source, name, more)
}

func envelope(dt, source, detail string) string {
	return fmt.Sprintf(`{"version":"0","id":"99999999-2222-4333-8444-555555555555","detail-type":%q,"source":%q,"account":"111122223333","time":"2026-05-01T11:59:30Z","region":"ap-northeast-1","resources":[],"detail":%s}`, dt, source, detail)
}

const opened = `,"requestParameters":{"groupId":"sg-0a1b2c3d4e5f60718"}`

func TestAChangedSecurityGroupIsLookedAtAtOnce(t *testing.T) {
	e := engine(t, Options{Language: "ja"}, "baseline")
	rec := record("ec2", "AuthorizeSecurityGroupIngress", opened)
	file := detect(t, e, event.CloudTrailItem, rec)
	bus := detect(t, e, event.OtherEvent, envelope("AWS API Call via CloudTrail", "aws.ec2", rec))
	if len(file) != 1 || len(bus) != 1 {
		t.Fatalf("%d hits from the file, %d from the bus, want one each", len(file), len(bus))
	}
	h := file[0]
	want := Resource{"AWS::EC2::SecurityGroup", "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-0a1b2c3d4e5f60718", "ap-northeast-1"}
	if h.Opens() != OpensNothing || len(h.Resources) != 1 || h.Resources[0] != want {
		t.Errorf("opens %s, resources %+v", h.Opens(), h.Resources)
	}
	if got := strings.Join(h.Finding.Recheck, " "); !strings.Contains(got, "EC2.13") || !strings.Contains(got, "EC2.18") || !strings.Contains(got, "EC2.19") {
		t.Errorf("rechecks %s", got)
	}
	if h.Finding.Title != "セキュリティグループのルールが変更されました" {
		t.Errorf("title %q", h.Finding.Title)
	}
	a := h.Finding.Actor
	if a == nil || a.Principal != "arn:aws:sts::111122223333:assumed-role/admin/taro" || a.Name != "admin/taro" || a.Address != "203.0.113.9" || a.UserAgent != "aws-cli/2" || a.EventID != "11111111-2222-4333-8444-555555555555" {
		t.Errorf("actor %+v", a)
	}
	if h.Session != "taro" {
		t.Errorf("session %q", h.Session)
	}
	if bus[0].Finding.Source != h.Finding.Source {
		t.Error("the file and the bus give two sources for one record")
	}
}

func TestARecordFromAFileAndFromTheBusIsOneStatement(t *testing.T) {
	e := engine(t, Options{}, "baseline")
	rec := record("cloudtrail", "StopLogging", `,"requestParameters":{"name":"audit"}`)
	file := detect(t, e, event.CloudTrailItem, rec)
	bus := detect(t, e, event.OtherEvent, envelope("AWS API Call via CloudTrail", "aws.cloudtrail", rec))
	if len(file) != 1 || len(bus) != 1 {
		t.Fatalf("%d and %d hits", len(file), len(bus))
	}
	if file[0].Finding.Source != bus[0].Finding.Source || file[0].Finding.Subjects[0].Key != bus[0].Finding.Subjects[0].Key {
		t.Errorf("%+v\n%+v", file[0].Finding, bus[0].Finding)
	}
}

func TestWhatClosesHasTheKeyOfWhatOpened(t *testing.T) {
	e := engine(t, Options{}, "baseline")
	stop := detect(t, e, event.CloudTrailItem, record("cloudtrail", "StopLogging", `,"requestParameters":{"name":"audit"}`))
	start := detect(t, e, event.CloudTrailItem, record("cloudtrail", "StartLogging", `,"requestParameters":{"name":"arn:aws:cloudtrail:ap-northeast-1:111122223333:trail/audit"}`))
	if len(stop) != 1 || len(start) != 1 {
		t.Fatalf("%d and %d hits", len(stop), len(start))
	}
	if stop[0].Finding.Closes || !start[0].Finding.Closes {
		t.Errorf("closes: stop %v, start %v", stop[0].Finding.Closes, start[0].Finding.Closes)
	}
	if stop[0].Finding.Subjects[0].Key != start[0].Finding.Subjects[0].Key || stop[0].Finding.Source != start[0].Finding.Source {
		t.Errorf("keys differ:\n%+v\n%+v", stop[0].Finding.Subjects[0].Key, start[0].Finding.Subjects[0].Key)
	}
}

const guardDuty = `{"accountId":"111122223333","region":"ap-northeast-1","type":"Backdoor:EC2/C&CActivity.B!DNS","severity":8,"arn":"arn:aws:guardduty:ap-northeast-1:111122223333:detector/12abc34d567e8fa901bc2d34e56789f0/finding/aab1","title":"T","description":"D","updatedAt":"2026-05-01T11:00:00Z","resource":{"resourceType":"Instance","instanceDetails":{"instanceId":"i-0a1b2c3d4e5f60718"}},"service":{"archived":%v}}`

// One GuardDuty finding is one case by EventBridge and by Security Hub.
func TestGuardDutyHasOneKeyByEventAndByASFF(t *testing.T) {
	e := engine(t, Options{}, Names()...)
	hits := detect(t, e, event.OtherEvent, envelope("GuardDuty Finding", "aws.guardduty", fmt.Sprintf(guardDuty, false)))
	if len(hits) != 1 {
		t.Fatalf("%d hits, want one: packs that say the same speak once", len(hits))
	}
	asff := `{"SchemaVersion":"2018-10-08","Id":"arn:aws:guardduty:ap-northeast-1:111122223333:detector/12abc34d567e8fa901bc2d34e56789f0/finding/aab1","ProductArn":"arn:aws:securityhub:ap-northeast-1::product/aws/guardduty","GeneratorId":"arn:aws:guardduty:ap-northeast-1:111122223333:detector/12abc34d567e8fa901bc2d34e56789f0","AwsAccountId":"111122223333","Region":"ap-northeast-1","Types":["TTPs/Command and Control/Backdoor:EC2-C&CActivity.B!DNS"],"CreatedAt":"2026-05-01T10:00:00Z","UpdatedAt":"2026-05-01T11:00:00Z","Severity":{"Label":"HIGH"},"Title":"T","Description":"D","Resources":[{"Type":"AwsEc2Instance","Id":"arn:aws:ec2:ap-northeast-1:111122223333:instance/i-0a1b2c3d4e5f60718"}],"RecordState":"ACTIVE"}`
	imported, err := finding.NewDecoder(nothing{}).Decode(event.Item{Format: event.ASFF, Raw: []byte(asff)}, noon)
	if err != nil || len(imported) != 1 {
		t.Fatal(len(imported), err)
	}
	got, want := hits[0].Finding, imported[0]
	if got.Subjects[0].Key != want.Subjects[0].Key {
		t.Errorf("keys differ:\nevent %+v\nASFF  %+v", got.Subjects[0].Key, want.Subjects[0].Key)
	}
	if got.Source.Hash() != want.Source.Hash() {
		t.Errorf("sources differ: %+v and %+v", got.Source, want.Source)
	}
	if got.Severity != finding.High || got.Closes {
		t.Errorf("severity %s, closes %v", got.Severity, got.Closes)
	}
	ended := detect(t, e, event.OtherEvent, envelope("GuardDuty Finding", "aws.guardduty", fmt.Sprintf(guardDuty, true)))
	if len(ended) != 1 || !ended[0].Finding.Closes || ended[0].Finding.Subjects[0].Key != got.Subjects[0].Key {
		t.Errorf("archived: %+v", ended)
	}
}

type nothing struct{}

func (nothing) Control(string) (finding.ControlRef, bool)   { return finding.ControlRef{}, false }
func (nothing) Generator(string) (finding.ControlRef, bool) { return finding.ControlRef{}, false }
func (nothing) Standard(string) (string, bool)              { return "", false }

func TestAnotherAccountsEventIsRefused(t *testing.T) {
	raw := strings.Replace(envelope("GuardDuty Finding", "aws.guardduty", fmt.Sprintf(guardDuty, false)), `"account":"111122223333"`, `"account":"444455556666"`, 1)
	hits, err := engine(t, Options{}, "guardduty").Batch(nil).Detect(event.OtherEvent, []byte(raw), noon)
	if !errors.Is(err, ErrForged) || len(hits) != 0 {
		t.Errorf("%d hits, %v", len(hits), err)
	}
	trusted := Options{Trusted: func(sender, account string) bool { return sender == "444455556666" && account == "111122223333" }}
	if hits := detect(t, engine(t, trusted, "guardduty"), event.OtherEvent, raw); len(hits) != 1 || hits[0].Finding.Account != "111122223333" {
		t.Errorf("of a delegated administrator: %+v", hits)
	}
}

func TestThresholdSurvivesARestart(t *testing.T) {
	e := engine(t, Options{}, "baseline")
	stored := memory{}
	fired := 0
	for i := range 8 {
		b := e.Batch(stored) // a new process each time
		rec := strings.Replace(record("s3", "GetObject", `,"errorCode":"AccessDenied"`), "11111111-", fmt.Sprintf("1111%04d-", i), 1)
		for range 2 { // every record is delivered twice
			hits, err := b.Detect(event.CloudTrailItem, []byte(rec), noon)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range hits {
				if h.Rule.ID != "unauthorized-attempts" {
					t.Errorf("%s fires", h.Rule.Name())
				}
				if i != 4 {
					t.Errorf("fires at the %d. record, want the 5.", i+1)
				}
				fired++
			}
		}
		for _, c := range b.Changes() {
			stored[c.Key] = c.State
			if !c.Expires.After(noon) {
				t.Errorf("%s expires at %v", c.Key, c.Expires)
			}
		}
	}
	if fired != 1 {
		t.Errorf("fired %d times, want once", fired)
	}
}

type memory map[string][]byte

func (m memory) Window(key string) ([]byte, error) { return m[key], nil }

// A root user who works in several Regions is one incident, that ends by itself.
func TestRootActivityIsOneIncident(t *testing.T) {
	e := engine(t, Options{}, "baseline")
	rec := strings.Replace(record("iam", "CreateUser", ""), `"type":"AssumedRole"`, `"type":"Root"`, 1)
	var keys []finding.Key
	for i, region := range []string{"ap-northeast-1", "us-east-1"} {
		one := strings.Replace(strings.Replace(rec, "ap-northeast-1", region, 1), "11111111-", fmt.Sprintf("%08d-", i), 1)
		for _, h := range detect(t, e, event.CloudTrailItem, one) {
			if h.Rule.ID == "root-activity" {
				keys = append(keys, h.Finding.Subjects[0].Key)
				if h.Finding.Quiet != 24*time.Hour || h.Opens() != OpensIncident {
					t.Errorf("quiet %v, opens %s", h.Finding.Quiet, h.Opens())
				}
			}
		}
	}
	if len(keys) != 2 || keys[0] != keys[1] || keys[0].Region != "global" {
		t.Errorf("%+v", keys)
	}
}

func TestAScheduledChangeHasItsDate(t *testing.T) {
	e := engine(t, Options{}, "health")
	detail := `{"eventArn":"arn:aws:health:ap-northeast-1::event/EC2/AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED/x","service":"EC2","eventTypeCode":"AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED","eventTypeCategory":"scheduledChange","eventRegion":"ap-northeast-1","startTime":"Sat, 2 May 2026 15:10:09 GMT","statusCode":"%s","affectedEntities":[{"entityValue":"i-0a1b2c3d4e5f60718"}]}`
	open := detect(t, e, event.OtherEvent, envelope("AWS Health Event", "aws.health", fmt.Sprintf(detail, "upcoming")))
	if len(open) != 1 || !open[0].Due.Equal(time.Date(2026, 5, 2, 15, 10, 9, 0, time.UTC)) {
		t.Fatalf("%+v", open)
	}
	if len(open[0].Resources) != 1 || open[0].Resources[0].ARN != "arn:aws:ec2:ap-northeast-1:111122223333:instance/i-0a1b2c3d4e5f60718" {
		t.Errorf("resources %+v", open[0].Resources)
	}
	// The backup Region receives the same event.
	other := strings.Replace(envelope("AWS Health Event", "aws.health", fmt.Sprintf(detail, "closed")), `"region":"ap-northeast-1","resources"`, `"region":"us-west-2","resources"`, 1)
	closed := detect(t, e, event.OtherEvent, other)
	if len(closed) != 1 || !closed[0].Finding.Closes || closed[0].Finding.Subjects[0].Key != open[0].Finding.Subjects[0].Key {
		t.Errorf("closed: %+v", closed)
	}
}

func compliance(rule, status string) string {
	return envelope("Config Rules Compliance Change", "aws.config", fmt.Sprintf(`{"awsAccountId":"111122223333","awsRegion":"ap-northeast-1","configRuleName":%q,"resourceType":"AWS::EC2::SecurityGroup","resourceId":"sg-0a1b2c3d4e5f60718","messageType":"ComplianceChangeNotification","newEvaluationResult":{"complianceType":%q}}`, rule, status))
}

func TestConfigJoinsControlsByIdentifierNotByName(t *testing.T) {
	catalogue, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "_", "-") }
	e := engine(t, Options{
		ConfigRule: func(_, _, name string) (string, bool) {
			return "VPC_DEFAULT_SECURITY_GROUP_CLOSED", name == "bb-default-security-group-closed"
		},
		Controls: func(identifier string) (refs []finding.ControlRef) {
			for _, c := range catalogue.All() {
				if c.ConfigRule != "" && plain(c.ConfigRule) == plain(identifier) {
					refs = append(refs, finding.ControlRef{ID: c.ID, Scope: c.Scope, Global: c.Global, ResourceTypes: c.ResourceTypes})
				}
			}
			return refs
		},
	}, "config")
	failed := detect(t, e, event.OtherEvent, compliance("bb-default-security-group-closed", "NON_COMPLIANT"))
	if len(failed) != 1 {
		t.Fatalf("%d hits", len(failed))
	}
	f := failed[0].Finding
	if k := f.Subjects[0].Key; k.Kind != finding.State || k.Control != "EC2.2" || !strings.HasSuffix(k.Resource, "security-group/sg-0a1b2c3d4e5f60718") {
		t.Errorf("key %+v", k)
	}
	if f.Status != finding.Failed || f.Severity != "" || strings.Join(f.Recheck, " ") != "EC2.2" {
		t.Errorf("%+v", f)
	}
	passed := detect(t, e, event.OtherEvent, compliance("bb-default-security-group-closed", "COMPLIANT"))
	if len(passed) != 1 || passed[0].Finding.Status != finding.Passed || passed[0].Finding.Source != f.Source {
		t.Errorf("the other way: %+v", passed)
	}
	// A name that only looks like a managed rule's joins nothing.
	own := detect(t, e, event.OtherEvent, compliance("vpc-default-security-group-closed", "NON_COMPLIANT"))
	if len(own) != 1 || own[0].Finding.Subjects[0].Key.Control != "config/vpc-default-security-group-closed" || len(own[0].Finding.Recheck) != 0 {
		t.Errorf("by name: %+v", own)
	}
	hub := detect(t, e, event.OtherEvent, compliance("securityhub-vpc-default-security-group-closed-0a1b2c3d", "NON_COMPLIANT"))
	if len(hub) != 1 || hub[0].Opens() != OpensNothing || strings.Join(hub[0].Finding.Recheck, " ") != "EC2.2" {
		t.Errorf("Security Hub's own: %+v", hub)
	}
}

func TestEveryRecheckNamesAControl(t *testing.T) {
	catalogue, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range engine(t, Options{}, Names()...).Rules() {
		for _, id := range r.Recheck {
			if _, err := parsePath(id); err == nil {
				continue
			}
			c, ok := catalogue.Lookup(id)
			switch {
			case !ok:
				t.Errorf("%s: %s is no control", r.Name(), id)
			case c.Retired:
				t.Errorf("%s: %s is retired", r.Name(), id)
			}
		}
	}
}

func TestABadEventIsAnErrorAndStopsNothing(t *testing.T) {
	b := engine(t, Options{}, Names()...).Batch(nil)
	for _, raw := range []string{`{`, `[]`, `{"detail":}`, ``} {
		if hits, err := b.Detect(event.OtherEvent, []byte(raw), noon); err == nil || len(hits) > 0 {
			t.Errorf("%q: %d hits, %v", raw, len(hits), err)
		}
	}
	rec := record("ec2", "AuthorizeSecurityGroupIngress", opened)
	if _, err := b.Detect(event.CloudTrailItem, []byte(strings.Replace(rec, `"recipientAccountId":"111122223333"`, `"recipientAccountId":"me"`, 1)), noon); err == nil || !strings.Contains(err.Error(), "expected 12 digits") {
		t.Errorf("an account that is none: %v", err)
	}
	if hits, err := b.Detect(event.CloudTrailItem, []byte(rec), noon); err != nil || len(hits) == 0 {
		t.Errorf("the next: %d hits, %v", len(hits), err)
	}
}

func TestHitsOutliveTheBuffer(t *testing.T) {
	b := engine(t, Options{}, "baseline").Batch(nil)
	raw := []byte(record("ec2", "AuthorizeSecurityGroupIngress", opened))
	hits, err := b.Detect(event.CloudTrailItem, raw, noon)
	if err != nil || len(hits) != 1 {
		t.Fatal(len(hits), err)
	}
	clear(raw)
	if _, err := b.Detect(event.CloudTrailItem, []byte(record("s3", "GetObject", "")), noon); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(hits[0].Finding.Raw) || !strings.Contains(string(hits[0].Finding.Raw), "sg-0a1b2c3d4e5f60718") {
		t.Error("the raw event was overwritten")
	}
}

func TestTextFromEventsIsMadeFit(t *testing.T) {
	hits := detect(t, engine(t, Options{}, "guardduty"), event.OtherEvent,
		envelope("GuardDuty Finding", "aws.guardduty", strings.Replace(fmt.Sprintf(guardDuty, false), `"description":"D"`, `"description":"a\u0000b\u202e\nc`+strings.Repeat("x", 5000)+`"`, 1)))
	if d := hits[0].Finding.Description; !strings.HasPrefix(d, "ab c") || len(d) > maxText {
		t.Errorf("%d bytes: %q", len(d), d[:10])
	}
}

func FuzzDetect(f *testing.F) {
	e, err := New(load(f, Names()...), Options{Trusted: func(string, string) bool { return true }})
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range e.Rules() {
		for _, x := range r.Examples.Match {
			if format, raw, err := x.item(0); err == nil {
				f.Add(format == event.CloudTrailItem, raw)
			}
		}
	}
	f.Fuzz(func(t *testing.T, trail bool, raw []byte) {
		format := event.OtherEvent
		if trail {
			format = event.CloudTrailItem
		}
		hits, _ := e.Batch(nil).Detect(format, raw, noon)
		for _, h := range hits {
			k := h.Finding.Subjects[0].Key
			if !isAccount(k.Account) || k.Control == "" || k.Resource == "" || k.Kind == finding.Incident && k.Discriminator == "" {
				t.Fatalf("%s: %+v", h.Rule.Name(), k)
			}
			if h.Finding.ObservedAt.After(noon.Add(maxAhead)) {
				t.Fatalf("observed at %v", h.Finding.ObservedAt)
			}
		}
	})
}

package main

import (
	"encoding/hex"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zesei/internal/fake"
	"zesei/internal/fake/slack"
	"zesei/internal/fake/tracker"
)

// month is the company of the scripted month: one security account that sees
// everything, and two teams to which the same happens. One reads Japanese in
// Tokyo, the other English in Singapore, so that each message stands in both
// languages.
type month struct {
	cloud *fake.Cloud
	slack *slack.Twin
	post  *mailServer
	urls  []string // where the twins are, each with the name that it goes by in the story
	story *story

	mu  sync.Mutex
	at  time.Time // what the script's clock says
	set time.Time // when it was set
}

type monthKey struct{}

// team is one of the two.
type team struct {
	name, account, language string
	people                  []string // their members in Slack
	zone                    *time.Location
	tracker                 *tracker.Twin
}

const security = "999988887777"

// monthCommands are what a month needs beside running zesei:
//
//	company                        start AWS, Slack, two trackers and a mail server
//	clock TIME [CAPTION]           set the clock of everything (RFC 3339)
//	pass [twice]                   run `zesei run`; the second time nobody hears of it
//	daily FROM TO TIME             a pass on each day, dates and time in Tokyo
//	check STATUS CONTROL NAME      Security Hub checks a control on the teams' NAME
//	open NAME, shut NAME           somebody changes the security group or bucket NAME
//	done CONTROL WHO               somebody closes the tickets of a control
//	heard                          fail if nobody was told anything since the clock was set
//	silence                        fail if anybody was
//	story FOLDER                   compare all that was told with the files there
//
// NAME is sg:x or bucket:x: the teams have shop-x and data-x.
func monthCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"company": cmdCompany, "clock": cmdClock, "pass": cmdPass, "daily": cmdDaily, "check": cmdCheck, "open": cmdOpen, "shut": cmdShut,
		"done": cmdDone, "heard": cmdHeard, "silence": cmdSilence, "story": cmdStory,
	}
}

func theMonth(ts *testscript.TestScript) *month {
	m := ts.Value(monthKey{}).(*month)
	if m.cloud == nil {
		ts.Fatalf("no company was started")
	}
	return m
}

func (m *month) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at.Add(time.Since(m.set))
}

func zone(ts *testscript.TestScript, name string) *time.Location {
	z, err := time.LoadLocation(name)
	ts.Check(err)
	return z
}

func cmdCompany(ts *testscript.TestScript, _ bool, _ []string) {
	m := ts.Value(monthKey{}).(*month)
	m.at, m.set = time.Now(), time.Now()
	m.cloud = fake.NewCloud(fake.Options{Seed: 7, Now: m.now})
	m.slack = slack.New(slack.Options{Seed: 7, Now: m.now})
	keys := m.cloud.AddAccount(fake.Account{ID: security, Name: "security"})
	m.cloud.DefineControls(fake.Control{ID: "RDS.5", Title: "RDS DB instances should be configured with multiple Availability Zones", Severity: "MEDIUM", Standards: map[string][]string{"fsbp": nil}})
	teams := []*team{
		{name: "shop", account: shop, language: "ja", people: []string{"U012HANAKO", "U012TARO"}, zone: zone(ts, "Asia/Tokyo"), tracker: tracker.New(tracker.Redmine, tracker.Options{Now: m.now})},
		{name: "data", account: "444455556666", language: "en", people: []string{"U012BEN", "U012CHRIS"}, zone: zone(ts, "Asia/Singapore"), tracker: tracker.New(tracker.GitHub, tracker.Options{Now: m.now, Project: "acme/data"})},
	}
	serve := func(name string, s *httptest.Server) {
		ts.Defer(s.Close)
		ts.Setenv(name, s.URL)
		m.urls = append(m.urls, s.URL, "https://"+strings.ToLower(strings.ReplaceAll(name, "_", "-"))+".example.com")
	}
	for _, t := range teams {
		m.cloud.AddAccount(fake.Account{ID: t.account, Name: t.name + "-prod"})
		for _, role := range []string{"zesei-read", "zesei-write"} {
			m.cloud.PutRole(fake.Role{ARN: "arn:aws:iam::" + t.account + ":role/" + role, ExternalID: "x-1", Trusts: []string{security}})
		}
		m.cloud.EnableHub(t.account, tokyo, "fsbp", "cis-1.4")
		m.slack.AddChannel(t.name + "-sec")
		m.slack.AddChannel(t.name + "-leads")
		serve(strings.ToUpper(t.name)+"_TRACKER", httptest.NewServer(t.tracker))
	}
	m.slack.AddChannel("sec")
	for _, name := range []string{"hanako", "taro", "ben", "chris"} {
		m.slack.AddUser(slack.User{ID: "U012" + strings.ToUpper(name), Name: name})
	}
	m.cloud.EnableHub(security, tokyo, "fsbp", "cis-1.4")
	m.cloud.DelegateHub(security)
	serve("AWS_ENDPOINT_URL", httptest.NewServer(m.cloud))
	serve("SLACK", httptest.NewServer(m.slack))
	var err error
	m.post, err = newMailServer()
	ts.Check(err)
	ts.Defer(m.post.close)
	ts.Setenv("SMTP", m.post.addr)
	ts.Setenv("ZESEI_TEST_STEADY", "1")
	ts.Setenv("SLACK_TOKEN", "xoxb-twin")
	ts.Setenv("SLACK_SIGNING", "twin-secret")
	ts.Setenv("TRACKER_TOKEN", "twin-token")
	ts.Setenv("AWS_ACCESS_KEY_ID", keys.AccessKeyID)
	ts.Setenv("AWS_SECRET_ACCESS_KEY", keys.SecretAccessKey)
	ts.Setenv("AWS_REGION", tokyo)
	m.story = newStory(m, teams)
}

func cmdClock(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 1 || len(args) > 2 {
		ts.Fatalf("expected TIME [CAPTION]")
	}
	at, err := time.Parse(time.RFC3339, args[0])
	ts.Check(err)
	theMonth(ts).turn(ts, at, strings.Join(args[1:], ""))
}

// turn sets the clock, which only goes forward.
func (m *month) turn(ts *testscript.TestScript, at time.Time, caption string) {
	m.story.listen()
	m.mu.Lock()
	back := at.Before(m.at) && !m.story.begun.IsZero()
	m.at, m.set = at, time.Now()
	m.mu.Unlock()
	if back {
		ts.Fatalf("the clock goes back to %s", at)
	}
	m.story.step(at, caption)
	ts.Setenv("ZESEI_TEST_NOW", at.Format(time.RFC3339))
}

func cmdPass(ts *testscript.TestScript, _ bool, args []string) {
	m := theMonth(ts)
	m.pass(ts)
	if len(args) == 1 && args[0] == "twice" {
		n := m.story.listen()
		m.pass(ts)
		if again := m.story.listen(); again != n {
			ts.Fatalf("the same pass again told %d things: %s", again-n, m.story.last(again-n))
		}
	}
}

func (m *month) pass(ts *testscript.TestScript) {
	if err := ts.Exec("zesei", "run"); err != nil {
		ts.Fatalf("zesei run: %v", err)
	}
}

func cmdDaily(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, "FROM", "TO", "TIME")
	m, tokyo := theMonth(ts), zone(ts, "Asia/Tokyo")
	day, err := time.ParseInLocation("2006-01-02 15:04", args[0]+" "+args[2], tokyo)
	ts.Check(err)
	last, err := time.ParseInLocation("2006-01-02 15:04", args[1]+" "+args[2], tokyo)
	ts.Check(err)
	for ; !day.After(last); day = day.AddDate(0, 0, 1) {
		m.turn(ts, day, "")
		m.pass(ts)
	}
}

// thing is a security group or bucket of a team, as its ASFF type and ARN.
func (t *team) thing(ts *testscript.TestScript, name string) (kind, id, typ, arn string) {
	kind, short, _ := strings.Cut(name, ":")
	switch kind {
	case "sg":
		id = fmt.Sprintf("sg-%017s", hex.EncodeToString([]byte(short)))
		id = strings.ReplaceAll(id, " ", "0")
		return kind, id, "AwsEc2SecurityGroup", "arn:aws:ec2:" + tokyo + ":" + t.account + ":security-group/" + id
	case "bucket":
		id = t.name + "-" + short
		return kind, id, "AwsS3Bucket", "arn:aws:s3:::" + id
	case "db":
		id = t.name + "-" + short
		return kind, id, "AwsRdsDbInstance", "arn:aws:rds:" + tokyo + ":" + t.account + ":db:" + id
	}
	ts.Fatalf("%s: expected sg:x, bucket:x or db:x", name)
	return
}

func cmdOpen(ts *testscript.TestScript, _ bool, args []string) { change(ts, args, true) }
func cmdShut(ts *testscript.TestScript, _ bool, args []string) { change(ts, args, false) }

// change puts a resource of each team as somebody other than zesei does.
func change(ts *testscript.TestScript, args []string, open bool) {
	want(ts, args, "NAME")
	m := theMonth(ts)
	for _, t := range m.story.teams {
		kind, id, _, _ := t.thing(ts, args[0])
		if kind == "bucket" {
			m.cloud.AddBucket(t.account, tokyo, id, open)
			continue
		}
		rules := []fake.SecurityGroupRule{{ID: "sgr-0" + id[4:], Protocol: "tcp", From: 443, To: 443, CIDR4: "0.0.0.0/0", Description: "front door"}}
		if open {
			rules = append(rules, fake.SecurityGroupRule{ID: "sgr-1" + id[4:], Protocol: "tcp", From: 22, To: 22, CIDR4: "0.0.0.0/0"})
		}
		m.cloud.RemoveSecurityGroup(t.account, tokyo, id)
		m.cloud.AddSecurityGroup(t.account, tokyo, fake.SecurityGroup{ID: id, Name: args[0][3:], Rules: rules})
	}
}

func cmdCheck(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, "STATUS", "CONTROL", "NAME")
	m := theMonth(ts)
	for _, t := range m.story.teams {
		_, _, typ, arn := t.thing(ts, args[2])
		m.cloud.Evaluate(t.account, tokyo, fake.Evaluation{Control: args[1], ResourceType: typ, ResourceID: arn, Status: args[0]})
	}
}

func cmdDone(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, "CONTROL", "WHO")
	for _, t := range theMonth(ts).story.teams {
		n := 0
		for _, i := range t.tracker.Issues() {
			if !i.Closed && strings.Contains(i.Title, args[0]) {
				ts.Check(t.tracker.Close(i.Key, args[1]))
				n++
			}
		}
		if n != 1 {
			ts.Fatalf("%s has %d open tickets of %s, want one", t.name, n, args[0])
		}
	}
}

func cmdHeard(ts *testscript.TestScript, _ bool, _ []string) {
	s := theMonth(ts).story
	if s.listen() == s.before {
		ts.Fatalf("nobody was told anything")
	}
}

func cmdSilence(ts *testscript.TestScript, _ bool, _ []string) {
	s := theMonth(ts).story
	if n := s.listen() - s.before; n > 0 {
		ts.Fatalf("%d things were told: %s", n, s.last(n))
	}
}

func cmdStory(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, "FOLDER")
	s := theMonth(ts).story
	s.listen()
	differ := s.compare(args[0], os.Getenv("UPDATE_SCRIPTS") != "")
	if differ != "" {
		ts.Fatalf("what people read has changed; read the difference, and where it is meant UPDATE_SCRIPTS=1 writes it\n%s", differ)
	}
}

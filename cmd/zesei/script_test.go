package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"zesei/internal/fake"
	"zesei/internal/fake/slack"
)

// Where the twin's company has its only account.
const (
	shop  = "111122223333"
	tokyo = "ap-northeast-1"
)

// world is the twin that one script has started; empty before it has.
type world struct {
	cloud *fake.Cloud
	slack *slack.Twin
}

type worldKey struct{}

// commands are what scripts may do beside running zesei:
//
//	twin                        start AWS and Slack, and point zesei at them
//	group NAME ID ARN           make the wide-open group; set two variables
//	rules ID FILE               write the group's rules into a file
//	evaluate CONTROL ARN FILE   let Security Hub check; write its finding
//	told CHANNEL FILE           write what was said in a Slack channel
//	called FILE                 write the changing calls that AWS was sent
//	get PATH NAME               set a variable from the JSON on standard output
//
// and monthCommands, centralCommands.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){
		"twin": cmdTwin, "group": cmdGroup, "rules": cmdRules, "evaluate": cmdEvaluate, "told": cmdTold, "called": cmdCalled, "get": cmdGet,
	}
	maps.Copy(all, monthCommands())
	maps.Copy(all, centralCommands())
	return all
}

func cmdTwin(ts *testscript.TestScript, _ bool, _ []string) {
	w := ts.Value(worldKey{}).(*world)
	w.cloud, w.slack = fake.NewCloud(fake.Options{Seed: 7}), slack.New(slack.Options{Seed: 7})
	keys := w.cloud.AddAccount(fake.Account{ID: shop, Name: "shop"})
	w.cloud.EnableHub(shop, tokyo, "fsbp", "cis-1.4")
	w.slack.AddChannel("sec")
	aws, chat := httptest.NewServer(w.cloud), httptest.NewServer(w.slack)
	ts.Defer(func() {
		aws.Close()
		chat.Close()
	})
	ts.Setenv("AWS_ENDPOINT_URL", aws.URL)
	ts.Setenv("AWS_ACCESS_KEY_ID", keys.AccessKeyID)
	ts.Setenv("AWS_SECRET_ACCESS_KEY", keys.SecretAccessKey)
	ts.Setenv("AWS_REGION", tokyo)
	ts.Setenv("SLACK_URL", chat.URL+"/api/")
	ts.Setenv("SLACK_TOKEN", "xoxb-twin")
}

func theWorld(ts *testscript.TestScript) *world {
	w := ts.Value(worldKey{}).(*world)
	if w.cloud == nil {
		ts.Fatalf("no twin was started")
	}
	return w
}

func want(ts *testscript.TestScript, args []string, names ...string) {
	if len(args) != len(names) {
		ts.Fatalf("expected %s", strings.Join(names, " "))
	}
}

func cmdGroup(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, "NAME", "ID", "ARN")
	id := theWorld(ts).cloud.AddSecurityGroup(shop, tokyo, fake.SecurityGroup{Name: args[0], Rules: []fake.SecurityGroupRule{
		{Protocol: "-1", CIDR6: "::/0"},
		{Protocol: "tcp", From: 0, To: 65535, CIDR4: "0.0.0.0/0"},
		{Protocol: "tcp", From: 20, To: 25, CIDR4: "0.0.0.0/0"},
		{Protocol: "tcp", From: 20, To: 25, CIDR4: "10.0.0.0/8"},
		{Protocol: "tcp", From: 443, To: 443, CIDR4: "0.0.0.0/0", Description: "the shop's front door"},
		{Protocol: "-1", CIDR4: "0.0.0.0/0", Egress: true},
	}})
	ts.Setenv(args[1], id)
	ts.Setenv(args[2], "arn:aws:ec2:"+tokyo+":"+shop+":security-group/"+id)
}

func cmdRules(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, "ID", "FILE")
	g, ok := theWorld(ts).cloud.SecurityGroup(shop, tokyo, args[0])
	if !ok {
		ts.Fatalf("no group %s", args[0])
	}
	var lines []string
	for _, r := range g.Rules {
		if !r.Egress {
			lines = append(lines, ruleWords(r.Protocol, r.From, r.To, r.CIDR4+r.CIDR6, r.Description))
		}
	}
	slices.Sort(lines)
	write(ts, args[1], strings.Join(lines, "\n")+"\n")
}

func ruleWords(protocol string, from, to int, peer, description string) string {
	s := fmt.Sprintf("%s %d-%d from %s", protocol, from, to, peer)
	if protocol == "-1" {
		s = "all traffic from " + peer
	}
	if description != "" {
		s += ": " + description
	}
	return s
}

func cmdEvaluate(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, args, "CONTROL", "ARN", "FILE")
	status := "FAILED"
	if neg {
		status = "PASSED"
	}
	cloud := theWorld(ts).cloud
	id := cloud.Evaluate(shop, tokyo, fake.Evaluation{Control: args[0], ResourceType: "AwsEc2SecurityGroup", ResourceID: args[1], Status: status})
	raw, ok := cloud.Finding(shop, tokyo, id)
	if !ok {
		ts.Fatalf("Security Hub has no finding %s", id)
	}
	write(ts, args[2], string(raw)+"\n")
}

func cmdTold(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, "CHANNEL", "FILE")
	var b strings.Builder
	for _, m := range theWorld(ts).slack.Messages(args[0]) {
		fmt.Fprintf(&b, "%s\n%s\n", m.Text, m.Blocks)
	}
	write(ts, args[1], b.String())
}

func cmdCalled(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, "FILE")
	var b strings.Builder
	for _, c := range theWorld(ts).cloud.Journal().Entries(fake.Query{Service: "ec2", Writes: true}) {
		fmt.Fprintf(&b, "%s %s\n", c.Operation, c.Outcome)
	}
	write(ts, args[0], b.String())
}

func write(ts *testscript.TestScript, name, text string) {
	ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
}

// cmdGet walks a path such as 0.key or cases.opened.
func cmdGet(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, "PATH", "NAME")
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for part := range strings.SplitSeq(args[0], ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(at) {
				ts.Fatalf("%s: no item %s", args[0], part)
			}
			v = at[i]
		default:
			ts.Fatalf("%s: nothing at %s", args[0], part)
		}
	}
	ts.Setenv(args[1], fmt.Sprint(v))
}

package remedy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"zesei/internal/policy"
	"zesei/internal/remedy/traffic"
	"zesei/internal/resource"
	"zesei/internal/resource/live"
)

func port(n int32) *int32 { return &n }

// rule writes a live rule: "tcp 20-25 0.0.0.0/0".
func rule(id, protocol string, from, to int32, source string) live.SecurityGroupRule {
	r := live.SecurityGroupRule{ID: id, GroupOf: "sg-1", Protocol: protocol, FromPort: port(from), ToPort: port(to)}
	switch {
	case strings.HasPrefix(source, "pl-"):
		r.PrefixListID = source
	case strings.HasPrefix(source, "sg-"):
		r.GroupID, r.GroupAccount = source, "111122223333"
	case strings.Contains(source, ":"):
		r.CIDRIPv6 = source
	default:
		r.CIDRIPv4 = source
	}
	return r
}

func group(rules ...live.SecurityGroupRule) resource.Resource {
	return resource.Resource{
		Ref: resource.Ref{Partition: "aws", Account: "111122223333", Region: "ap-northeast-1", Type: live.SecurityGroup, ARN: "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-1"},
		ID:  "sg-1", Name: "web", Tags: map[string]string{},
		Properties: map[string]any{},
		Facts: map[string]any{
			live.FactRules: rules, live.FactDefault: false, live.FactInterfaces: live.Interfaces{},
		},
	}
}

// theHole is the group that the issue names: wide entries beside innocent ones.
func theHole() resource.Resource {
	https := rule("sgr-https", "tcp", 443, 443, "0.0.0.0/0")
	https.Description, https.Tags = "the shop", map[string]string{"team": "shop"}
	wide := rule("sgr-wide", "tcp", 20, 25, "0.0.0.0/0")
	wide.Description, wide.Tags = "temporary", map[string]string{"by": "taro"}
	return group(
		rule("sgr-all6", "-1", -1, -1, "::/0"),
		rule("sgr-tcp", "tcp", 0, 65535, "0.0.0.0/0"),
		wide,
		rule("sgr-inner", "tcp", 20, 25, "10.0.0.0/8"),
		https,
		rule("sgr-list", "-1", -1, -1, "pl-1"),
		rule("sgr-peer", "-1", -1, -1, "sg-2"),
	)
}

func request(r resource.Resource, controls ...string) Request {
	return Request{Resource: r, Controls: controls, IaC: "none"}
}

func prepare(t *testing.T, name string, req Request) Plan {
	t.Helper()
	p, err := Prepare(name, req)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// calls writes steps in short: "revoke sgr-1 sgr-2", "authorize tcp 1-2 ::/0".
func calls(t *testing.T, steps []Step) []string {
	t.Helper()
	var out []string
	for _, s := range steps {
		call, adds, egress, err := readGroupStep(s)
		if err != nil {
			t.Fatal(err)
		}
		line := "revoke"
		if adds {
			line = "authorize"
		}
		if egress {
			line += " egress"
		}
		for _, id := range call.SecurityGroupRuleIDs {
			line += " " + id
		}
		for _, p := range call.IPPermissions {
			r := p.rule(egress)
			line += " [" + r.String()
			if r.Description != "" {
				line += " " + fmt.Sprintf("%q", r.Description)
			}
			line += "]"
		}
		for _, ts := range call.TagSpecifications {
			for _, tg := range ts.Tags {
				line += " " + tg.Key + "=" + tg.Value
			}
		}
		out = append(out, line)
	}
	return out
}

func wantCalls(t *testing.T, what string, steps []Step, want ...string) {
	t.Helper()
	if got := calls(t, steps); !slices.Equal(got, want) {
		t.Errorf("%s:\n got  %s\n want %s", what, strings.Join(got, "\n      "), strings.Join(want, "\n      "))
	}
}

func TestOnePlanForAllOpenControlsOfAGroup(t *testing.T) {
	p := prepare(t, "security-group-ingress", request(theHole(), "EC2.53", "EC2.13", "EC2.54", "EC2.13"))
	// By default what opens everything is removed, the range is narrowed.
	wantCalls(t, "steps", p.Steps,
		"revoke sgr-all6 sgr-tcp",
		`authorize [tcp 20-21 0.0.0.0/0 "temporary"] [tcp 23-25 0.0.0.0/0 "temporary"] by=taro`,
		"revoke sgr-wide")
	wantCalls(t, "undo", p.Inverse,
		"authorize [all traffic ::/0] [tcp 0-65535 0.0.0.0/0]",
		`authorize [tcp 20-25 0.0.0.0/0 "temporary"] by=taro`,
		"revoke [tcp 20-21 0.0.0.0/0] [tcp 23-25 0.0.0.0/0]")
	if got := strings.Join(p.Controls, " "); got != "EC2.13 EC2.53 EC2.54" {
		t.Errorf("controls %s", got)
	}
	if !slices.Equal(p.Post.Pass, p.Controls) || len(p.Post.Keep) != 2 || len(p.Post.Untouched) != 4 {
		t.Errorf("post: %+v", p.Post)
	}
	if len(p.Wait)+len(p.SuggestOnly) != 0 {
		t.Errorf("held back: %v %v", p.Wait, p.SuggestOnly)
	}
}

func TestRevokeRemovesEachEntryThatBreaksAControl(t *testing.T) {
	req := request(theHole(), "EC2.13", "EC2.19")
	req.With = map[string]string{"how": "revoke"}
	p := prepare(t, "security-group-ingress", req)
	wantCalls(t, "steps", p.Steps, "revoke sgr-all6 sgr-tcp sgr-wide")
}

func TestNarrowCutsAndListsWhatIsLost(t *testing.T) {
	req := request(theHole(), "EC2.13")
	req.With = map[string]string{"how": "narrow"}
	p := prepare(t, "security-group-ingress", req)
	wantCalls(t, "steps", p.Steps,
		"revoke sgr-wide", // covered by the entry that is wider still
		"authorize [tcp 0-21 ::/0] [tcp 23-65535 ::/0] [udp 0-65535 ::/0] [icmpv6 ::/0] [tcp 0-21 0.0.0.0/0] [tcp 23-65535 0.0.0.0/0]",
		`authorize [tcp 20-21 0.0.0.0/0 "temporary"] [tcp 23-25 0.0.0.0/0 "temporary"] by=taro`,
		"revoke sgr-all6 sgr-tcp")
	if len(p.Dropped) != 1 || !strings.Contains(p.Dropped[0].Words.EN, "every protocol but TCP, UDP and ICMPv6") {
		t.Errorf("dropped: %+v", p.Dropped)
	}
	if len(p.Wait) != 0 {
		t.Errorf("waits without being told to: %v", p.Wait)
	}
	req.With["other_protocols"] = "approve"
	if p := prepare(t, "security-group-ingress", req); p.Limit(policy.FixAuto) != policy.FixApprove {
		t.Error("other_protocols: approve does not wait")
	}
}

func TestExactSkipsWiderRanges(t *testing.T) {
	r := group(rule("sgr-ssh", "tcp", 22, 22, "0.0.0.0/0"), rule("sgr-wide", "tcp", 20, 25, "0.0.0.0/0"))
	req := request(r, "EC2.13", "EC2.54")
	req.With = map[string]string{"how": "exact"}
	p := prepare(t, "security-group-ingress", req)
	wantCalls(t, "steps", p.Steps, "revoke sgr-ssh")
	if len(p.Skipped) != 1 || p.Skipped[0].Rule.ID != "sgr-wide" {
		t.Errorf("skipped: %+v", p.Skipped)
	}
	if !slices.Equal(p.Post.Pass, []string{"EC2.54"}) || !slices.Equal(p.Post.Still, []string{"EC2.13"}) {
		t.Errorf("post: %+v", p.Post)
	}
	_, err := Prepare("security-group-ingress", Request{Resource: group(rule("sgr-wide", "tcp", 20, 25, "0.0.0.0/0")), Controls: []string{"EC2.13"}, With: req.With})
	if !errors.Is(err, ErrNothingToDo) || !strings.Contains(err.Error(), "exact") {
		t.Errorf("only wider entries: %v", err)
	}
}

func TestOutboundWorksTheSameWay(t *testing.T) {
	out := rule("sgr-out", "tcp", 20, 25, "0.0.0.0/0")
	out.Egress = true
	r := group(rule("sgr-in", "tcp", 20, 25, "0.0.0.0/0"), out)
	req := request(r, "EC2.13")
	req.With, req.IaC = map[string]string{"direction": "outbound"}, "terraform"
	p := prepare(t, "security-group-ingress", req)
	wantCalls(t, "steps", p.Steps, "authorize egress [tcp 20-21 0.0.0.0/0] [tcp 23-25 0.0.0.0/0]", "revoke egress sgr-out")
	if p.Steps[0].Operation != "AuthorizeSecurityGroupEgress" || len(p.Post.Pass) != 0 {
		t.Errorf("%s, pass %v", p.Steps[0].Operation, p.Post.Pass)
	}
	if len(p.InCode) == 0 || p.InCode[0].Attribute != "aws_security_group.egress" {
		t.Errorf("in code: %+v", p.InCode)
	}
}

func TestNothingToDo(t *testing.T) {
	bucket := func(properties map[string]any) resource.Resource { return bucketOf(properties, nil) }
	on := map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true}
	account := resource.Resource{Ref: resource.Ref{Account: "111122223333", Type: live.Account}, ID: "111122223333", Properties: map[string]any{"PublicAccessBlockConfiguration": on}}
	empty := group()
	empty.Facts[live.FactDefault] = true
	for _, c := range []struct {
		remedy string
		req    Request
	}{
		{"security-group-ingress", request(group(rule("sgr-1", "tcp", 443, 443, "0.0.0.0/0")), "EC2.18", "EC2.19")},
		{"security-group-ingress", request(group(), "EC2.13")},
		{"default-security-group", request(empty, "EC2.2")},
		{"s3-encryption", request(bucket(map[string]any{"BucketEncryption": map[string]any{"ServerSideEncryptionConfiguration": []any{map[string]any{"ServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "AES256"}}}}}), "S3.4")},
		{"s3-versioning", request(bucket(map[string]any{"VersioningConfiguration": map[string]any{"Status": "Enabled"}}), "S3.14")},
		{"s3-public-access-block", request(bucket(map[string]any{"PublicAccessBlockConfiguration": on}), "S3.8")},
		{"s3-account-public-access-block", request(account, "S3.1")},
	} {
		if _, err := Prepare(c.remedy, c.req); !errors.Is(err, ErrNothingToDo) {
			t.Errorf("%s: %v", c.remedy, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	hole := theHole()
	unreadRules := theHole()
	delete(unreadRules.Facts, live.FactRules)
	unreadRules.Facts[resource.Unread] = map[string]string{live.FactRules: "denied"}
	unreadTags := theHole()
	unreadTags.TagsUnread = true
	var many []live.SecurityGroupRule
	for i := range int32(59) {
		many = append(many, rule(fmt.Sprintf("sgr-%d", i), "tcp", 1000+i, 1000+i, "10.0.0.0/8"))
	}
	full := group(append(many, rule("sgr-wide", "tcp", 20, 25, "0.0.0.0/0"))...)
	mfa := bucketOf(nil, map[string]any{live.FactMFADelete: true})
	unreadPart := bucketOf(nil, map[string]any{resource.Unread: map[string]string{"BucketEncryption": "denied"}})
	for _, c := range []struct {
		name, remedy, code, says string
		req                      Request
	}{
		{"unknown remedy", "no-such", "options", "no-such", request(hole, "EC2.13")},
		{"wrong type", "s3-versioning", "kind", "AWS::S3::Bucket", request(hole, "EC2.13")},
		{"a control that names no ports", "security-group-ingress", "kind", "EC2.2", request(hole, "EC2.2")},
		{"unread rules", "security-group-ingress", "unread", "rules", request(unreadRules, "EC2.13")},
		{"filter on unread tags", "security-group-ingress", "tags", "tags", Request{Resource: unreadTags, Controls: []string{"EC2.13"}, FiltersOnTags: true}},
		{"unknown option", "security-group-ingress", "options", "hwo", Request{Resource: hole, Controls: []string{"EC2.13"}, With: map[string]string{"hwo": "revoke"}}},
		{"unknown value", "security-group-ingress", "options", "revoke, narrow, exact", Request{Resource: hole, Controls: []string{"EC2.13"}, With: map[string]string{"how": "delete"}}},
		{"quota", "security-group-ingress", "quota", "62 ipv4", request(full, "EC2.13")},
		{"not a default group", "default-security-group", "kind", "default", request(hole, "EC2.2")},
		{"MFA delete", "s3-versioning", "kind", "MFA", request(mfa, "S3.14")},
		{"unread setting", "s3-encryption", "unread", "BucketEncryption", request(unreadPart, "S3.4")},
		{"malformed key", "s3-encryption", "options", "kms_key", Request{Resource: bucketOf(nil, nil), Controls: []string{"S3.4"}, With: map[string]string{"kms_key": "my key"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Prepare(c.remedy, c.req)
			r, ok := errors.AsType[*RefusedError](err)
			if !ok || r.Code != c.code || !strings.Contains(r.Reason.EN, c.says) || r.Reason.JA == "" {
				t.Fatalf("%v (%+v)", err, r)
			}
		})
	}
	req := request(full, "EC2.13")
	req.Quota = 100
	prepare(t, "security-group-ingress", req)
	req = request(full, "EC2.13")
	req.With = map[string]string{"how": "revoke", "kms_key": "of another remedy in the same rule"}
	prepare(t, "security-group-ingress", req)
}

func TestManagedResourcesAreOnlySuggested(t *testing.T) {
	stack := theHole()
	stack.Tags = map[string]string{"aws:cloudformation:stack-name": "shop", "aws:cloudformation:logical-id": "Web"}
	blind := theHole()
	blind.TagsUnread = true
	for _, c := range []struct {
		name    string
		res     resource.Resource
		iac     string
		managed string
		want    policy.FixMode
		says    string
		code    string
	}{
		{"nobody manages it", theHole(), "none", "", policy.FixAuto, "", ""},
		{"an account on CloudFormation, a group without its tags", theHole(), "cloudformation", "", policy.FixAuto, "", ""},
		{"a stack", stack, "none", "", policy.FixSuggest, "stack shop", "AWS::EC2::SecurityGroup.SecurityGroupIngress"},
		{"Terraform", theHole(), "terraform", "", policy.FixSuggest, "Terraform", "aws_security_group.ingress"},
		{"Terraform, approval allowed", theHole(), "terraform", "approve", policy.FixApprove, "Terraform", "aws_security_group.ingress"},
		{"nobody said", theHole(), "unknown", "", policy.FixApprove, "not known", "aws_security_group.ingress"},
		{"nothing was said", theHole(), "", "", policy.FixApprove, "not known", "aws_security_group.ingress"},
		{"unread tags", blind, "none", "", policy.FixSuggest, "tags", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := request(c.res, "EC2.13")
			req.IaC = c.iac
			if c.managed != "" {
				req.With = map[string]string{"managed": c.managed}
			}
			p := prepare(t, "security-group-ingress", req)
			if got := p.Limit(policy.FixAuto); got != c.want {
				t.Errorf("auto becomes %s, want %s", got, c.want)
			}
			why := ""
			for _, w := range slices.Concat(p.SuggestOnly, p.Wait) {
				why += w.EN
			}
			if !strings.Contains(why, c.says) {
				t.Errorf("why: %s", why)
			}
			if c.code == "" != (len(p.InCode) == 0) || c.code != "" && p.InCode[0].Attribute != c.code {
				t.Errorf("in code: %+v", p.InCode)
			}
			if p.Limit(policy.FixOff) != policy.FixOff {
				t.Error("off is not off")
			}
		})
	}
}

func TestTheDefaultGroupIsEmptied(t *testing.T) {
	self := rule("sgr-self", "-1", -1, -1, "sg-1")
	out := rule("sgr-out", "-1", -1, -1, "0.0.0.0/0")
	out.Egress = true
	r := group(self, rule("sgr-list", "tcp", 80, 80, "pl-1"), out)
	r.Facts[live.FactDefault] = true
	p := prepare(t, "default-security-group", request(r, "EC2.2"))
	wantCalls(t, "steps", p.Steps, "revoke sgr-list sgr-self", "revoke egress sgr-out")
	wantCalls(t, "undo", p.Inverse, "authorize [tcp 80 pl-1] [all traffic 111122223333/sg-1]", "authorize egress [all traffic 0.0.0.0/0]")
	if p.Limit(policy.FixAuto) != policy.FixAuto {
		t.Errorf("held back: %v", p.SuggestOnly)
	}
	for name, users := range map[string]any{"used": live.Interfaces{IDs: []string{"eni-1"}}, "unread": live.Interfaces{Unread: "denied"}, "missing": nil} {
		r.Facts[live.FactInterfaces] = users
		if p := prepare(t, "default-security-group", request(r, "EC2.2")); p.Limit(policy.FixAuto) != policy.FixSuggest {
			t.Errorf("%s: not held back", name)
		}
	}
}

func TestTheHashBindsExactlyThisPlan(t *testing.T) {
	p := prepare(t, "security-group-ingress", request(theHole(), "EC2.13"))
	if again := prepare(t, "security-group-ingress", request(theHole(), "EC2.13")); again.Hash() != p.Hash() {
		t.Error("the same plan has two hashes")
	}
	stored, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var loose map[string]any // a database that sorts keys
	if err := json.Unmarshal(stored, &loose); err != nil {
		t.Fatal(err)
	}
	sorted, _ := json.Marshal(loose)
	for _, text := range [][]byte{stored, sorted} {
		var back Plan
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if back.Hash() != p.Hash() {
			t.Error("storing the plan changes its hash")
		}
	}
	for name, change := range map[string]func(*Plan){
		"call":    func(p *Plan) { p.Steps[0].Params = json.RawMessage(`{"GroupId":"sg-2"}`) },
		"order":   func(p *Plan) { p.Steps[0], p.Steps[1] = p.Steps[1], p.Steps[0] },
		"inverse": func(p *Plan) { p.Inverse = nil },
		"prior":   func(p *Plan) { p.Prior = json.RawMessage(`[]`) },
		"warning": func(p *Plan) { p.Warnings = nil },
		"account": func(p *Plan) { p.Ref.Account = "444455556666" },
	} {
		q := prepare(t, "security-group-ingress", request(theHole(), "EC2.13"))
		change(&q)
		if q.Hash() == p.Hash() {
			t.Errorf("another %s has the same hash", name)
		}
	}
}

func TestThePlanInWordsAndCalls(t *testing.T) {
	p := prepare(t, "security-group-ingress", request(theHole(), "EC2.13"))
	for language, want := range map[string][]string{
		"en": {"remove 3 entries and add 2", "Calls:", "ec2 RevokeSecurityGroupIngress {\"GroupId\":\"sg-1\",\"SecurityGroupRuleIds\":[\"sgr-all6\",\"sgr-tcp\"]}", "Must pass afterwards: EC2.13", "not tracked", "new rule ids", p.Hash()},
		"ja": {"3 件のエントリを削除し、2 件を追加", "実行する API:", "追跡されていない接続", "元に戻す手順:", p.Hash()},
	} {
		text := p.Text(language)
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", language, w, text)
			}
		}
	}
}

func TestEveryRemedyIsNamedAndSaysWhatItNeeds(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range All() {
		a := r.About()
		if seen[a.Name] || len(a.Permissions) == 0 || len(a.Types) == 0 || a.Title.EN == "" || a.Title.JA == "" || len(code[a.Name]) == 0 {
			t.Errorf("%+v", a)
		}
		seen[a.Name] = true
		if Permissions(a.Name) == nil {
			t.Errorf("%s: no permissions by name", a.Name)
		}
		for _, c := range a.Controls {
			if For(c) != a.Name {
				t.Errorf("%s is mended by %q, want %s", c, For(c), a.Name)
			}
		}
	}
	if For("IAM.1") != "" || Permissions("no-such") != nil {
		t.Error("a remedy for what has none")
	}
}

func TestLostDescriptionsAreTold(t *testing.T) {
	a, b := rule("sgr-a", "tcp", 22, 23, "0.0.0.0/0"), rule("sgr-b", "tcp", 23, 23, "0.0.0.0/0")
	a.Description, b.Description = "wide", "telnet"
	p := prepare(t, "security-group-ingress", request(group(a, b), "EC2.13"))
	wantCalls(t, "steps", p.Steps, "revoke sgr-a")
	found := false
	for _, w := range p.Warnings {
		found = found || strings.Contains(w.EN, `"telnet" and not "wide"`)
	}
	if !found {
		t.Errorf("warnings: %v", p.Warnings)
	}
}

func TestParametersOfAControlAreHeeded(t *testing.T) {
	req := request(group(rule("sgr-1", "tcp", 8443, 8443, "0.0.0.0/0")), "EC2.18")
	req.Params = map[string]traffic.Params{"EC2.18": {AuthorizedTCP: []int{8443}}}
	if _, err := Prepare("security-group-ingress", req); !errors.Is(err, ErrNothingToDo) {
		t.Errorf("%v", err)
	}
}

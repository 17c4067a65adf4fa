package control

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"zesei/internal/resource"
)

func checker(t testing.TB) *Checker {
	t.Helper()
	cat, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return NewChecker(cat)
}

type props = map[string]any

func group(ingress ...props) resource.Resource {
	rules := []any{}
	for _, r := range ingress {
		rules = append(rules, r)
	}
	return resource.Resource{
		Ref:        resource.Ref{Type: "AWS::EC2::SecurityGroup"},
		Properties: props{"GroupName": "web", "SecurityGroupIngress": rules, "SecurityGroupEgress": []any{}},
	}
}

// rule is shorthand: protocol, first and last port, network.
func rule(protocol any, from, to any, cidr string) props {
	r := props{"IpProtocol": protocol}
	if from != nil {
		r["FromPort"] = from
	}
	if to != nil {
		r["ToPort"] = to
	}
	if strings.Contains(cidr, ":") {
		r["CidrIpv6"] = cidr
	} else {
		r["CidrIp"] = cidr
	}
	return r
}

func bucket(p props) resource.Resource {
	return resource.Resource{Ref: resource.Ref{Type: "AWS::S3::Bucket"}, Properties: p}
}

func TestSecurityGroupChecks(t *testing.T) {
	const p, f, u = Passed, Failed, Unknown
	ids := []string{"EC2.13", "EC2.14", "EC2.18", "EC2.19", "EC2.53", "EC2.54"}
	for _, c := range []struct {
		name string
		rule props
		want [6]Outcome // in the order of ids
	}{
		{"ssh from anywhere", rule("tcp", 22, 22, "0.0.0.0/0"), [6]Outcome{f, p, f, f, f, p}},
		{"ssh from anywhere on IPv6", rule("tcp", 22, 22, "::/0"), [6]Outcome{f, p, f, f, p, f}},
		{"another spelling of ::/0", rule("tcp", 22, 22, "0:0:0:0:0:0:0:0/0"), [6]Outcome{f, p, f, f, p, f}},
		{"an address before /0", rule("tcp", 22, 22, "10.1.2.3/0"), [6]Outcome{f, p, f, f, f, p}},
		{"half the internet is not anywhere", rule("tcp", 22, 22, "0.0.0.0/1"), [6]Outcome{p, p, p, p, p, p}},
		{"private network", rule("tcp", 0, 65535, "10.0.0.0/8"), [6]Outcome{p, p, p, p, p, p}},
		{"rdp inside a range", rule("tcp", 3000, 4000, "0.0.0.0/0"), [6]Outcome{p, f, f, f, f, p}},
		{"web", rule("tcp", 443, 443, "0.0.0.0/0"), [6]Outcome{p, p, p, p, p, p}},
		{"a range between authorised ports", rule("tcp", 80, 443, "0.0.0.0/0"), [6]Outcome{p, p, f, f, p, p}},
		{"all protocols, no ports", rule("-1", nil, nil, "0.0.0.0/0"), [6]Outcome{f, f, f, f, f, p}},
		{"all protocols as a number", rule(-1, -1, -1, "::/0"), [6]Outcome{f, f, f, f, p, f}},
		{"all protocols with misleading ports", rule("-1", 443, 443, "0.0.0.0/0"), [6]Outcome{f, f, f, f, f, p}},
		{"tcp as a protocol number", rule("6", 22, 22, "0.0.0.0/0"), [6]Outcome{f, p, f, f, f, p}},
		{"tcp as a JSON number", rule(float64(6), float64(22), float64(22), "0.0.0.0/0"), [6]Outcome{f, p, f, f, f, p}},
		{"tcp in capitals, ports as text", rule("TCP", "22", "22", "0.0.0.0/0"), [6]Outcome{f, p, f, f, f, p}},
		{"udp reaches only what looks at udp", rule("udp", 22, 22, "0.0.0.0/0"), [6]Outcome{p, p, f, p, f, p}},
		{"udp as a protocol number", rule("17", 3389, 3389, "::/0"), [6]Outcome{p, p, f, p, p, f}},
		{"icmp type and code are no ports", rule("icmp", 22, 22, "0.0.0.0/0"), [6]Outcome{p, p, p, p, p, p}},
		{"all icmp", rule("icmp", -1, -1, "0.0.0.0/0"), [6]Outcome{p, p, p, p, p, p}},
		{"icmpv6 as a number", rule("58", 22, 22, "::/0"), [6]Outcome{p, p, p, p, p, p}},
		{"a protocol without ports", rule("50", 0, 65535, "0.0.0.0/0"), [6]Outcome{p, p, p, p, p, p}},
		{"tcp without ports is every port", rule("tcp", nil, nil, "0.0.0.0/0"), [6]Outcome{f, f, f, f, f, p}},
		{"tcp -1 to -1 is every port", rule("tcp", -1, -1, "0.0.0.0/0"), [6]Outcome{f, f, f, f, f, p}},
		{"from another group", props{"IpProtocol": "-1", "SourceSecurityGroupId": "sg-0a"}, [6]Outcome{p, p, p, p, p, p}},
		{"from a prefix list", props{"IpProtocol": "-1", "SourcePrefixListId": "pl-0a"}, [6]Outcome{p, p, p, p, p, p}},
		{"a source not known yet", props{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": props{"Ref": "Office"}}, [6]Outcome{u, p, u, u, u, u}},
		{"a port not known yet", props{"IpProtocol": "tcp", "FromPort": props{"Ref": "Port"}, "ToPort": 22, "CidrIp": "0.0.0.0/0"}, [6]Outcome{u, u, u, u, u, p}},
		{"no protocol", props{"FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}, [6]Outcome{u, u, u, u, u, p}},
		{"a broken network", rule("tcp", 22, 22, "anywhere"), [6]Outcome{u, p, u, u, u, u}},
		{"ports the wrong way round", rule("tcp", 30, 20, "0.0.0.0/0"), [6]Outcome{u, u, u, u, u, p}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := checker(t)
			for i, id := range ids {
				v, err := k.Evaluate(id, group(c.rule))
				if err != nil {
					t.Fatal(err)
				}
				if v.Status != c.want[i] {
					t.Errorf("%s: %s (%s), want %s", id, v.Status, v.Why, c.want[i])
				}
			}
		})
	}
}

func TestOneOpenRuleFailsAmongRulesThatCannotBeJudged(t *testing.T) {
	v, err := checker(t).Evaluate("EC2.19", group(rule("tcp", 22, 22, "broken"), rule("tcp", 22, 22, "0.0.0.0/0")))
	if err != nil || v.Status != Failed {
		t.Fatalf("%+v, %v", v, err)
	}
}

func TestAuthorisedPortsAreAParameter(t *testing.T) {
	k := checker(t)
	ours, err := k.With("ec2.18", "authorizedUdpPorts", []int{53})
	if err != nil {
		t.Fatal(err)
	}
	dns := group(rule("udp", 53, 53, "0.0.0.0/0"))
	for _, c := range []struct {
		k    *Checker
		want Outcome
	}{{k, Failed}, {ours, Passed}} {
		if v, err := c.k.Evaluate("EC2.18", dns); err != nil || v.Status != c.want {
			t.Errorf("%+v, %v; want %s", v, err, c.want)
		}
	}
	for _, c := range []struct {
		control, parameter string
		port               int
		want               string
	}{
		{"EC2.99999", "x", 1, `no control "EC2.99999"`},
		{"EC2.19", "x", 1, "has no parameters"},
		{"EC2.18", "authorisedPorts", 1, "want authorizedTcpPorts or authorizedUdpPorts"},
		{"EC2.18", "authorizedTcpPorts", 70000, "70000 is not a port"},
	} {
		if _, err := k.With(c.control, c.parameter, []int{c.port}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestOnlyTheDefaultGroupMustBeEmpty(t *testing.T) {
	k := checker(t)
	allOut := []any{props{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}}
	self := []any{props{"IpProtocol": "-1", "SourceSecurityGroupId": "sg-0a"}}
	for _, c := range []struct {
		name    string
		in, out []any
		want    Outcome
		why     string
	}{
		{"default", self, allOut, Failed, "all traffic from sg-0a; all traffic to 0.0.0.0/0"},
		{"default", []any{}, allOut, Failed, "all traffic to 0.0.0.0/0"},
		{"default", []any{}, []any{}, Passed, ""},
		{"web", self, allOut, Passed, ""},
	} {
		r := group()
		r.Properties = props{"GroupName": c.name, "SecurityGroupIngress": c.in, "SecurityGroupEgress": c.out}
		if v, err := k.Evaluate("EC2.2", r); err != nil || v.Status != c.want || v.Why != c.why {
			t.Errorf("%s: %+v, %v; want %s %q", c.name, v, err, c.want, c.why)
		}
	}
}

func TestBucketChecks(t *testing.T) {
	all := func(v any) props {
		return props{"PublicAccessBlockConfiguration": props{
			"BlockPublicAcls": v, "BlockPublicPolicy": v, "IgnorePublicAcls": v, "RestrictPublicBuckets": v,
		}}
	}
	encrypted := func(algorithm string) props {
		return props{"BucketEncryption": props{"ServerSideEncryptionConfiguration": []any{
			props{"ServerSideEncryptionByDefault": props{"SSEAlgorithm": algorithm}},
		}}}
	}
	k := checker(t)
	for _, c := range []struct {
		control string
		has     props
		want    Outcome
		why     string
	}{
		{"S3.8", all(true), Passed, ""},
		{"S3.8", all("true"), Passed, ""},
		{"S3.8", props{}, Failed, "PublicAccessBlockConfiguration.BlockPublicAcls is not set"},
		{"S3.8", props{"PublicAccessBlockConfiguration": props{
			"BlockPublicAcls": true, "BlockPublicPolicy": false, "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
		}}, Failed, "PublicAccessBlockConfiguration.BlockPublicPolicy is false"},
		{"S3.8", all(props{"Ref": "Block"}), Unknown, "neither true nor false"},
		{"S3.4", encrypted("AES256"), Passed, ""},
		{"S3.4", encrypted("aws:kms:dsse"), Passed, ""},
		{"S3.4", encrypted("rot13"), Failed, "rot13"},
		{"S3.4", props{}, Failed, "BucketEncryption.ServerSideEncryptionConfiguration is not set"},
		{"S3.14", props{"VersioningConfiguration": props{"Status": "Enabled"}}, Passed, ""},
		{"S3.14", props{"VersioningConfiguration": props{"Status": "Suspended"}}, Failed, `VersioningConfiguration.Status is "Suspended"`},
		{"S3.14", props{}, Failed, "VersioningConfiguration.Status is not set"},
		{"S3.9", props{"LoggingConfiguration": props{"DestinationBucketName": "logs"}}, Passed, ""},
		{"S3.9", props{"LoggingConfiguration": props{}}, Passed, ""}, // logs to itself
		{"S3.9", props{}, Failed, "LoggingConfiguration is not set"},
		{"S3.13", props{"LifecycleConfiguration": props{"Rules": []any{props{"Status": "Disabled"}, props{"Status": "Enabled"}}}}, Passed, ""},
		{"S3.13", props{"LifecycleConfiguration": props{"Rules": []any{props{"Status": "Disabled"}}}}, Failed, "Disabled"},
		{"S3.13", props{}, Failed, "LifecycleConfiguration.Rules is not set"},
		{"S3.17", encrypted("aws:kms"), Passed, ""},
		{"S3.17", encrypted("AES256"), Failed, "AES256"},
	} {
		v, err := k.Evaluate(c.control, bucket(c.has))
		if err != nil || v.Status != c.want || !strings.Contains(v.Why, c.why) {
			t.Errorf("%s of %v: %+v, %v; want %s %q", c.control, c.has, v, err, c.want, c.why)
		}
	}
}

func TestTheAccountBlockIsUnknownUntilItWasRead(t *testing.T) {
	k := checker(t)
	for _, typ := range []string{"AWS::::Account", accountBlock} {
		for _, c := range []struct {
			has  props
			want Outcome
		}{
			{props{"PasswordPolicy": props{}}, Unknown}, // an account of which something else is known
			{props{"PublicAccessBlockConfiguration": props{}}, Failed},
			{props{"PublicAccessBlockConfiguration": props{
				"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
			}}, Passed},
		} {
			r := resource.Resource{Ref: resource.Ref{Type: typ}, Properties: c.has}
			if v, err := k.Evaluate("S3.1", r); err != nil || v.Status != c.want {
				t.Errorf("%s %v: %+v, %v; want %s", typ, c.has, v, err, c.want)
			}
		}
	}
}

func TestWhatWasNotReadNeverPasses(t *testing.T) {
	k := checker(t)
	r := bucket(props{"VersioningConfiguration": props{"Status": "Enabled"}})
	r.Facts = map[string]any{resource.Unread: map[string]string{"PublicAccessBlockConfiguration": "denied (AccessDenied)"}}
	v, err := k.Evaluate("S3.8", r)
	if err != nil || v.Status != Unknown || v.Why != "PublicAccessBlockConfiguration could not be read: denied (AccessDenied)" {
		t.Errorf("%+v, %v", v, err)
	}
	if v, err := k.Evaluate("S3.14", r); err != nil || v.Status != Passed {
		t.Errorf("a check that needs only what was read: %+v, %v", v, err)
	}
	for _, id := range k.ForType("AWS::EC2::SecurityGroup") {
		if id == "EC2.2" {
			continue // a group without a name is no default group
		}
		for _, empty := range []props{nil, {}} {
			r := resource.Resource{Ref: resource.Ref{Type: "AWS::EC2::SecurityGroup"}, Properties: empty}
			if v, err := k.Evaluate(id, r); err != nil || v.Status != Unknown {
				t.Errorf("%s of %v: %+v, %v", id, empty, v, err)
			}
		}
	}
}

func TestAVerdictNamesWhatOffendsInBothLanguages(t *testing.T) {
	r := group(rule("tcp", 443, 443, "0.0.0.0/0"), rule("tcp", 0, 65535, "0.0.0.0/0"), rule("-1", nil, nil, "::/0"))
	v, err := checker(t).Evaluate("EC2.19", r)
	if err != nil {
		t.Fatal(err)
	}
	if want := "tcp 0-65535 from 0.0.0.0/0; all traffic from ::/0"; v.Why != want {
		t.Errorf("%q, want %q", v.Why, want)
	}
	if want := "0.0.0.0/0 からの tcp 0-65535、::/0 からの すべての通信"; v.In("ja") != want {
		t.Errorf("%q, want %q", v.In("ja"), want)
	}
	if len(v.Offending) != 2 || v.Offending[0].Index != 1 || v.Offending[1].Item["CidrIpv6"] != "::/0" {
		t.Errorf("%+v", v.Offending)
	}
	var many []props
	for range 8 {
		many = append(many, rule("tcp", 22, 22, "0.0.0.0/0"))
	}
	if v, _ := checker(t).Evaluate("EC2.13", group(many...)); !strings.HasSuffix(v.Why, "; 3 more") || len(v.Offending) != 8 {
		t.Errorf("%q", v.Why)
	}
}

func TestMisuseOfACheckIsAnError(t *testing.T) {
	k := checker(t)
	for id, want := range map[string]string{"EC2.99999": "no such control", "IAM.1": "no check", "S3.8": "not at AWS::EC2::SecurityGroup"} {
		if _, err := k.Evaluate(id, group()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", id, err, want)
		}
	}
	if !k.Has("ec2.19") || k.Has("IAM.1") || k.Has("x") {
		t.Error("Has")
	}
	if got, want := k.ForType("AWS::EC2::SecurityGroup"), []string{"EC2.2", "EC2.13", "EC2.14", "EC2.18", "EC2.19", "EC2.53", "EC2.54"}; !slices.Equal(got, want) {
		t.Errorf("ForType: %v, want %v", got, want)
	}
}

func TestEveryCheckOfTheCatalogueCompiles(t *testing.T) {
	k := checker(t)
	n := 0
	for _, one := range k.catalogue.All() {
		if one.Fail == "" {
			continue
		}
		n++
		c, err := k.compile(one)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(c.properties) == 0 {
			t.Errorf("%s looks at nothing", one.ID)
		}
	}
	if n < 14 {
		t.Errorf("%d checks", n)
	}
}

func TestACheckerServesManyAtOnce(t *testing.T) {
	k := checker(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, id := range k.ForType("AWS::EC2::SecurityGroup") {
				if _, err := k.Evaluate(id, group(rule("tcp", 22, 22, "0.0.0.0/0"))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkEvaluate(b *testing.B) {
	k := checker(b)
	var rules []props
	for i := range 50 {
		rules = append(rules, rule("tcp", 8000+i, 8000+i, "10.0.0.0/8"))
	}
	r := group(rules...)
	for b.Loop() {
		if v, err := k.Evaluate("EC2.19", r); err != nil || v.Status != Passed {
			b.Fatal(v, err)
		}
	}
}

func BenchmarkFirstCheckOfAProcess(b *testing.B) {
	cat, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	r := group(rule("tcp", 22, 22, "0.0.0.0/0"))
	for b.Loop() {
		if v, err := NewChecker(cat).Evaluate("EC2.19", r); err != nil || v.Status != Failed {
			b.Fatal(v, err)
		}
	}
}

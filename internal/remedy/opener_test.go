package remedy

import (
	"fmt"
	"testing"
	"time"
)

// record writes a CloudTrail record.
func record(name, who, request, response, extra string) string {
	return fmt.Sprintf(`{"eventName":%q,"eventID":"e-%s","eventTime":"2026-11-20T01:02:03Z","sourceIPAddress":"203.0.113.9","userAgent":"console.amazonaws.com",
		"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/%s","userName":%q},"requestParameters":%s,"responseElements":%s%s}`,
		name, name, who, who, request, response, extra)
}

func TestWhoOpenedIt(t *testing.T) {
	const wide = `{"groupId":"sg-1","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":20,"toPort":25,"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0","description":"x"}]},"ipv6Ranges":{}}]}}`
	const inner = `{"groupId":"sg-1","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":20,"toPort":25,"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"}]}}]}}`
	const all6 = `{"groupId":"sg-1","ipPermissions":{"items":[{"ipProtocol":"-1","ipv6Ranges":{"items":[{"cidrIpv6":"::/0"}]}}]}}`
	for _, c := range []struct {
		name  string
		trail []string
		want  string
	}{
		{"nothing is known", nil, ""},
		{"by protocol, range and network", []string{record("AuthorizeSecurityGroupIngress", "taro", wide, "{}", "")}, "taro"},
		{"a rule for every protocol", []string{record("AuthorizeSecurityGroupIngress", "taro", all6, "{}", "")}, "taro"},
		{"by the rule's id", []string{record("ModifySecurityGroupRules", "hanako", `{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-1","SecurityGroupRule":{"SecurityGroupRuleId":"sgr-wide"}}}`, "{}", "")}, "hanako"},
		{"by the rule's id in the answer", []string{record("AuthorizeSecurityGroupIngress", "hanako", `{"groupId":"sg-1"}`, `{"securityGroupRuleSet":{"items":[{"securityGroupRuleId":"sgr-tcp"}]}}`, "")}, "hanako"},
		{"the newest counts", []string{record("AuthorizeSecurityGroupIngress", "taro", wide, "{}", ""), record("AuthorizeSecurityGroupIngress", "old", wide, "{}", "")}, "taro"},
		{"another source of the group", []string{record("AuthorizeSecurityGroupIngress", "taro", inner, "{}", "")}, ""},
		{"the other direction", []string{record("AuthorizeSecurityGroupEgress", "taro", wide, "{}", "")}, ""},
		{"another event", []string{record("RevokeSecurityGroupIngress", "taro", wide, "{}", "")}, ""},
		{"refused by AWS", []string{record("AuthorizeSecurityGroupIngress", "taro", wide, "null", `,"errorCode":"Client.UnauthorizedOperation"`)}, ""},
		{"what cannot be read is passed over", []string{"not JSON", record("AuthorizeSecurityGroupIngress", "taro", wide, "{}", "")}, "taro"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := doubleOf(theHole())
			d.trail = c.trail
			e, _ := engineOf(t, d)
			a, err := e.Opener(t.Context(), planFor(t, d.res, "", "EC2.13"))
			if err != nil {
				t.Fatal(err)
			}
			if a.Name != c.want {
				t.Fatalf("%+v", a)
			}
			if c.want != "" && (a.Address != "203.0.113.9" || a.EventID == "" || !a.At.Equal(time.Date(2026, 11, 20, 1, 2, 3, 0, time.UTC)) || a.Principal != "arn:aws:iam::111122223333:user/"+c.want) {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestWhoChangedABucket(t *testing.T) {
	d := doubleOf(bucketOf(nil, nil))
	d.trail = []string{
		record("PutObject", "x", "{}", "null", ""),
		record("DeleteBucketPublicAccessBlock", "taro", `{"bucketName":"shop-logs"}`, "null", ""),
	}
	e, _ := engineOf(t, d)
	a, err := e.Opener(t.Context(), prepare(t, "s3-public-access-block", request(d.res, "S3.8")))
	if err != nil || a.Name != "taro" || a.Event != "DeleteBucketPublicAccessBlock" {
		t.Errorf("%+v %v", a, err)
	}
}

func FuzzTrailRecord(f *testing.F) {
	f.Add(record("AuthorizeSecurityGroupIngress", "taro", `{"ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":20,"toPort":25,"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}]}}`, "{}", ""))
	f.Add(`{"eventName":"ModifySecurityGroupRules","userIdentity":null,"requestParameters":"sgr-wide"}`)
	f.Add(`[]`)
	p, err := Prepare("security-group-ingress", request(theHole(), "EC2.13"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if a, ok := opened(p, securityGroup{}.About().Events, raw); ok && a.Principal == "" {
			t.Errorf("an actor without a name: %+v", a)
		}
	})
}

func FuzzGroupStep(f *testing.F) {
	p, err := Prepare("security-group-ingress", request(theHole(), "EC2.13"))
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range p.Steps {
		f.Add(s.Operation, string(s.Params))
	}
	f.Add("AuthorizeSecurityGroupIngress", `{"GroupId":"sg-1","IpPermissions":[{"IpProtocol":"tcp","IpRanges":[]}]}`)
	live := doubleOf(theHole()).res
	f.Fuzz(func(t *testing.T, operation, params string) {
		rest, more, err := restOfGroupStep(Step{Service: "ec2", Operation: operation, Params: []byte(params)}, live)
		if err != nil || !more {
			return
		}
		if _, again, err := restOfGroupStep(rest, live); err != nil || !again {
			t.Errorf("what remains of %s %s is %s, which is nothing: %v", operation, params, rest.Params, err)
		}
	})
}

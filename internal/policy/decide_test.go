package policy

import (
	"strings"
	"testing"
	"time"

	"zesei/internal/finding"
)

func tokyo(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func load(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := Load("policy.yaml", []byte(text), Known{Zone: tokyo(t)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func shippedPolicy(t testing.TB, name string) *Policy {
	t.Helper()
	data, ok := Shipped(name)
	if !ok {
		t.Fatalf("no policy %s", name)
	}
	return load(t, string(data))
}

// goldenWeek is the Wednesday before the holidays of 2027, 9:00 in Tokyo.
var goldenWeek = time.Date(2027, 4, 28, 0, 0, 0, 0, time.UTC)

func input(control, class string, severity finding.Severity, standards ...string) Input {
	return Input{
		Control:  Control{ID: control, Class: class, Severity: severity, Service: strings.Split(control, ".")[0], Known: true, Remedy: "some"},
		Severity: severity, Status: finding.Failed, Source: "securityhub", Standards: standards,
		Account:  Account{ID: "111122223333", Name: "shop-prod", Environment: "prod", OU: "Root/Shop", Owner: "shop", IaC: "none", Known: true},
		Owner:    "shop",
		Resource: Resource{Type: "AWS::S3::Bucket", ID: "arn:aws:s3:::my-bucket", Name: "my-bucket", Tags: map[string]string{"env": "prod"}},
		Now:      goldenWeek,
	}
}

func TestS2Policy(t *testing.T) {
	p := shippedPolicy(t, "s2")
	for _, c := range []struct {
		control, class string
		severity       finding.Severity
		standards      []string
		want           Response
		due            string
	}{
		{"CloudTrail.1", "logging", finding.High, []string{"fsbp", "cis-1.4"}, Track, "2027-05-12T18:00:00+09:00"},
		{"EC2.19", "essential", finding.Critical, []string{"fsbp"}, Track, "2027-05-07T18:00:00+09:00"},
		{"S3.5", "encryption-in-transit", finding.Medium, []string{"fsbp", "cis-1.4"}, Track, "2027-05-28T18:00:00+09:00"},
		{"ELB.1", "encryption-in-transit", finding.Medium, []string{"fsbp"}, Notify, ""},
		{"RDS.5", "availability", finding.Low, []string{"fsbp"}, Suppress, ""},
		{"DynamoDB.2", "availability", finding.Medium, []string{"fsbp"}, Suppress, ""},
		{"WAF.1", "other", finding.Medium, []string{"fsbp"}, Notify, ""},
		{"EC2.6", "logging", finding.Medium, []string{"fsbp"}, Suppress, ""},
		{"Our.1", "", finding.High, []string{"fsbp"}, Notify, ""},
		{"S3.4", "encryption-at-rest", finding.Critical, []string{"fsbp", "pci-dss-3.2.1"}, Suppress, ""},
	} {
		d := p.Decide(input(c.control, c.class, c.severity, c.standards...))
		if d.Response != c.want {
			t.Errorf("%s: %s by %s, want %s", c.control, d.Response, d.Rule, c.want)
		}
		due := ""
		if !d.Due.IsZero() {
			due = d.Due.Format(time.RFC3339)
		}
		if due != c.due {
			t.Errorf("%s: due %q, want %q", c.control, due, c.due)
		}
		if d.Fix.Mode.rank() > FixSuggest.rank() {
			t.Errorf("%s: fix %s", c.control, d.Fix.Mode)
		}
	}
}

func TestStrongestAnswerOverStandardsWins(t *testing.T) {
	p := shippedPolicy(t, "s2")
	d := p.Decide(input("S3.5", "encryption-in-transit", finding.Medium, "fsbp", "cis-1.4"))
	var got []string
	for _, s := range d.Why {
		if s.Matched {
			got = append(got, s.Standard+" "+string(s.Response)+": "+s.Why)
		}
	}
	want := []string{"fsbp notify: class encryption-in-transit", "cis-1.4 track: standard cis-1.4"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
	if d.Rule != "policy.yaml:38 responses[1]" {
		t.Errorf("rule %q", d.Rule)
	}
}

const everyRule = `
standards: [fsbp, cis-1.4]
unused: ["Macie.*"]
deadlines: {HIGH: 2 weeks, MEDIUM: 30 days}
calendar: japan
backlog: 90 days
responses:
  - {when: control.unused, do: disable}
  - {controls: ["S3.*"], when: 'resource.tags["data"] == "secret"', do: track, due: 1 week, to: security}
  - {accounts: ["env:dev"], do: suppress, reason: nobody's data}
  - {owner: [ops], severity: HIGH, do: track, due: 3 days, urgent: true}
  - {class: logging, severity: [HIGH, CRITICAL], do: track}
unclassified: {do: notify, owner: security}
controls:
  S3.13: {do: track, due: 2 weeks, class: logging}
  S3.9: {class: logging}
  "IAM.*": {do: notify}
  EC2.2: {severity: HIGH, due: 2 days}
`

func TestDecide(t *testing.T) {
	p := load(t, everyRule)
	for name, c := range map[string]struct {
		in       Input
		change   func(*Input)
		response Response
		rule     string
		why      string // of the last step
		owner    string
		due      string
	}{
		"an entry of controls goes first": {
			in: input("S3.13", "other", finding.Low, "fsbp"), response: Track, rule: "policy.yaml:15 controls.S3.13",
			why: "control S3.13 has an entry of its own", due: "2027-05-12",
		},
		"a pattern in controls": {in: input("IAM.3", "essential", finding.Medium), response: Notify, rule: "policy.yaml:17 controls.IAM.*", why: "control IAM.3 has an entry of its own"},
		"an entry may only set the class": {
			in: input("S3.9", "", finding.High, "fsbp"), response: Track, rule: "policy.yaml:12 responses[4]", why: "class logging, severity HIGH", due: "2027-05-12",
		},
		"no class goes to the security owner": {
			in: input("Our.1", "", finding.High, "fsbp"), response: Notify, rule: "policy.yaml:13 unclassified", why: "nobody classified control Our.1", owner: "security",
		},
		"an unused service is suppressed for now": {
			in: input("Macie.1", "essential", finding.Medium, "fsbp"), response: Disable, rule: "policy.yaml:8 responses[0]",
			why: "when control.unused; the case is suppressed for now, and `zesei control apply` would disable Macie.1 in fsbp",
		},
		"a missing tag is no match": {
			in: input("S3.1", "essential", finding.Medium, "fsbp"), response: Notify, rule: "no rule", why: "no rule of responses matches, so the case is told",
		},
		"a tag that is there": {
			in: input("S3.1", "essential", finding.Medium, "fsbp"), change: func(in *Input) { in.Resource.Tags = map[string]string{"data": "secret"} },
			response: Track, rule: "policy.yaml:9 responses[1]", why: `control S3.1, when resource.tags["data"] == "secret"`, owner: "security", due: "2027-05-06",
		},
		"an environment": {
			in: input("EC2.1", "essential", finding.High, "fsbp"), change: func(in *Input) { in.Account.Environment = "dev" },
			response: Suppress, rule: "policy.yaml:10 responses[2]", why: "account shop-prod (111122223333)",
		},
		"an owner": {
			in: input("EC2.1", "essential", finding.High, "fsbp"), change: func(in *Input) { in.Owner = "ops" },
			response: Track, rule: "policy.yaml:11 responses[3]", why: "severity HIGH, owner ops", due: "2027-05-06",
		},
		"a standard that is not enabled is not asked": {
			in: input("CloudTrail.9", "logging", finding.High, "nist-800-171"), response: Track, rule: "policy.yaml:12 responses[4]", why: "class logging, severity HIGH", due: "2027-05-12",
		},
		"a first import spreads deadlines": {
			in: input("CloudTrail.9", "logging", finding.High, "fsbp"), change: func(in *Input) { in.Backlog, in.Spread = true, 0.5 },
			response: Track, rule: "policy.yaml:12 responses[4]", why: "class logging, severity HIGH", due: "2027-06-14",
		},
		"but never to before the usual deadline": {
			in: input("CloudTrail.9", "logging", finding.High, "fsbp"), change: func(in *Input) { in.Backlog = true },
			response: Track, rule: "policy.yaml:12 responses[4]", why: "class logging, severity HIGH", due: "2027-05-12",
		},
		"without a finding's severity the catalogue's counts": {
			in: input("CloudTrail.9", "logging", finding.High, "fsbp"), change: func(in *Input) { in.Severity = "" },
			response: Track, rule: "policy.yaml:12 responses[4]", why: "class logging, severity HIGH", due: "2027-05-12",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.change != nil {
				c.change(&c.in)
			}
			d := p.Decide(c.in)
			if d.Response != c.response || d.Rule != c.rule || d.Owner != c.owner {
				t.Errorf("got %s by %q to %q, want %s by %q to %q", d.Response, d.Rule, d.Owner, c.response, c.rule, c.owner)
			}
			if got := d.Why[len(d.Why)-1].Why; got != c.why {
				t.Errorf("why %q, want %q", got, c.why)
			}
			due := ""
			if !d.Due.IsZero() {
				due = d.Due.Format(time.DateOnly)
			}
			if due != c.due {
				t.Errorf("due %q (%s), want %q", due, d.DueWhy, c.due)
			}
			if c.due != "" && (d.DueWhy == "" || d.DueWhyJA == "") {
				t.Error("the deadline is not explained")
			}
		})
	}
}

func TestUnevaluatedConditionsSayWhy(t *testing.T) {
	p := load(t, everyRule)
	in := input("S3.1", "essential", finding.Medium, "fsbp")
	want := "when cannot be evaluated: no such key: data"
	if got := p.Decide(in).Why[1].Why; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	in.Resource.TagsUnread = true
	want = "when: the tags of the resource could not be read"
	if got := p.Decide(in).Why[1].Why; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOwnZoneOfTheOwner(t *testing.T) {
	p := load(t, everyRule)
	in := input("CloudTrail.9", "logging", finding.High, "fsbp")
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	in.Zone = zone
	if got := p.Decide(in).Due.Format(time.RFC3339); got != "2027-05-12T18:00:00+02:00" {
		t.Errorf("due %s", got)
	}
}

func TestDefaultPolicyChangesNothing(t *testing.T) {
	p := Default(nil)
	d := p.Decide(input("EC2.19", "essential", finding.Critical, "fsbp"))
	if d.Response != Track || d.Fix.Mode != FixSuggest {
		t.Errorf("got %s, fix %s", d.Response, d.Fix.Mode)
	}
	if d := p.Decide(input("EC2.8", "", finding.Low)); d.Response != Notify {
		t.Errorf("got %s", d.Response)
	}
}

package policy

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zesei/internal/finding"
)

func drawInput(t *rapid.T) Input {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	text := func(name string) string { return rapid.StringN(0, 8, -1).Draw(t, name) }
	return Input{
		Control: Control{
			ID: pick("control", "S3.1", "S3.13", "EC2.19", "EC2.18", "Macie.1", "IAM.1", "dome9/x", "", text("id")), Class: pick("class", append(slices.Clone(Classes), "", "?")...),
			Severity: finding.Severity(pick("own", append(slices.Clone(severityNames), "")...)), Remedy: pick("remedy", "", "r"),
		},
		Severity:  finding.Severity(pick("severity", append(slices.Clone(severityNames), "", "ODD")...)),
		Status:    finding.Status(pick("status", statusNames...)),
		Standards: rapid.SliceOfN(rapid.SampledFrom(append(slices.Clone(Standards), "odd")), 0, 4).Draw(t, "standards"),
		Account: Account{
			ID: pick("account", "111122223333", "", "444455556666"), Environment: pick("env", "prod", "dev", ""), Owner: pick("account owner", "", "sandbox", "shop"),
			IaC: pick("iac", "terraform", "cloudformation", "none", "unknown", ""), Known: rapid.Bool().Draw(t, "known"),
		},
		Owner: pick("owner", "", "shop", "ops"),
		Resource: Resource{
			Name: text("name"), Tags: rapid.MapOfN(rapid.SampledFrom([]string{"zesei:fix", "data", "fix", "env"}), rapid.SampledFrom([]string{"off", "yes", "secret", "public"}), 0, 3).Draw(t, "tags"),
			TagsUnread: rapid.Bool().Draw(t, "unread"), IaC: pick("resource iac", "", "none", "terraform"),
		},
		Now:     time.Unix(rapid.Int64Range(-1e11, 1e11).Draw(t, "now"), 0),
		Backlog: rapid.Bool().Draw(t, "backlog"), Spread: rapid.Float64().Draw(t, "spread"),
	}
}

func TestDecideIsDeterministicAndTotal(t *testing.T) {
	policies := []*Policy{load(t, everyRule), load(t, fixRules), shippedPolicy(t, "s2"), shippedPolicy(t, "strict"), Default(nil), load(t, "")}
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		for _, p := range policies {
			d := p.Decide(in)
			if !reflect.DeepEqual(d, p.Decide(in)) {
				t.Fatal("not deterministic")
			}
			if d.Response.strength() == 0 || d.Rule == "" || len(d.Why) == 0 || d.Fix.Why == "" || d.Hash == "" {
				t.Fatalf("incomplete: %+v", d)
			}
			if !d.Due.IsZero() && (d.Response != Track || !d.Due.After(in.Now)) {
				t.Fatalf("due %s with %s, asked at %s", d.Due, d.Response, in.Now)
			}
		}
	})
}

// Whatever is taken away from what is known, or added as a tag, a fix never goes
// further than before by what is missing or tagged.
func TestMissingFactsAndTagsNeverRaiseAFix(t *testing.T) {
	p := load(t, fixRules)
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		if !in.Account.Known || in.Resource.TagsUnread || in.Account.IaC != "none" && in.Resource.IaC != "none" {
			if mode := p.Decide(in).Fix.Mode; mode == FixAuto {
				t.Fatalf("auto with %+v", in)
			}
		}
		bare := in
		bare.Resource.Tags = map[string]string{}
		// Without tags only a rule that forbids by a tag can be missing.
		if with, without := p.Decide(in).Fix.Mode, p.Decide(bare).Fix.Mode; with.rank() > without.rank() {
			t.Fatalf("tags %v raise %s to %s", in.Resource.Tags, without, with)
		}
		vague := in
		vague.Account.Environment, vague.Account.Owner = "", ""
		if got := p.Decide(vague).Fix.Mode; got == FixAuto && (in.Control.ID == "EC2.18" || in.Control.ID == "EC2.19") {
			t.Fatal("auto for an account of which nothing is known")
		}
	})
}

func TestGlobs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[ab]{0,12}`).Draw(t, "s")
		if !newGlob("*").match(s) || !newGlob("*"+s+"*").match(s) || !newGlob(s).match(s) {
			t.Fatal(s)
		}
		if newGlob(s + "?").match(s) {
			t.Fatal(s)
		}
	})
	for pattern, want := range map[string]bool{"S3.*": true, "S3.1?": true, "*13": true, "S*.*3": true, "S3.1": false, "s3.*": false, "*4": false, "S3.13*?": false} {
		if newGlob(pattern).match("S3.13") != want {
			t.Errorf("%s", pattern)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	p := shippedPolicy(b, "s2")
	for name, in := range map[string]Input{
		"track over two standards": input("CloudTrail.1", "logging", finding.High, "fsbp", "cis-1.4"),
		"suppress":                 input("RDS.5", "availability", finding.Low, "fsbp"),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Decide(in)
			}
		})
	}
}

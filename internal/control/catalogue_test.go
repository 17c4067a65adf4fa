package control_test

import (
	"slices"
	"testing"

	"zesei/internal/control"
)

func load(t testing.TB) *control.Catalogue {
	t.Helper()
	c, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheCatalogueIsWhole(t *testing.T) {
	all := load(t).All()
	active := 0
	for _, one := range all {
		if one.Active() {
			active++
		}
	}
	if len(all) != 582 || active != 567 {
		t.Errorf("%d controls, %d active; want 582 and 567", len(all), active)
	}
}

func TestEveryControlIsDescribed(t *testing.T) {
	severities := []string{control.Low, control.Medium, control.High, control.Critical}
	classes := []string{control.Essential, control.Availability, control.Logging, control.EncryptionInTransit, control.EncryptionAtRest, control.Other}
	scopes := []string{control.ScopeAccount, control.ScopeAccountRegion, control.ScopeResource}
	for _, one := range load(t).All() {
		if !slices.Contains(severities, one.Severity) || !slices.Contains(classes, one.Class) || !slices.Contains(scopes, one.Scope) {
			t.Errorf("%s: severity %q, class %q, scope %q", one.ID, one.Severity, one.Class, one.Scope)
		}
		if len(one.ResourceTypes) == 0 || len(one.ConfigTypes) != len(one.ResourceTypes) {
			t.Errorf("%s: resource types %v, Config types %v", one.ID, one.ResourceTypes, one.ConfigTypes)
		}
		for standard := range one.Standards {
			if _, ok := control.StandardByID(standard); !ok {
				t.Errorf("%s: unknown standard %q", one.ID, standard)
			}
		}
		for _, id := range one.StandardIDs {
			if _, ok := control.StandardByID(id.Standard); !ok {
				t.Errorf("%s: unknown standard %q", one.ID, id.Standard)
			}
		}
	}
}

func TestAScopeOfTheAccountNamesTheAccount(t *testing.T) {
	for _, one := range load(t).All() {
		account := slices.Contains(one.ResourceTypes, "AWS::::Account")
		if one.Scope == control.ScopeAccount && !(account && one.Global) {
			t.Errorf("%s: scope account, but types %v, global %t", one.ID, one.ResourceTypes, one.Global)
		}
		if one.Scope == control.ScopeResource && account {
			t.Errorf("%s: scope resource on the account", one.ID)
		}
		if one.Scope == control.ScopeAccountRegion && one.Global {
			t.Errorf("%s: a fact of one Region cannot be global", one.ID)
		}
	}
}

func TestWhatControlsAreAboutAndSaidOf(t *testing.T) {
	tests := []struct {
		id, severity, class, scope string
		global                     bool
	}{
		{"CloudTrail.1", "HIGH", "essential", "account-region", false},
		{"EC2.19", "CRITICAL", "essential", "resource", false},
		{"EC2.6", "MEDIUM", "other", "resource", false},
		{"EC2.7", "MEDIUM", "encryption-at-rest", "account-region", false},
		{"EC2.182", "HIGH", "essential", "account-region", false},
		{"ELB.1", "MEDIUM", "encryption-in-transit", "resource", false},
		{"ELB.16", "MEDIUM", "other", "resource", false},
		{"RDS.5", "MEDIUM", "availability", "resource", false},
		{"DynamoDB.2", "MEDIUM", "availability", "resource", false},
		{"S3.1", "MEDIUM", "essential", "account", true},
		{"S3.4", "MEDIUM", "encryption-at-rest", "resource", false},
		{"S3.5", "MEDIUM", "encryption-in-transit", "resource", false},
		{"S3.8", "HIGH", "essential", "resource", false},
		{"S3.13", "LOW", "other", "resource", false},
		{"S3.14", "LOW", "availability", "resource", false},
		{"GuardDuty.1", "HIGH", "essential", "account-region", false},
		{"IAM.1", "HIGH", "essential", "resource", true},
		{"IAM.4", "CRITICAL", "essential", "account", true},
		{"IAM.28", "HIGH", "essential", "account-region", false},
		{"SSM.2", "HIGH", "other", "resource", false},
		{"WAF.1", "MEDIUM", "logging", "resource", true},
		{"CloudFront.3", "MEDIUM", "encryption-in-transit", "resource", true},
		{"KMS.2", "MEDIUM", "essential", "resource", true},
		{"ACM.3", "LOW", "other", "resource", false},
	}
	c := load(t)
	for _, want := range tests {
		got, ok := c.Lookup(want.id)
		if !ok {
			t.Errorf("%s: missing", want.id)
			continue
		}
		if got.Severity != want.severity || got.Class != want.class || got.Scope != want.scope || got.Global != want.global {
			t.Errorf("%s: %s %s %s global=%t, want %s %s %s global=%t", want.id, got.Severity, got.Class, got.Scope, got.Global, want.severity, want.class, want.scope, want.global)
		}
	}
}

func TestRemedies(t *testing.T) {
	c := load(t)
	want := map[string]string{
		"EC2.2": "default-security-group", "EC2.13": "security-group-ingress", "EC2.14": "security-group-ingress",
		"EC2.18": "security-group-ingress", "EC2.19": "security-group-ingress", "EC2.53": "security-group-ingress",
		"EC2.54": "security-group-ingress", "S3.1": "s3-account-public-access-block", "S3.4": "s3-encryption",
		"S3.8": "s3-public-access-block", "S3.14": "s3-versioning",
	}
	for _, one := range c.All() {
		if one.Remedy != want[one.ID] {
			t.Errorf("%s: remedy %q, want %q", one.ID, one.Remedy, want[one.ID])
		}
	}
}

func TestLookupTakesAnyLetterCase(t *testing.T) {
	c := load(t)
	for asked, want := range map[string]string{
		"s3.8": "S3.8", "S3.8": "S3.8", " ec2.19 ": "EC2.19", "autoscaling.5": "Autoscaling.5", "AutoScaling.5": "Autoscaling.5",
		"autoscaling.1": "AutoScaling.1", "OPENSEARCH.1": "Opensearch.1", "OpenSearch.1": "Opensearch.1",
	} {
		if got, ok := c.Lookup(asked); !ok || got.ID != want {
			t.Errorf("Lookup(%q) = %v, want %s", asked, got, want)
		}
	}
	for _, asked := range []string{"", "S3", "S3.", "S3.08", "S3.8.1", "NoSuch.1"} {
		if got, ok := c.Lookup(asked); ok {
			t.Errorf("Lookup(%q) = %s, want nothing", asked, got.ID)
		}
	}
}

func TestControlsComeInNaturalOrder(t *testing.T) {
	all := load(t).All()
	for i := 1; i < len(all); i++ {
		if control.Compare(all[i-1].ID, all[i].ID) >= 0 {
			t.Errorf("%s before %s", all[i-1].ID, all[i].ID)
		}
	}
	for _, pair := range [][2]string{{"S3.2", "S3.10"}, {"ACM.1", "ACM.2"}, {"AutoScaling.3", "Autoscaling.5"}, {"Autoscaling.5", "AutoScaling.6"}, {"RDS.50", "Redshift.1"}} {
		if control.Compare(pair[0], pair[1]) >= 0 || control.Compare(pair[1], pair[0]) <= 0 {
			t.Errorf("%s should come before %s", pair[0], pair[1])
		}
	}
}

func TestMatchTakesExactIDsAndGlobs(t *testing.T) {
	c := load(t)
	ids := func(glob string) []string {
		var ids []string
		for _, one := range c.Match(glob) {
			ids = append(ids, one.ID)
		}
		return ids
	}
	if got := ids("ec2.1"); !slices.Equal(got, []string{"EC2.1"}) {
		t.Errorf("exact id: %v", got)
	}
	if got := ids("Macie.*"); !slices.Equal(got, []string{"Macie.1", "Macie.2"}) {
		t.Errorf("Macie.*: %v", got)
	}
	if got := ids("S3.*"); len(got) != 22 || got[0] != "S3.1" || got[21] != "S3.25" {
		t.Errorf("S3.*: %v", got)
	}
	if got := ids("*"); len(got) != 582 {
		t.Errorf("*: %d controls", len(got))
	}
	for _, none := range []string{"", "S3.[", "NoSuch.*", "EC2"} {
		if got := ids(none); len(got) != 0 {
			t.Errorf("%q: %v", none, got)
		}
	}
}

func TestNearestProposesALikelyID(t *testing.T) {
	c := load(t)
	for asked, want := range map[string]string{"CR.1": "ECR.1", "EC2.I9": "EC2.19", "S3.88": "S3.8", "CloudTrial.1": "CloudTrail.1", "opensaerch.1": "Opensearch.1"} {
		if got := c.Nearest(asked); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", asked, got, want)
		}
	}
	for _, asked := range []string{"", "x", "something else"} {
		if got := c.Nearest(asked); got != "" {
			t.Errorf("Nearest(%q) = %q, want nothing", asked, got)
		}
	}
}

func TestCoversBothSpellingsOfAType(t *testing.T) {
	c := load(t)
	for _, pair := range [][2]string{
		{"ACM.1", "AWS::ACM::Certificate"}, {"ACM.1", "AWS::CertificateManager::Certificate"},
		{"Opensearch.1", "AWS::OpenSearch::Domain"}, {"Opensearch.1", "AWS::OpenSearchService::Domain"},
		{"DocumentDB.1", "AWS::RDS::DBCluster"}, {"Neptune.1", "AWS::Neptune::DBCluster"},
		{"S3.8", "aws::s3::bucket"}, {"IAM.1", "AWS::IAM::Policy"}, {"IAM.1", "AWS::IAM::ManagedPolicy"},
	} {
		if one, _ := c.Lookup(pair[0]); !one.Covers(pair[1]) {
			t.Errorf("%s does not cover %s", pair[0], pair[1])
		}
	}
	if one, _ := c.Lookup("S3.8"); one.Covers("AWS::EC2::SecurityGroup") {
		t.Error("S3.8 covers a security group")
	}
}

func TestRemediationURL(t *testing.T) {
	one, _ := load(t).Lookup("s3.13")
	if got, want := one.RemediationURL(), "https://docs.aws.amazon.com/console/securityhub/S3.13/remediation"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestTextFallsBackToEnglish(t *testing.T) {
	text := control.Text{EN: "e", JA: "j"}
	if text.In("ja") != "j" || text.In("en") != "e" || text.In("fr") != "e" || (control.Text{EN: "e"}).In("ja") != "e" {
		t.Error("In chose the wrong language")
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := control.Load(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkByGenerator(b *testing.B) {
	c := load(b)
	for b.Loop() {
		c.ByGenerator("aws-foundational-security-best-practices/v/1.0.0/EC2.19")
	}
}

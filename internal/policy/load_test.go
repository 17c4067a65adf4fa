package policy

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zesei/internal/finding"
)

var update = flag.Bool("update", false, "write the golden files")

var everything = Known{
	Owners:       []string{"shop", "security", "sandbox"},
	Accounts:     []string{"111122223333", "shop-prod"},
	Environments: []string{"prod", "dev"},
	Controls:     []string{"S3.1", "S3.4", "S3.8", "S3.13", "EC2.2", "EC2.19", "Macie.1", "MSK.1", "WAF.1", "ELB.16"},
	Remedies:     []string{"s3-encryption", "s3-versioning"},
	ReadFile:     os.ReadFile,
}

// Each bad file has the problems that it must give beside it.
func TestBadPolicies(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, err := Load(file, data, everything)
			if err == nil || p != nil {
				t.Fatal("was accepted")
			}
			if _, ok := err.(Problems); !ok {
				t.Fatalf("error is %T", err)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			got := strings.ReplaceAll(err.Error(), "testdata/bad/", "") + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGoodPolicies(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file, data, everything); err != nil {
			t.Errorf("%s:\n%v", file, err)
		}
	}
	for _, name := range ShippedNames {
		data, ok := Shipped(name)
		if !ok {
			t.Fatal(name)
		}
		if _, err := Load(name, data, Known{}); err != nil {
			t.Error(err)
		}
	}
}

func TestHashIsOfTheContent(t *testing.T) {
	a := load(t, "problem: [FAILED] # a\nresponses: [{do: track}]\ncontrols: {S3.1: {do: notify}}\n")
	b := load(t, "# b\ncontrols:\n  S3.1:\n    do: notify\nresponses:\n  - do: track\nproblem: FAILED\n")
	c := load(t, "problem: [FAILED]\nresponses: [{do: track}]\ncontrols: {S3.1: {do: track}}\n")
	if a.Hash() != b.Hash() {
		t.Error("layout changes the hash")
	}
	if a.Hash() == c.Hash() {
		t.Error("content does not change the hash")
	}
	if d := load(t, "calendar: japan\n"); d.Hash() == load(t, "calendar: weekends\n").Hash() {
		t.Error("the calendar does not change the hash")
	}
}

func TestProblemAndEnabled(t *testing.T) {
	p := load(t, "standards: [fsbp]\nproblem: [FAILED, WARNING]\n")
	if !p.Problem(finding.Warning) || p.Problem(finding.NotAvailable) || p.Problem(finding.Passed) {
		t.Error("problem")
	}
	if !p.Enabled("fsbp") || p.Enabled("cis-1.4") {
		t.Error("standards")
	}
	if p := load(t, ""); !p.Problem(finding.Failed) || p.Problem(finding.Warning) {
		t.Error("default problem")
	}
}

func TestSchemaNamesEveryKey(t *testing.T) {
	data, err := Schema().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"responses"`, `"fix_forbid_tags"`, `"when"`, `"additionalProperties":false`, `"quiet_hours"`} {
		if !strings.Contains(string(data), key) {
			t.Errorf("no %s in the schema", key)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, name := range ShippedNames {
		data, _ := Shipped(name)
		f.Add(data)
	}
	f.Add([]byte(everyRule))
	f.Add([]byte(fixRules))
	f.Add([]byte(ladder))
	f.Add([]byte("a: &a [*a]\nresponses: *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Load("policy.yaml", data, Known{})
		if (p == nil) == (err == nil) {
			t.Fatal("neither a policy nor an error")
		}
		if p != nil {
			p.Decide(input("S3.1", "essential", finding.High, "fsbp"))
		}
	})
}

func BenchmarkLoadS2(b *testing.B) {
	data, _ := Shipped("s2")
	for b.Loop() {
		if _, err := Load("policy.yaml", data, Known{}); err != nil {
			b.Fatal(err)
		}
	}
}

package config

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zesei/internal/policy"
)

var update = flag.Bool("update", false, "write the golden files")

func environment(name string) (string, bool) {
	v, ok := map[string]string{"ZONE": "Asia/Tokyo", "HOOK": "hook-value", "K": "k"}[name]
	return v, ok
}

func parse(t testing.TB, text string) *Config {
	t.Helper()
	c, err := Parse("zesei.yaml", []byte(text), environment, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each bad file has the problems that it must give beside it.
func TestBadFiles(t *testing.T) {
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
			c, err := Parse(file, data, environment, os.ReadFile)
			if err == nil || c != nil {
				t.Fatal("was accepted")
			}
			if strings.Contains(err.Error(), "xoxb-not-a-real-token") {
				t.Error("a secret stands in the problem")
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

func TestGoodFiles(t *testing.T) {
	for _, name := range []string{"design", "more"} {
		file := "testdata/good/" + name + ".yaml"
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(file, data, environment, os.ReadFile)
		if err != nil {
			t.Fatalf("%s:\n%v", file, err)
		}
		if c.Zone().String() != "Asia/Tokyo" {
			t.Errorf("%s: zone %s", file, c.Zone())
		}
	}
}

func TestDesignExample(t *testing.T) {
	c, err := Load("testdata/good/design.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if c.Intake.SecurityHub.Every.Duration() != 15*time.Minute || c.Intake.SQS[0].Queue == "" || c.Ticket["redmine"].Kind != "redmine" {
		t.Errorf("%+v", c.Intake)
	}
	if c.Notify.Slack.Token.Reference() != "secretsmanager:arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:slack#token" {
		t.Error(c.Notify.Slack.Token.Reference())
	}
	if c.Schedules[1].Timezone != "Asia/Tokyo" || c.Schedules[0].Empty != "skip" || c.DefaultOwner() != "security" {
		t.Error("schedules or default owner")
	}
	p, err := c.LoadPolicy([]string{"S3.1"}, nil)
	if err != nil || p.Zone().String() != "Asia/Tokyo" || p.Name() != "policy.yaml" {
		t.Errorf("policy %v", err)
	}
}

func TestWithoutAnyFile(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "zesei.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	c := Default()
	if c.Store != "sqlite:./zesei.db" || c.Zone() != time.UTC || c.Language != "en" {
		t.Errorf("%+v", c)
	}
	if a, _ := c.Account("111122223333"); a.Known {
		t.Error("an account is known")
	}
	p, err := parse(t, "language: ja\n").LoadPolicy(nil, nil)
	if err != nil || p.Name() != "built-in observe.yaml" {
		t.Errorf("policy %v", err)
	}
	if _, err := parse(t, "policy: other.yaml\n").LoadPolicy(nil, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a policy that is named must exist: %v", err)
	}
}

func TestSchemaHasBothFiles(t *testing.T) {
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"owner_from"`, `"policy.yaml"`, `"signing_secret"`, `"unclassified"`, `"pattern": "^[0-9]{12}$"`, `"https://json-schema.org/draft/2020-12/schema"`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s", want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	none := func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("zesei.yaml", data, environment, none)
		if (c == nil) == (err == nil) {
			t.Fatal("neither a configuration nor an error")
		}
		if c != nil {
			d := c.Directory()
			for _, id := range d.Accounts() {
				a, _ := d.Account(id)
				c.OwnerOf(a, policy.Resource{}, "")
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	data, err := os.ReadFile("testdata/good/design.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Parse("zesei.yaml", data, environment, os.ReadFile); err != nil {
			b.Fatal(err)
		}
	}
}

// A key that is read and does nothing would be believed.
func TestWhatThisVersionDoesNotDoIsRefused(t *testing.T) {
	for _, text := range []string{
		"store: postgres://db/zesei\n",
		"retention: {raw: 30 days}\n",
	} {
		_, err := Parse("zesei.yaml", []byte(text), environment, os.ReadFile)
		if err == nil || !strings.Contains(err.Error(), "this version") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestHowSlackComesBackIsChecked(t *testing.T) {
	for keys, want := range map[string]string{
		`app_token: "${env:HOOK}"`:                       "",
		`signing_secret: "${env:HOOK}", team: T012AB3CD`: "",
		`app_token: "${env:HOOK}", team: example`:        `"example" is no id of a workspace`,
		`team: T012AB3CD`:                                "nothing comes back from Slack",
	} {
		_, err := Parse("zesei.yaml", []byte(`notify: {slack: {token: "${env:HOOK}", `+keys+"}}\n"), environment, os.ReadFile)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v", keys, err)
		}
	}
}

// What is refused is not offered either, by an error or by the schema.
func TestOnlySQLiteIsOfferedAsAStore(t *testing.T) {
	_, err := Parse("zesei.yaml", []byte("store: mysql://x\n"), environment, os.ReadFile)
	schema, bad := Schema()
	if bad != nil {
		t.Fatal(bad)
	}
	if err == nil || !strings.Contains(err.Error(), "expected sqlite:FILE") || strings.Contains(err.Error()+string(schema), "postgres") {
		t.Errorf("got %v", err)
	}
}

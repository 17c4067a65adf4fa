package source

import (
	"strings"
	"testing"
	"testing/fstest"
)

const good = `- id: S3.8
  title: {en: Bucket is private, ja: バケットが公開されていない}
  severity: HIGH
  class: essential
  scope: resource
  resource: AWS::S3::Bucket
  standards: {fsbp: true, cis-1.4: ["2.1.5"]}
  ids: {cis-1.4: ["2.1.5.2"]}
  rule: s3-bucket-level-public-access-prohibited
  schedule: change
  apis: [s3:PutPublicAccessBlock]
  remedy: s3-public-access-block
`

func TestParseReadsAControl(t *testing.T) {
	controls, err := Parse("s3.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	c := controls[0]
	if len(controls) != 1 || c.ID != "S3.8" || c.Resource[0] != "AWS::S3::Bucket" || c.Standards["cis-1.4"][0] != "2.1.5" || c.IDs["cis-1.4"][0] != "2.1.5.2" {
		t.Errorf("%+v", c)
	}
	if numbers, member := c.Standards["fsbp"]; !member || len(numbers) != 0 {
		t.Errorf("fsbp: %v, %t", numbers, member)
	}
}

func TestParseRefusesWhatItDoesNotUnderstand(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"unknown key", "schedule: change", "shedule: change", `s3.yaml:14:3: unknown field "shedule"`},
		{"severity", "severity: HIGH", "severity: SEVERE", `s3.yaml:5: S3.8: severity: "SEVERE" is not one of INFORMATIONAL, LOW`},
		{"class", "class: essential", "class: vital", `S3.8: class: "vital" is not one of essential`},
		{"scope", "scope: resource", "scope: region", `S3.8: scope: "region" is not one of account`},
		{"schedule", "schedule: change", "schedule: daily", `S3.8: schedule: "daily" is not one of change`},
		{"no English", "en: Bucket is private, ", "", "S3.8: title.en: every control needs an English title"},
		{"no Japanese", ", ja: バケットが公開されていない", "", "S3.8: title.ja: every control needs a Japanese title"},
		{"id", "id: S3.8", "id: S3-8", `id: "S3-8" is not a control id`},
		{"leading zero", "id: S3.8", "id: S3.08", `id: "S3.08" is not a control id`},
		{"type", "AWS::S3::Bucket", "S3Bucket", `resource: "S3Bucket" is not a type`},
		{"no type", "resource: AWS::S3::Bucket", "resource: []", "resource: name at least one CloudFormation type"},
		{"types of Config", "resource: AWS::S3::Bucket", "resource: AWS::S3::Bucket\n  config: [AWS::A::B, AWS::C::D]", "config: 2 types beside 1"},
		{"standard", "fsbp: true", "fspb: true", `standards: "fspb" is not one of fsbp`},
		{"false", "fsbp: true", "fsbp: false", "leave out a standard that does not hold the control"},
		{"standard of an id", `ids: {cis-1.4`, `ids: {cis-14`, `ids: "cis-14" is not one of`},
		{"empty id", `["2.1.5.2"]`, `[""]`, "ids.cis-1.4: name at least one id"},
		{"call", "s3:PutPublicAccessBlock", "PutPublicAccessBlock", `apis: "PutPublicAccessBlock" is not a call`},
		{"remedy", "s3-public-access-block", "S3 block", `remedy: "S3 block" is not a remedy's name`},
		{"retired", "schedule: change", "schedule: change\n  retired: soon", `retired: "soon" is neither true nor a date`},
		{"retiring", "schedule: change", `schedule: change` + "\n  retiring: soon", `retiring: "soon" is not a date`},
		{"both", "schedule: change", "schedule: change\n  retired: \"true\"\n  retiring: \"2026-08-10\"", "retiring: a control that is retired"},
		{"key twice", "severity: HIGH", "severity: HIGH\n  severity: LOW", "severity"},
		{"tag", "severity: HIGH", "severity: !!str HIGH", "s3.yaml:7:13: Tag: write the value itself"},
		{"anchor", "severity: HIGH", "severity: &a HIGH", "without YAML tags, anchors or aliases"},
		{"broken", "class: essential", "class: [essential", "s3.yaml:"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(good, test.old) {
				t.Fatalf("%q is not in the sample", test.old)
			}
			text := "# buckets\n\n\n\n" + strings.Replace(good, test.old, test.new, 1)
			_, err := Parse("s3.yaml", []byte(text))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "s3.yaml:") {
				t.Errorf("got  %v\nwant s3.yaml:… %s", err, test.want)
			}
		})
	}
}

func TestParseRefusesAFileWithoutControls(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "id: S3.8\n", "3"} {
		if controls, err := Parse("s3.yaml", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), "s3.yaml:") {
			t.Errorf("%q: %v, %v", text, controls, err)
		}
	}
}

func TestReadRefusesAnIDThatStandsTwice(t *testing.T) {
	dir := fstest.MapFS{
		"a.yaml": {Data: []byte(good)},
		"b.yaml": {Data: []byte("# copy\n" + good)},
	}
	_, err := Read(dir)
	if want := "b.yaml:2: S3.8: id: S3.8 already stands at a.yaml:1"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := Read(fstest.MapFS{}); err == nil {
		t.Error("an empty directory is no catalogue")
	}
}

func TestABareNumberIsRefused(t *testing.T) {
	for _, change := range [][2]string{{`["2.1.5"]`, "[3.10]"}, {`["2.1.5.2"]`, "[4.10]"}} {
		_, err := Parse("s3.yaml", []byte(strings.Replace(good, change[0], change[1], 1)))
		if err == nil || !strings.Contains(err.Error(), "without quotes") || !strings.HasPrefix(err.Error(), "s3.yaml:") {
			t.Errorf("%s: %v", change[1], err)
		}
	}
}

func TestRenderIsTheSameEachTime(t *testing.T) {
	controls, err := Parse("s3.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	first, err := Render(controls)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, _ := Render(controls); string(again) != string(first) {
			t.Fatalf("%s\n%s", first, again)
		}
	}
	for _, want := range []string{`id: "S3.8"`, `{"fsbp", []string{}}, {"cis-1.4", []string{"2.1.5"}}`, `{"cis-1.4", "2.1.5.2"}`, `remedy: "s3-public-access-block"`} {
		if !strings.Contains(string(first), want) {
			t.Errorf("%s is not in\n%s", want, first)
		}
	}
}

func TestRenderKeepsTheCheckAndTheDates(t *testing.T) {
	text := good + "  fail: |\n    resource.Versioning != \"Enabled\"\n  retiring: \"2026-08-10\"\n  global: true\n"
	controls, err := Parse("s3.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Render(controls)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`fail: "resource.Versioning != \"Enabled\""`, `retiredOn: "2026-08-10"`, `global: true`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "retired: true") {
		t.Error("an announced control is not retired yet")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("- id: [")
	f.Add("! 000")
	f.Add("- {}\n- null\n")
	f.Add("- standards: {fsbp: [1, {a: b}]}")
	f.Fuzz(func(t *testing.T, text string) {
		controls, err := Parse("x.yaml", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.yaml") {
				t.Errorf("error without the file's name: %v", err)
			}
			return
		}
		if _, err := Render(controls); err != nil {
			t.Errorf("accepted but not rendered: %v", err)
		}
	})
}

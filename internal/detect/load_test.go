package detect

import (
	"errors"
	"strings"
	"testing"

	"zesei/internal/config/document"
)

func TestMistakesInAPackAreNamedWithLineAndField(t *testing.T) {
	_, err := LoadFile("ours.yaml", []byte(`pack: ours
title: {en: Ours, ja: 当社}
rules:
  - id: one
    title: {en: One}
    severity: SERIOUS
    event: {source: aws.ec2}
    opens: incidents
  - id: one
    title: {en: Two, ja: 二}
    severity: LOW
    log: '{ $.a == 1 }'
    opens: notice
    quiet: 3 moons
    treshold: {count: 1, within: 5m}
  - id: three
    title: {en: Three, ja: 三}
    severity: LOW
    event: {source: [aws.ec2]}
    log: '{ $.a = 1 }'
    opens: notice
    recheck: [EC2-19]
    resource: {type: SecurityGroup, id: requestParameters.groupId}
`))
	var problems document.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{
		"ours.yaml:5:12: rules[0].title: a title is missing",
		`ours.yaml:6:15: rules[0].severity: "SERIOUS" is no severity; expected INFORMATIONAL`,
		"ours.yaml:7:12: rules[0].event: ",
		`rules[0].opens: "incidents"; expected incident, notice, nothing or state; did you mean "incident"?`,
		`rules[1].id: a second rule "one"`,
		"ours.yaml:12:10: rules[1].log: ",
		`rules[1].quiet: "3 moons" is no span of time`,
		`rules[1].treshold: unknown key "treshold"`,
		"rules[2]: a rule needs either event or log",
		`rules[2].recheck[0]: "EC2-19" is no control`,
		`"requestParameters.groupId" does not begin with detail`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in\n%v", want, err)
		}
	}
}

func TestAnUnknownPackIsNamedWithThoseThatThereAre(t *testing.T) {
	_, err := Load("gardduty")
	if err == nil || !strings.Contains(err.Error(), "guardduty") || !strings.Contains(err.Error(), "baseline") {
		t.Error(err)
	}
}

func FuzzLoadFile(f *testing.F) {
	for _, name := range Names() {
		data, err := File(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:min(len(data), 4000)])
	}
	f.Add([]byte("pack: a\nrules: [{}, null, {id: x, event: '{\"a\":[1]}', examples: {match: [{times: 2}]}}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := LoadFile("x.yaml", data)
		if err == nil {
			if _, err := New([]*Pack{p}, Options{}); err != nil {
				t.Fatalf("a pack that loads makes no engine: %v", err)
			}
		}
	})
}

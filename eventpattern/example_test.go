package eventpattern_test

import (
	"fmt"

	"zesei/eventpattern"
)

func Example() {
	pattern, err := eventpattern.Parse([]byte(`{
	  "source": ["aws.securityhub"],
	  "detail": {"findings": {
	    "Compliance": {"Status": [{"anything-but": "PASSED"}]},
	    "Severity": {"Label": ["CRITICAL", "HIGH"]}
	  }}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	event := []byte(`{"source": "aws.securityhub", "detail": {"findings": [
	  {"Compliance": {"Status": "PASSED"}, "Severity": {"Label": "CRITICAL"}},
	  {"Compliance": {"Status": "FAILED"}, "Severity": {"Label": "LOW"}}
	]}}`)
	ok, err := pattern.Match(event)
	fmt.Println(ok, err)

	fields, _ := pattern.Explain(event)
	for _, f := range fields {
		fmt.Printf("%s %v: %s\n", f.Path, f.Matched, f.Why)
	}
	// Output:
	// false <nil>
	// detail.findings.Compliance.Status true: "FAILED" satisfies {"anything-but": ["PASSED"]}
	// detail.findings.Severity.Label false: "CRITICAL" satisfies "CRITICAL", but only in other array elements than those that satisfy detail.findings.Compliance.Status; one element must satisfy all fields inside it
	// source true: "aws.securityhub" satisfies "aws.securityhub"
}

func ExampleSet_Match() {
	var patterns []*eventpattern.Pattern
	for _, text := range []string{
		`{"detail": {"eventName": ["DeleteTrail", "StopLogging"]}}`,
		`{"detail": {"eventName": [{"prefix": "Delete"}]}}`,
		`{"detail": {"sourceIPAddress": [{"cidr": "10.0.0.0/8"}]}}`,
	} {
		p, err := eventpattern.Parse([]byte(text))
		if err != nil {
			fmt.Println(err)
			return
		}
		patterns = append(patterns, p)
	}
	set, err := eventpattern.NewSet(patterns...)
	if err != nil {
		fmt.Println(err)
		return
	}
	matching, err := set.Match([]byte(`{"detail": {"eventName": "DeleteTrail", "sourceIPAddress": "198.51.100.7"}}`), nil)
	fmt.Println(matching, err)
	// Output: [0 1] <nil>
}

func ExampleSyntaxError() {
	_, err := eventpattern.Parse([]byte(`{"port": [{"numeric": [">", 22, "<", 22]}]}`))
	fmt.Println(err)
	// Output: event pattern: the lower bound must be less than the upper bound (at byte 32)
}

package detect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"zesei/internal/config/document"
	"zesei/internal/event"
)

// Examples are events that a rule matches and events that it does not.
type Examples struct {
	Match   []Example `yaml:"match"`
	NoMatch []Example `yaml:"no_match"`
}

// Example is an event as a pack states it: an EventBridge event, or the fields
// of a CloudTrail record that matter, the others filled in. {times: 5, of: …}
// is that event so often, a minute's tenth apart.
type Example struct {
	Times int
	JSON  []byte
}

// ReadValue implements document.Reader.
func (x *Example) ReadValue(v document.Value) {
	if v.Kind() != document.Mapping {
		v.WrongKind("an event")
		return
	}
	x.Times = 1
	inner := v
	repeated := false
	for _, e := range v.Entries() {
		switch e.Key {
		case "times":
			if _, err := fmt.Sscan(e.Value.Raw(), &x.Times); err != nil || x.Times < 1 || x.Times > 10_000 {
				e.Value.Wrong(fmt.Sprintf("%q", e.Value.Raw()), "1 to 10000", "")
			}
			repeated = true
		case "of":
			inner = e.Value
		}
	}
	if repeated && inner.Path == v.Path {
		v.Wrong("of is missing", "times: 5, of: {…}", "")
	}
	x.JSON = asJSON(inner)
}

// exampleTime is when examples happen that do not say when.
var exampleTime = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

// item is the example as it would come in, for the n-th time.
func (x Example) item(n int) (event.Format, []byte, error) {
	d := json.NewDecoder(bytes.NewReader(x.JSON))
	d.UseNumber()
	var fields map[string]any
	if err := d.Decode(&fields); err != nil {
		return "", nil, fmt.Errorf("reading the example: %w", err)
	}
	fill := func(defaults map[string]any) {
		for name, value := range defaults {
			if _, ok := fields[name]; !ok {
				fields[name] = value
			}
		}
	}
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", n+1)
	at := exampleTime.Add(time.Duration(n) * 6 * time.Second).Format(time.RFC3339)
	format := event.CloudTrailItem
	if _, envelope := fields["detail-type"]; envelope {
		format = event.OtherEvent
		if fields["detail-type"] == "Security Hub Findings - Imported" {
			format = event.ImportedEvent
		}
		fill(map[string]any{
			"version": "0", "id": id, "account": "111122223333", "region": "ap-northeast-1",
			"time": at, "resources": []any{}, "detail": map[string]any{},
		})
	} else {
		fill(map[string]any{
			"eventVersion": "1.09", "eventID": id, "eventTime": at, "awsRegion": "ap-northeast-1",
			"recipientAccountId": "111122223333", "eventType": "AwsApiCall",
			"sourceIPAddress": "203.0.113.9", "userAgent": "aws-cli/2.31.0",
			"userIdentity": map[string]any{
				"type": "AssumedRole", "principalId": "AROAEXAMPLE:taro", "accountId": "111122223333",
				"arn": "arn:aws:sts::111122223333:assumed-role/admin/taro",
			},
		})
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return "", nil, fmt.Errorf("printing the example: %w", err)
	}
	return format, raw, nil
}

// Failure is an example with which a rule does not do what its pack says.
type Failure struct {
	Rule    string `json:"rule"`
	Example string `json:"example"` // match[0], no_match[2]
	Why     string `json:"why"`
}

// Test runs the examples of a pack. Each event goes through all rules of the
// pack; what counts is whether the example's own rule speaks. A rule without
// examples of both kinds fails.
func Test(p *Pack, options Options) (failures []Failure, ran int, err error) {
	options.Trusted = func(string, string) bool { return true }
	e, err := New([]*Pack{p}, options)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range p.Rules {
		for kind, list := range map[string][]Example{"match": r.Examples.Match, "no_match": r.Examples.NoMatch} {
			if len(list) == 0 {
				failures = append(failures, Failure{r.Name(), kind, "no example; a rule needs one that matches and one that does not"})
			}
			for i, x := range list {
				ran++
				name := fmt.Sprintf("%s[%d]", kind, i)
				hits, err := e.run(r, x)
				switch {
				case err != nil:
					failures = append(failures, Failure{r.Name(), name, err.Error()})
				case len(hits) == 0 && kind == "match":
					failures = append(failures, Failure{r.Name(), name, "the rule says nothing"})
				case len(hits) > 0 && kind == "no_match":
					failures = append(failures, Failure{r.Name(), name, "the rule speaks"})
				}
			}
		}
	}
	return failures, ran, nil
}

// run gives the hits of one rule on one example.
func (e *Engine) run(r *Rule, x Example) (hits []Hit, err error) {
	b := e.Batch(nil)
	for n := range x.Times {
		format, raw, err := x.item(n)
		if err != nil {
			return nil, err
		}
		all, err := b.Detect(format, raw, exampleTime.Add(time.Hour))
		if err != nil {
			return nil, err
		}
		for _, h := range all {
			if h.Rule.Name() == r.Name() {
				hits = append(hits, h)
			}
		}
	}
	return hits, nil
}

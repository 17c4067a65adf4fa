package detect

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"zesei/eventpattern"
	"zesei/logpattern"
)

// Imported says what became of one resource of a template.
type Imported struct {
	Resource string   `json:"resource"`       // its logical id
	Type     string   `json:"type"`           // AWS::Events::Rule, AWS::Logs::MetricFilter
	Rule     string   `json:"rule,omitempty"` // the rule's id in the pack; "" where it was left out
	Notes    []string `json:"notes"`          // why it was left out, or what to look at
}

// Import writes a pack of the EventBridge rules and metric filters (with the
// alarms on their metrics) of a CloudFormation template, in JSON or YAML. What
// it cannot take over it leaves out and says so; severities, titles in a second
// language and examples are for a person to add, and each is noted.
//
// The error is about the template as a whole: unreadable, or nothing in it.
func Import(packID string, data []byte) (pack []byte, report []Imported, err error) {
	if !idForm.MatchString(packID) {
		return nil, nil, fmt.Errorf("%q is no name for a pack; expected letters and digits, with - and . between them", packID)
	}
	t, err := readTemplate(data)
	if err != nil {
		return nil, nil, err
	}
	im := importer{template: &t, ids: map[string]bool{}}
	fmt.Fprintf(&im.out, "# Imported from a CloudFormation template: set severities, add titles and examples.\npack: %s\ntitle: {en: %s, ja: %s}\nrules:\n",
		packID, quoted("Imported rules: "+packID), quoted("取り込んだルール: "+packID))
	rules := 0
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[id]
		one := Imported{Resource: id, Type: r.Type}
		switch r.Type {
		case "AWS::Events::Rule":
			im.eventRule(&one, r.Properties)
		case "AWS::Logs::MetricFilter":
			im.metricFilter(&one, r.Properties)
		default:
			continue
		}
		if one.Rule != "" {
			rules++
		}
		report = append(report, one)
	}
	if rules == 0 {
		return nil, report, fmt.Errorf("the template has no EventBridge rule and no metric filter that can be imported (of %d resources)", len(t.Resources))
	}
	return im.out.Bytes(), report, nil
}

type importer struct {
	template *template
	out      bytes.Buffer
	ids      map[string]bool
}

func (im *importer) eventRule(one *Imported, properties map[string]any) {
	note := func(format string, args ...any) { one.Notes = append(one.Notes, fmt.Sprintf(format, args...)) }
	pattern, ok := properties["EventPattern"]
	if !ok {
		note("left out: it runs on a schedule and matches no event")
		return
	}
	if properties["State"] == "DISABLED" {
		note("left out: it is disabled")
		return
	}
	resolved, err := im.template.resolve(pattern)
	if err != nil {
		note("left out: EventPattern: %v", err)
		return
	}
	text, isText := resolved.(string)
	if !isText {
		text = printed(resolved)
	}
	if _, err := eventpattern.Parse([]byte(text)); err != nil {
		note("left out: %v", err)
		return
	}
	note("severity MEDIUM and opens: notice were chosen; set what is right")
	im.begin(one, cmp.Or(im.text(properties["Description"]), one.Resource))
	fmt.Fprintf(&im.out, "    event: %s\n    opens: notice\n", compact(text))
}

func (im *importer) metricFilter(one *Imported, properties map[string]any) {
	note := func(format string, args ...any) { one.Notes = append(one.Notes, fmt.Sprintf(format, args...)) }
	resolved, err := im.template.resolve(properties["FilterPattern"])
	text, ok := resolved.(string)
	switch {
	case err != nil:
		note("left out: FilterPattern: %v", err)
		return
	case !ok:
		note("left out: FilterPattern is missing or no text")
		return
	}
	f, err := logpattern.Parse(text)
	if err != nil {
		note("left out: %v", err)
		return
	}
	if f.Kind() != logpattern.JSON {
		note("it is no JSON pattern: zesei reads CloudTrail records, not other logs")
	}
	title, threshold := one.Resource, ""
	if alarm := im.alarmOf(properties); alarm == nil {
		note("no alarm watches its metric: each match is told")
	} else {
		title = cmp.Or(im.text(alarm["AlarmDescription"]), title)
		if threshold, err = alarmThreshold(alarm); err != nil {
			note("left out: its alarm: %v", err)
			return
		}
	}
	note("severity MEDIUM and opens: notice were chosen; set what is right")
	im.begin(one, title)
	fmt.Fprintf(&im.out, "    log: %s\n", quoted(strings.ReplaceAll(text, "${", "$${")))
	if threshold != "" {
		fmt.Fprintf(&im.out, "    threshold: %s\n", threshold)
	}
	im.out.WriteString("    opens: notice\n")
}

func (im *importer) begin(one *Imported, title string) {
	one.Rule = ruleID(one.Resource)
	for n := 2; im.ids[one.Rule]; n++ {
		one.Rule = ruleID(one.Resource) + "-" + strconv.Itoa(n)
	}
	im.ids[one.Rule] = true
	title = strings.ReplaceAll(cmp.Or(clean(title), one.Rule), "${", "$${")
	fmt.Fprintf(&im.out, "  - id: %s\n    title: {en: %s, ja: %s}\n    severity: MEDIUM\n", one.Rule, quoted(title), quoted(title))
}

func (im *importer) text(v any) string {
	resolved, err := im.template.resolve(v)
	if s, ok := resolved.(string); ok && err == nil {
		return s
	}
	return ""
}

// alarmOf finds the alarm on the metric that a filter feeds.
func (im *importer) alarmOf(filter map[string]any) map[string]any {
	list, _ := filter["MetricTransformations"].([]any)
	for _, item := range list {
		metric, _ := item.(map[string]any)
		name, space := im.text(metric["MetricName"]), im.text(metric["MetricNamespace"])
		if name == "" {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(im.template.Resources)) {
			r := im.template.Resources[id]
			if r.Type == "AWS::CloudWatch::Alarm" && im.text(r.Properties["MetricName"]) == name && im.text(r.Properties["Namespace"]) == space {
				return r.Properties
			}
		}
	}
	return nil
}

// alarmThreshold gives an alarm's condition as a threshold.
func alarmThreshold(alarm map[string]any) (string, error) {
	if s := fmt.Sprint(alarm["Statistic"]); s != "Sum" && s != "SampleCount" {
		return "", fmt.Errorf("statistic %s; only Sum and SampleCount count events", s)
	}
	number := func(name string, or float64) float64 {
		if f, err := strconv.ParseFloat(fmt.Sprint(alarm[name]), 64); err == nil {
			return f
		}
		return or
	}
	count := number("Threshold", math.NaN())
	switch op := fmt.Sprint(alarm["ComparisonOperator"]); op {
	case "GreaterThanOrEqualToThreshold":
		count = math.Ceil(count)
	case "GreaterThanThreshold":
		count = math.Floor(count) + 1
	default:
		return "", fmt.Errorf("comparison %s; only GreaterThanThreshold and GreaterThanOrEqualToThreshold can be counted", op)
	}
	count = max(count, 1)
	seconds := number("Period", math.NaN())
	if math.IsNaN(count) || math.IsNaN(seconds) || count > 10_000 || seconds < 1 {
		return "", fmt.Errorf("threshold %v in a period of %v is not known or too large", alarm["Threshold"], alarm["Period"])
	}
	if periods := number("EvaluationPeriods", 1); periods > 1 && number("DatapointsToAlarm", periods) > 1 {
		return "", fmt.Errorf("it wants several periods (%v) in a row", periods)
	}
	return fmt.Sprintf("{count: %d, within: %ds, per: account}", int(count), int(seconds)), nil
}

var (
	cdkSuffix = regexp.MustCompile(`[0-9A-F]{8}$`)
	wordStart = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	noID      = regexp.MustCompile(`[^a-z0-9]+`)
)

// ruleID makes an id of a logical id, without the hash that the CDK appends.
func ruleID(logical string) string {
	if short := cdkSuffix.ReplaceAllString(logical, ""); short != "" {
		logical = short
	}
	id := strings.ToLower(wordStart.ReplaceAllString(logical, "$1-$2"))
	return cmp.Or(strings.Trim(noID.ReplaceAllString(id, "-"), "-"), "rule")
}

func quoted(s string) string {
	var b bytes.Buffer
	quoteJSON(&b, s)
	return b.String()
}

func printed(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // it was decoded from JSON
	return strings.TrimSpace(b.String())
}

// compact prints JSON so that YAML reads it as the same, on one line.
func compact(text string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		return quoted(text)
	}
	return quoted(strings.ReplaceAll(b.String(), "${", "$${"))
}

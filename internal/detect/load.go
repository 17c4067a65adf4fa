package detect

import (
	"embed"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"zesei/internal/config/document"
)

//go:embed packs/*.yaml
var shipped embed.FS

// Names lists the packs that zesei ships, in alphabetical order.
func Names() (names []string) {
	files, err := shipped.ReadDir("packs")
	if err != nil {
		panic(err) // embedded
	}
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return names
}

// Load reads packs that zesei ships, by name. A name that there is not is an
// error that lists those that there are.
func Load(names ...string) (packs []*Pack, err error) {
	for _, name := range names {
		if !slices.Contains(Names(), name) {
			hint := document.DidYouMean(name, Names())
			if hint != "" {
				hint = "; " + hint
			}
			return nil, fmt.Errorf("no detection pack %q; there are %s%s", name, strings.Join(Names(), ", "), hint)
		}
		data, err := shipped.ReadFile(path.Join("packs", name+".yaml"))
		if err != nil {
			return nil, fmt.Errorf("reading the pack %s: %w", name, err)
		}
		p, err := LoadFile("packs/"+name+".yaml", data)
		if err != nil {
			return nil, err
		}
		packs = append(packs, p)
	}
	return packs, nil
}

// File returns the file of a pack that zesei ships.
func File(name string) ([]byte, error) { return shipped.ReadFile("packs/" + name + ".yaml") }

// LoadFile reads a pack. The error is document.Problems: each names file, line
// and field, what is wrong and what was expected.
func LoadFile(file string, data []byte) (*Pack, error) {
	doc := document.Parse(file, data, nil)
	p := &Pack{}
	doc.Into(p)
	p.check(doc)
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9]+([-.][A-Za-z0-9]+)*$`)

// check finds what reading one field could not.
func (p *Pack) check(doc *document.Doc) {
	if !idForm.MatchString(p.ID) {
		doc.Wrong("pack", document.Problem{Message: fmt.Sprintf("%q is no name for a pack", p.ID), Expected: "letters and digits, with - and . between them"})
	}
	if p.Title.EN == "" || p.Title.JA == "" {
		doc.Wrong("title", document.Problem{Message: "a title is missing", Expected: "title: {en: …, ja: …}"})
	}
	if len(p.Rules) == 0 {
		doc.Wrong("rules", document.Problem{Message: "the pack has no rules", Expected: "a list of rules"})
	}
	seen := map[string]bool{}
	for i, r := range p.Rules {
		if r == nil {
			p.Rules[i] = &Rule{}
			r = p.Rules[i]
		}
		r.Pack = p.ID
		at := fmt.Sprintf("rules[%d]", i)
		r.check(func(field, message, expected string) {
			where := at
			if field != "" {
				where += "." + field
			}
			doc.Wrong(where, document.Problem{Message: message, Expected: expected})
		}, func(field string) bool { return doc.Has(at + "." + field) })
		if seen[r.ID] {
			doc.Wrong(at+".id", document.Problem{Message: fmt.Sprintf("a second rule %q", r.ID), Expected: "one rule an id"})
		}
		seen[r.ID] = true
	}
}

func (r *Rule) check(wrong func(field, message, expected string), has func(field string) bool) {
	if !idForm.MatchString(r.ID) {
		wrong("id", fmt.Sprintf("%q is no id of a rule", r.ID), "letters and digits, with - and . between them")
	}
	if r.Title.EN == "" || r.Title.JA == "" {
		wrong("title", "a title is missing", "title: {en: …, ja: …}")
	}
	if has("event") == has("log") {
		wrong("", "a rule needs either event or log", "event: an EventBridge pattern, or log: a filter pattern")
	}
	if r.Opens == "" && !has("opens") {
		if len(r.Recheck) > 0 {
			r.Opens = OpensNothing
		} else {
			wrong("opens", "the rule does not say what it opens", "incident, notice, state or nothing")
		}
	}
	if r.Severity.empty() && !has("severity") && r.Opens != OpensNothing {
		wrong("severity", "the severity is missing", severities)
	}
	if (r.Status != nil) != (r.Opens == OpensState) {
		wrong("status", "status goes with opens: state, and state needs it", "status: {from: path, failed: […], passed: […]}")
	}
	if r.Status != nil && r.Status.From.empty() && !has("status.from") {
		wrong("status.from", "missing", "the path of a field of the event")
	}
	if t := r.Threshold; t != nil {
		if t.Count < 1 || t.Count > 10_000 {
			wrong("threshold.count", fmt.Sprintf("%d", t.Count), "1 to 10000")
		}
		if t.Within.Duration == 0 && !has("threshold.within") {
			wrong("threshold.within", "missing", "as 5m")
		}
	}
	if has("closes") && has("threshold") {
		wrong("closes", "an incident of a threshold ends by being quiet", "quiet: 1d")
	}
	if has("closes") && r.Opens != OpensIncident {
		wrong("closes", "only an incident can be closed", "opens: incident")
	}
	if has("quiet") && r.Opens != OpensIncident {
		wrong("quiet", "only an incident ends by being quiet", "opens: incident")
	}
	for i, id := range r.Recheck {
		if _, err := parsePath(id); err != nil && !controlForm.MatchString(id) {
			wrong(fmt.Sprintf("recheck[%d]", i), fmt.Sprintf("%q is no control", id), "a control as EC2.19, or the path of a field that names one")
		}
	}
	for i, place := range r.Resource {
		if len(place.ID) == 0 || place.Type == "" {
			wrong("resource", fmt.Sprintf("place %d needs type and id", i+1), "{type: AWS::EC2::SecurityGroup, id: detail.requestParameters.groupId}")
		} else if _, err := parsePath(place.Type); err != nil && !strings.HasPrefix(place.Type, "AWS::") && place.Type != "Other" {
			wrong("resource", fmt.Sprintf("type %q", place.Type), "a CloudFormation type, as AWS::EC2::SecurityGroup, a path under which it stands, or Other")
		}
	}
}

var controlForm = regexp.MustCompile(`^[A-Za-z0-9]+\.[0-9]+$`)

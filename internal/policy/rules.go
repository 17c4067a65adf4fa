package policy

import (
	"fmt"
	"slices"
	"strings"

	"zesei/internal/calendar"
	"zesei/internal/config/document"
	"zesei/internal/finding"
)

// rule is a compiled rule of `responses:` (or `unclassified:`).
type rule struct {
	id        string // policy.yaml:14 responses[4]
	standards []string
	controls  []glob
	classes   []string
	severity  []finding.Severity
	accounts  []selector
	owners    []string
	when      *condition
	do        Response
	reason    string
	due       calendar.Span
	to        string
	urgent    bool
}

// override is a compiled entry of `controls:`.
type override struct {
	rule
	pattern glob
	class   string
	level   finding.Severity
}

// ruleID names a rule as people find it: file, line and path.
func (c *check) ruleID(path string) string {
	return fmt.Sprintf("%s:%d %s", c.name, c.doc.At(path).Line, path)
}

func (c *check) responses(p *Policy) {
	unconditional := ""
	for i, f := range c.file.Responses {
		path := fmt.Sprintf("responses[%d]", i)
		if unconditional != "" {
			c.doc.Wrong(path, Problem{Message: "this rule is never asked: " + unconditional + " before it matches everything", Hint: "move it up, or remove it"})
		}
		r := c.response(path, f)
		if unconditional == "" && !c.hasAny(path, "when", "standard", "controls", "class", "severity", "accounts", "owner") {
			unconditional = path
		}
		p.rules = append(p.rules, r)
	}
	if u := c.file.Unclassified; u != nil {
		c.oneOf("unclassified.do", u.Do, responseNames[:3], true)
		c.owner("unclassified.owner", u.Owner)
		if u.Owner == "" {
			u.Owner = c.known.DefaultOwner // before the hash is taken: it changes decisions
		}
		p.none = &rule{id: c.ruleID("unclassified"), do: Response(u.Do), to: u.Owner, reason: u.Reason}
	}
}

func (c *check) response(path string, f ResponseFile) *rule {
	c.oneOf(path+".do", f.Do, responseNames, true)
	c.words(path+".standard", f.Standard, Standards)
	for i, s := range f.Standard {
		if slices.Contains(Standards, s) && !slices.Contains(c.file.Standards, s) {
			c.doc.Wrong(fmt.Sprintf("%s.standard[%d]", path, i), Problem{Message: s + " is not enabled, so the rule never answers", Hint: "add it to standards"})
		}
	}
	c.controls(path+".controls", f.Controls)
	c.words(path+".class", f.Class, Classes)
	c.words(path+".severity", f.Severity, severityNames)
	for i, o := range f.Owner {
		c.owner(fmt.Sprintf("%s.owner[%d]", path, i), o)
	}
	c.owner(path+".to", f.To)
	if !f.Due.IsZero() && f.Do != string(Track) {
		c.doc.Wrong(path+".due", Problem{Message: "only a case that is tracked has a deadline", Hint: "write do: track, or remove due"})
	}
	if c.doc.Has(path+".standard") && len(f.Standard) == 0 || c.doc.Has(path+".controls") && len(f.Controls) == 0 ||
		c.doc.Has(path+".class") && len(f.Class) == 0 || c.doc.Has(path+".severity") && len(f.Severity) == 0 ||
		c.doc.Has(path+".accounts") && len(f.Accounts) == 0 || c.doc.Has(path+".owner") && len(f.Owner) == 0 {
		c.doc.Wrong(path, Problem{Message: "a condition is empty, which would make the rule match everything", Hint: "fill it, or remove its key"})
	}
	severities := make([]finding.Severity, len(f.Severity))
	for i, s := range f.Severity {
		severities[i] = finding.Severity(s)
	}
	return &rule{
		id: c.ruleID(path), standards: f.Standard, controls: newGlobs(f.Controls), classes: f.Class, severity: severities,
		accounts: c.selectors(path+".accounts", f.Accounts), owners: f.Owner, when: c.condition(path+".when", f.When),
		do: Response(f.Do), reason: f.Reason, due: f.Due, to: f.To, urgent: f.Urgent,
	}
}

func (c *check) overrides(p *Policy) {
	p.exact = map[string]*override{}
	for _, f := range c.file.Controls {
		path := "controls." + f.Control
		c.control(path, f.Control)
		c.oneOf(path+".do", f.Do, responseNames, false)
		c.oneOf(path+".class", f.Class, Classes, false)
		c.oneOf(path+".severity", f.Severity, severityNames, false)
		c.owner(path+".to", f.To)
		if !f.Due.IsZero() && f.Do != "" && f.Do != string(Track) {
			c.doc.Wrong(path+".due", Problem{Message: "only a case that is tracked has a deadline", Hint: "write do: track, or remove due"})
		}
		o := &override{
			rule:    rule{id: c.ruleID(path), do: Response(f.Do), due: f.Due, reason: f.Reason, to: f.To},
			pattern: newGlob(f.Control), class: f.Class, level: finding.Severity(f.Severity),
		}
		if o.pattern.plain {
			p.exact[f.Control] = o
		} else {
			p.patterns = append(p.patterns, o)
		}
	}
}

// hasAny says whether the file states one of the keys.
func (c *check) hasAny(path string, keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return c.doc.Has(path + "." + k) })
}

// words checks a list against the words allowed in it.
func (c *check) words(path string, list, allowed []string) {
	for i, w := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !c.doc.Has(at) { // a single word that stands for a list
			at = path
		}
		c.oneOf(at, w, allowed, true)
	}
}

func (c *check) controls(path string, list []string) {
	for i, id := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !c.doc.Has(at) {
			at = path
		}
		c.control(at, id)
	}
}

// control wants an id of the catalogue, or a pattern that matches one.
func (c *check) control(at, id string) {
	if c.known.Controls == nil || strings.Contains(id, "/") {
		return
	}
	g := newGlob(id)
	for _, k := range c.known.Controls {
		if g.match(k) {
			return
		}
	}
	message := fmt.Sprintf("no control %q is known", id)
	if !g.plain {
		message = fmt.Sprintf("no known control matches %q", id)
	}
	c.doc.Wrong(at, Problem{Message: message, Hint: document.DidYouMean(id, c.known.Controls)})
}

func (c *check) owner(at, name string) {
	if name == "" || c.known.Owners == nil || slices.Contains(c.known.Owners, name) {
		return
	}
	c.doc.Wrong(at, Problem{Message: fmt.Sprintf("no owner %q is configured", name), Expected: document.OneOf(c.known.Owners), Hint: document.DidYouMean(name, c.known.Owners)})
}

// match says whether the rule's conditions hold, or which does not.
func (r *rule) match(f *facts) (bool, string) {
	in := f.in
	if len(r.standards) > 0 && !slices.Contains(r.standards, f.standard) {
		if f.standard == "" {
			return false, "no enabled standard holds the control; the rule is about [" + strings.Join(r.standards, " ") + "]"
		}
		return false, "standard " + f.standard + " is not in [" + strings.Join(r.standards, " ") + "]"
	}
	if len(r.controls) > 0 && !anyMatch(r.controls, in.Control.ID) {
		return false, "control " + in.Control.ID + " is not in " + joinGlobs(r.controls)
	}
	if len(r.classes) > 0 && !slices.Contains(r.classes, f.class) {
		return false, "class " + orNone(f.class) + " is not in [" + strings.Join(r.classes, " ") + "]"
	}
	if len(r.severity) > 0 && !slices.Contains(r.severity, f.severity) {
		return false, "severity " + orNone(string(f.severity)) + " is not in " + joinSeverities(r.severity)
	}
	if len(r.owners) > 0 && !slices.Contains(r.owners, in.Owner) {
		return false, "owner " + orNone(in.Owner) + " is not in [" + strings.Join(r.owners, " ") + "]"
	}
	if v, why := pick(r.accounts, &in.Account, in.Owner); v != yes {
		return false, why
	}
	if r.when != nil {
		if ok, why := r.when.holds(f); !ok {
			return false, why
		}
	}
	return true, r.matched(f)
}

// matched names the conditions that held.
func (r *rule) matched(f *facts) string {
	var parts []string
	add := func(set bool, text, value string) {
		if set {
			parts = append(parts, text+value)
		}
	}
	add(len(r.standards) > 0, "standard ", f.standard)
	add(len(r.controls) > 0, "control ", f.in.Control.ID)
	add(len(r.classes) > 0, "class ", f.class)
	add(len(r.severity) > 0, "severity ", string(f.severity))
	add(len(r.owners) > 0, "owner ", f.in.Owner)
	add(len(r.accounts) > 0, "account ", f.in.Account.label())
	if r.when != nil {
		add(true, "when ", r.when.text)
	}
	if len(parts) == 0 {
		return "matches every case"
	}
	return strings.Join(parts, ", ")
}

func joinGlobs(globs []glob) string {
	texts := make([]string, len(globs))
	for i, g := range globs {
		texts[i] = g.text
	}
	return "[" + strings.Join(texts, " ") + "]"
}

func joinSeverities(list []finding.Severity) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = string(s)
	}
	return "[" + strings.Join(texts, " ") + "]"
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

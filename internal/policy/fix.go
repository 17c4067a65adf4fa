package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"zesei/internal/config/document"
)

// fixRule is a compiled rule of `fix:`.
type fixRule struct {
	id       string
	ruleset  string
	controls []glob
	accounts []selector
	names    []glob
	arns     []glob
	types    []string
	tags     []tagMark
	mode     FixMode
	managed  FixMode
	with     map[string]string
	remedies []string
	after    time.Duration
	comment  string
}

// tagMark is a tag key with a pattern of its value.
type tagMark struct {
	key   string
	value glob
	any   bool // the key alone counts
}

func (m tagMark) in(tags map[string]string) bool {
	v, ok := tags[m.key]
	return ok && (m.any || m.value.match(v))
}

func (m tagMark) String() string {
	if m.any {
		return m.key
	}
	return m.key + "=" + m.value.text
}

func tagMarks(list []string) []tagMark {
	out := make([]tagMark, len(list))
	for i, s := range list {
		key, value, found := strings.Cut(s, "=")
		out[i] = tagMark{key: key, value: newGlob(value), any: !found}
	}
	return out
}

// defaultForbid is the tag that forbids fixes where the file names none.
const defaultForbid = "zesei:fix=off"

// stackTag marks what CloudFormation made. AWS sets it and nobody else may
// (CloudFormation user guide, "Resource tag").
const stackTag = "aws:cloudformation:stack-id"

func (c *check) fixes(p *Policy) {
	f := c.file
	if f.FixForbidTags == nil {
		f.FixForbidTags = []string{defaultForbid}
	}
	p.forbid = tagMarks(f.FixForbidTags)
	p.managed = append(tagMarks([]string{stackTag}), tagMarks(f.IaCTags)...)
	unconditional := ""
	for i, r := range f.Fix {
		path := fmt.Sprintf("fix[%d]", i)
		if unconditional != "" {
			c.doc.Wrong(path, Problem{Message: "this rule is never asked: " + unconditional + " before it matches everything", Hint: "move it up, or remove it"})
		}
		compiled := c.fix(path, r)
		if unconditional == "" && !c.hasAny(path, "ruleset", "controls", "accounts", "resources") {
			unconditional = path
		}
		p.fix = append(p.fix, compiled)
	}
}

func (c *check) fix(path string, r FixFile) *fixRule {
	c.oneOf(path+".mode", r.Mode, modeNames, true)
	c.oneOf(path+".managed", r.Managed, []string{string(FixSuggest), string(FixApprove)}, false)
	c.oneOf(path+".ruleset", r.Ruleset, Standards, false)
	c.controls(path+".controls", r.Controls)
	if c.known.Remedies != nil {
		for i, name := range r.Remedies {
			if !slices.Contains(c.known.Remedies, name) {
				c.doc.Wrong(fmt.Sprintf("%s.remedies[%d]", path, i), Problem{Message: fmt.Sprintf("no remedy %q is known", name), Expected: document.OneOf(c.known.Remedies), Hint: document.DidYouMean(name, c.known.Remedies)})
			}
		}
	}
	if c.doc.Has(path+".controls") && len(r.Controls) == 0 || c.doc.Has(path+".accounts") && len(r.Accounts) == 0 ||
		c.doc.Has(path+".resources") && len(r.Resources.Name)+len(r.Resources.ARN)+len(r.Resources.Type)+len(r.Resources.Tags) == 0 {
		c.doc.Wrong(path, Problem{Message: "a filter is empty, which would make the rule match everything", Hint: "fill it, or remove its key"})
	}
	if !r.After.IsZero() && r.Mode != string(FixAuto) {
		c.doc.Wrong(path+".after", Problem{Message: "only an automatic fix waits", Hint: "write mode: auto, or remove after"})
	}
	managed := FixSuggest
	if r.Managed != "" {
		managed = FixMode(r.Managed)
	}
	marks := make([]tagMark, 0, len(r.Resources.Tags))
	for _, key := range slices.Sorted(maps.Keys(r.Resources.Tags)) {
		marks = append(marks, tagMark{key: key, value: newGlob(r.Resources.Tags[key])})
	}
	return &fixRule{
		id: c.ruleID(path), ruleset: r.Ruleset, controls: newGlobs(r.Controls), accounts: c.selectors(path+".accounts", r.Accounts),
		names: newGlobs(r.Resources.Name), arns: newGlobs(r.Resources.ARN), types: r.Resources.Type, tags: marks,
		mode: FixMode(r.Mode), managed: managed, with: r.With, remedies: r.Remedies, after: r.After.Duration(), comment: r.Comment,
	}
}

// match evaluates the filters of the rule except that on tags.
func (r *fixRule) match(f *facts) (verdict, string) {
	in := f.in
	if r.ruleset != "" && !slices.Contains(in.Standards, r.ruleset) {
		return no, "control " + in.Control.ID + " is not reported under " + r.ruleset
	}
	if len(r.controls) > 0 && !anyMatch(r.controls, in.Control.ID) {
		return no, "control " + in.Control.ID + " is not in " + joinGlobs(r.controls)
	}
	if len(r.names) > 0 && !anyMatch(r.names, in.Resource.Name) {
		return no, "resource " + orNone(in.Resource.Name) + " is not in " + joinGlobs(r.names)
	}
	if len(r.arns) > 0 && !anyMatch(r.arns, in.Resource.ID) {
		return no, "resource " + orNone(in.Resource.ID) + " is not in " + joinGlobs(r.arns)
	}
	if len(r.types) > 0 && !slices.Contains(r.types, in.Resource.Type) {
		return no, "type " + orNone(in.Resource.Type) + " is not in [" + strings.Join(r.types, " ") + "]"
	}
	// The owner that counts is the account's: one read from a tag of the
	// resource must not permit a fix.
	return pick(r.accounts, &in.Account, in.Account.Owner)
}

// tagged evaluates the filter on tags.
func (r *fixRule) tagged(tags map[string]string) (bool, string) {
	for _, m := range r.tags {
		if !m.in(tags) {
			return false, "the resource has no tag " + m.String()
		}
	}
	return true, ""
}

// decideFix says how far a fix may go. Everything that is not known makes it go
// less far, and the reason is told.
func (p *Policy) decideFix(f *facts, response Response) Fix {
	in := f.in
	switch {
	case response != Track && response != Notify:
		return noFix("the case is not handled (" + string(response) + ")")
	case in.Account.ID == "":
		return noFix("no account is named")
	case !in.Account.Known:
		return noFix("no row of accounts knows " + orNone(in.Account.ID))
	case in.Resource.TagsUnread && (len(p.forbid) > 0 || p.asksTags()):
		return noFix("the tags of the resource could not be read, and a tag may forbid the fix")
	}
	for _, m := range p.forbid {
		if m.in(in.Resource.Tags) {
			return noFix("the tag " + m.String() + " forbids a fix")
		}
	}
	fix := p.firstFix(f)
	if fix.Mode == FixOff {
		return fix
	}
	if in.Control.Remedy == "" && len(fix.Remedies) == 0 {
		fix.Mode, fix.Why = FixOff, fix.Why+"; no remedy is known for "+in.Control.ID
	}
	return fix
}

func noFix(why string) Fix { return Fix{Mode: FixOff, Why: why} }

func (p *Policy) asksTags() bool {
	return slices.ContainsFunc(p.fix, func(r *fixRule) bool { return len(r.tags) > 0 })
}

// firstFix asks the rules in order. A rule whose filter cannot be told bounds
// whatever follows by its own mode and by suggest.
func (p *Policy) firstFix(f *facts) Fix {
	bound, reasons := FixAuto, []string(nil)
	asked := make([]Step, 0, len(p.fix))
	for i, r := range p.fix {
		v, why := r.match(f)
		if v == yes && len(r.tags) > 0 {
			if ok, missing := r.tagged(f.in.Resource.Tags); !ok {
				v, why = no, missing
			}
		}
		asked = append(asked, Step{Rule: r.id, Matched: v == yes, Why: why})
		switch v {
		case unknown:
			bound = lower(bound, lower(r.mode, FixSuggest))
			reasons = append(reasons, why)
		case yes:
			fix := Fix{Mode: r.mode, Rule: r.id, With: r.with, Remedies: r.remedies, After: r.after, Comment: r.comment, Ruleset: r.ruleset, Asked: asked}
			reasons = p.lowerFix(&fix, f, r, i, bound, reasons)
			fix.Why = strings.Join(append([]string{"mode " + string(r.mode) + " by " + r.id}, reasons...), "; ")
			return fix
		}
	}
	return Fix{Mode: FixOff, Why: "no rule of fix matches", Asked: asked}
}

// lowerFix applies what may only take a fix back, and tells each reason.
func (p *Policy) lowerFix(fix *Fix, f *facts, r *fixRule, at int, bound FixMode, reasons []string) []string {
	to := func(mode FixMode, why string) {
		if mode.rank() < fix.Mode.rank() {
			fix.Mode = mode
			reasons = append(reasons, "lowered to "+string(mode)+": "+why)
		}
	}
	to(bound, "a rule before it cannot be told")
	if len(r.tags) > 0 {
		to(p.withoutTags(f, at), "a tag never permits a fix, and without its tags the rule would leave it at this")
	}
	if by := managedBy(f.in, p.managed); by != "" {
		to(r.managed, by)
	}
	if f.in.Resource.IaC == "" && f.in.Account.IaC != "none" {
		to(autoToSuggest(fix.Mode), "it is not known that nothing but people manages the resources of account "+f.in.Account.label()+" (iac: "+orUnknown(f.in.Account.IaC)+")")
	}
	return reasons
}

func autoToSuggest(m FixMode) FixMode {
	if m == FixAuto {
		return FixSuggest
	}
	return m
}

// withoutTags is the mode that the rules after i give when none asks for tags.
func (p *Policy) withoutTags(f *facts, i int) FixMode {
	for _, r := range p.fix[i+1:] {
		if len(r.tags) > 0 {
			continue
		}
		switch v, _ := r.match(f); v {
		case yes:
			return r.mode
		case unknown:
			return lower(r.mode, FixSuggest)
		}
	}
	return FixOff
}

// managedBy says which tool owns the resource, or "" where none is known to. A
// change made beside such a tool is undone by its next run.
func managedBy(in *Input, marks []tagMark) string {
	switch in.Resource.IaC {
	case "terraform", "cloudformation":
		return in.Resource.IaC + " manages the resource"
	}
	for _, m := range marks {
		if m.in(in.Resource.Tags) {
			return "the tag " + m.key + " says that the resource is managed by code"
		}
	}
	if in.Resource.IaC == "" && (in.Account.IaC == "terraform" || in.Account.IaC == "cloudformation") {
		return in.Account.IaC + " manages the resources of account " + in.Account.label()
	}
	return ""
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

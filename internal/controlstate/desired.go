package controlstate

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"zesei/internal/config/document"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/policy"
)

// Item is one control in one standard of one account and Region: what Security
// Hub switches on and off.
type Item struct {
	Account  string `json:"account"`
	Region   string `json:"region"`
	Standard string `json:"standard"` // ours: fsbp, cis-1.4
	Control  string `json:"control"`
}

// Want is the state that somebody wants an item to be in.
type Want struct {
	Enabled bool
	Reason  string // of a disabled control; Security Hub shows it
	Rule    string // that says so
}

// Desired says what is wanted of an item; ok is false where nobody says
// anything: it stays as it is.
type Desired func(Item) (w Want, ok bool)

// Wanted is a Desired, and the Regions that it tells apart: in all others it says
// the same.
type Wanted struct {
	Of      Desired
	Regions []string
}

// File is a file of rules, controls.yaml. The first rule that matches an item
// decides.
type File struct {
	Controls []Rule `yaml:"controls"`
}

// Rule wants controls to be enabled or disabled. An empty list means all.
type Rule struct {
	Controls  []string `yaml:"controls"`  // ids, * as a wildcard
	State     string   `yaml:"state"`     // enabled, disabled
	Reason    string   `yaml:"reason"`    // required to disable
	Standards []string `yaml:"standards"` // ids
	Accounts  []string `yaml:"accounts"`  // id, name, owner:…, env:…; * as a wildcard
	OU        []string `yaml:"ou"`        // path of names or name of the innermost unit
	Regions   []string `yaml:"regions"`
}

// Accounts answers what rules and policies may know of an account.
type Accounts interface {
	Account(id string) policy.Account
	Owner(account string, tags map[string]string, creator string) (owner, why string)
}

// States of a rule.
const (
	Enabled  = "enabled"
	Disabled = "disabled"
)

// Load reads a file of rules. The error is document.Problems, or says that the
// file cannot be read. A rule on a fact of an account that is not known does not
// match: nothing is changed there.
func Load(name string, cat *control.Catalogue, accounts Accounts) (Wanted, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return Wanted{}, fmt.Errorf("reading the controls wanted: %w", err)
	}
	return parse(name, data, cat, accounts)
}

func parse(name string, data []byte, cat *control.Catalogue, accounts Accounts) (Wanted, error) {
	var f File
	doc := document.Parse(name, data, nil)
	doc.Into(&f)
	for i, r := range f.Controls {
		r.check(doc, fmt.Sprintf("controls[%d]", i), cat)
	}
	if err := doc.Err(); err != nil {
		return Wanted{}, err
	}
	names := make([]string, len(f.Controls))
	var regions []string
	for i := range names {
		regions = append(regions, f.Controls[i].Regions...)
		names[i] = fmt.Sprintf("%s:%d controls[%d]", path.Base(name), doc.At(fmt.Sprintf("controls[%d]", i)).Line, i)
	}
	of := func(it Item) (Want, bool) {
		for i, r := range f.Controls {
			if r.match(it, accounts) {
				return Want{Enabled: r.State == Enabled, Reason: r.Reason, Rule: names[i]}, true
			}
		}
		return Want{}, false
	}
	slices.Sort(regions)
	return Wanted{Of: of, Regions: slices.Compact(regions)}, nil
}

func (r Rule) check(doc *document.Doc, at string, cat *control.Catalogue) {
	wrong := func(field string, p document.Problem) { doc.Wrong(at+field, p) }
	if r.State != Enabled && r.State != Disabled {
		wrong(".state", document.Problem{Message: fmt.Sprintf("%q is no state of a control", r.State), Expected: "enabled or disabled"})
	}
	if r.State == Disabled && strings.TrimSpace(r.Reason) == "" {
		wrong(".reason", document.Problem{Message: "a control is disabled without a reason", Hint: "say why: Security Hub and auditors show it"})
	}
	if len(r.Controls) == 0 {
		wrong(".controls", document.Problem{Message: "the rule names no control", Hint: `name ids, or "*" for all`})
	}
	var ids []string
	for _, c := range cat.All() {
		ids = append(ids, c.ID)
	}
	for i, id := range r.Controls {
		if !slices.ContainsFunc(ids, func(k string) bool { return like(id, k) }) {
			wrong(fmt.Sprintf(".controls[%d]", i), document.Problem{Message: fmt.Sprintf("no control %q is known", id), Hint: document.DidYouMean(id, ids)})
		}
	}
	for i, s := range r.Standards {
		if _, ok := control.StandardByID(s); !ok {
			wrong(fmt.Sprintf(".standards[%d]", i), document.Problem{Message: fmt.Sprintf("no standard %q is known", s), Expected: document.OneOf(policy.Standards), Hint: document.DidYouMean(s, policy.Standards)})
		}
	}
	for i, a := range r.Accounts {
		if kind, value, ok := strings.Cut(a, ":"); ok && (value == "" || kind != "owner" && kind != "env") {
			wrong(fmt.Sprintf(".accounts[%d]", i), document.Problem{Message: fmt.Sprintf("%q is not a way to pick accounts", a), Expected: "an id, a name, owner:NAME or env:NAME"})
		}
	}
	for field, list := range map[string][]string{"standards": r.Standards, "accounts": r.Accounts, "ou": r.OU, "regions": r.Regions} {
		if doc.Has(at+"."+field) && len(list) == 0 {
			wrong("."+field, document.Problem{Message: "the list is empty, which would mean all", Hint: "fill it, or remove its key"})
		}
	}
}

func (r Rule) match(it Item, accounts Accounts) bool {
	anyOf := func(list []string, is func(string) bool) bool { return len(list) == 0 || slices.ContainsFunc(list, is) }
	if !anyOf(r.Controls, func(s string) bool { return like(s, it.Control) }) ||
		!anyOf(r.Standards, func(s string) bool { return strings.EqualFold(s, it.Standard) }) ||
		!anyOf(r.Regions, func(s string) bool { return s == it.Region }) {
		return false
	}
	if len(r.Accounts) == 0 && len(r.OU) == 0 {
		return true
	}
	a := accounts.Account(it.Account)
	a.ID = it.Account
	owner, _ := accounts.Owner(it.Account, nil, "")
	return anyOf(r.Accounts, func(s string) bool { return picks(s, a, owner) }) && anyOf(r.OU, func(s string) bool {
		return a.OU != "" && (like(s, a.OU) || like(s, a.OU[strings.LastIndexByte(a.OU, '/')+1:]) || strings.HasPrefix(a.OU, s+"/"))
	})
}

func picks(s string, a policy.Account, owner string) bool {
	kind, value, ok := strings.Cut(s, ":")
	switch {
	case ok && kind == "owner":
		return owner != "" && like(value, owner)
	case ok:
		return a.Environment != "" && like(value, a.Environment)
	}
	return like(s, a.ID) || a.Name != "" && like(s, a.Name)
}

// like matches a text with * as a wildcard for any characters.
func like(pattern, text string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return strings.EqualFold(pattern, text)
	}
	if len(text) < len(head) || !strings.EqualFold(text[:len(head)], head) {
		return false
	}
	for i := len(head); i <= len(text); i++ {
		if like(rest, text[i:]) {
			return true
		}
	}
	return false
}

// FromPolicy wants what the policy's `disable` says, each control only in the
// standard that it was said for. ours says whether zesei itself disabled an item
// before: one that the policy no longer disables is enabled again, one that
// somebody else disabled is left alone.
//
// A rule that depends on a resource never disables a control for all resources:
// it is asked with a resource whose tags cannot be read and which has no type.
func FromPolicy(p *policy.Policy, cat *control.Catalogue, accounts Accounts, ours func(Item) bool) Desired {
	return func(it Item) (Want, bool) {
		c, known := cat.Lookup(it.Control)
		if !known || !p.Enabled(it.Standard) {
			return Want{}, false
		}
		owner, _ := accounts.Owner(it.Account, nil, "")
		d := p.Decide(policy.Input{
			Control:  policy.Control{ID: c.ID, Class: c.Class, Severity: finding.Severity(c.Severity), Service: c.Service, Known: true, Remedy: c.Remedy},
			Severity: finding.Severity(c.Severity), Status: finding.Failed, Source: "securityhub", Standards: []string{it.Standard},
			Account: accounts.Account(it.Account), Owner: owner, Resource: policy.Resource{TagsUnread: true},
		})
		switch {
		case d.Response == policy.Disable:
			reason := d.Reason
			if reason == "" {
				reason = "disabled by policy: " + d.Rule
			}
			return Want{Reason: reason, Rule: d.Rule}, true
		case ours != nil && ours(it):
			return Want{Enabled: true, Reason: "the policy no longer disables it: " + d.Rule, Rule: d.Rule}, true
		}
		return Want{}, false
	}
}

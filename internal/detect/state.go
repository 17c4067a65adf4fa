package detect

import (
	"regexp"
	"strings"

	"zesei/internal/finding"
)

// serviceRule begins the name of every Config rule that Security Hub makes for
// itself; the findings about those come from Security Hub.
const serviceRule = "securityhub-"

// iamUniqueID is how AWS Config names a user, role, group or policy: by an id
// that says nothing of its name, so that its statement cannot be joined to the
// case of that user.
var iamUniqueID = regexp.MustCompile(`^A(IDA|ROA|GPA|NPA)[A-Z0-9]{12,}$`)

var pathResourceID = Path{[]string{"detail", "resourceId"}}

// states makes of a statement about a resource's state one finding a control.
//
// A statement of AWS Config is about the controls behind the rule's identifier
// where the catalogue knows them, whatever the rule is called, and they are
// rechecked on the live resource; otherwise about the rule itself
// (config/<name>). Of a rule that Security Hub made for itself only the recheck
// is left: Security Hub speaks for it.
func (b *Batch) states(one Hit, h *happening) ([]Hit, error) {
	r, f := one.Rule, &one.Finding
	var known bool
	if f.Status, f.RecordState, known = r.Status.of(r.Status.From.first(h.event)); !known {
		return nil, nil
	}
	if r.ConfigRule.empty() {
		return []Hit{one.about(finding.ControlRef{ID: r.control(h.event), Scope: finding.ScopeResource}, h)}, nil
	}
	name := r.ConfigRule.first(h.event)
	service := strings.HasPrefix(name, serviceRule)
	controls := b.controls(h, name, service)
	for _, c := range controls {
		f.Recheck = append(f.Recheck, c.ID)
	}
	if service {
		if len(controls) == 0 {
			return nil, nil
		}
		nothing := *r
		nothing.Opens, nothing.Status = OpensNothing, nil
		one.Rule = &nothing
		f.Status = ""
	}
	if service || len(controls) == 0 {
		return []Hit{one.about(finding.ControlRef{ID: "config/" + name, Scope: finding.ScopeResource}, h)}, nil
	}
	f.Severity = "" // the control's own
	var hits []Hit
	for _, c := range controls {
		hits = append(hits, one.about(c, h))
	}
	return hits, nil
}

// controls finds the controls behind a Config rule. The name of a rule that
// Security Hub made holds the identifier: securityhub-<identifier>-<8 letters or digits>.
func (b *Batch) controls(h *happening, name string, service bool) []finding.ControlRef {
	o := &b.engine.options
	if o.Controls == nil || iamUniqueID.MatchString(pathResourceID.first(h.event)) {
		return nil
	}
	if o.ConfigRule != nil {
		if identifier, ok := o.ConfigRule(h.place.Account, h.place.Region, name); ok {
			return o.Controls(identifier)
		}
	}
	if service {
		identifier := strings.TrimPrefix(name, serviceRule)
		if i := strings.LastIndexByte(identifier, '-'); i > 0 {
			identifier = identifier[:i]
		}
		return o.Controls(identifier)
	}
	return nil
}

// about is the hit as a statement about one control.
func (one Hit) about(c finding.ControlRef, h *happening) Hit {
	s := one.subject(h.place)
	s.Key.Kind, s.Key.Control = finding.State, c.ID
	switch {
	case c.Scope == finding.ScopeAccount:
		s.Key.Region = "global"
	case c.Scope == finding.ScopeAccountRegion:
		s.Key.Region = h.place.Region
	case c.Global:
		s.Key.Region = "global"
	}
	if c.Scope == finding.ScopeAccount || c.Scope == finding.ScopeAccountRegion {
		s.Key.Resource, s.ResourceType, s.Others = finding.AccountARN(h.place.Partition, h.place.Account), finding.AccountType, nil
	}
	if one.Rule.Opens == OpensNothing {
		s.Key.Kind, s.Key.Discriminator = finding.Incident, h.id
	}
	one.Finding.Subjects = []finding.Subject{s}
	one.finish(h)
	return one
}

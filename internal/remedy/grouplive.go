package remedy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"zesei/internal/remedy/traffic"
	"zesei/internal/resource"
)

// readGroupStep takes a step's parameters apart.
func readGroupStep(s Step) (call groupCall, adds, egress bool, err error) {
	if s.Service != "ec2" {
		return call, false, false, wrongStep(s)
	}
	switch s.Operation {
	case "AuthorizeSecurityGroupIngress":
		adds = true
	case "AuthorizeSecurityGroupEgress":
		adds, egress = true, true
	case "RevokeSecurityGroupIngress":
	case "RevokeSecurityGroupEgress":
		egress = true
	default:
		return call, false, false, wrongStep(s)
	}
	if err := json.Unmarshal(s.Params, &call); err != nil {
		return call, false, false, fmt.Errorf("read the parameters of %s: %w", s.Operation, err)
	}
	return call, adds, egress, nil
}

// restOfGroupStep returns what of a call is still to be sent, as the live group
// shows. Revoking is always by rule id.
func restOfGroupStep(s Step, r resource.Resource) (Step, bool, error) {
	call, adds, egress, err := readGroupStep(s)
	if err != nil {
		return Step{}, false, err
	}
	rules, err := groupRules(r)
	if err != nil {
		return Step{}, false, err
	}
	bySpec, byID := map[string]traffic.Rule{}, map[string]bool{}
	for _, x := range directed(rules, egress) {
		bySpec[x.Spec()], byID[x.ID] = x, true
	}
	rest := groupCall{GroupID: call.GroupID, TagSpecifications: call.TagSpecifications}
	for _, p := range call.IPPermissions {
		stands, ok := bySpec[p.rule(egress).Spec()]
		switch {
		case adds && !ok:
			rest.IPPermissions = append(rest.IPPermissions, p)
		case !adds && ok:
			rest.SecurityGroupRuleIDs = append(rest.SecurityGroupRuleIDs, stands.ID)
		}
	}
	for _, id := range call.SecurityGroupRuleIDs {
		if byID[id] {
			rest.SecurityGroupRuleIDs = append(rest.SecurityGroupRuleIDs, id)
		}
	}
	if len(rest.IPPermissions)+len(rest.SecurityGroupRuleIDs) == 0 {
		return Step{}, false, nil
	}
	s.Params = canonical(rest)
	return s, true, nil
}

// groupUnchanged compares the rules that matter with those that the plan was
// made from. Rules that sent steps add may stand, rules that they revoke may be
// gone; everything else must be as it was, descriptions and tags included,
// because undo would write those back.
func groupUnchanged(p Plan, sent []Step, r resource.Resource, matters func(traffic.Rule) bool) error {
	var prior []traffic.Rule
	if err := json.Unmarshal(p.Prior, &prior); err != nil {
		return fmt.Errorf("read the prior state of the plan: %w", err)
	}
	now, err := groupRules(r)
	if err != nil {
		return err
	}
	added, revoked := map[string]bool{}, map[string]bool{}
	for _, s := range sent {
		call, _, egress, err := readGroupStep(s)
		if err != nil {
			return err
		}
		for _, x := range call.IPPermissions {
			added[x.rule(egress).Spec()] = true
		}
		for _, id := range call.SecurityGroupRuleIDs {
			revoked[id] = true
		}
	}
	was := map[string]traffic.Rule{}
	for _, x := range prior {
		was[x.ID] = x
	}
	for _, x := range now {
		before, known := was[x.ID]
		delete(was, x.ID)
		switch {
		case known && string(canonical(before)) == string(canonical(x)), !known && added[x.Spec()]:
		case known && (matters(x) || matters(before)):
			return changed("rule %s is now %s", "ルール %s が %s に変わっています", x.ID, x)
		case !known && matters(x):
			return changed("rule %s (%s) is new", "ルール %s（%s）が新しく追加されています", x.ID, x)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(was)) {
		if matters(was[id]) && !revoked[id] {
			return changed("rule %s (%s) is gone", "ルール %s（%s）がなくなっています", id, was[id])
		}
	}
	return nil
}

package remedy

import (
	"fmt"

	"zesei/internal/remedy/traffic"
	"zesei/internal/resource"
	"zesei/internal/resource/live"
)

// defaultGroup empties a VPC's default security group (EC2.2): every inbound and
// outbound rule goes, the group's reference to itself and prefix lists included.
// Where a network interface uses the group, or where that cannot be read, the
// plan is only a suggestion.
type defaultGroup struct{}

var _ Remedy = defaultGroup{}

func (defaultGroup) About() About {
	return About{
		Name: "default-security-group", Types: []string{live.SecurityGroup}, Controls: []string{"EC2.2"},
		Title: say("Empty the default security group of a VPC", "VPC のデフォルトセキュリティグループを空にする"),
		Permissions: []string{
			"ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateTags",
			"ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
		},
		ReadPermissions: []string{"cloudtrail:LookupEvents"},
		Events: []string{
			"AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "ModifySecurityGroupRules",
		},
	}
}

func (defaultGroup) Plan(req Request) (Plan, error) {
	r := req.Resource
	if is, ok := r.Facts[live.FactDefault].(bool); !ok || !is {
		return Plan{}, refuse("kind", "%s is not the default group of its VPC", "%s は VPC のデフォルトグループではありません", r.ID)
	}
	all, err := groupRules(r)
	if err != nil {
		return Plan{}, err
	}
	if len(all) == 0 {
		return Plan{}, fmt.Errorf("%w: %s has no rules", ErrNothingToDo, r.ID)
	}
	p := Plan{Prior: canonical(all), Post: Post{Pass: []string{"EC2.2"}}}
	for _, egress := range []bool{false, true} {
		gone := directed(all, egress)
		if len(gone) == 0 {
			continue
		}
		p.Steps = append(p.Steps, groupSteps(r.ID, egress, []traffic.Op{{Remove: gone}}, true)...)
		p.Inverse = append(p.Inverse, wayBack(&p, r.ID, egress, nil, nil, gone, max(len(gone), traffic.DefaultQuota))...)
	}
	p.Summary = say("%[1]s: remove all %[2]d rules", "%[1]s：ルール %[2]d 件をすべて削除します", r.ID, len(all))
	if len(all) == 1 {
		p.Summary = say("%s: remove its only rule", "%s：唯一のルールを削除します", r.ID)
	}
	p.Warnings = append(connectionWarnings(), unique(p.Warnings)...)
	if why, used := inUse(r); used {
		p.SuggestOnly = append(p.SuggestOnly, why)
	}
	return p, nil
}

func unique(words []Words) []Words {
	var out []Words
	seen := map[Words]bool{}
	for _, w := range words {
		if !seen[w] {
			seen[w], out = true, append(out, w)
		}
	}
	return out
}

// inUse says why the group counts as used.
func inUse(r resource.Resource) (Words, bool) {
	users, ok := r.Facts[live.FactInterfaces].(live.Interfaces)
	switch {
	case !ok || users.Unread != "":
		return say("it cannot be read which network interfaces use the group", "グループを使用しているネットワークインターフェイスを読み取れません"), true
	case len(users.IDs) > 0:
		if len(users.IDs) == 1 {
			return say("the network interface %s uses the group", "ネットワークインターフェイス %s がこのグループを使用しています", users.IDs[0]), true
		}
		return say("%d network interfaces use the group (%s, …)", "%d 個のネットワークインターフェイスがこのグループを使用しています（%s など）", len(users.IDs), users.IDs[0]), true
	}
	return Words{}, false
}

// Unchanged looks at every rule, and at whether the group has come into use.
func (defaultGroup) Unchanged(p Plan, sent []Step, r resource.Resource) error {
	if why, used := inUse(r); used && len(p.SuggestOnly) == 0 {
		return &ChangedError{why}
	}
	return groupUnchanged(p, sent, r, func(traffic.Rule) bool { return true })
}

func (defaultGroup) Rest(s Step, r resource.Resource) (Step, bool, error) {
	return restOfGroupStep(s, r)
}

// Reversible: undo adds and removes only entries of its own, so nothing that
// somebody else did since is written over.
func (defaultGroup) Reversible(Plan, resource.Resource) error {
	return nil
}

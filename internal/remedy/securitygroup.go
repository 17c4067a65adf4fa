package remedy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"zesei/internal/remedy/traffic"
	"zesei/internal/resource"
	"zesei/internal/resource/live"
)

// The options of security-group-ingress.
const (
	optionHow            = "how"             // revoke, narrow, exact; by default each rule by its kind
	optionOtherProtocols = "other_protocols" // drop, approve
	optionDirection      = "direction"       // inbound, outbound
)

// securityGroup closes what a group opens to the world against EC2.13, EC2.14,
// EC2.18, EC2.19, EC2.53 and EC2.54, all of them with one plan.
//
//   - revoke removes each entry that breaks a control.
//   - narrow cuts only the forbidden ports out of it.
//   - exact removes the entries that open nothing but forbidden ports and skips
//     wider ones.
//
// Without `how`, entries that open every port or every protocol are revoked and
// the others narrowed. Prefix lists, group references and networks other than
// 0.0.0.0/0 and ::/0 are never touched.
type securityGroup struct{}

var _ Remedy = securityGroup{}

func (securityGroup) About() About {
	return About{
		Name: "security-group-ingress", Types: []string{live.SecurityGroup}, Controls: traffic.Controls(),
		Title: say("Close security group rules that are open to the world", "全世界に公開されたセキュリティグループのルールを閉じる"),
		Options: map[string][]string{
			optionHow:            {"revoke", "narrow", "exact"},
			optionOtherProtocols: {"drop", "approve"},
			optionDirection:      {"inbound", "outbound"},
		},
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

func (securityGroup) Plan(req Request) (Plan, error) {
	all, err := groupRules(req.Resource)
	if err != nil {
		return Plan{}, err
	}
	ban, err := banOf(req.Controls, req.Params)
	if err != nil {
		return Plan{}, err
	}
	egress := req.With[optionDirection] == "outbound"
	have := directed(all, egress)
	cut := cutRules(have, ban, req.With[optionHow])
	if len(cut.remove) == 0 {
		if len(cut.skipped) > 0 {
			return Plan{}, fmt.Errorf("%w: every entry that breaks %s opens more than the forbidden ports, and how: exact skips those", ErrNothingToDo, strings.Join(req.Controls, ", "))
		}
		return Plan{}, fmt.Errorf("%w: no entry of %s breaks %s", ErrNothingToDo, req.Resource.ID, strings.Join(req.Controls, ", "))
	}
	quota := req.Quota
	if quota <= 0 {
		quota = traffic.DefaultQuota
	}
	ops, err := traffic.Order(have, cut.remove, cut.add, quota)
	if full, ok := errors.AsType[*traffic.QuotaError](err); ok {
		return Plan{}, refuse("quota", "narrowing needs %[1]d %[2]s rules in %[3]s at once and the group may hold %[4]d; how: revoke needs no room",
			"%[3]s の絞り込みには同時に %[2]s のルールが %[1]d 件必要ですが、上限は %[4]d 件です（how: revoke なら空きは不要です）", full.Need, full.Family, req.Resource.ID, full.Quota)
	} else if err != nil {
		return Plan{}, err
	}

	p := Plan{Prior: canonical(all), Dropped: cut.dropped, Skipped: cut.skipped}
	p.Steps = groupSteps(req.Resource.ID, egress, ops, true)
	var added []traffic.Rule
	for _, op := range ops {
		added = append(added, op.Add...)
	}
	for _, r := range have {
		if !slices.ContainsFunc(cut.remove, r.Same) {
			p.Post.Untouched = append(p.Post.Untouched, r)
		}
	}
	p.Post.Keep = added
	p.Inverse = wayBack(&p, req.Resource.ID, egress, slices.Concat(p.Post.Untouched, added), added, cut.remove, quota)
	standing(&p, req, slices.Concat(p.Post.Untouched, added), egress)
	p.Summary = say("%[1]s: remove %[4]s and add %[3]d", "%[1]s：%[2]d 件のエントリを削除し、%[3]d 件を追加します", req.Resource.ID, len(cut.remove), len(added), counted(len(cut.remove), "entry", "entries"))
	if len(added) == 0 {
		p.Summary = say("%[1]s: remove %[3]s", "%[1]s：%[2]d 件のエントリを削除します", req.Resource.ID, len(cut.remove), counted(len(cut.remove), "entry", "entries"))
	}
	p.Warnings = append(p.Warnings, connectionWarnings()...)
	p.Warnings = append(p.Warnings, cut.warnings(have, added)...)
	if len(cut.dropped) > 0 && req.With[optionOtherProtocols] == "approve" {
		p.Wait = append(p.Wait, say("it drops protocols that no rule can keep (other_protocols: approve)", "ルールとして残せないプロトコルが失われます（other_protocols: approve）"))
	}
	return p, nil
}

// banOf joins what the open controls forbid.
func banOf(controls []string, params map[string]traffic.Params) (traffic.Ban, error) {
	var ban traffic.Ban
	served := false
	for _, id := range controls {
		b, ok := traffic.BanOf(id, params[id])
		if ok {
			ban, served = ban.Union(b), true
		}
	}
	if !served {
		return ban, refuse("kind", "none of %s says which ports must be closed", "%s のいずれも、閉じるべきポートを定めていません", strings.Join(controls, ", "))
	}
	return ban, nil
}

// cutting is what happens to the entries that break a control.
type cutting struct {
	remove, add []traffic.Rule
	dropped     []Dropped
	skipped     []Skipped
}

func cutRules(rules []traffic.Rule, ban traffic.Ban, how string) cutting {
	var c cutting
	for _, r := range rules {
		if !ban.Breaks(r) {
			continue
		}
		switch {
		case how == "exact" && !ban.Only(r):
			c.skipped = append(c.skipped, Skipped{r, say("%s (%s) opens more than the forbidden ports", "%s（%s）は禁止ポート以外も開いています", r, r.ID)})
		case how == "narrow", how == "" && !r.EveryPort():
			kept, lost := ban.Cut(r)
			c.remove, c.add = append(c.remove, r), append(c.add, kept...)
			if lost {
				c.dropped = append(c.dropped, Dropped{r, say("%s (%s): every protocol but TCP, UDP and %s", "%s（%s）：TCP、UDP、%s 以外のすべてのプロトコル", r, r.ID, echoOf(r))})
			}
		default:
			c.remove = append(c.remove, r)
		}
	}
	return c
}

func echoOf(r traffic.Rule) string {
	if r.Family() == traffic.IPv6 {
		return "ICMPv6"
	}
	return "ICMP"
}

// warnings tell which descriptions are lost, because a part is the same as an
// entry that stands or as a part of another entry.
func (c cutting) warnings(have, added []traffic.Rule) []Words {
	var out []Words
	for _, part := range c.add {
		for _, stands := range slices.Concat(have, added) {
			if stands.Same(part) && stands.Description != part.Description {
				out = append(out, say("%s stands once, with the description %q and not %q", "%s は 1 件だけ残り、説明は %[2]q です（%[3]q は残りません）", part, stands.Description, part.Description))
			}
		}
	}
	return out
}

// wayBack makes the calls of undo: the removed entries come back first, then the
// added parts go. A group that is so full that this does not fit gives up the
// parts first, which the plan says.
func wayBack(p *Plan, group string, egress bool, after, added, removed []traffic.Rule, quota int) []Step {
	ops, err := traffic.Order(after, added, removed, quota)
	if err != nil {
		ops = []traffic.Op{{Remove: added}, {Add: removed}}
		p.Warnings = append(p.Warnings, say("the group is nearly full: undo must remove the narrowed entries before it restores the wide ones, which cuts that traffic for a moment",
			"グループのルール数が上限に近いため、元に戻すときは絞り込んだエントリを先に削除します。その間、該当の通信が一時的に途切れます"))
	}
	p.Warnings = append(p.Warnings, say("undo restores entries, descriptions and tags; the entries get new rule ids", "元に戻すとエントリ、説明、タグは復元されますが、ルール ID は新しくなります"))
	for _, r := range removed {
		if len(ownTags(r.Tags)) < len(r.Tags) {
			p.Warnings = append(p.Warnings, say("undo cannot restore the aws: tags of %s", "%s の aws: で始まるタグは復元できません", r.ID))
		}
	}
	return groupSteps(group, egress, ops, false)
}

// standing works out which of the open controls pass with the rules that will
// stand. For outbound traffic no control says anything: what the plan keeps and
// removes is then all that verification has.
func standing(p *Plan, req Request, after []traffic.Rule, egress bool) {
	if egress {
		return
	}
	for _, id := range req.Controls {
		b, ok := traffic.BanOf(id, req.Params[id])
		switch {
		case !ok:
		case b.Holds(after):
			p.Post.Pass = append(p.Post.Pass, id)
		default:
			p.Post.Still = append(p.Post.Still, id)
		}
	}
}

// Unchanged looks at the entries of the plan's direction whose other side is the
// world, the only ones that the plan depends on.
func (securityGroup) Unchanged(p Plan, sent []Step, r resource.Resource) error {
	egress := p.With[optionDirection] == "outbound"
	return groupUnchanged(p, sent, r, func(x traffic.Rule) bool { return x.Egress == egress && x.World() })
}

func (securityGroup) Rest(s Step, r resource.Resource) (Step, bool, error) {
	return restOfGroupStep(s, r)
}

// Reversible: undo adds and removes only entries of its own, so nothing that
// somebody else did since is written over.
func (securityGroup) Reversible(Plan, resource.Resource) error {
	return nil
}

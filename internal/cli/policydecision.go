package cli

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"zesei/internal/policy"
)

// decisionJSON is a decision for machines.
type decisionJSON struct {
	Control   string      `json:"control"`
	Account   string      `json:"account,omitempty"`
	Resource  string      `json:"resource,omitempty"`
	Severity  string      `json:"severity"`
	Standards []string    `json:"standards"` // that were asked
	Do        string      `json:"do"`
	Class     string      `json:"class"`
	Due       *time.Time  `json:"due"` // null: no deadline
	DueWhy    string      `json:"due_why,omitempty"`
	Rule      string      `json:"rule"`
	Reason    string      `json:"reason,omitempty"`
	Owner     string      `json:"owner"`
	OwnerWhy  string      `json:"owner_why,omitempty"`
	Urgent    bool        `json:"urgent,omitempty"`
	Why       []stepJSON  `json:"why"`
	Fix       fixRuleJSON `json:"fix"`
	Policy    string      `json:"policy"` // hash
}

// stepJSON is one rule that was asked.
type stepJSON struct {
	Standard string `json:"standard,omitempty"`
	Rule     string `json:"rule"`
	Matched  bool   `json:"matched"`
	Why      string `json:"why"`
	Do       string `json:"do,omitempty"`
}

type fixRuleJSON struct {
	Mode     string            `json:"mode"`
	Rule     string            `json:"rule,omitempty"`
	Why      string            `json:"why,omitempty"`
	With     map[string]string `json:"with,omitempty"`
	Remedies []string          `json:"remedies,omitempty"`
	After    string            `json:"after,omitempty"`
	Asked    []stepJSON        `json:"asked"`
}

func steps(list []policy.Step) []stepJSON {
	out := make([]stepJSON, len(list))
	for i, s := range list {
		out[i] = stepJSON{s.Standard, s.Rule, s.Matched, s.Why, string(s.Response)}
	}
	return out
}

// asked are the standards that the policy put its responses for.
func (x *explainer) asked(in policy.Input) []string {
	out := []string{}
	for _, s := range in.Standards {
		if x.policy.Enabled(s) {
			out = append(out, s)
		}
	}
	return out
}

func (x *explainer) json(o explanation) decisionJSON {
	d := o.decision
	j := decisionJSON{
		Control: o.input.Control.ID, Account: o.input.Account.ID, Resource: o.input.Resource.ID, Severity: string(d.Severity), Standards: x.asked(o.input),
		Do: string(d.Response), Class: d.Class, DueWhy: d.DueWhy, Rule: d.Rule, Reason: d.Reason, Owner: o.owner, OwnerWhy: o.ownerWhy, Urgent: d.Urgent,
		Why: steps(d.Why), Policy: d.Hash,
		Fix: fixRuleJSON{Mode: string(d.Fix.Mode), Rule: d.Fix.Rule, Why: d.Fix.Why, With: d.Fix.With, Remedies: d.Fix.Remedies, Asked: steps(d.Fix.Asked)},
	}
	if d.Fix.After > 0 {
		j.Fix.After = d.Fix.After.String()
	}
	if !d.Due.IsZero() {
		j.Due = &d.Due
	}
	return j
}

func (x *explainer) print() error {
	if x.e.root.JSON {
		out := make([]decisionJSON, len(x.out))
		for i, o := range x.out {
			out[i] = x.json(o)
		}
		if len(out) == 1 {
			return x.e.print(out[0])
		}
		return x.e.print(out)
	}
	for i, o := range x.out {
		if i > 0 {
			fmt.Fprintln(x.e.Out)
		}
		if err := x.show(o); err != nil {
			return err
		}
	}
	return nil
}

// show prints one decision for people.
func (x *explainer) show(o explanation) error {
	e, d := x.e, o.decision
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(e.Out, "%-10s %s\n", name, printable(value))
		}
	}
	head := fmt.Sprintf("%s %s: %s", o.input.Control.ID, d.Severity, d.Response)
	if !d.Due.IsZero() {
		head += ", due " + d.Due.Format("2006-01-02 15:04 MST")
	}
	fmt.Fprintln(e.Out, printable(head))
	fmt.Fprintln(e.Out)
	line("rule", d.Rule)
	line("reason", d.Reason)
	line("class", dash(d.Class))
	line("due", d.DueWhy)
	line("account", strings.TrimSpace(o.input.Account.ID+" "+o.input.Account.Name))
	line("resource", o.input.Resource.ID)
	line("standards", dash(strings.Join(x.asked(o.input), ", ")))
	if o.owner != "" {
		line("owner", o.owner+" ("+o.ownerWhy+")")
	}
	line("fix", string(d.Fix.Mode)+": "+d.Fix.Why)
	fmt.Fprintln(e.Out)
	var rows [][]string
	var matched []bool
	add := func(list []policy.Step, of string) {
		for _, s := range list {
			answer := "no"
			if s.Matched {
				answer = "yes"
				if s.Response != "" {
					answer = string(s.Response)
				}
			}
			standard := s.Standard
			if of != "" {
				standard = of
			}
			why := cmp.Or(s.Why, "it has no condition")
			rows, matched = append(rows, []string{dash(standard), s.Rule, answer, why}), append(matched, s.Matched)
		}
	}
	add(d.Why, "")
	add(d.Fix.Asked, "fix")
	return printTable(e, []string{"ASKED FOR", "RULE", "MATCHED", "WHY"}, rows, func(row, _ int) lipgloss.Style {
		return lipgloss.NewStyle().Faint(!matched[row]).Bold(matched[row])
	})
}

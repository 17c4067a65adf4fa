package controlstate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"zesei/internal/config/document"
	"zesei/internal/control"
)

// Import writes how controls stand as a file of rules: the disabled ones, each
// with its reason. Rules are joined where only the control or the standard
// differs. Loading the file and planning against the same state changes nothing.
func Import(live *Live) string {
	var b strings.Builder
	rules := imported(live)
	fmt.Fprintf(&b, "# %d controls of standards, accounts and Regions were read; what no rule names is enabled,\n# and stays as it is.\n", len(live.Items))
	for _, g := range Group(live.Problems) {
		fmt.Fprintf(&b, "# not read: %s\n", strings.ReplaceAll(g.String(), "\n", " "))
	}
	if len(rules) == 0 {
		b.WriteString("controls: []\n")
		return b.String()
	}
	b.WriteString("controls:\n")
	for _, r := range rules {
		fmt.Fprintf(&b, "  - controls: %s\n    state: %s\n    reason: %s\n", document.QuoteList(r.Controls), r.State, document.Quote(r.Reason))
		for _, l := range []struct {
			name string
			list []string
		}{{"standards", r.Standards}, {"accounts", r.Accounts}, {"regions", r.Regions}} {
			if len(l.list) > 0 {
				fmt.Fprintf(&b, "    %s: %s\n", l.name, document.QuoteList(l.list))
			}
		}
	}
	return b.String()
}

// imported are the rules. A rule is about one set of targets: all of them, or
// those of one Region that share a reason.
func imported(live *Live) []Rule {
	type spot struct{ control, standard, reason string }
	off, on := map[spot]map[Target]bool{}, map[[2]string]bool{}
	for it, st := range live.Items {
		if st.Enabled {
			on[[2]string{it.Control, it.Standard}] = true
			continue
		}
		s := spot{it.Control, it.Standard, st.Reason}
		if s.reason == "" {
			s.reason = "disabled before zesei; no reason was kept"
		}
		if off[s] == nil {
			off[s] = map[Target]bool{}
		}
		off[s][Target{it.Account, it.Region}] = true
	}
	reasons := map[[2]string]int{}
	for s := range off {
		reasons[[2]string{s.control, s.standard}]++
	}
	scopes := map[string]*Rule{} // by everything but the standards
	for s, targets := range off {
		k := [2]string{s.control, s.standard}
		for _, r := range places(targets, !on[k] && reasons[k] == 1) {
			r.Controls, r.State, r.Reason = []string{s.control}, Disabled, s.reason
			join(scopes, r, s.standard, r.key(true, false))
		}
	}
	rules := map[string]*Rule{} // by everything but the controls
	for _, r := range scopes {
		slices.Sort(r.Standards)
		key := r.key(false, true)
		if rules[key] == nil {
			rules[key] = r
		} else {
			rules[key].Controls = append(rules[key].Controls, r.Controls...)
		}
	}
	out := make([]Rule, 0, len(rules))
	for _, key := range slices.Sorted(maps.Keys(rules)) {
		slices.SortFunc(rules[key].Controls, control.Compare)
		out = append(out, *rules[key])
	}
	slices.SortStableFunc(out, func(a, b Rule) int {
		return cmp.Or(control.Compare(a.Controls[0], b.Controls[0]), cmp.Compare(a.key(false, true), b.key(false, true)))
	})
	return out
}

func join(scopes map[string]*Rule, r Rule, standard, key string) {
	if scopes[key] == nil {
		scopes[key] = &r
	}
	scopes[key].Standards = append(scopes[key].Standards, standard)
}

func (r Rule) key(controls, standards bool) string {
	parts := []string{r.Reason, strings.Join(r.Regions, ","), strings.Join(r.Accounts, ",")}
	if controls {
		parts = append(parts, strings.Join(r.Controls, ","))
	}
	if standards {
		parts = append(parts, strings.Join(r.Standards, ","))
	}
	return strings.Join(parts, "\n")
}

// places are the scopes of a set of targets: everywhere, or a rule a Region.
func places(targets map[Target]bool, everywhere bool) []Rule {
	if everywhere {
		return []Rule{{}}
	}
	byRegion := map[string][]string{}
	for t := range targets {
		byRegion[t.Region] = append(byRegion[t.Region], t.Account)
	}
	var out []Rule
	for _, region := range slices.Sorted(maps.Keys(byRegion)) {
		accounts := byRegion[region]
		slices.Sort(accounts)
		out = append(out, Rule{Accounts: accounts, Regions: []string{region}})
	}
	return out
}

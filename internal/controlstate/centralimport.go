package controlstate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"zesei/internal/config/document"
	"zesei/internal/control"
)

// ImportCentral writes how the configuration policies switch controls as a file of
// rules: one for each policy, with what it disables for the accounts that it
// governs. Loading the file and planning against the same policies changes
// nothing.
func ImportCentral(c *Central) string {
	var b strings.Builder
	b.WriteString("# What configuration policies of Security Hub disable; what no rule names is enabled,\n# and stays as it is.\n")
	for _, g := range Group(c.Problems) {
		fmt.Fprintf(&b, "# not read: %s\n", strings.ReplaceAll(g.String(), "\n", " "))
	}
	var rules strings.Builder
	for _, p := range c.Policies {
		if !p.changeable || p.off() || len(p.Accounts) == 0 {
			continue
		}
		var off []string
		for _, id := range slices.SortedFunc(maps.Keys(p.Enabled), control.Compare) {
			if !p.Enabled[id] {
				off = append(off, id)
			}
		}
		if len(off) > 0 {
			fmt.Fprintf(&rules, "  - controls: %s\n    state: disabled\n    reason: %s\n    accounts: %s\n",
				document.QuoteList(off), document.Quote("disabled by configuration policy "+p.Name), document.QuoteList(p.Accounts))
		}
	}
	if rules.Len() == 0 {
		b.WriteString("controls: []\n")
	} else {
		b.WriteString("controls:\n" + rules.String())
	}
	return b.String()
}

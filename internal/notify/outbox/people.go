package outbox

import (
	"cmp"
	"slices"
	"strings"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/notify"
)

// doneBy shows who did what a case is about, from where and with what.
func doneBy(c *notify.Case, a *finding.Actor) {
	if a != nil {
		c.By, c.Address, c.Agent = cmp.Or(a.Name, a.Principal), a.Address, a.UserAgent
	}
}

// nameOwners says whose the cases of a list by mail are: one address may stand
// for several owners, and then one mail holds the cases of all (casework.Reader).
func nameOwners(m *notify.Message, files []*casefile.File) {
	if m.Via != notify.Email || m.Kind != notify.Digest && m.Kind != notify.Reminder {
		return
	}
	var owners []string
	for _, f := range files {
		if !slices.Contains(owners, f.Terms.Owner) {
			owners = append(owners, f.Terms.Owner)
		}
	}
	if len(owners) == 0 {
		return
	}
	slices.Sort(owners)
	m.Owner = strings.Join(owners, ",")
	for i, f := range files {
		if len(owners) > 1 {
			m.Cases[i].Owner = f.Terms.Owner
		}
	}
}

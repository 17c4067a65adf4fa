package notify

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"zesei/internal/finding"
)

// Rank is one control in the list of what came above an owner's attention
// budget: what would have been a message of its own.
type Rank struct {
	Place    int              `json:"place"` // from 1
	Control  string           `json:"control"`
	Title    string           `json:"title,omitempty"` // in the message's language
	Severity finding.Severity `json:"severity"`        // highest of the open cases
	Due      time.Time        `json:"due,omitzero"`    // earliest of the open cases
	Overdue  bool             `json:"overdue,omitempty"`
	Open     int              `json:"open"`
	Total    int              `json:"total"`
	Only     *Case            `json:"only,omitempty"` // where it is one case
}

// maxRanks is how many controls such a list shows.
const maxRanks = 30

// ranking ranks the controls of cases: open ones before those that are over, then
// by severity, deadline and number of resources. left counts the cases of the
// controls that the list leaves out.
func ranking(cases []Case) (ranks []Rank, left int) {
	by := map[string]*Rank{}
	for i, c := range cases {
		r := by[c.Control]
		if r == nil {
			r = &Rank{Control: c.Control, Title: c.Title, Only: &cases[i]}
			by[c.Control] = r
		} else {
			r.Only = nil
		}
		r.Total++
		if c.State != Open {
			continue
		}
		r.Open++
		r.Overdue = r.Overdue || c.Overdue
		if c.Severity.Rank() > r.Severity.Rank() || r.Severity == "" {
			r.Severity = c.Severity
		}
		if !c.Due.IsZero() && (r.Due.IsZero() || c.Due.Before(r.Due)) {
			r.Due = c.Due
		}
	}
	for _, r := range by {
		ranks = append(ranks, *r)
	}
	slices.SortFunc(ranks, func(a, b Rank) int {
		return cmp.Or(
			rank(a.Open > 0, b.Open > 0),
			cmp.Compare(b.Severity.Rank(), a.Severity.Rank()),
			rank(!a.Due.IsZero(), !b.Due.IsZero()),
			a.Due.Compare(b.Due),
			cmp.Compare(b.Open, a.Open),
			strings.Compare(a.Control, b.Control),
		)
	})
	for i := range ranks {
		ranks[i].Place = i + 1
	}
	for len(ranks) > maxRanks {
		left += ranks[len(ranks)-1].Total
		ranks = ranks[:len(ranks)-1]
	}
	return ranks, left
}

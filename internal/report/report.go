// Package report makes what people are given to read: the list of findings as
// CSV with its comment for Slack; the summary of how things stand by standard and
// severity and what changed in a period; and the security score as Security Hub
// computes it, with its history. A summary and a score are text for a message,
// Markdown, a page to print with plots, and CSV.
//
// Rows come from the store's cases or live from Security Hub (GetFindings); both
// name a problem by the same identity, so that the same problem stands once
// whatever the source. Who made a resource is asked of CloudTrail where the
// configuration wants to know.
//
// Nothing here sends anything, begins a transaction or changes a case: package
// app fetches clients, hands them in, and delivers what comes out. What is
// printed is in Japanese or English; text from outside is made harmless for the
// place that it goes to (formulas in CSV, markup in Slack).
package report

import (
	"cmp"
	"slices"
	"time"

	"zesei/internal/control"
	"zesei/internal/finding"
)

// Query says which findings are wanted. Empty fields want all.
type Query struct {
	Controls []string // ids in canonical case
	Accounts []string // 12 digits
	Owners   []string
}

// Row is one problem in a list. Times are UTC.
type Row struct {
	Key         string           `json:"key"` // the case's, as `zesei case show` takes it
	Resource    string           `json:"resource"`
	Title       string           `json:"title"`
	Control     string           `json:"control"`
	Severity    finding.Severity `json:"severity"`
	Account     string           `json:"account"`
	AccountName string           `json:"account_name"`
	Region      string           `json:"region"`
	Owner       string           `json:"owner"`
	OwnerWhy    string           `json:"owner_why,omitempty"`
	// Person is who made the resource, by name in `people:`, where the owner was
	// found by the creator.
	Person string `json:"person,omitempty"`
	// Due is nil where there is no deadline, or no case yet.
	Due *time.Time `json:"due"`
	// State is open, overdue, accepted, suppressed or closed; new or notified
	// where Security Hub reports what no case stands for yet.
	State string `json:"state"`

	title string // the source's
	key   finding.Key
	tags  map[string]string
}

// The states of a Row that are no case's.
const (
	StateOverdue  = "overdue"
	StateNew      = "new"
	StateNotified = "notified"
)

// Titles gives each row the catalogue's title in a language; a control that the
// catalogue does not know keeps the source's.
func Titles(rows []Row, cat *control.Catalogue, language string) {
	for i := range rows {
		rows[i].Title = rows[i].title
		if c, ok := cat.Lookup(rows[i].Control); ok {
			rows[i].Title = c.Title.In(language)
		}
	}
}

// Sort orders rows: severest first, then by control, account, Region, resource.
func Sort(rows []Row) {
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), control.Compare(a.Control, b.Control),
			cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Resource, b.Resource))
	})
}

package ticket

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"zesei/internal/finding"
)

// View is what a template sees.
type View struct {
	Language string
	Owner    string
	Marker   string
	Control  Control
	Title    string // of the control, in the language
	Severity finding.Severity
	Subject  string // what the ticket is about, in its title
	Grouped  bool
	Cases    []Case  // open ones first, at most maxCases
	More     int     // cases beyond them
	Open     int     // cases that are open
	Total    int     // all cases
	Due      string  // 2006-01-02: the first deadline; empty: none
	Assignee string  // a login of the tracker; empty: nobody
	Case     *Case   // the case of a line, or of a ticket for one case
	Events   []Event // what a comment says, at most maxCases
	Unsaid   int     // events beyond them
	due      time.Time
	zone     *time.Location
}

// maxCases is how many cases a text lists: the smallest limit of a description
// among the trackers is Jira's, 32,767 characters.
const maxCases = 40

func (t Ticket) view() View {
	v := View{Language: t.Language, Owner: t.Owner, Marker: t.Marker(), Control: t.Control, Title: t.Control.Title(t.Language),
		Severity: t.Severity(), Grouped: t.Grouped, Assignee: t.Assignee, Total: len(t.Cases), zone: t.zone()}
	if due := t.Due(); !due.IsZero() {
		v.due, v.Due = due, due.In(v.zone).Format("2006-01-02")
	}
	cases := slices.Clone(t.Cases)
	slices.SortStableFunc(cases, func(a, b Case) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Due.Compare(b.Due), cmp.Compare(a.Key, b.Key))
	})
	for _, c := range cases {
		if c.State == Open {
			v.Open++
		}
	}
	if !t.Grouped && len(cases) == 1 {
		v.Case = &cases[0]
	}
	if len(cases) > maxCases {
		v.More, cases = len(cases)-maxCases, cases[:maxCases]
	}
	v.Cases, v.Subject = cases, v.subject()
	return v
}

func rank(c Case) int {
	if c.State == Open {
		return 0
	}
	return 1
}

// subject names the one resource of a ticket, or the owner of a group.
func (v View) subject() string {
	if v.Case == nil {
		return v.Owner
	}
	return fmt.Sprintf("%s (%s)", cmp.Or(v.Case.ResourceName, v.Case.Resource), cmp.Or(v.Case.AccountName, v.Case.AccountID))
}

// comment is the view of a comment that tells events.
func (t Ticket) comment(events []Event) View {
	v := t.view()
	if len(events) > maxCases {
		v.Unsaid, events = len(events)-maxCases, events[:maxCases]
	}
	v.Events = events
	return v
}

// Date writes a deadline for people: with its weekday, time and zone.
func (v View) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(v.zone)
	clock := t.Format("15:04 MST")
	if zone := t.Format("MST"); zone[0] == '+' || zone[0] == '-' { // one without a name
		clock = t.Format("15:04 UTC") + zone
	}
	if v.Language == "ja" {
		return fmt.Sprintf("%d年%d月%d日(%s) %s", t.Year(), t.Month(), t.Day(), []string{"日", "月", "火", "水", "木", "金", "土"}[t.Weekday()], clock)
	}
	return t.Format("Mon 2 Jan 2006 ") + clock
}

// Deadline is the first deadline as Date writes it.
func (v View) Deadline() string { return v.Date(v.due) }

// WithCase is the view of one case's line.
func (v View) WithCase(c Case) View {
	v.Case = &c
	return v
}

// Name is how a case's resource is called.
func (c Case) Name() string { return cmp.Or(c.ResourceName, c.Resource) }

// Account names a case's account.
func (c Case) Account() string {
	if c.AccountName == "" {
		return c.AccountID
	}
	return c.AccountName + " (" + c.AccountID + ")"
}

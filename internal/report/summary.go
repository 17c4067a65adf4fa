package report

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// Summary says how things stand now and what has changed in a period, for one
// owner or for all. Its times carry the zone that they are told in.
type Summary struct {
	At time.Time `json:"at"`
	// From and To are the period, both days included.
	From store.Day `json:"from"`
	To   store.Day `json:"to"`
	// Owner is "" for all owners together.
	Owner     string          `json:"owner,omitempty"`
	Standards []StandardCount `json:"standards"`
	// Incidents and Other count what belongs to none of the standards: happenings,
	// and what other products say; nil where there is nothing.
	Incidents *StandardCount `json:"incidents,omitempty"`
	Other     *StandardCount `json:"other,omitempty"`
	Open      int            `json:"open"`
	Urgent    int            `json:"urgent"` // open, CRITICAL and HIGH
	Overdue   int            `json:"overdue"`
	Accepted  int            `json:"accepted"` // under an exception
	Changes   Changes        `json:"changes"`
	FixTime   FixTime        `json:"fix_time"`
	Ages      []AgeCount     `json:"ages"`
	Controls  []ControlCount `json:"controls"`         // with the most open cases
	Owners    []OwnerCount   `json:"owners,omitempty"` // of a summary of all: with the most urgent cases
	Next      []NextCase     `json:"next"`             // due next, or overdue longest
	Scores    []Score        `json:"scores"`
	Days      []DayCount     `json:"days"`
	History   []ScoreDays    `json:"score_history"`
	// Tickets is where the owner's tickets are listed; "" nowhere.
	Tickets string `json:"tickets,omitempty"`
	// Console leads to all failed findings, of the owner's accounts where there is
	// one; "" nowhere.
	Console string `json:"console,omitempty"`

	closing map[string]string
}

// StandardCount counts the open cases of one standard by severity.
type StandardCount struct {
	Standard      string `json:"standard"`
	Title         string `json:"title"`
	Critical      int    `json:"critical"`
	High          int    `json:"high"`
	Medium        int    `json:"medium"`
	Low           int    `json:"low"`
	Informational int    `json:"informational"`
	// Links lead to the findings in Security Hub's console, by severity; "" leads
	// to all of the standard.
	Links map[finding.Severity]string `json:"links,omitempty"`
}

func (c *StandardCount) of(rank int) *int {
	return []*int{&c.Informational, &c.Low, &c.Medium, &c.High, &c.Critical}[rank]
}

// Total is all severities together.
func (c *StandardCount) Total() int {
	return c.Critical + c.High + c.Medium + c.Low + c.Informational
}

// SeverityCount is one line of a StandardCount.
type SeverityCount struct {
	Severity finding.Severity
	N        int
	Link     string
}

// Lines are the counts, severest first: zeros stand, except that of
// informational findings.
func (c *StandardCount) Lines() []SeverityCount {
	var out []SeverityCount
	for rank, s := range bySeverity {
		if n := *c.of(4 - rank); n > 0 || s != finding.Informational {
			out = append(out, SeverityCount{s, n, c.Links[s]})
		}
	}
	return out
}

var bySeverity = []finding.Severity{finding.Critical, finding.High, finding.Medium, finding.Low, finding.Informational}

// OwnerCount counts the open cases of one owner.
type OwnerCount struct {
	Owner   string `json:"owner"`
	Open    int    `json:"open"`
	Urgent  int    `json:"urgent"` // CRITICAL and HIGH
	Overdue int    `json:"overdue"`
}

// ControlCount counts the open cases of one control.
type ControlCount struct {
	Control  string           `json:"control"`
	Title    string           `json:"title"`
	Severity finding.Severity `json:"severity"` // the severest
	Open     int              `json:"open"`
	Link     string           `json:"link,omitempty"`
}

// MostListed is how many controls, owners and cases a summary names.
const MostListed = 10

// SummaryOf asks for a summary.
type SummaryOf struct {
	Owner     string   // "": all
	Standards []string // those that count; shown once a finding of them was seen
	Language  string   // of titles
	At        time.Time
	Zone      *time.Location // in which days are counted; nil: UTC
	From, To  store.Day      // both zero: DefaultPeriod
	Catalogue *control.Catalogue
	// Console makes links to Security Hub; nil: none. Accounts are the owner's, to
	// narrow the links down.
	Console  *Console
	Accounts []string
	// Account is an account's name, "" where it has none; nil: its id is shown.
	Account func(id string) string
	Tickets string // where the owner's tickets are listed
	// Closing replaces the last sentences: a text template on Summary by language.
	Closing map[string]string
	// Score says whose accounts are whose, as in ScoreOf.
	Score ScoreOf
}

// Summarize counts cases by standard and severity. A case that several standards
// hold counts in each of them, and once in the totals.
func Summarize(ctx context.Context, q store.Querier, of SummaryOf) (Summary, error) {
	if of.Zone == nil {
		of.Zone = time.UTC
	}
	of.At = of.At.In(of.Zone)
	if of.From == 0 {
		of.From, of.To = DefaultPeriod(store.DayOf(of.At))
	}
	seen, err := seenStandards(ctx, q)
	if err != nil {
		return Summary{}, err
	}
	of.Standards = slices.DeleteFunc(slices.Clone(of.Standards), func(id string) bool { return !seen[id] })
	standing, err := store.Standings(ctx, q, of.Owner)
	if err != nil {
		return Summary{}, err
	}
	waiting, err := store.AgesOfOpen(ctx, q, of.Owner, of.At, ageLimits)
	if err != nil {
		return Summary{}, err
	}
	if of.Console, err = of.Console.placed(ctx, q, of.Owner); err != nil {
		return Summary{}, err
	}
	s := summarize(standing, waiting, of)
	for _, add := range []func(context.Context, store.Querier, SummaryOf) error{s.readMoves, s.readFixTime, s.readNext, s.readScores} {
		if err := add(ctx, q, of); err != nil {
			return Summary{}, err
		}
	}
	return s, nil
}

// summarize counts what stands.
func summarize(standing map[store.Standing]int, waiting []store.Waiting, of SummaryOf) Summary {
	s := Summary{At: of.At, From: of.From, To: of.To, Owner: of.Owner, Standards: []StandardCount{}, Tickets: of.Tickets, closing: of.Closing}
	if of.Console != nil {
		s.Console = of.Console.Findings(Wanted{Accounts: of.Accounts})
	}
	for _, id := range of.Standards {
		s.Standards = append(s.Standards, StandardCount{Standard: id, Title: standardTitle(id, of.Language), Links: of.links(id)})
	}
	other := StandardCount{Title: otherTitle.In(of.Language)}
	incidents := StandardCount{Title: incidentsTitle.In(of.Language)}
	owners, controls := map[string]*OwnerCount{}, map[string]*ControlCount{}
	for g, n := range standing {
		if g.State == casefile.Accepted {
			s.Accepted += n
		}
		if g.State != casefile.Open {
			continue
		}
		s.Open += n
		o := entry(owners, g.Owner)
		o.Owner, o.Open = g.Owner, o.Open+n
		if g.Severity >= finding.High.Rank() {
			s.Urgent, o.Urgent = s.Urgent+n, o.Urgent+n
		}
		c := entry(controls, g.Control)
		c.Control, c.Open = g.Control, c.Open+n
		if is := bySeverity[4-g.Severity]; is.Rank() >= c.Severity.Rank() {
			c.Severity = is
		}
		in, standards := false, list(g.Standards)
		for i := range s.Standards {
			if slices.Contains(standards, s.Standards[i].Standard) {
				*s.Standards[i].of(g.Severity) += n
				in = true
			}
		}
		switch {
		case g.Kind == finding.Incident:
			*incidents.of(g.Severity) += n
			s.Incidents = &incidents
		case !in:
			*other.of(g.Severity) += n
			s.Other = &other
		}
	}
	s.Ages = ages(waiting)
	for _, w := range waiting {
		s.Overdue += w.Overdue
		if o := owners[w.Owner]; o != nil {
			o.Overdue = w.Overdue
		}
	}
	if of.Owner == "" {
		s.Owners = topOwners(owners)
	}
	s.Controls = topControls(controls, of)
	return s
}

func entry[K comparable, V any](m map[K]*V, k K) *V {
	if m[k] == nil {
		m[k] = new(V)
	}
	return m[k]
}

func topOwners(owners map[string]*OwnerCount) []OwnerCount {
	var out []OwnerCount
	for _, o := range owners {
		out = append(out, *o)
	}
	slices.SortFunc(out, func(a, b OwnerCount) int {
		return cmp.Or(cmp.Compare(b.Urgent, a.Urgent), cmp.Compare(b.Overdue, a.Overdue), cmp.Compare(b.Open, a.Open), cmp.Compare(a.Owner, b.Owner))
	})
	return out
}

func topControls(controls map[string]*ControlCount, of SummaryOf) []ControlCount {
	out := []ControlCount{}
	for _, id := range slices.SortedFunc(maps.Keys(controls), control.Compare) {
		out = append(out, *controls[id])
	}
	slices.SortStableFunc(out, func(a, b ControlCount) int {
		return cmp.Or(cmp.Compare(b.Open, a.Open), cmp.Compare(b.Severity.Rank(), a.Severity.Rank()))
	})
	out = out[:min(len(out), MostListed)]
	for i := range out {
		c := &out[i]
		if of.Catalogue != nil {
			if known, ok := of.Catalogue.Lookup(c.Control); ok {
				c.Title = known.Title.In(of.Language)
				if of.Console != nil {
					c.Link = of.Console.Findings(Wanted{Control: known.ID, Accounts: of.Accounts})
				}
			}
		}
	}
	return out
}

// links lead to the findings of a standard by severity.
func (of SummaryOf) links(standard string) map[finding.Severity]string {
	if of.Console == nil {
		return nil
	}
	out := map[finding.Severity]string{}
	for _, s := range append([]finding.Severity{""}, bySeverity...) {
		if link := of.Console.Findings(Wanted{Standard: standard, Severity: s, Accounts: of.Accounts}); link != "" {
			out[s] = link
		}
	}
	return out
}

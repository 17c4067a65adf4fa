package replay

import (
	"cmp"
	"slices"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/policy"
	"zesei/internal/store"
)

// Result is what would be otherwise. Old is today's policy.
type Result struct {
	Old   Policy    `json:"old"`
	New   Policy    `json:"new"`
	Since time.Time `json:"since"`
	Cases int       `json:"cases"` // that were looked at
	Same  int       `json:"same"`  // decided alike in everything
	// Differences are sorted: what touches most cases first.
	Differences []Difference `json:"differences"`
	// Messages are the first tellings of cases, joined as casework joins them;
	// updates and reminders are not counted.
	Messages Count `json:"messages"`
	Tickets  Count `json:"tickets"`
	// Fixes counts resources by the most that the policy allows for them.
	Fixes map[policy.FixMode]Count `json:"fixes"`
	Notes []string                 `json:"notes,omitempty"`
}

// Policy names one of the two.
type Policy struct {
	Name string `json:"name"`
	Hash string `json:"hash"`
}

// Count is a number under each of the two policies.
type Count struct {
	Old int `json:"old"`
	New int `json:"new"`
}

// What a difference is about.
const (
	OfCase     = "case"     // whether there is one: "opened", "not opened"
	OfResponse = "response" // track, notify, suppress, disable
	OfOwner    = "owner"
	OfDeadline = "deadline" // "none", "earlier", "later", "set"
	OfFix      = "fix"      // off, suggest, approve, auto
)

// Difference is one way in which cases are decided otherwise.
type Difference struct {
	Of       string    `json:"of"`
	Old      string    `json:"old"`
	New      string    `json:"new"`
	Cases    int       `json:"cases"`
	Examples []Example `json:"examples"`
}

// Example is one case of a difference.
type Example struct {
	Case     string           `json:"case"` // as `zesei case show` takes it
	Control  string           `json:"control"`
	Severity finding.Severity `json:"severity"`
	Account  string           `json:"account"`
	Resource string           `json:"resource"`
	OldRule  string           `json:"old_rule"`
	NewRule  string           `json:"new_rule"`
	OldDue   *time.Time       `json:"old_due,omitempty"`
	NewDue   *time.Time       `json:"new_due,omitempty"`
}

type differences struct {
	most int
	same int
	by   map[[3]string]*Difference
}

func newDifferences(most int) *differences {
	return &differences{most: most, by: map[[3]string]*Difference{}}
}

// add compares the two outcomes of one case. A case counts in each way in which
// it is decided otherwise.
func (d *differences) add(f *casefile.File, was, is outcome) {
	differs := false
	put := func(of, o, n string) {
		differs = true
		d.put(f, was, is, of, o, n)
	}
	switch {
	case was.exists != is.exists:
		put(OfCase, opened(was.exists), opened(is.exists))
	case !was.exists:
	default:
		if was.response != is.response {
			put(OfResponse, string(was.response), string(is.response))
		}
		if was.owner != is.owner {
			put(OfOwner, was.owner, is.owner)
		}
		if was.response == is.response && !was.due.Equal(is.due) {
			put(OfDeadline, due(was.due, is.due), due(is.due, was.due))
		}
		if was.mode != is.mode {
			put(OfFix, string(was.mode), string(is.mode))
		}
	}
	if !differs {
		d.same++
	}
}

func opened(exists bool) string {
	if exists {
		return "opened"
	}
	return "not opened"
}

// due says how a deadline stands to the other.
func due(a, b time.Time) string {
	switch {
	case a.IsZero():
		return "none"
	case b.IsZero():
		return "set"
	case a.Before(b):
		return "earlier"
	}
	return "later"
}

func (d *differences) put(f *casefile.File, was, is outcome, of, o, n string) {
	k := [3]string{of, o, n}
	x := d.by[k]
	if x == nil {
		x = &Difference{Of: of, Old: o, New: n, Examples: []Example{}}
		d.by[k] = x
	}
	x.Cases++
	if len(x.Examples) >= d.most {
		return
	}
	e := Example{
		Case: store.ShortKey(f.Key), Control: f.Key.Control, Severity: f.Severity, Account: f.Key.Account, Resource: f.Key.Resource,
		OldRule: was.rule, NewRule: is.rule,
	}
	if of == OfFix {
		e.OldRule, e.NewRule = was.fixRule, is.fixRule
	}
	if of == OfDeadline || of == OfResponse {
		e.OldDue, e.NewDue = orNil(was.due), orNil(is.due)
	}
	x.Examples = append(x.Examples, e)
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

var order = map[string]int{OfCase: 0, OfResponse: 1, OfOwner: 2, OfDeadline: 3, OfFix: 4}

func (d *differences) into(out *Result) {
	out.Same, out.Differences = d.same, []Difference{}
	for _, x := range d.by {
		out.Differences = append(out.Differences, *x)
	}
	slices.SortFunc(out.Differences, func(a, b Difference) int {
		return cmp.Or(order[a.Of]-order[b.Of], b.Cases-a.Cases, cmp.Compare(a.Old, b.Old), cmp.Compare(a.New, b.New))
	})
}

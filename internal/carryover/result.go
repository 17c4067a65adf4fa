package carryover

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"zesei/internal/config/document"
	"zesei/internal/control"
)

// Result is what was carried over.
type Result struct {
	Controls  map[string]Override // policy.yaml, controls
	Unused    []string            // policy.yaml, unused
	Responses []Response          // policy.yaml, responses: before those that stand there
	Accounts  []Account           // zesei.yaml
	Owners    map[string]Owner    // zesei.yaml
	LeftOut   []LeftOut
}

// Override is what is said of one control.
type Override struct{ Do, Class, Severity, Due, Reason string }

// Response is a rule.
type Response struct {
	Controls, Standards, Severities, Accounts []string
	When, Do, Reason                          string
	From                                      string // the rule that it comes from, for a comment
}

// Account is a row of accounts.
type Account struct{ ID, Name, Owner, Environment, OU, IaC string }

// Owner is a team.
type Owner struct {
	Slack string
	Email []string
}

// LeftOut is what could not be carried over, whole or in part.
type LeftOut struct {
	Source string `json:"source"` // file
	Item   string `json:"item"`   // rule, row or column
	Why    string `json:"why"`
}

func (l LeftOut) String() string { return l.Source + ": " + l.Item + ": " + l.Why }

// New is an empty Result.
func New() *Result { return &Result{Controls: map[string]Override{}, Owners: map[string]Owner{}} }

func (r *Result) leave(source, item, format string, args ...any) {
	r.LeftOut = append(r.LeftOut, LeftOut{source, item, fmt.Sprintf(format, args...)})
}

// Policy writes the parts of policy.yaml; empty where there are none.
func (r *Result) Policy() string {
	var b strings.Builder
	standards := map[string]bool{}
	for _, x := range r.Responses {
		for _, s := range x.Standards {
			standards[s] = true
		}
	}
	if len(standards) > 0 {
		fmt.Fprintf(&b, "standards: %s\n", document.QuoteList(slices.Sorted(maps.Keys(standards))))
	}
	if len(r.Unused) > 0 {
		fmt.Fprintf(&b, "unused: %s\n", document.QuoteList(slices.Compact(slices.SortedFunc(slices.Values(r.Unused), control.Compare))))
	}
	if len(r.Controls) > 0 {
		b.WriteString("controls:\n")
		for _, id := range slices.SortedFunc(maps.Keys(r.Controls), control.Compare) {
			o := r.Controls[id]
			fmt.Fprintf(&b, "  %s: {%s}\n", id, fields([][2]string{{"do", o.Do}, {"class", o.Class}, {"severity", o.Severity}, {"due", o.Due}, {"reason", o.Reason}}))
		}
	}
	if len(r.Responses) > 0 {
		b.WriteString("responses: # put them before those that stand there: the first that matches answers\n")
	}
	for _, x := range r.Responses {
		var lists []string
		for _, l := range []struct {
			name string
			list []string
		}{{"standard", x.Standards}, {"controls", x.Controls}, {"severity", x.Severities}, {"accounts", x.Accounts}} {
			if len(l.list) > 0 {
				lists = append(lists, l.name+": "+document.QuoteList(l.list))
			}
		}
		lists = append(lists, fields([][2]string{{"when", x.When}, {"do", x.Do}, {"reason", x.Reason}}))
		if x.From != "" {
			fmt.Fprintf(&b, "  # %s\n", oneLine(x.From))
		}
		fmt.Fprintf(&b, "  - {%s}\n", strings.Join(lists, ", "))
	}
	return b.String()
}

// Config writes the parts of zesei.yaml; empty where there are none.
func (r *Result) Config() string {
	var b strings.Builder
	if len(r.Accounts) > 0 {
		b.WriteString("accounts:\n")
	}
	for _, a := range slices.SortedStableFunc(slices.Values(r.Accounts), func(a, b Account) int { return cmp.Compare(a.ID, b.ID) }) {
		fmt.Fprintf(&b, "  - {%s}\n", fields([][2]string{{"id", a.ID}, {"name", a.Name}, {"owner", a.Owner}, {"environment", a.Environment}, {"ou", a.OU}, {"iac", a.IaC}}))
	}
	if len(r.Owners) > 0 {
		b.WriteString("owners: # one of them gets what no owner is known for: default: true\n")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Owners)) {
		o := r.Owners[name]
		parts := fields([][2]string{{"slack", o.Slack}})
		if len(o.Email) > 0 {
			parts = strings.TrimPrefix(parts+", email: "+document.QuoteList(o.Email), ", ")
		}
		if len(r.Owners) == 1 { // who else
			parts = strings.TrimPrefix(parts+", default: true", ", ")
		}
		fmt.Fprintf(&b, "  %s: {%s}\n", document.Quote(name), parts)
	}
	return b.String()
}

func fields(list [][2]string) string {
	var parts []string
	for _, f := range list {
		if f[1] != "" {
			parts = append(parts, f[0]+": "+document.Quote(f[1]))
		}
	}
	return strings.Join(parts, ", ")
}

// oneLine makes text harmless in a comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}

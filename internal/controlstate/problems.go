package controlstate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"zesei/internal/awscloud"
)

// ProblemGroup is problems that have one reason, in the order of their list.
type ProblemGroup struct {
	Why      string // with what differs between them left out
	Problems []Problem
}

// Group puts problems together that have one reason. A company has hundreds of
// accounts, and one missing role is one thing to mend.
func Group(list []Problem) []ProblemGroup {
	var out []ProblemGroup
	at := map[string]int{}
	for _, p := range list {
		key := string(p.Kind) + "\n" + p.reason()
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, ProblemGroup{Why: p.reason()})
		}
		out[i].Problems = append(out[i].Problems, p)
	}
	return out
}

// requestID is what AWS's answers differ in, and nothing else does.
var requestID = regexp.MustCompile(`,? ?(Request ?ID|HostID): [^,\s]*`)

// reason is why, without the account and Region that the problem names itself.
func (p Problem) reason() string {
	why := requestID.ReplaceAllString(p.Why, "")
	if p.Account != "" {
		why = strings.ReplaceAll(why, "access to account "+p.Account, "access to the account")
		why = strings.ReplaceAll(why, p.Account, "ACCOUNT")
	}
	if p.Region != "" {
		why = strings.ReplaceAll(why, p.Region, "REGION")
	}
	return why
}

// named is how many of a kind are named before the others are counted.
const named = 3

// String counts the accounts, and names the first of them; a problem that stands
// alone is said as it is.
func (g ProblemGroup) String() string {
	if len(g.Problems) == 1 {
		return g.Problems[0].String()
	}
	of := func(field func(Problem) string) (all []string) {
		for _, p := range g.Problems {
			if s := field(p); s != "" && !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
		return all
	}
	parts := []string{some("account", of(func(p Problem) string { return p.Account })), some("Region", of(func(p Problem) string { return p.Region }))}
	for _, x := range []struct {
		what  string
		field func(Problem) string
	}{
		{"configuration policy", func(p Problem) string { return p.Policy }},
		{"standard", func(p Problem) string { return p.Standard }},
		{"control", func(p Problem) string { return p.Control }},
	} {
		if all := of(x.field); len(all) > 0 {
			parts = append(parts, some(x.what, all))
		}
	}
	return strings.Join(parts, ", ") + ": " + g.Why
}

func some(what string, all []string) string {
	switch {
	case len(all) == 1:
		return what + " " + all[0]
	case len(all) > named:
		return fmt.Sprintf("%d %s (%s, …)", len(all), plural(what), strings.Join(all[:named], ", "))
	}
	return fmt.Sprintf("%d %s (%s)", len(all), plural(what), strings.Join(all, ", "))
}

func plural(what string) string {
	if stem, ok := strings.CutSuffix(what, "y"); ok {
		return stem + "ies"
	}
	return what + "s"
}

// UnreadError says that nothing at all could be read: there is nothing to plan,
// to apply or to write.
type UnreadError struct{ Problems []Problem }

func (e *UnreadError) Error() string {
	accounts := map[string]bool{}
	closed := true
	for _, p := range e.Problems {
		accounts[p.Account] = true
		closed = closed && p.Kind == awscloud.Denied
	}
	do := "mend that, and try again"
	if closed {
		do = "give zesei a role that may read them (accounts: [{id: …, roles: {read: ARN}}] in zesei.yaml), or name others with --account; `zesei account list` shows what is configured"
	}
	return fmt.Sprintf("no control could be read in any of %d accounts, so nothing is known of what is to be changed: %s", len(accounts), do)
}

// Nothing is an *UnreadError where nothing could be read, and nil elsewhere.
func (l *Live) Nothing() error {
	if len(l.Items) > 0 || len(l.Problems) == 0 {
		return nil
	}
	return &UnreadError{l.Problems}
}

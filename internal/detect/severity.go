package detect

import (
	"fmt"
	"strings"
)

// String says which severity a rule's matches have: its name, or the field that
// says it.
func (s Severity) String() string {
	switch {
	case s.Fixed != "":
		return string(s.Fixed)
	case s.from.empty():
		return ""
	}
	var least []string
	for _, step := range s.least {
		least = append(least, fmt.Sprintf("%s from %v", step.severity, step.from))
	}
	if len(least) == 0 {
		return "by " + s.from.String()
	}
	return "by " + s.from.String() + " (" + strings.Join(least, ", ") + ")"
}

// String names the places, as a pack writes them.
func (p Paths) String() string {
	all := make([]string, len(p))
	for i, one := range p {
		all[i] = one.String()
	}
	return strings.Join(all, " or ")
}

// String says what is counted, in words.
func (t *Threshold) String() string {
	per := "account"
	if !t.Per.empty() {
		per = t.Per.String()
	}
	return fmt.Sprintf("%d within %s, for each %s", t.Count, t.Within, per)
}

package ticket

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Ending is why a ticket is closed. Trackers tell work that is done from work
// that nobody will do: a risk that is accepted is not closed as fixed.
type Ending string

// Why a ticket is closed.
const (
	EndFixed         Ending = "fixed"          // the fix was confirmed
	EndGone          Ending = "gone"           // the resource was deleted
	EndOver          Ending = "over"           // taken care of, or ended by its source
	EndAccepted      Ending = "accepted"       // an exception holds
	EndSuppressed    Ending = "suppressed"     // the policy or a person does not follow it up
	EndFalsePositive Ending = "false_positive" // a person said so
	EndDuplicate     Ending = "duplicate"      // another case holds the same problem
	EndMoved         Ending = "moved"          // another owner has it, in a ticket of theirs
)

// Endings are all of them. The one of a ticket that holds several cases is the
// first in this order that one of its cases came to: a risk that stays goes before
// a fix, so that what is closed as done holds nothing that still fails, and a fix
// before what concerns nobody there.
var Endings = []Ending{EndAccepted, EndSuppressed, EndFixed, EndOver, EndGone, EndFalsePositive, EndMoved, EndDuplicate}

// Done says whether the work was done or is not needed any more; otherwise nobody
// does it, or not in this ticket.
func (e Ending) Done() bool {
	return e == EndFixed || e == EndGone || e == EndOver || e == ""
}

// Ending is why a case does not keep its ticket open; empty: it is open.
func (c Case) Ending() Ending {
	switch {
	case c.State == Open:
		return ""
	case c.MovedTo != "":
		return EndMoved
	case c.State == Accepted:
		return EndAccepted
	case c.State == Suppressed:
		return EndSuppressed
	}
	switch c.Reason {
	case "fixed":
		return EndFixed
	case "gone":
		return EndGone
	case "false positive":
		return EndFalsePositive
	case "duplicate":
		return EndDuplicate
	}
	return EndOver
}

// Ending is why the ticket is closed; empty: it is not.
func (t Ticket) Ending() Ending {
	if t.Open() {
		return ""
	}
	for _, e := range Endings {
		if slices.ContainsFunc(t.Cases, func(c Case) bool { return c.Ending() == e }) {
			return e
		}
	}
	return ""
}

// movedTo is who has the cases now, where all of them moved; empty otherwise.
func (t Ticket) movedTo() (Case, bool) {
	if t.Ending() != EndMoved || slices.ContainsFunc(t.Cases, func(c Case) bool { return c.Ending() != EndMoved }) {
		return Case{}, false
	}
	return t.Cases[0], true
}

// ClosedAs are a tracker's names for endings, as a configuration gives them.
type ClosedAs map[Ending]string

// NewClosedAs reads closed_as of a tracker. allowed are the names that there are;
// none: any.
func NewClosedAs(tracker string, names map[string]string, allowed ...string) (ClosedAs, error) {
	out := ClosedAs{}
	for _, key := range slices.Sorted(maps.Keys(names)) {
		e, name := Ending(key), strings.TrimSpace(names[key])
		path := "ticket." + tracker + ".closed_as." + key
		switch {
		case !slices.Contains(Endings, e):
			return nil, fmt.Errorf("%s: there is no such reason: expected one of %s", path, listed(Endings))
		case name == "":
			return nil, fmt.Errorf("%s: expected a name, or leave the line out", path)
		case len(allowed) > 0 && !slices.Contains(allowed, name):
			return nil, fmt.Errorf("%s: %q is none of %s", path, name, strings.Join(allowed, ", "))
		}
		out[e] = name
	}
	return out, nil
}

func listed(all []Ending) string {
	var out []string
	for _, e := range all {
		out = append(out, string(e))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// Names says whether one of the names is this one, whatever the case of its letters.
func (c ClosedAs) Names(name string) bool {
	for _, n := range c {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

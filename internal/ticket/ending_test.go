package ticket

import (
	"strings"
	"testing"
)

func TestATicketIsClosedAsFixedOnlyWhereNothingIsLeft(t *testing.T) {
	fixed := func(c *Case) { c.State, c.Reason = Closed, "fixed" }
	gone := func(c *Case) { c.State, c.Reason = Closed, "gone" }
	accepted := func(c *Case) { c.State, c.Reason = Accepted, "a public site" }
	muted := func(c *Case) { c.State = Suppressed }
	alarm := func(c *Case) { c.State, c.Reason = Closed, "false positive" }
	moved := func(c *Case) { c.State, c.Reason, c.MovedTo = Closed, "it belongs to storage now", "storage" }
	archived := func(c *Case) { c.State, c.Reason = Closed, "archived" }
	for _, test := range []struct {
		name  string
		cases []func(*Case)
		want  Ending
	}{
		{"an open case", []func(*Case){fixed, func(*Case) {}}, ""},
		{"a fix", []func(*Case){fixed}, EndFixed},
		{"a fix and a resource that is gone", []func(*Case){gone, fixed}, EndFixed},
		{"a fix and a risk", []func(*Case){fixed, accepted}, EndAccepted},
		{"a fix and what the policy leaves", []func(*Case){muted, fixed}, EndSuppressed},
		{"a fix and a false alarm", []func(*Case){alarm, fixed}, EndFixed},
		{"a fix, and the rest moved", []func(*Case){moved, fixed}, EndFixed},
		{"all moved", []func(*Case){moved, moved}, EndMoved},
		{"what its source ended", []func(*Case){archived}, EndOver},
	} {
		w := open(strings.Split("a b c", " ")[:len(test.cases)]...)
		for i, change := range test.cases {
			change(&w.Cases[i])
		}
		if got := w.Ending(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestWhatHappensToACaseThatMovedIsNotToldInItsOldTicket(t *testing.T) {
	moved := change(open("logs"), func(c *Case) { c.State, c.Reason, c.MovedTo = Closed, "it belongs to storage now", "storage" })
	k := closedByUs(stands(moved))
	back := change(moved, func(c *Case) { c.Recurrences = 2 })
	for _, a := range Decide(back, k).List {
		if a.Do == Say || a.Do == Reopen {
			t.Errorf("%s: %s", a.Do, a.Why)
		}
	}
}

func TestClosedAsIsChecked(t *testing.T) {
	for _, test := range []struct{ key, name, want string }{
		{"acepted", "Rejected", "ticket.redmine.closed_as.acepted: there is no such reason: expected one of accepted, duplicate"},
		{"accepted", " ", "expected a name"},
		{"accepted", "wontfix", `"wontfix" is none of completed, not_planned`},
		{"accepted", "not_planned", ""},
	} {
		_, err := NewClosedAs("redmine", map[string]string{test.key: test.name}, "completed", "not_planned")
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %q: error %v, want %q", test.key, test.name, err, test.want)
		}
	}
}

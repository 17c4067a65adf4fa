package jira

import (
	"slices"
	"strings"

	"zesei/internal/ticket"
)

// Names that states and resolutions of Jira have, in English and Japanese, for
// what is closed though nobody did it. A workflow may call them anything: where
// none of these is there, a ticket is closed as it would be without a reason.
var (
	declined  = []string{"Won't Do", "Won't Fix", "Declined", "Rejected", "Not Planned", "Cancelled", "Canceled", "対応しない", "修正しない", "却下", "見送り", "中止", "キャンセル"}
	invalid   = []string{"Not a Bug", "Invalid", "不具合ではない", "無効"}
	duplicate = []string{"Duplicate", "重複"}
	done      = []string{"Done", "Fixed", "完了", "修正済み"}
)

// names are those of a reason, the best first.
func (t *Tracker) names(why ticket.Ending) []string {
	var out []string
	if name := t.c.ClosedAs[why]; name != "" {
		out = append(out, name)
	}
	switch {
	case why.Done():
		return out
	case why == ticket.EndDuplicate:
		out = append(out, duplicate...)
	case why == ticket.EndFalsePositive:
		out = append(out, invalid...)
	}
	return append(out, declined...)
}

// isNotDone says whether a name is known to mean that nobody did it.
func isNotDone(name string) bool { return among(name, slices.Concat(declined, invalid, duplicate)) }

func among(name string, list []string) bool {
	return slices.ContainsFunc(list, func(n string) bool { return strings.EqualFold(n, name) })
}

// resolution is the one to give with a transition; empty: none. One that the
// transition does not insist on is given only where its name is known.
func (t *Tracker) resolution(way transition, why ticket.Ending) string {
	f, asks := way.Fields["resolution"]
	if !asks || len(f.AllowedValues) == 0 {
		return ""
	}
	first := func(is func(string) bool) string {
		for _, v := range f.AllowedValues {
			if is(v.Name) {
				return v.Name
			}
		}
		return ""
	}
	for _, want := range t.names(why) {
		if name := first(func(n string) bool { return strings.EqualFold(n, want) }); name != "" {
			return name
		}
	}
	if !f.Required {
		return ""
	}
	for _, is := range []func(string) bool{func(n string) bool { return among(n, done) }, func(n string) bool { return !isNotDone(n) }} {
		if name := first(is); name != "" {
			return name
		}
	}
	return f.AllowedValues[0].Name
}

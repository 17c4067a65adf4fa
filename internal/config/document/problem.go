package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a file.
type Problem struct {
	File     string `json:"file"`
	Line     int    `json:"line"`               // from 1; 0 when the whole file is meant
	Column   int    `json:"column"`             // from 1
	Field    string `json:"field,omitempty"`    // e.g. responses[4].do
	Message  string `json:"message"`            // what is wrong
	Expected string `json:"expected,omitempty"` // what may stand there
	Hint     string `json:"hint,omitempty"`     // what to do
}

// String is the problem on one line: place, field, what is wrong, what was
// expected, what to do.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Message)
	if p.Expected != "" {
		b.WriteString("; expected " + p.Expected)
	}
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// Problems are all mistakes of a file, in the order in which they stand in it.
// It is an error when it is not empty.
type Problems []Problem

// Error prints one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns the problems as an error, sorted by place and without doubles, or
// nil when there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	out := slices.Clone(ps)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(out)
}

// OneOf lists names for Problem.Expected: "track, notify or suppress". A long
// list is cut.
func OneOf(names []string) string {
	const most = 12
	if len(names) == 0 {
		return ""
	}
	if len(names) == 1 {
		return names[0]
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// DidYouMean is the hint for a name that is close to a known one, else empty.
func DidYouMean(name string, known []string) string {
	if n := Nearest(name, known); n != "" && n != name {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return ""
}

// shortestPrefix is how many letters a beginning needs to be a hint.
const shortestPrefix = 4

// Nearest returns the known name that is closest to name, compared without
// case, or "" when none is close: at most one edit for every three letters, or
// one begins with the other.
func Nearest(name string, known []string) string {
	const longest = 64 // longer names are data, not a slip of the finger
	if name == "" || len(name) > longest {
		return ""
	}
	lower := strings.ToLower(name)
	best, bestDistance := "", max(1, len(lower)/3)+1
	for _, k := range known {
		if len(k) > longest {
			continue
		}
		if d := distance(lower, strings.ToLower(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	if best != "" {
		return best
	}
	for _, k := range known {
		l := strings.ToLower(k)
		if min(len(lower), len(l)) >= shortestPrefix && (strings.HasPrefix(l, lower) || strings.HasPrefix(lower, l)) {
			if best != "" {
				return "" // several begin so
			}
			best = k
		}
	}
	return best
}

// distance counts the inserted, removed, replaced and swapped letters between a
// and b (optimal string alignment).
func distance(a, b string) int {
	older, old, now := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(old[j]+1, now[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], older[j-2]+1)
			}
		}
		older, old, now = old, now, older
	}
	return old[len(b)]
}

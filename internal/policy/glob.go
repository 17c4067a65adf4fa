package policy

import "strings"

// glob is a pattern in which * stands for any characters and ? for one. Without
// them it is compared as it is. Case counts.
type glob struct {
	text  string
	plain bool
}

func newGlob(s string) glob { return glob{text: s, plain: !strings.ContainsAny(s, "*?")} }

func newGlobs(list []string) []glob {
	out := make([]glob, len(list))
	for i, s := range list {
		out[i] = newGlob(s)
	}
	return out
}

// match compares in time linear in len(s) × the number of stars; there is no
// pattern that takes exponentially long.
func (g glob) match(s string) bool {
	if g.plain {
		return g.text == s
	}
	p := g.text
	pi, si, star, mark := 0, 0, -1, 0
	for si < len(s) {
		switch {
		case pi < len(p) && p[pi] == '*':
			star, mark = pi, si
			pi++
		case pi < len(p) && (p[pi] == '?' || p[pi] == s[si]):
			pi++
			si++
		case star >= 0:
			mark++
			pi, si = star+1, mark
		default:
			return false
		}
	}
	for pi < len(p) && p[pi] == '*' {
		pi++
	}
	return pi == len(p)
}

// anyMatch says whether one of the patterns matches.
func anyMatch(globs []glob, s string) bool {
	for i := range globs {
		if globs[i].match(s) {
			return true
		}
	}
	return false
}

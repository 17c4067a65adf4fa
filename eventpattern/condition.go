package eventpattern

import (
	"bytes"
	"strings"
)

// test is how a condition is decided. Most operators compare one text, which
// the condition keeps near at hand; the matcher itself is asked for the rest.
type test uint8

const (
	testMatcher test = iota
	testUnlisted
	testRange
	testPrefix
	testSuffix
	testContains
	testNotPrefix
	testNotSuffix
	testFold
)

// newCondition chooses the test of a matcher. Wildcards with stars only at the
// ends are prefixes, suffixes or texts anywhere.
func newCondition(m *matcher) condition {
	c := condition{m: m}
	switch {
	case m.op == opRange:
		c.test = testRange
	case m.op == opPrefix:
		c.test, c.text = testPrefix, m.text
	case m.op == opSuffix:
		c.test, c.text = testSuffix, m.text
	case m.op == opNotPrefix && len(m.texts) == 1:
		c.test, c.text = testNotPrefix, m.texts[0]
	case m.op == opNotSuffix && len(m.texts) == 1:
		c.test, c.text = testNotSuffix, m.texts[0]
	case m.op == opFold && m.folds[0].chars == nil:
		c.test, c.text = testFold, string(m.folds[0].ascii)
	case m.op == opWildcard:
		parts := m.globs[0].parts
		first, last := parts[0], parts[len(parts)-1]
		switch {
		case len(parts) == 2 && len(last) == 0:
			c.test, c.text = testPrefix, string(first)
		case len(parts) == 2 && len(first) == 0:
			c.test, c.text = testSuffix, string(last)
		case len(parts) == 3 && len(first) == 0 && len(last) == 0:
			c.test, c.text = testContains, string(parts[1])
		}
	}
	return c
}

// fulfils reports whether a value satisfies a condition.
func (r *run) fulfils(c *condition, v *value) bool {
	switch c.test {
	case testUnlisted:
		return !contains(c.listed, v.id)
	case testRange:
		return v.counted && c.m.bounds.hold(v.number)
	case testMatcher:
		l := r.leaf(v)
		return c.m.accepts(&l)
	}
	if v.kind != kindString {
		return c.test == testNotPrefix || c.test == testNotSuffix
	}
	text := r.textOf(v)
	switch c.test {
	case testContains:
		return bytes.Contains(text, []byte(c.text))
	case testFold:
		return len(text) == len(c.text) && foldsTo(text, c.text)
	case testPrefix, testNotPrefix:
		begins := len(text) >= len(c.text) && string(text[:len(c.text)]) == c.text
		return begins == (c.test == testPrefix)
	}
	ends := len(text) >= len(c.text) && string(text[len(text)-len(c.text):]) == c.text
	return ends == (c.test == testSuffix)
}

// foldsTo reports whether text is an ASCII text in lower case but for its case.
func foldsTo(text []byte, lower string) bool {
	for i := range len(lower) {
		if lowerASCII(text[i]) != lower[i] {
			return false
		}
	}
	return true
}

// pack joins the texts of all conditions, in order, so that they lie together.
func pack(conds []condition) {
	var all strings.Builder
	for i := range conds {
		all.WriteString(conds[i].text)
	}
	rest := all.String()
	for i := range conds {
		n := len(conds[i].text)
		conds[i].text, rest = rest[:n], rest[n:]
	}
}

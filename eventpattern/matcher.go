package eventpattern

import (
	"strconv"
	"strings"
)

// op is what a matcher compares.
type op uint8

const (
	opString      op = iota // a string, byte for byte
	opAddress               // a string that is this IP address, however it is written
	opNumber                // a number of this value
	opText                  // a number that no float64 holds exactly: this very text
	opNull                  // null
	opTrue                  // true
	opFalse                 // false
	opPrefix                // a string that begins so
	opSuffix                // a string that ends so
	opFold                  // a string, whatever its case
	opFoldPrefix            // begins so, whatever its case
	opFoldSuffix            // ends so, whatever its case
	opWildcard              // a string that fits literals between *
	opRange                 // a number between two bounds
	opBlock                 // a string that is an IP address in this CIDR block
	opExists                // any value at all
	opAbsent                // no value at this path
	opNotStrings            // anything but these strings
	opNotNumbers            // anything but these numbers
	opNotPrefix             // anything but strings that begin so
	opNotSuffix             // anything but strings that end so
	opNotFold               // anything but these strings, whatever their case
	opNotWildcard           // anything but strings that fit
)

// matcher is one alternative of a field. Which members count depends on op.
type matcher struct {
	op      op
	text    string    // opString, opText, opPrefix, opSuffix
	number  float64   // opNumber
	texts   []string  // opNotStrings, opNotPrefix, opNotSuffix
	numbers []float64 // opNotNumbers
	folds   []folded  // opFold, opFoldPrefix, opFoldSuffix (one), opNotFold
	globs   []glob    // opWildcard (one), opNotWildcard
	bounds  bounds    // opRange
	addr    address   // opAddress, opBlock (the network)
	bits    int       // opBlock: length of the network part
	want    string    // the matcher as it was written, for people and for finding equals
}

// bounds is a range of numbers; an absent bound is an infinity.
type bounds struct {
	low, high         float64
	lowOpen, highOpen bool // the bound itself does not belong to the range
}

func (b bounds) hold(n float64) bool {
	if n < b.low || n > b.high {
		return false
	}
	return !(b.lowOpen && n == b.low) && !(b.highOpen && n == b.high)
}

// kind is the JSON type of a leaf of an event.
type kind uint8

const (
	kindNull kind = iota
	kindTrue
	kindFalse
	kindNumber
	kindString
)

// leaf is a value of an event as a matcher sees it.
type leaf struct {
	kind    kind
	text    []byte  // a string unescaped, else the text of the token
	number  float64 // where comparable
	counted bool    // number is set
}

// accepts is the meaning of every operator but opAbsent, which no value accepts.
func (m *matcher) accepts(v *leaf) bool {
	str := v.kind == kindString
	switch m.op {
	case opString:
		return str && string(v.text) == m.text
	case opAddress:
		return str && parseAddress(v.text) == m.addr
	case opNumber:
		return v.counted && v.number == m.number
	case opText:
		return v.kind == kindNumber && string(v.text) == m.text
	case opNull:
		return v.kind == kindNull
	case opTrue:
		return v.kind == kindTrue
	case opFalse:
		return v.kind == kindFalse
	case opPrefix:
		return str && len(v.text) >= len(m.text) && string(v.text[:len(m.text)]) == m.text
	case opSuffix:
		return str && len(v.text) >= len(m.text) && string(v.text[len(v.text)-len(m.text):]) == m.text
	case opFold:
		return str && m.folds[0].equals(v.text)
	case opFoldPrefix:
		return str && m.folds[0].begins(v.text)
	case opFoldSuffix:
		return str && m.folds[0].ends(v.text)
	case opWildcard:
		return str && m.globs[0].fits(v.text)
	case opRange:
		return v.counted && m.bounds.hold(v.number)
	case opBlock:
		return str && parseAddress(v.text).within(m.addr, m.bits)
	case opExists:
		return true
	case opAbsent:
		return false
	case opNotNumbers:
		return !v.counted || !m.lists(v.number)
	}
	return !str || !m.excludes(v.text)
}

// lists reports whether n is one of the numbers of opNotNumbers.
func (m *matcher) lists(n float64) bool {
	for _, x := range m.numbers {
		if x == n {
			return true
		}
	}
	return false
}

// excludes reports whether an anything-but over strings refuses s.
func (m *matcher) excludes(s []byte) bool {
	for _, t := range m.texts {
		switch m.op {
		case opNotStrings:
			if string(s) == t {
				return true
			}
		case opNotPrefix:
			if len(s) >= len(t) && string(s[:len(t)]) == t {
				return true
			}
		case opNotSuffix:
			if len(s) >= len(t) && string(s[len(s)-len(t):]) == t {
				return true
			}
		}
	}
	for i := range m.folds {
		if m.folds[i].equals(s) {
			return true
		}
	}
	for i := range m.globs {
		if m.globs[i].fits(s) {
			return true
		}
	}
	return false
}

// describe lists alternatives as they were written.
func describe(wants []matcher) string {
	parts := make([]string, len(wants))
	for i := range wants {
		parts[i] = wants[i].want
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// quote writes a string as people know it from the pattern.
func quote(s string) string { return strconv.Quote(s) }

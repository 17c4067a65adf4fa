package eventpattern

import (
	"maps"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// maxRules is how many combinations the $or of one pattern may make.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
const maxRules = 1000

// reservedNames cannot be keys inside $or: they would read as operators, today
// or in what EventBridge keeps for later.
var reservedNames = []string{
	"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr",
	"=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case",
	"date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range",
	"ip-address-in-range", "ip-address-not-in-range",
}

// draft is a rule while it is read; a later field of the same path replaces.
type draft map[string][]matcher

// read takes the whole pattern.
func (p *patternReader) read() (rules []rule, err error) {
	defer func() {
		if r := recover(); r != nil {
			refusal, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			rules, err = nil, refusal
		}
	}()
	if p.space() != '{' {
		p.fail(p.pos, "a pattern must be a JSON object, found %s", p.found())
	}
	drafts := p.object([]draft{{}}, "", true, false)
	if !utf8.Valid(p.src[:p.pos]) {
		p.fail(0, "not valid JSON: not UTF-8")
	}
	for _, d := range drafts {
		rules = append(rules, d.rule())
	}
	return rules, nil
}

func (d draft) rule() rule {
	var r rule
	for _, path := range slices.SortedFunc(maps.Keys(d), compareUTF16) {
		r.fields = append(r.fields, field{path: path, wants: d[path]})
	}
	return r
}

// object takes an object of fields at path and returns the drafts with them.
func (p *patternReader) object(drafts []draft, path string, top, inOr bool) []draft {
	start := p.pos
	p.expect('{', "")
	p.enter()
	first := true
	for ; p.more(first, '}'); first = false {
		at := p.pos
		name := p.text("a field name")
		p.expect(':', "after a field name")
		if name == "$or" {
			drafts = p.or(drafts, path, top)
			continue
		}
		if inOr && slices.Contains(reservedNames, name) {
			p.fail(at, "%q is an operator or reserved for one and cannot be a field inside $or", name)
		}
		full := name
		if !top {
			full = path + "." + name
		}
		switch p.space() {
		case '{':
			drafts = p.object(drafts, full, false, inOr)
		case '[':
			wants := p.alternatives()
			for _, d := range drafts {
				d[full] = wants
			}
		default:
			p.fail(p.pos, "the value of %q must be an object or an array of alternatives", name)
		}
	}
	if first {
		p.fail(start, "an empty object names no field; empty objects are not allowed")
	}
	p.depth--
	return drafts
}

// or takes the array of $or: each of its objects continues all drafts so far.
func (p *patternReader) or(drafts []draft, path string, top bool) []draft {
	if p.space() != '[' {
		p.fail(p.pos, "the value of $or must be an array of at least two objects")
	}
	start := p.pos
	p.pos++
	p.enter()
	var all []draft
	n := 0
	for first := true; p.more(first, ']'); first = false {
		if p.space() != '{' {
			p.fail(p.pos, "$or may hold only objects, found %s", p.found())
		}
		n++
		branch := make([]draft, len(drafts))
		for i, d := range drafts {
			branch[i] = maps.Clone(d)
		}
		all = append(all, p.object(branch, path, top, true)...)
		if len(all) > maxRules {
			p.fail(start, "$or makes more than %d combinations", maxRules)
		}
	}
	if n < 2 {
		p.fail(start, "$or must hold at least two objects")
	}
	p.depth--
	return all
}

// compareUTF16 orders as Java orders strings.
func compareUTF16(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] == b[i] {
			continue
		}
		if a[i] >= 0xee || b[i] >= 0xee { // U+E000 and above differ from code point order
			return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		}
		return int(a[i]) - int(b[i])
	}
	return len(a) - len(b)
}

// Package eventpattern matches events against Amazon EventBridge event patterns,
// one pattern at a time or thousands in one reading of the event. It answers as
// EventBridge does, reads nothing but the bytes it is given, and keeps no state.
//
//	p, err := eventpattern.Parse([]byte(`{"source": ["aws.ec2"], "detail": {"state": [{"anything-but": "running"}]}}`))
//	ok, err := p.Match(event)
//
//	set, err := eventpattern.NewSet(p, q, r)
//	matching, err := set.Match(event, matching[:0]) // indices, ascending
//
// # Operators
//
// A pattern is a JSON object whose leaves are lists of alternatives. All fields
// must match, each by one alternative and one value. Arrays in the event are
// transparent: any element may satisfy a field.
//
//	"text", {"exactly": "text"}       this string, compared after unescaping
//	5, true, false, null              this value; null is neither missing nor ""
//	{"prefix": s}, {"suffix": s}      a string; s may be {"equals-ignore-case": t}
//	{"equals-ignore-case": s}         a string
//	{"wildcard": s}                   a string; * is any run, \* and \\ escape, ** is refused
//	{"numeric": ["=", 5]}             a number; also <, <=, >, >=, or a lower then an upper bound
//	{"cidr": "10.0.0.0/24"}           a string that is an IP address of that family in the block
//	{"exists": true}                  any value, null too; objects, {} and [] are none
//	{"exists": false}                 no value at this path
//	{"anything-but": v}               any value but v, a string or number or list of either;
//	                                  v may be an object of prefix, suffix, equals-ignore-case
//	                                  or wildcard over a string or list of strings
//	"$or": [{...}, {...}]             instead of a field: any of these objects, at this level
//
// Invalid patterns are refused with the offset of the part and the reason.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
//
// # Corners
//
//   - Paths are the keys joined by ".", so {"a.b": 1} and {"a": {"b": 1}} are the
//     same, in patterns and in events. A key "" below the top is never seen.
//   - Elements: values of one array match together only if they lie in the same
//     element, at every depth; primitives in an array stand side by side. An
//     absence is judged inside the elements that fields of alphabetically earlier
//     paths (by UTF-16) have chosen.
//   - Duplicate keys: in a pattern the last of a path wins, also over what an $or
//     before it said; in an event all values are seen.
//   - Numbers compare by value (300 is 3.0e2, -0 is 0) if they are the shortest
//     decimal of some float64, as Java writes it. Others, such as 1e309 or
//     9007199254740993, equal only their own text and are in no range, and
//     numeric and anything-but refuse them.
//   - IP addresses: a string that is one equals all ways to write it: ::1 is
//     0:0:0:0:0:0:0:1, 010.0.0.1 is 10.0.0.1, ::ffff:a00:1 is 10.0.0.1. Dotted
//     tails and zones are no addresses. exactly and anything-but compare text. A
//     block has at least two addresses; its host bits do not count.
//   - Case: each UTF-16 unit of the pattern accepts its upper and lower case in
//     the root locale, so straße accepts STRASSE but not strasse.
//   - Half a surrogate pair, written \ud83d, equals itself only.
//
// Where Amazon's open engine has faults (0.0.0.0/0 takes IPv6 addresses and
// numbers, characters beyond U+FFFF break equals-ignore-case), this package
// follows the rule and not the fault.
//
// # Limits
//
// The $or of a pattern make at most 1,000 combinations; a wildcard has at most
// five *; patterns and events nest at most 1,000 deep; an event has at most 2 GB.
//
// # What is checked in an event
//
// All of it, whatever the patterns name: the grammar of RFC 8259 down to the
// digits of numbers and the escapes of strings, and UTF-8. There is no early
// end, so an answer without an error is one about a well-formed JSON object.
// Only what follows the object's closing brace is not looked at, as EventBridge
// does; neither are fields that EventBridge itself demands of its events.
//
// # How it is fast
//
// One pass marks where strings may end, a second reads the grammar and follows
// named paths in a trie; values stay where they are in the event. Each rule is
// verified only if the event satisfies the one predicate of it that is least
// likely (wakeup.go): exact values are found by hash, beginnings and ends in
// radix trees, texts in the middle by three bytes of them, ranges in an interval
// tree, CIDR blocks by their length. A Set can be used by many goroutines; its
// Match allocates nothing when dst has room, but for the rare search among
// thousands of array elements. BenchmarkSet says what that comes to. On amd64
// the first pass is written in assembly for AVX2 (marks_amd64.s), with the
// portable one in marks.go for all else; nothing uses unsafe.
package eventpattern

// Package logpattern matches log events against Amazon CloudWatch Logs filter
// patterns ("Filter pattern syntax for metric filters, subscription filters,
// filter log events, and Live Tail", CloudWatch Logs user guide), the language
// of metric filters: JSON patterns { $.eventName = "ConsoleLogin" }, terms
// (ERROR -timeout ?WARN "exact phrase" %regex%) and space-delimited patterns
// [ip, user, ..., status = 4*].
//
// Parse compiles a pattern, Filter.Match answers for one log event, Set answers
// for many JSON patterns in one walk over the event, Explain says which
// condition decided and why. A Filter and a Set are immutable and safe for
// concurrent use; matching a JSON pattern does not allocate. Everything is case
// sensitive. It does no I/O.
//
// Where the documentation is silent or contradicts itself, this package holds:
//
//   - A missing field (an index out of range too) makes every comparison false,
//     != as well: observed of the service. So does null, except that null = *
//     is true; it is found by IS NULL. Arrays and objects: = and != are false.
//   - * stands for any run of characters, none included, anywhere in a value,
//     quoted or not; = * matches any string, number, true, false and null.
//   - A bare number compares with a JSON number by value (50 = 5e1), with a
//     string as text; a quoted number compares with either as text. < > <= >=
//     hold of JSON numbers only.
//   - != over a wildcard selector is true if any of its nodes differs.
//   - In quotes, \" and \\ are escapes; any other backslash is itself.
//   - Bare values may hold . * - _ : / @ + # ; besides letters and digits.
//   - A log event that is no JSON object, or malformed anywhere, or nested
//     deeper than 512, matches no JSON pattern. Of a repeated key the last counts.
//   - Terms other than letters, digits and _ must be quoted; ?terms count only
//     where nothing else stands; "" and " " match every event, the empty one too.
//   - A space-delimited pattern matches lines of exactly as many fields as it
//     has slots. In one whose slots are named w1, w2, … in order, as the
//     documentation's own, they name words by position and the line may go on.
//     A slot without a name is any field. A slot's conditions name that slot.
//   - Regular expressions: the characters that the service allows, at most two
//     a pattern, no groups; they run in linear time.
package logpattern

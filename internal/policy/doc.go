// Package policy decides what must happen with a case: track, notify, suppress
// or disable, by when, whose it is, and how far a fix may go by itself.
//
// A decision is a pure function of an Input. It carries its reasons, because the
// reason is what a person reads in `policy explain` and in the audit chain. A
// policy that cannot be read whole decides nothing: Load returns every mistake
// with file, line, column and a hint, and the caller keeps the last good one.
package policy

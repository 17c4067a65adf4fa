// Package demo is a small company on the twin, one working day of it and the weeks
// after: what `zesei demo` shows. It builds accounts, owners, security groups,
// buckets, channels and trackers in internal/fake, plays the people who change
// them and the AWS Config that looks at them, and lets an ordinary App
// (internal/app) do its work on what Security Hub then reports: the same program,
// through the same clients, as in a real company.
//
// Day is the first import and the morning after; it may be any day, and then the
// demo stays up in the machine's own time (Stay). Weeks goes on from there on a
// clock that leaps from one thing to do to the next, until the summary of the
// month; `zesei demo --once` plays both from 28 April 2027, before Golden Week.
//
// Nothing here decides anything about a case or a fix. What should have happened
// is checked at the end from the outside: from the twin's groups, its Slack, its
// trackers and its journal (Report). Everything is drawn from a fixed seed, so
// that each run tells the same story; only ids that the program itself draws and
// the numbers of tickets differ.
//
// The company is in company.yaml. Its zesei.yaml and what it adds to the policy s2
// are the templates under files/.
package demo

// Package demo is a small company on the twin, and one working day of it: what
// `zesei demo` shows. It builds accounts, owners, security groups and buckets in
// internal/fake, plays the people who change them and the AWS Config that looks at
// them, and lets an ordinary App (internal/app) do its work on what Security Hub
// then reports: the same program, through the same clients, as in a real company.
//
// Nothing here decides anything about a case or a fix. What should have happened
// is checked at the end from the outside: from the twin's groups, its Slack and
// its journal (Report). Everything is drawn from a fixed seed, so that each run
// tells the same story; only ids that the program itself draws differ.
//
// The company is in company.yaml; the files that its security team wrote are the
// templates under files/.
package demo

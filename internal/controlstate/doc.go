// Package controlstate brings the controls of Security Hub into the state that
// people want them in: enabled or disabled, in each account, Region and standard.
//
// A Desired says what is wanted, from a file of rules or from the policy's
// `disable`. Read asks Security Hub how the controls stand. NewPlan compares the
// two and gives the exact changes with their prior state; Apply makes them within
// the service's limits, records each batch before and after it is sent, and goes
// on where an earlier run stopped. Import writes how things stand as a file.
// FindUnused lists controls of which nothing is known for a time.
//
// A control is never disabled because a finding came: only a person who applies a
// plan does that. Whatever could not be read or changed is in the summary as an
// error, never left out.
package controlstate

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
// Accounts that are governed by configuration policies of Security Hub's central
// configuration cannot be switched one by one. For them ReadCentral, NewCentralPlan,
// ApplyCentral and ImportCentral do the same with the policies: a control is
// switched only where that is wanted for all that a policy governs. ReadGoverned
// and Plan.Without keep such accounts out of the other plan.
//
// A control is never disabled because a finding came: only a person who applies a
// plan does that. Whatever could not be read or changed is in the summary as an
// error, never left out.
package controlstate

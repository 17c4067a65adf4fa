// Package remedy holds what mends a resource: plans, and the engine that
// applies, verifies and undoes them.
//
// Prepare looks at a resource as it was just read and returns a Plan: the exact
// API calls, their inverse, the state before, what must hold afterwards, and in
// words what a person should know. Planning does no I/O. A finding never supplies
// a parameter of a call; the live resource and the policy's options do. Each
// remedy is one file behind the Remedy interface.
//
// Engine carries plans out. Each call is recorded as intended before it is sent
// and as done when AWS has answered; what is found intended after a crash is in
// doubt and is looked for on the live resource before it is repeated. Before the
// first call the resource is read again: where it differs from the plan's prior
// state by more than the plan's own calls, nothing is changed. Verify evaluates
// the controls on a fresh read and says passed, failed or unknown. Undo applies
// the inverse; Repair gives back kept access that an interrupted or wrong call
// took away, and never what a control forbids.
//
// The package decides neither who may apply a plan nor how many at a time, keeps
// no state and starts no transaction: casework does.
package remedy

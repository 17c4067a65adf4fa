// Package casework is the only package that begins a transaction for a case. It
// loads cases, applies the pure rules of casefile, and writes the cases, their
// audit rows and the jobs that follow in one transaction:
//
//   - Take hears a batch of findings;
//   - Check hears what our own look at a resource came to;
//   - Ask carries out what a person may do (close, note, assign, except, approve);
//   - Told, Fixed and the other Did… methods note what an effect came to.
//
// It calls no cloud, no chat and no tracker: those are jobs, worked after the
// commit by the packages above.
package casework

// Package audit makes what is decided and done provable to somebody who trusts
// neither the database nor the person who hands over a file.
//
// Each case, and each exception, has a chain of audit rows (casefile.Entry): a row
// carries the hash of the row before it. A Checkpoint is a signed statement over the ends of all
// chains at one time, as the root of a Merkle tree; its Ed25519 key lives outside
// the database, so that whoever can write the database cannot rewrite a chain
// that a checkpoint holds. Make makes one, Daily is the job that makes one a day.
//
// A CaseFile is everything about one case in one document, with the proof that
// its chain belongs to a checkpoint. Verify proves it offline. Evidence packs the
// case files of a standard and a period with a page to read.
//
// The package reads the store and writes its own two tables. It changes no case.
package audit

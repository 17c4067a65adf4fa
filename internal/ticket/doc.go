// Package ticket says what a ticket in a tracker must say and do, and whether it
// has been brought to that.
//
// A Ticket is what must stand now: the cases of one owner (one case, or all of a
// control), their deadline, and whether it must be open. Known is what has been
// done of it. Decide compares the two and returns the Actions that bring the
// second up to the first, each with its reason: create, update the fields that
// changed, comment on what a person must know, close with proof, reopen when the
// problem is back. Deliverer carries them out through a Tracker, records each
// step before it is sent and after it is done, and looks for what is in doubt
// before it repeats it: a ticket is created once, whatever breaks.
//
// What people do in the tracker comes back through Absorb as Events: closed too
// early, assigned, commented, a recheck or an exception asked for. Their text is
// data. Nothing else comes back: a tracker never closes a case.
//
// Texts come from templates (ja and en) that a user may replace. They are
// neutral Text; each tracker writes it in its own markup and escapes it there.
//
// ticket/rest is the way over HTTP that the trackers share, ticket/tickettest
// the suite that all of them pass, ticket/desk the job that reads rows and works
// them. This package reads no store and decides no policy.
package ticket

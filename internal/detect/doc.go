// Package detect turns events into what happened: it holds rules in packs
// (packs/*.yaml), matches EventBridge events and CloudTrail records against all
// of them at once, and makes of each match a Hit with a finding.Finding.
//
// A rule has an event pattern (package eventpattern) or a log filter (package
// logpattern, matched with the bare CloudTrail record as a metric filter is),
// may want a number of events within a time (Threshold, whose state is a Window
// that the caller stores), finds the resource by a path in the event, and says
// what a match opens: an incident, a notice, the state of a resource, or nothing
// but a look at the live resource now (Recheck).
//
// A CloudTrail record from a file is matched as the EventBridge event that AWS
// would have made of it, so that one rule serves both ways of delivery, and both
// give the same finding: deliveries that repeat themselves change nothing.
//
// The package does no I/O, keeps no state between batches and decides nothing
// about cases: that is casework's. Import reads rules from a CloudFormation
// template.
package detect

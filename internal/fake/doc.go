// Package fake is the offline twin of the services that zesei talks to: HTTP
// handlers that speak the real wire protocols to the real clients, so that the
// same program, unchanged, runs in a demo, in tests and in rehearsals.
//
// [Cloud] answers for every AWS service on one address (AWS_ENDPOINT_URL). It
// reads the service and the Region from the scope of the SigV4 signature and
// the account from the access key id; the signature itself is not verified.
// State is kept apart by account and Region. [Webhook] records what a receiver
// would get. The Slack twin is the package fake/slack.
//
// [Faults] orders trouble: throttling, refusals, server errors, lost answers,
// stale reads, partial failures, delays. [Journal] keeps every call. Nothing is
// offered that the real service lacks: an operation that is not written here
// answers UnknownOperationException, and services without idempotency keys
// have none.
//
// What it is not: an IAM policy engine (a [Role] lists what it may and may not
// call), a billing or quota model beyond the limits that callers meet, or a
// place for zesei's own rules. It imports none of zesei's packages.
package fake

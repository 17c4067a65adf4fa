package cli

import "zesei/internal/app"

// follow works what follows from a person's act, as `ingest` does after its
// input: messages, Security Hub, rechecks. Beside a running serve it leaves that
// to it.
func (e *env) follow(a *app.App) error { return (&ingestCmd{}).work(e, a) }

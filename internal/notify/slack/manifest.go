package slack

import _ "embed"

//go:embed manifest.yaml
var manifest string

// Manifest returns the manifest, in YAML, of the app that users install as their
// own: it asks for the scopes that a Deliverer uses and no other.
// https://docs.slack.dev/reference/app-manifest/
func Manifest() string { return manifest }

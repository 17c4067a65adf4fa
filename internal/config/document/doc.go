// Package document reads a YAML file that a person wrote into Go values, and
// says of every mistake where it stands.
//
// It knows the place (line and column) of every value, so that a check made
// later, on meaning, can point at the same spot as a check made while reading.
// Reading never stops at the first mistake: unknown keys, wrong kinds and bad
// values are all collected as Problems, each with what was expected and, where
// a name is close to a known one, what was probably meant.
//
// Fields are matched by their `yaml` tag and by nothing else; there is no
// loose matching of case. A type that has a form of its own (a span of time, a
// secret) implements Reader. `${…}` in a string is given to the expander that
// the caller passes; the package itself looks at no environment and opens no
// file.
//
// It holds no knowledge of zesei.yaml or policy.yaml: those live in packages
// config and policy.
package document

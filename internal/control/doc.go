// Package control is the catalogue of Security Hub controls: what each is
// called in English and Japanese, how severe it is, what it is about (its
// class), what it is said of (its scope), which standards hold it and under
// which number, and how a finding of any age names it.
//
// The catalogue is written by hand in catalog/*.yaml, one file a service, and
// turned into Go data by "go generate" (see generate and source), so that
// loading it costs well under a millisecond. A test fails when the data is
// older than the YAML.
//
// Facts come from the Security Hub user guide (control reference, standards
// reference, "Consolidation impact on ASFF"); titles are our own words. Class
// and scope are decisions of this project and are explained in classes.md and
// scopes.md beside this file.
//
// The package does no I/O and decides nothing: what to do about a broken
// control is the policy's business, reading the resource is resource/live's.
package control

//go:generate go run ./generate

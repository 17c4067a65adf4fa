// Package config holds zesei.yaml: where things are stored, what is listened to,
// which accounts exist and whose they are, who the people are, and how they are
// told.
//
// Load reads the file whole and returns every mistake at once, with file, line,
// column and what to do. Names are checked against each other: an account's
// owner, an owner's people and tracker, a person's owners.
//
// Secrets are references (`${env:NAME}`, `${file:PATH}`,
// `${secretsmanager:ARN#key}`, `${ssm:NAME}`); a secret in plain text is
// refused, and a Secret never prints itself. Elsewhere `${env:NAME}` and
// `${file:PATH}` are replaced when the file is read.
//
// A Directory answers what is known of an account, from which row each fact
// came, and who owns a resource, with the reason. The package opens the files
// that it is named and nothing else; it asks no AWS service: rows `from:`
// somewhere are fetched by others and handed to Directory.
package config

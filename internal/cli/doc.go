// Package cli is zesei's command line: one file a command, over package app.
//
// How it speaks: results go to standard output, everything else (progress, logs,
// errors, hints) to standard error. With --json results are JSON and nothing is
// coloured. A terminal gets colours and tables, a pipe gets neither. Exit codes:
// 0 done; 1 something was found or failed, as the command's help says; 2 wrong
// use or configuration. An error is one line that says what to do, or a list of
// file:line:column lines for files that a person writes.
package cli

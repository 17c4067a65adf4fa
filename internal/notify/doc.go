// Package notify says what people must be told, and whether it has been.
//
// A Message is a row that cases join: one owner, one control, one window. It
// holds what must be said now. Told holds what has been delivered of it. Decide
// compares the two and returns the Actions that bring the second up to the
// first, each with its reason: a first post, an update in place when a case
// moves, a post in the thread for each case of a group, a reply when a case
// comes back, and nothing when nothing that a person reads has changed.
//
// What is read comes from templates, one set per language, which a user may
// replace file by file (LoadTemplates). Every value that a template prints is
// escaped for the channel by itself; a template cannot forget it.
//
// A Channel carries Actions out. notify/slack keeps a message and its thread;
// notify/webhook and notify/sns send the whole anew to programs; notify/email and
// notify/teams cannot edit and send again only what is news; notify/pagerduty
// pages, case by case. notify/notifytest is the suite that all pass whose service
// can recognise a repeat of a whole message. A channel records each outward
// post before it is sent, so that a post cut off by a crash is looked for and
// not repeated where the service can be asked.
//
// The package reads no store and decides no policy: who is told, and when, is
// decided before a Message is made.
package notify

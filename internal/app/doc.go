// Package app puts the parts together: it reads the configuration, opens the
// store, binds job kinds to their handlers and owns the life of everything that
// runs. The command line and tests start it in-process; nothing here decides
// anything about a case.
package app

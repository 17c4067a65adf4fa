package cli

import (
	"fmt"
	"os"

	"zesei/internal/casefile"
	"zesei/internal/exception"
	"zesei/internal/store"
)

type exceptionExportCmd struct {
	Out string `short:"o" placeholder:"FILE" help:"Write to a file (default: standard output)."`
}

// Run writes what is in force now, as YAML or, with --json, as JSON.
func (c *exceptionExportCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	list, err := store.Exceptions(e.ctx, a.DB.View(), store.ExceptionActive)
	if err != nil {
		return err
	}
	ids := make([]int64, len(list))
	for i, x := range list {
		ids[i] = x.CaseID
	}
	files, err := store.CasesByID(e.ctx, a.DB.View(), ids)
	if err != nil {
		return err
	}
	byID := map[int64]*casefile.File{}
	for _, f := range files {
		byID[f.ID] = f
	}
	out := &exception.File{Exceptions: []exception.Exception{}}
	for _, x := range list {
		if x.ExpiresAt.After(e.Now()) {
			out.Exceptions = append(out.Exceptions, inForce(x, byID[x.CaseID]))
		}
	}
	if c.Out != "" {
		if err := os.WriteFile(c.Out, []byte(out.YAML()), 0o600); err != nil {
			return wrongUse{err}
		}
		_, err = fmt.Fprintf(e.Err, "zesei: wrote %s: exceptions: %d\n", c.Out, len(out.Exceptions))
		return err
	}
	if e.root.JSON {
		return e.print(out)
	}
	_, err = fmt.Fprint(e.Out, out.YAML())
	return err
}

// inForce writes the scope of an exception out, so that it is understood without
// the store: a case becomes its control and resource.
func inForce(x store.Exception, f *casefile.File) exception.Exception {
	out := exception.Exception{
		ID: x.ID, Control: x.Scope.Control, Account: x.Scope.Account, Owner: x.Scope.Owner, Resource: x.Scope.Resource, Tag: x.Scope.Tag,
		Reason: x.Reason, Evidence: x.Evidence, ApprovedBy: x.ApprovedBy, ExpiresAt: exception.Time{Time: x.ExpiresAt.UTC()},
	}
	if x.Scope.Case != "" && f != nil {
		out.Control, out.Account, out.Region, out.Resource = f.Key.Control, f.Key.Account, f.Key.Region, f.Key.Resource
	}
	if out.Resource != "" {
		out.Name = shortResource(out.Resource)
	}
	return out
}

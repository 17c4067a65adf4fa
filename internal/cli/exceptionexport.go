package cli

import (
	"fmt"
	"os"

	"zesei/internal/casefile"
	"zesei/internal/casework"
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
		if x.ExpiresAt.After(e.Now()) && (x.Wide() || byID[x.CaseID] != nil) {
			out.Exceptions = append(out.Exceptions, casework.Exported(x, byID[x.CaseID]))
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

package cli

import (
	"fmt"
	"os"

	"zesei/internal/app"
	"zesei/internal/audit"
)

type caseExportCmd struct {
	Key string `arg:"" help:"The case's key, or its beginning."`
	Out string `short:"o" placeholder:"FILE" help:"Write to a file (default: standard output)."`
}

func (c *caseExportCmd) Run(e *env) error {
	a, err := e.openAudit()
	if err != nil {
		return err
	}
	defer a.Close()
	f, err := e.find(a, c.Key)
	if err != nil {
		return err
	}
	x, err := e.exporter(a)
	if err != nil {
		return err
	}
	file, err := x.Export(e.ctx, f)
	if err != nil {
		return err
	}
	b, err := file.Write()
	if err != nil {
		return err
	}
	if c.Out == "" {
		_, err = e.Out.Write(b)
		return err
	}
	if err := os.WriteFile(c.Out, b, 0o600); err != nil {
		return wrongUse{err}
	}
	v := audit.Verify(file)
	_, err = fmt.Fprintf(e.Err, "zesei: wrote %s: %d entries, %s\n", c.Out, v.Entries, v.Result())
	return err
}

// openAudit opens the app for what is signed: with a cloud only where the key
// lives there.
func (e *env) openAudit() (*app.App, error) {
	conf, _, err := e.files()
	if err != nil {
		return nil, err
	}
	return e.open(!app.SignerNeedsCloud(conf))
}

func (e *env) exporter(a *app.App) (*audit.Exporter, error) {
	signer, err := a.Signer(e.ctx)
	if err != nil {
		return nil, wrongUse{err}
	}
	return &audit.Exporter{DB: a.DB, By: e.person(a).ID, Now: e.Now, Signer: signer}, nil
}

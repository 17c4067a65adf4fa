package cli

import (
	"errors"
	"fmt"
	"strconv"

	"zesei/internal/app"
	"zesei/internal/audit"
)

type checkpointCmd struct {
	List checkpointListCmd `cmd:"" default:"withargs" help:"List the checkpoints, newest first."`
	Now  checkpointNowCmd  `cmd:"" help:"Make one now, beside the daily ones."`
	Key  checkpointKeyCmd  `cmd:"" help:"Print the public key, for those who verify case files."`
}

type checkpointListCmd struct {
	Limit int `default:"30" help:"At most so many; 0 lists all."`
}

func (c *checkpointListCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	list, err := audit.List(e.ctx, a.DB, c.Limit)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(append([]audit.Checkpoint{}, list...))
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(e.Out, "no checkpoints")
		return err
	}
	return printCheckpoints(e, a, list)
}

func printCheckpoints(e *env, a *app.App, list []audit.Checkpoint) error {
	var rows [][]string
	for _, c := range list {
		rows = append(rows, []string{strconv.FormatInt(c.Number, 10), c.At.In(a.Config.Zone()).Format("2006-01-02 15:04:05 MST"),
			strconv.FormatInt(c.Chains, 10), c.Root.String(), c.Signature.Key})
	}
	return printTable(e, []string{"NUMBER", "AT", "CHAINS", "ROOT", "KEY"}, rows, nil)
}

type checkpointNowCmd struct{}

func (c *checkpointNowCmd) Run(e *env) error {
	a, err := e.openAudit()
	if err != nil {
		return err
	}
	defer a.Close()
	signer, err := e.signer(a)
	if err != nil {
		return err
	}
	made, err := audit.Make(e.ctx, a.DB, signer, e.Now())
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(made)
	}
	return printCheckpoints(e, a, []audit.Checkpoint{made})
}

type checkpointKeyCmd struct{}

func (c *checkpointKeyCmd) Run(e *env) error {
	a, err := e.openAudit()
	if err != nil {
		return err
	}
	defer a.Close()
	signer, err := e.signer(a)
	if err != nil {
		return err
	}
	p := signer.Public()
	if e.root.JSON {
		return e.print(map[string]any{"key": p.Fingerprint(), "public_key": p})
	}
	text, err := p.PEM()
	if err != nil {
		return err
	}
	_, err = e.Out.Write(text)
	return err
}

// signer is the configured key, or an error of use where there is none.
func (e *env) signer(a *app.App) (*audit.Signer, error) {
	s, err := a.Signer(e.ctx)
	if err == nil && s == nil {
		err = errors.New("no signing key is configured: make one with `openssl genpkey -algorithm ed25519` and name it in audit.signing_key")
	}
	if err != nil {
		return nil, wrongUse{err}
	}
	return s, nil
}

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"zesei/internal/carryover"
	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/policy"
)

type importCmd struct {
	File   []string          `arg:"" help:"Inputs; - is standard input. What each is, is recognised."`
	As     string            `enum:"policy,accounts,suppressions,automation," default:"" help:"What the inputs are, where it is not recognised: policy, accounts (tables from DynamoDB), suppressions (awsfindingsmanager) or automation (batch-get-automation-rules)."`
	Column map[string]string `placeholder:"FIELD=COLUMN" help:"A column of a table that is not recognised: control, do, class, severity, standard, due, reason; id, name, owner, environment, ou, iac, slack, email."`
	Out    string            `short:"o" placeholder:"DIR" help:"Write policy.yaml and zesei.yaml into a folder where neither stands (default: print both)."`
}

// columnFields are what --column may name.
var columnFields = []string{"control", "do", "class", "severity", "standard", "due", "reason", "id", "name", "owner", "environment", "ou", "iac", "slack", "email"}

func (c *importCmd) Run(e *env) error {
	for f := range c.Column {
		if !slices.Contains(columnFields, f) {
			return use("--column %s: expected one of %s", f, strings.Join(columnFields, ", "))
		}
	}
	cat, err := control.Load()
	if err != nil {
		return err
	}
	r := carryover.Reader{Catalogue: cat, Columns: c.Column, Result: carryover.New()}
	for _, name := range c.File {
		data, err := e.read(name)
		if err != nil {
			return wrongUse{err}
		}
		kind, err := r.Read(name, data, carryover.Kind(c.As))
		if err != nil {
			return wrongUse{err}
		}
		e.log.Info("read", "file", name, "as", kind)
	}
	if err := c.write(e, r.Result, cat); err != nil {
		return err
	}
	if !e.root.JSON {
		for _, l := range r.Result.LeftOut {
			fmt.Fprintf(e.Err, "zesei: not carried over: %s\n", printable(l.String()))
		}
	}
	if len(r.Result.LeftOut) > 0 {
		return errFound
	}
	return nil
}

func (c *importCmd) write(e *env, r *carryover.Result, cat *control.Catalogue) error {
	rules, conf := r.Policy(), r.Config()
	known := policy.Known{}
	for _, one := range cat.All() {
		known.Controls = append(known.Controls, one.ID)
	}
	if _, err := policy.Load("carried-over policy.yaml", []byte(rules), known); err != nil {
		return fmt.Errorf("what was carried over is no policy yet; mend the input: %w", err)
	}
	if conf != "" {
		_, err := config.Parse("zesei.yaml", []byte(conf), os.LookupEnv, os.ReadFile)
		lacking(r, err)
	}
	switch {
	case c.Out != "":
		return c.files(e, rules, conf)
	case e.root.JSON:
		return e.print(struct {
			Policy  string              `json:"policy"`
			Config  string              `json:"config"`
			LeftOut []carryover.LeftOut `json:"left_out"`
		}{rules, conf, append([]carryover.LeftOut{}, r.LeftOut...)})
	}
	for _, part := range [][2]string{{"policy.yaml", rules}, {"zesei.yaml", conf}} {
		if part[1] != "" {
			fmt.Fprintf(e.Out, "# %s\n%s", part[0], part[1])
		}
	}
	if rules+conf == "" {
		fmt.Fprintln(e.Out, "# nothing was carried over")
	}
	return nil
}

func (c *importCmd) files(e *env, rules, conf string) error {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return wrongUse{err}
	}
	for _, part := range [][2]string{{"policy.yaml", rules}, {"zesei.yaml", conf}} {
		if part[1] == "" {
			continue
		}
		name := filepath.Join(c.Out, part[0])
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return wrongUse{err} // what stands there is never written over
		}
		_, err = f.WriteString(part[1])
		if err = cmp.Or(err, f.Close()); err != nil {
			return errors.Join(fmt.Errorf("writing %s: %w", name, err), os.Remove(name))
		}
		fmt.Fprintf(e.Err, "zesei: wrote %s\n", name)
	}
	return nil
}

// lacking reports what zesei.yaml needs beside what was carried over, before it
// can be read: a default owner, the ways to Slack and mail.
func lacking(r *carryover.Result, err error) {
	all, ok := problems(err)
	if !ok && err != nil {
		all = config.Problems{{Field: "zesei.yaml", Message: err.Error()}}
	}
	for _, p := range all {
		why := p.Message
		for _, more := range []string{p.Expected, p.Hint} {
			if more != "" {
				why += "; " + more
			}
		}
		r.LeftOut = append(r.LeftOut, carryover.LeftOut{Source: "zesei.yaml", Item: p.Field, Why: why})
	}
}

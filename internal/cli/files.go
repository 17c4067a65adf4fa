package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"zesei/internal/app"
	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/policy"
	"zesei/internal/remedy"
)

// unread makes a file that a flag or argument names, and that cannot be read, an
// error of use.
func (e *env) unread(err error) error {
	var missing *fs.PathError
	if errors.As(err, &missing) {
		return wrongUse{err}
	}
	return err
}

// loadPolicy reads a policy: a file, the name of one that comes with the program
// (s2, strict, observe), or with no name that of the configuration. It says what
// it has read.
func loadPolicy(c *config.Config, cat *control.Catalogue, name string) (*policy.Policy, string, error) {
	if name == "" {
		p, err := app.LoadPolicy(c, cat)
		return p, configured(c), err
	}
	data, err := os.ReadFile(name)
	if shipped, ok := policy.Shipped(name); ok && errors.Is(err, fs.ErrNotExist) {
		p, err := policy.Load(name+".yaml", shipped, policy.Known{Zone: c.Zone(), DefaultOwner: c.DefaultOwner()})
		return p, "the policy " + name + " that comes with zesei", err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", use("%s: there is no such file, and no policy of that name comes with zesei (s2, strict, observe)", name)
	}
	if err != nil {
		return nil, "", wrongUse{err}
	}
	known := c.Known()
	for _, one := range cat.All() {
		known.Controls = append(known.Controls, one.ID)
	}
	for _, r := range remedy.All() {
		known.Remedies = append(known.Remedies, r.About().Name)
	}
	p, err := policy.Load(name, data, known)
	return p, name, err
}

// configured names the policy that a configuration reads.
func configured(c *config.Config) string {
	name := c.Policy
	if name == "" {
		name = "policy.yaml"
	}
	path := c.Path(name)
	if _, err := os.Stat(path); err != nil && c.Policy == "" {
		return "the built-in policy observe"
	}
	return path
}

// problems are the mistakes that an error lists, and whether it does.
func problems(err error) (config.Problems, bool) {
	var p config.Problems
	return p, errors.As(err, &p)
}

// printProblems prints mistakes as JSON where that is asked for, and returns the
// error that ends the command with exit code 2.
func (e *env) printProblems(all config.Problems) error {
	if e.root.JSON {
		if err := e.print(append(config.Problems{}, all...)); err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// right says that files hold no mistake.
func (e *env) right(format string, args ...any) error {
	if e.root.JSON {
		return nil
	}
	_, err := fmt.Fprintf(e.Out, format+"\n", args...)
	return err
}

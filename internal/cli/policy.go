package cli

import (
	"strings"

	"zesei/internal/app"
	"zesei/internal/config"
	"zesei/internal/control"
)

type policyCmd struct {
	Check   policyCheckCmd   `cmd:"" help:"Find every mistake in a policy. Exit code 2 where there is one."`
	Explain policyExplainCmd `cmd:"" help:"Say what the policy decides, by which rule, and why each other rule did not match."`
	Replay  policyReplayCmd  `cmd:"" help:"Run another policy over the recorded cases and say what would be more, fewer or different. Nothing is changed."`
}

type policyCheckCmd struct {
	File string `arg:"" optional:"" help:"The file, or s2, strict or observe (default: the configuration's policy)."`
}

func (c *policyCheckCmd) Run(e *env) error {
	conf, cat, err := e.files()
	wrong, ok := problems(err)
	if ok && c.File != "" {
		conf = config.Default() // a policy that is named is checked even beside a wrong configuration
	} else if err != nil {
		return err
	}
	if cat == nil {
		if cat, err = control.Load(); err != nil {
			return err
		}
	}
	p, name, err := loadPolicy(conf, cat, c.File)
	if all, bad := problems(err); bad || ok {
		all = append(wrong, all...)
		return e.printProblems(all)
	}
	if err != nil {
		return e.unread(err)
	}
	if e.root.JSON {
		return e.printProblems(nil)
	}
	return e.right("%s has no mistakes; standards: %s; policy %s", name, dash(strings.Join(p.Standards(), ", ")), p.Hash())
}

// files loads the configuration and the catalogue, and opens nothing.
func (e *env) files() (*config.Config, *control.Catalogue, error) {
	cat, err := control.Load()
	if err != nil {
		return nil, nil, err
	}
	conf, err := app.LoadConfig(e.root.Config)
	if err != nil {
		return nil, nil, e.unread(err)
	}
	return conf, cat, nil
}

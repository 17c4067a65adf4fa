package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"zesei/internal/app"
	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/notify"
	"zesei/internal/policy"
)

type configCmd struct {
	Check  configCheckCmd  `cmd:"" help:"Find every mistake in zesei.yaml and in what it names. Exit code 2 where there is one."`
	Schema configSchemaCmd `cmd:"" help:"Print the JSON Schema of zesei.yaml or policy.yaml, for editors."`
}

type configCheckCmd struct {
	File string `arg:"" optional:"" help:"The file (default: that of -c, else zesei.yaml)."`
}

func (c *configCheckCmd) Run(e *env) error {
	name := c.File
	if name == "" {
		name = e.root.Config
	}
	cat, err := control.Load()
	if err != nil {
		return err
	}
	conf, err := app.LoadConfig(name)
	if all, ok := problems(err); ok {
		return e.printProblems(all)
	}
	if err != nil {
		return e.unread(err)
	}
	var all config.Problems
	_, err = conf.FileAccounts()
	if p, ok := problems(err); ok {
		all = append(all, p...)
	} else if err != nil {
		return e.unread(err)
	}
	if t := conf.Notify.Templates; t != "" {
		if _, err := notify.LoadTemplates(conf.Path(t)); err != nil {
			all = append(all, config.Problem{File: conf.File(), Field: "notify.templates", Message: err.Error()})
		}
	}
	if _, err := app.Packs(conf); err != nil {
		all = append(all, config.Problem{File: conf.File(), Field: "detect.packs", Message: strings.TrimPrefix(err.Error(), "detect.packs: ")})
	}
	all = append(all, app.CheckTickets(conf)...)
	if p, ok := problems(app.CheckSchedules(conf, cat)); ok {
		all = append(all, p...)
	}
	_, err = app.LoadPolicy(conf, cat)
	var missing *fs.PathError
	switch p, ok := problems(err); {
	case ok:
		all = append(all, p...)
	case errors.As(err, &missing):
		all = append(all, config.Problem{File: conf.File(), Field: "policy", Message: missing.Error(), Expected: "a policy file", Hint: "`zesei init` writes one"})
	case err != nil:
		return err
	}
	for _, p := range conf.AbsentSecrets() {
		fmt.Fprintf(e.Err, "warning: %s\n", printable(p.String()))
	}
	if len(all) > 0 || e.root.JSON {
		return e.printProblems(all)
	}
	if conf.File() == "" {
		return e.right("there is no zesei.yaml: the defaults hold; %s has no mistakes", configured(conf))
	}
	return e.right("%s and %s have no mistakes", conf.File(), configured(conf))
}

type configSchemaCmd struct {
	Of string `arg:"" optional:"" default:"zesei" enum:"zesei,policy" help:"zesei or policy."`
}

func (c *configSchemaCmd) Run(e *env) error {
	if c.Of == "policy" {
		return e.print(policy.Schema())
	}
	schema, err := config.Schema()
	if err != nil {
		return err
	}
	_, err = e.Out.Write(append(schema, '\n'))
	return err
}

package cli

import (
	"fmt"

	"zesei/internal/baseline"
	"zesei/internal/notify/slack"
)

type templateCmd struct {
	Intake     intakeTemplateCmd `cmd:"" help:"Print the CloudFormation template that brings an account's events into a queue, with the role that reads it."`
	MemberRole memberRoleCmd     `cmd:"" help:"Print the CloudFormation template of the roles by which an account is read and changed."`
	SlackApp   slackAppCmd       `cmd:"" help:"Print the manifest of the Slack app to install."`
}

type intakeTemplateCmd struct{}

func (intakeTemplateCmd) Run(e *env) error { return e.template(baseline.Intake) }

type memberRoleCmd struct{}

func (memberRoleCmd) Run(e *env) error { return e.template(baseline.MemberRole) }

func (e *env) template(name string) error {
	text, err := baseline.Template(name)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(map[string]string{"template": string(text)})
	}
	_, err = e.Out.Write(text)
	return err
}

type slackAppCmd struct{}

func (slackAppCmd) Run(e *env) error {
	if e.root.JSON {
		return e.print(map[string]string{"manifest": slack.Manifest()})
	}
	_, err := fmt.Fprint(e.Out, slack.Manifest())
	return err
}

package cli

import (
	"fmt"

	"zesei/internal/notify/slack"
)

type templateCmd struct {
	SlackApp slackAppCmd `cmd:"" help:"Print the manifest of the Slack app to install."`
}

type slackAppCmd struct{}

func (slackAppCmd) Run(e *env) error {
	if e.root.JSON {
		return e.print(map[string]string{"manifest": slack.Manifest()})
	}
	_, err := fmt.Fprint(e.Out, slack.Manifest())
	return err
}

package cli

import (
	"context"
	"strings"

	slackgo "github.com/slack-go/slack"

	"zesei/internal/app"
	"zesei/internal/awscloud"
	"zesei/internal/config"
	"zesei/internal/notify/slack"
)

// doctorAnswers says whether what people press and write in Slack can come back.
func (e *env) doctorAnswers(a *app.App) []checked {
	s := a.Config.Notify.Slack
	if !s.AppToken.IsSet() && !s.SigningSecret.IsSet() {
		return []checked{{"slack buttons", true, "none: notify.slack has neither app_token nor signing_secret"}}
	}
	var out []checked
	read := func(what, key string, secret config.Secret, try func(context.Context, string) (string, error)) {
		if !secret.IsSet() {
			return
		}
		ctx, cancel := context.WithTimeout(e.ctx, patience)
		defer cancel()
		c := checked{What: what}
		value, err := secret.Value(ctx, awscloud.NewSecrets(a.Cloud))
		if err == nil {
			c.Note, err = try(ctx, value)
		}
		if c.OK = err == nil; err != nil {
			c.Note = "notify.slack." + key + ": " + err.Error()
		}
		out = append(out, c)
	}
	read("slack socket", "app_token", s.AppToken, func(ctx context.Context, token string) (string, error) {
		options := []slackgo.Option{slackgo.OptionAppLevelToken(token)}
		if s.APIURL != "" {
			options = append(options, slackgo.OptionAPIURL(strings.TrimSuffix(s.APIURL, "/")+"/"))
		}
		_, _, err := slackgo.New("", options...).StartSocketModeContext(ctx)
		return "Socket Mode can be opened", err
	})
	read("slack requests", "signing_secret", s.SigningSecret, func(context.Context, string) (string, error) {
		where := "nowhere: intake.http.listen is not set, so serve needs --listen"
		if h := a.Config.Intake.HTTP; h != nil && h.Listen != "" {
			where = h.Listen
		}
		return slack.InteractivityPath + " and " + slack.EventsPath + " on " + where, nil
	})
	if len(a.Config.People) == 0 {
		out = append(out, checked{"slack roles", true, "no people are configured: in Slack one may ask for exceptions and write notes, and approve nothing"})
	}
	return out
}

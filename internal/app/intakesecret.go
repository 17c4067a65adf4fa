package app

import (
	"context"
	"errors"
	"time"

	"zesei/internal/config"
)

// secretAgain is how often a secret of the intake that cannot be read is tried
// again; secretPatience bounds one try.
const (
	secretAgain    = time.Minute
	secretPatience = 10 * time.Second
)

// IntakeSecrets are the secrets without which nothing of a kind is taken in: what
// senders of events show, and what Slack's answers are known by.
func (a *App) IntakeSecrets() []config.StatedSecret {
	var out []config.StatedSecret
	for _, s := range a.Config.Secrets() {
		switch s.Field {
		case "intake.http.secret", "notify.slack.signing_secret", "notify.slack.app_token":
			out = append(out, s)
		}
	}
	return out
}

// ReadSecret says whether a secret can be read and is not empty.
func (a *App) ReadSecret(ctx context.Context, s config.Secret) error {
	ctx, cancel := context.WithTimeout(ctx, secretPatience)
	defer cancel()
	v, err := s.Value(ctx, a.secrets())
	if err == nil && v == "" {
		err = errors.New("the secret is empty")
	}
	return err
}

// readSecrets tries the secrets of the intake until each can be read, and says
// which cannot: senders only see that they are refused.
func (a *App) readSecrets(ctx context.Context) {
	left, failed := a.IntakeSecrets(), map[string]string{}
	for {
		var again []config.StatedSecret
		for _, s := range left {
			err := a.ReadSecret(ctx, s.Secret)
			switch {
			case ctx.Err() != nil:
				return
			case err == nil && failed[s.Field] != "":
				a.Log.Info("a secret of the intake can be read now", "key", s.Field)
			case err != nil:
				if failed[s.Field] != err.Error() {
					a.Log.Error("a secret of the intake cannot be read: what it lets in is refused until it can", "key", s.Field, "error", err, "do", s.Secret.Remedy())
				}
				failed[s.Field] = err.Error()
				again = append(again, s)
			}
		}
		if left = again; len(left) == 0 || rest(ctx, secretAgain) != nil {
			return
		}
	}
}

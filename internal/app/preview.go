package app

import (
	"cmp"
	"context"
	"fmt"

	"zesei/internal/casefile"
	"zesei/internal/config"
	"zesei/internal/notify"
	"zesei/internal/notify/outbox"
)

// Templates are the message templates of a configuration: the built-in ones, and
// over them those of notify.templates. The error names the file and line of each
// mistake.
func Templates(c *config.Config) (*notify.Templates, error) {
	dir := ""
	if c.Notify.Templates != "" {
		dir = c.Path(c.Notify.Templates)
	}
	t, err := notify.LoadTemplates(dir)
	if err != nil {
		return nil, fmt.Errorf("message templates: %w", err)
	}
	return t, nil
}

// HearsSlack says whether a configuration lets people answer in Slack: by
// buttons, and by mentioning the app.
func HearsSlack(c *config.Config) bool {
	s := c.Notify.Slack
	return s != nil && (s.SigningSecret.IsSet() || s.AppToken.IsSet())
}

// CaseMessage is what would be said of one case as it stands, to its owner, in a
// language ("": the owner's). It serves an App that is offline too.
func (a *App) CaseMessage(ctx context.Context, f *casefile.File, kind notify.Kind, via notify.Via, language string) (notify.Message, error) {
	box := outbox.Outbox{DB: a.DB, Directory: a.Directory, Catalogue: a.Catalogue, Interactive: HearsSlack(a.Config), Now: a.Now, Log: a.Log}
	voice := a.Directory.Voice(f.Terms.Owner)
	voice.Language = cmp.Or(language, voice.Language)
	return box.OfCase(ctx, f, kind, via, voice)
}

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zesei/internal/app"
	"zesei/internal/config/document"
	"zesei/internal/notify"
	"zesei/internal/notify/preview"
)

type notifyCmd struct {
	Preview notifyPreviewCmd `cmd:"" help:"Show messages as people would get them, with the configured templates. Nothing is sent. Exit code 2 when a template is wrong."`
}

type notifyPreviewCmd struct {
	Kind     string `placeholder:"KIND" help:"Only one: cases, group, digest, overflow, reminder, escalation, import-summary, notice, ending, wish, failure, reply or asked (the last two stand in Slack's threads)."`
	Channel  string `default:"slack" enum:"slack,email,teams,sns,webhook" help:"As it looks in slack, email, teams, sns or webhook."`
	Language string `enum:"ja,en," default:"" help:"ja or en (default: the configuration's, of a case its owner's)."`
	Case     string `placeholder:"KEY" help:"Of a case in the store, in place of the samples; --kind is cases, digest, overflow, reminder or escalation then."`
	HTML     bool   `name:"html" help:"Print the HTML of one mail (with --channel email)."`
}

// ofCase are the kinds that can be shown of one real case.
var ofCase = []string{"cases", "digest", "overflow", "reminder", "escalation"}

func (c *notifyPreviewCmd) Run(e *env) error {
	if c.HTML && c.Channel != string(notify.Email) {
		return use("--html prints a mail: add --channel email")
	}
	known := notify.PreviewKinds
	if c.Case != "" {
		known = ofCase
	}
	if c.Kind != "" && !slices.Contains(known, c.Kind) {
		return use("--kind %s: expected %s%s", c.Kind, document.OneOf(known), hint(document.DidYouMean(c.Kind, known)))
	}
	conf, err := app.LoadConfig(e.root.Config)
	if err != nil {
		return e.unread(err)
	}
	templates, err := app.Templates(conf)
	if err != nil {
		return wrongUse{err}
	}
	via := notify.Via(c.Channel)
	var parts []notify.Preview
	if c.Case != "" {
		parts, err = c.real(e, via)
	} else {
		parts = notify.Previews(via, cmp.Or(c.Language, conf.Language, "en"), app.HearsSlack(conf))
	}
	if err != nil {
		return err
	}
	parts = slices.DeleteFunc(parts, func(p notify.Preview) bool { return c.Kind != "" && p.Kind != c.Kind })
	if len(parts) == 0 {
		return use("--kind %s: it stands in a thread, which only Slack has", c.Kind)
	}
	sheets, err := preview.Sheets(templates, via, parts, e.Now())
	if err != nil {
		return wrongUse{err}
	}
	return c.print(e, sheets)
}

// real is the message of a case in the store.
func (c *notifyPreviewCmd) real(e *env, via notify.Via) ([]notify.Preview, error) {
	a, err := e.open(true)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	f, err := e.find(a, c.Case)
	if err != nil {
		return nil, err
	}
	m, err := a.CaseMessage(e.ctx, f, notify.Kind(cmp.Or(c.Kind, string(notify.Cases))), via, c.Language)
	return []notify.Preview{notify.PreviewOf(m)}, err
}

func (c *notifyPreviewCmd) print(e *env, sheets []preview.Sheet) error {
	if e.root.JSON {
		return e.print(sheets)
	}
	if c.HTML {
		if len(sheets) > 1 {
			return use("--html prints one mail: name it with --kind or --case")
		}
		_, err := fmt.Fprint(e.Out, sheets[0].HTML)
		return err
	}
	var err error
	for i, s := range sheets {
		if i > 0 {
			_, werr := fmt.Fprintln(e.Out)
			err = errors.Join(err, werr)
		}
		head := fmt.Sprintf("===== %s: %s (%s/%s.tmpl)\n", s.Kind, s.Shows, s.Language, s.Template)
		if s.Subject != "" {
			head += "Subject: " + s.Subject + "\n\n"
		}
		_, werr := fmt.Fprintln(e.Out, head+strings.TrimRight(s.Text, "\n"))
		err = errors.Join(err, werr)
	}
	return err
}

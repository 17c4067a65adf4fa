package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"zesei/internal/control"
	"zesei/internal/notify"
	"zesei/internal/notify/email"
	"zesei/internal/report"
)

// ErrNoMail says that mail was asked for and is not configured.
var ErrNoMail = errors.New("nothing sends mail: add notify.email to zesei.yaml")

// mailChannel resolves its password on first use, as slackChannel its token.
type mailChannel struct {
	app       *App
	templates *notify.Templates
	once      lazy[*email.Deliverer]
}

var _ notify.Channel = (*mailChannel)(nil)

func (c *mailChannel) deliverer(ctx context.Context) (*email.Deliverer, error) {
	return c.once.get(func() (*email.Deliverer, error) {
		e := c.app.Config.Notify.Email
		made := email.Config{From: e.From, Templates: c.templates, Now: c.app.Now}
		if e.SES != "" {
			cfg, err := c.app.Cloud.Ambient(ctx, e.SES)
			if err != nil {
				return nil, fmt.Errorf("notify.email.ses: %w", err)
			}
			made.Transport = email.NewSES(cfg)
			return email.New(made)
		}
		out := email.SMTP{Server: e.SMTP, User: e.User, Security: e.TLS}
		if e.Password.IsSet() {
			var err error
			if out.Password, err = e.Password.Value(ctx, c.app.secrets()); err != nil {
				return nil, fmt.Errorf("notify.email.password: %w", err)
			}
		}
		made.Transport = out
		return email.New(made)
	})
}

func (c *mailChannel) Deliver(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	d, err := c.deliverer(ctx)
	if err != nil {
		return told, err
	}
	return d.Deliver(ctx, actions, told, record)
}

// Mailer is the way to send mail, or ErrNoMail.
func (a *App) Mailer(ctx context.Context) (*email.Deliverer, error) {
	if a.mail == nil {
		return nil, ErrNoMail
	}
	return a.mail.deliverer(ctx)
}

const csvType = "text/csv; charset=utf-8"

// Mail is a list on its way to one address.
type Mail struct {
	To       string
	Controls []string // as they were asked for
	Language string   // "": the configuration's
	Zone     *time.Location
	CSV      bool // with the list as a file; otherwise its first rows in the text
	Skip     bool // send nothing where nothing was found
	// Key makes the Message-ID, and Date is when the mail was first meant to go
	// out, as in email.Letter.
	Key  string
	Date time.Time
}

// MailFindings sends a list as mail: the count in the subject, what Slack is told
// as the text, the list as a file.
func (a *App) MailFindings(ctx context.Context, f Found, m Mail) error {
	if len(f.Rows) == 0 && len(f.Unread) == 0 && m.Skip {
		return nil
	}
	d, err := a.Mailer(ctx)
	if err != nil {
		return err
	}
	if m.Language == "" {
		m.Language = a.Config.Language
	}
	if m.Zone == nil {
		m.Zone = a.Config.Zone()
	}
	in := func(en, ja string, args ...any) string {
		return fmt.Sprintf(control.Text{EN: en, JA: ja}.In(m.Language), args...)
	}
	report.Titles(f.Rows, a.Catalogue, m.Language)
	file := m.CSV && len(f.Rows) > 0
	name := report.Environment(f.Accounts, func(id string) string { return a.Directory.Account(id).Name }, m.Language)
	c := report.Said(f.Rows, report.About{Environment: name, Controls: m.Controls, Unread: f.Unread, File: file}, a.Config, report.Plain{}, m.Language)
	l := email.Letter{To: m.To, Key: m.Key, Date: m.Date}
	l.Subject = in("%d open findings: %s", "未対応の違反 %d 件: %s", len(f.Rows), name)
	if len(m.Controls) > 0 {
		l.Subject += in(" (%s)", "(%s)", strings.Join(m.Controls, ", "))
	}
	// The stars are Slack's.
	l.Text = strings.Join(append([]string{strings.Replace(c.Text, fmt.Sprintf("*%d*", len(f.Rows)), fmt.Sprint(len(f.Rows)), 1)}, c.Thread...), "\n")
	if file {
		l.Files = []email.File{{Name: report.FileName(a.Now(), m.Zone), Type: csvType, Content: report.CSV(f.Rows, m.Language, m.Zone)}}
	} else {
		l.Text += report.Lines(f.Rows, report.Plain{}, m.Language)
	}
	return d.Write(ctx, l)
}

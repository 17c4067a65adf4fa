// Package email sends messages as mail, by SMTP or by SES, with the same words
// in plain text and in HTML.
//
// A mail cannot be edited. The first mail of a message begins a conversation;
// later ones are replies in it (In-Reply-To and References, RFC 5322 §3.6.4),
// each with the whole message as it stands then. They are sent only when people
// must hear of it: a case joined, was closed or came back, or a fix waits for a
// person (notify.Message.Gist). A moved deadline alone sends none.
//
// The Message-ID is made of the message's key, its part and its version, so a
// mail that is sent again after a lost answer or a crash has the Message-ID that
// it had, and mail programs recognise it. SES puts its own Message-ID in its
// place: through SES a repeat stands twice, and replies are joined by their
// References alone.
//
// Nobody is mentioned in a mail. One mail goes to all addresses of its target; an
// address that the server refuses holds it back from all of them, and the error
// names it.
package email

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"zesei/internal/notify"
)

// Transport hands a mail over. Its errors are those of notify.Channel.
type Transport interface {
	Send(ctx context.Context, m *gomail.Msg) error
}

// Config is what a Deliverer needs.
type Config struct {
	From      string // address, or name <address>
	Transport Transport
	Templates *notify.Templates
	Now       func() time.Time
}

// Deliverer is mail as a notify.Channel; a message's Target is its addresses,
// separated by commas. It is safe for concurrent use where its Transport is.
type Deliverer struct {
	from   *mail.Address
	domain string
	out    Transport
	plain  *notify.Set
	marked *notify.Set
	now    func() time.Time
}

var _ notify.Channel = (*Deliverer)(nil)

// New checks the configuration and returns a Deliverer. It calls nothing yet.
func New(c Config) (*Deliverer, error) {
	if c.Transport == nil || c.Templates == nil || c.Now == nil {
		return nil, errors.New("email: a transport, templates and a clock are needed")
	}
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("email: sender %q: expected an address", c.From)
	}
	plain, err := c.Templates.For(notify.Plain{})
	if err != nil {
		return nil, fmt.Errorf("email: message templates: %w", err)
	}
	marked, err := c.Templates.For(notify.Marked{})
	if err != nil {
		return nil, fmt.Errorf("email: message templates: %w", err)
	}
	return &Deliverer{from: from, domain: from.Address[strings.LastIndexByte(from.Address, '@')+1:], out: c.Transport, plain: plain, marked: marked, now: c.Now}, nil
}

// Deliver carries the actions out, as notify.Channel says.
func (d *Deliverer) Deliver(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	return notify.Carrier{News: true, Now: d.now, Send: func(ctx context.Context, m notify.Message, a notify.Action, p notify.Part) error {
		msg, err := d.mail(m, a, p)
		if err != nil {
			return err
		}
		return d.out.Send(ctx, msg)
	}}.Deliver(ctx, actions, told, record)
}

// mail lays one version of a part out.
func (d *Deliverer) mail(m notify.Message, a notify.Action, p notify.Part) (*gomail.Msg, error) {
	// A template of the user's that fails leaves the built-in text.
	text, err := d.plain.Render(a.View)
	if text == "" {
		return nil, &notify.Permanent{Reason: fmt.Sprintf("email: message template %s cannot be printed: %v", a.View.Template, err), Scope: notify.MessageOnly}
	}
	marked, _ := d.marked.Render(a.View)
	msg := gomail.NewMsg()
	msg.FromMailAddress(d.from)
	if err := msg.To(strings.Split(m.Target, ",")...); err != nil {
		return nil, &notify.Permanent{Reason: fmt.Sprintf("email: the addresses %q cannot be read", m.Target), Hint: "check the owner's email", HintJA: "担当(owners)の email を確認してください", Scope: notify.TargetOnly}
	}
	subject := subject(text)
	if p.Version > 1 {
		subject = "Re: " + subject
		first := p
		first.Version = 1
		before := p
		before.Version--
		root, last := d.id(m.Key, a.Part, first), d.id(m.Key, a.Part, before)
		msg.SetGenHeader(gomail.HeaderInReplyTo, "<"+last+">")
		if root != last {
			root += "> <" + last
		}
		msg.SetGenHeader(gomail.HeaderReferences, "<"+root+">")
	}
	msg.Subject(subject)
	msg.SetMessageIDWithValue(d.id(m.Key, a.Part, p))
	msg.SetDateWithValue(d.now())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no holiday notes back
	msg.SetBodyString(gomail.TypeTextPlain, text+"\n")
	msg.AddAlternativeString(gomail.TypeTextHTML, page(a.View.Language, marked))
	return msg, nil
}

// id is the same for a repetition and for nothing else.
func (d *Deliverer) id(key, name string, p notify.Part) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d", key, name, p.Version))
	return fmt.Sprintf("zesei.%x@%s", sum[:16], d.domain)
}

// maxSubject is how many characters of the first line a subject shows.
const maxSubject = 120

// subject is the first line of a message: its title.
func subject(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	if r := []rune(line); len(r) > maxSubject {
		line = string(r[:maxSubject]) + "…"
	}
	return line
}

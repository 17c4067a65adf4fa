package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"zesei/internal/notify"
)

// SMTP is a mail server (RFC 5321). It is safe for concurrent use: each mail has
// a connection of its own.
type SMTP struct {
	Server   string // host:port
	User     string // empty: no authentication
	Password string
	// Security is starttls (RFC 3207, required of the server), implicit (TLS from
	// the first byte, RFC 8314) or none. A password goes over none to this machine
	// only.
	Security string
	TLS      *tls.Config // nil: the system's roots, TLS 1.2 or newer
}

var _ Transport = SMTP{}

// serverBusy is how long to wait where a server closes the service (421): it
// names no time.
const serverBusy = time.Minute

// Send hands one mail over.
func (s SMTP) Send(ctx context.Context, m *gomail.Msg) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return s.judge("connect", err)
	}
	err = client.Send(m)
	// The mail is handed over, or refused, when Send returns: a failing farewell
	// changes nothing.
	_ = client.Close()
	if err != nil {
		return s.judge("send", err)
	}
	return nil
}

func (s SMTP) client() (*gomail.Client, error) {
	host, port, err := net.SplitHostPort(s.Server)
	if err != nil {
		return nil, fmt.Errorf("smtp %q: expected host:port", s.Server)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("smtp %q: the port is no number", s.Server)
	}
	options := []gomail.Option{gomail.WithPort(n), gomail.WithTimeout(30 * time.Second), gomail.WithoutNoop()}
	if s.TLS != nil {
		options = append(options, gomail.WithTLSConfig(s.TLS))
	}
	switch s.Security {
	case "starttls", "":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "implicit":
		options = append(options, gomail.WithSSL())
	case "none":
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("smtp %s: tls %q: expected starttls, implicit or none", s.Server, s.Security)
	}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	c, err := gomail.NewClient(host, options...)
	if err != nil {
		return nil, fmt.Errorf("smtp %s: %w", s.Server, err)
	}
	return c, nil
}

// judge reads a failure: 5yz is a refusal, 421 asks to come again, anything else
// may pass (RFC 5321 §4.2.1).
func (s SMTP) judge(doing string, err error) error {
	code := 0
	var sent *gomail.SendError
	var answer *textproto.Error
	switch {
	case errors.As(err, &sent):
		code = sent.ErrorCode()
	case errors.As(err, &answer):
		code = answer.Code
	}
	reason := fmt.Sprintf("smtp %s: %s: %s", s.Server, doing, oneLine(err))
	switch {
	case code == 421:
		return &notify.RetryAfter{After: serverBusy, By: "smtp " + s.Server}
	case code == 530 || code == 534 || code == 535:
		return &notify.Permanent{Reason: reason, Hint: "check notify.email.user and password", HintJA: "notify.email の user と password を確認してください"}
	case code >= 500 && code < 600:
		no := &notify.Permanent{Reason: reason, Hint: "check notify.email.from and the owner's addresses", HintJA: "notify.email.from と担当(owners)の email を確認してください"}
		if sent != nil && sent.Reason == gomail.ErrSMTPRcptTo {
			no.Scope = notify.TargetOnly
		}
		return no
	}
	return errors.New(reason)
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

package email

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// letter is a mail as it arrived.
type letter struct {
	header      mail.Header
	to          []string
	plain, html string
	user        string // who was authenticated
	secure      bool
}

// mailbox is a mail server and a mail program that drops repeated Message-IDs
// and shows the newest mail of each conversation.
type mailbox struct {
	addr    string
	roots   *x509.CertPool
	mu      sync.Mutex
	ids     map[string]bool
	letters []letter
	next    []error // of the next mails
	lose    bool    // take the next mail and cut the connection
	always  error
}

func newMailbox(t *testing.T, implicit bool) *mailbox {
	t.Helper()
	b := &mailbox{ids: map[string]bool{}}
	web := httptest.NewTLSServer(nil) // for its certificate
	web.Close()
	b.roots = x509.NewCertPool()
	b.roots.AddCert(web.Certificate())
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{box: b, conn: c}, nil }))
	s.Domain, s.AllowInsecureAuth = "mail.example.com", false
	s.TLSConfig = &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
	s.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.addr = l.Addr().String()
	if implicit {
		l = tls.NewListener(l, s.TLSConfig)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	return b
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

type session struct {
	box  *mailbox
	conn *smtp.Conn
	user string
	to   []string
}

var _ smtp.AuthSession = (*session)(nil)

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != testPassword {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

func (s *session) Reset()                               { s.to = nil }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, Message: "no such user"}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	b := s.box
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.always != nil {
		return b.always
	}
	if len(b.next) > 0 {
		err := b.next[0]
		b.next = b.next[1:]
		return err
	}
	l, err := open(raw)
	if err != nil {
		return err
	}
	l.to, l.user = s.to, s.user
	_, l.secure = s.conn.TLSConnectionState()
	if id := l.header.Get("Message-ID"); !b.ids[id] {
		b.ids[id] = true
		b.letters = append(b.letters, l)
	}
	if b.lose {
		b.lose = false
		_ = s.conn.Conn().Close()
	}
	return nil
}

func open(raw []byte) (letter, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return letter{}, err
	}
	l := letter{header: m.Header}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return l, errors.Join(errors.New("no alternatives: "+kind), err)
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return l, err
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			return l, err
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			l.html = string(body)
		} else {
			l.plain = strings.ReplaceAll(string(body), "\r\n", "\n")
		}
	}
}

// standing is the newest mail of each conversation.
func (b *mailbox) standing() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var order []string
	newest := map[string]string{}
	for _, l := range b.letters {
		root := l.header.Get("Message-ID")
		if refs := strings.Fields(l.header.Get("References")); len(refs) > 0 {
			root = refs[0]
		}
		if _, known := newest[root]; !known {
			order = append(order, root)
		}
		newest[root] = l.plain
	}
	var out []string
	for _, root := range order {
		out = append(out, newest[root])
	}
	return out
}

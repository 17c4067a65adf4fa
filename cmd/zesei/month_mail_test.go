package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"
)

// mailServer takes mail on loopback and keeps it.
type mailServer struct {
	addr   string
	server *smtp.Server
	served chan struct{}

	mu   sync.Mutex
	mail []letter
}

// letter is one mail as a person reads it.
type letter struct{ to, subject, text string }

func newMailServer() (*mailServer, error) {
	s := &mailServer{served: make(chan struct{})}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{box: s}, nil }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.addr = l.Addr().String()
	go func() { defer close(s.served); _ = s.server.Serve(l) }()
	return s, nil
}

func (s *mailServer) close() {
	_ = s.server.Close()
	<-s.served
}

func (s *mailServer) letters() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mail)
}

type mailSession struct {
	box *mailServer
	to  []string
}

func (s *mailSession) Reset()                               { s.to = nil }
func (s *mailSession) Logout() error                        { return nil }
func (s *mailSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text, err := readMail(m)
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return err
	}
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.mail = append(s.box.mail, letter{to: strings.Join(s.to, ", "), subject: subject, text: text})
	return nil
}

// readMail is the plain text of a mail, with a line for each part that is
// something else than its HTML.
func readMail(m *mail.Message) (string, error) {
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return "", err
	}
	return readPart(kind, params, m.Header.Get("Content-Transfer-Encoding"), "", m.Body)
}

func readPart(kind string, params map[string]string, coding, file string, r io.Reader) (string, error) {
	if strings.HasPrefix(kind, "multipart/") {
		var all strings.Builder
		for parts := multipart.NewReader(r, params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return all.String(), nil
			}
			if err != nil {
				return "", err
			}
			kind, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
			if err != nil {
				return "", err
			}
			text, err := readPart(kind, params, p.Header.Get("Content-Transfer-Encoding"), p.FileName(), p)
			if err != nil {
				return "", err
			}
			all.WriteString(text)
		}
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	if coding == "quoted-printable" {
		if body, err = io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body))); err != nil {
			return "", err
		}
	}
	switch {
	case file != "":
		return fmt.Sprintf("(attached: %s)\n", file), nil
	case kind == "text/plain":
		return strings.ReplaceAll(string(body), "\r\n", "\n"), nil
	}
	return "", nil
}

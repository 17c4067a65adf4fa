package app_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"zesei/internal/fake"
)

// letter is a mail as it arrived.
type letter struct {
	to, id, subject string
	parts           map[string]string // by media type
	file            string            // name of the attached file
}

// office is a mail server that can be told to fail.
type office struct {
	t    *testing.T
	addr string

	mu      sync.Mutex
	letters []letter
	next    []error          // of the next mails
	always  error            // of every mail
	refuse  map[string]error // of an address
	lose    bool             // take the next mail and cut the connection
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, refuse: map[string]error{}}
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &counter{office: o, conn: c}, nil }))
	s.ErrorLog = silent{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.addr = l.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	return o
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

type counter struct {
	office *office
	conn   *smtp.Conn
	to     string
}

func (c *counter) Reset()                               { c.to = "" }
func (c *counter) Logout() error                        { return nil }
func (c *counter) Mail(string, *smtp.MailOptions) error { return nil }

func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	if err := c.office.refuse[to]; err != nil {
		return err
	}
	c.to = strings.TrimSpace(c.to + " " + to)
	return nil
}

func (c *counter) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	o := c.office
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.always != nil {
		return o.always
	}
	if len(o.next) > 0 {
		err := o.next[0]
		o.next = o.next[1:]
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	l := letter{to: c.to, id: m.Header.Get("Message-ID"), parts: map[string]string{}}
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return err
	}
	if err := l.read(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body); err != nil {
		o.t.Error(err)
		return err
	}
	o.letters = append(o.letters, l)
	if o.lose {
		o.lose = false
		_ = c.conn.Conn().Close()
	}
	return nil
}

// read takes the parts of a mail apart.
func (l *letter) read(kind, encoding string, r io.Reader) error {
	kind, params, err := mime.ParseMediaType(kind)
	if err != nil {
		return err
	}
	if strings.HasPrefix(kind, "multipart/") {
		for parts := multipart.NewReader(r, params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if name := p.FileName(); name != "" {
				l.file = name
			}
			if err := l.read(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	b, err := io.ReadAll(r)
	l.parts[kind] = strings.ReplaceAll(string(b), "\r\n", "\n")
	return err
}

func (o *office) order(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f()
}

// to are the mails that arrived at an address.
func (o *office) to(address string) []letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []letter
	for _, l := range o.letters {
		if l.to == address {
			out = append(out, l)
		}
	}
	return out
}

// mails gives the town a mail server.
func (w *town) mails() *office {
	w.t.Helper()
	o := newOffice(w.t)
	w.rewrite("zesei.yaml", `notify: {`, `notify: {email: {from: zesei@example.com, smtp: "`+o.addr+`", tls: none}, `)
	return o
}

const dailyByBoth = `{cron: "0 9 * * *", do: findings, controls: [S3.8], csv: true, slack: "#sec", email: [ops@example.com, boss@example.com]}`

func TestAScheduledListGoesOutByMailWithItsFileAndCount(t *testing.T) {
	for language, want := range map[string][3]string{
		"ja": {"未対応の違反 1 件: shop-prod(S3.8)", "未対応の違反が 1 件あります", "リソース,違反事項"},
		"en": {"1 open findings: shop-prod (S3.8)", "1 open findings of S3.8.", "Resource,Title"},
	} {
		w := newTown(t, 100)
		o := w.mails()
		w.take(w.bucketFails(shop, "S3.8", "shop-open"))
		w.schedule(strings.Replace(dailyByBoth, "{", "{language: "+language+", ", 1))
		w.nextMorning()
		w.work()
		for _, to := range []string{"ops@example.com", "boss@example.com"} {
			got := o.to(to)
			if len(got) != 1 {
				t.Fatalf("%s: %d mails to %s, want one of its own", language, len(got), to)
			}
			l := got[0]
			if l.subject != want[0] || !strings.Contains(l.parts["text/plain"], want[1]) || strings.Contains(l.parts["text/plain"], "*") {
				t.Errorf("%s: subject %q, text %q", language, l.subject, l.parts["text/plain"])
			}
			if !strings.HasPrefix(l.file, "security-hub-findings-") || !strings.Contains(l.parts["text/csv"], want[2]) || !strings.Contains(l.parts["text/csv"], "shop-open") {
				t.Errorf("%s: file %q: %q", language, l.file, l.parts["text/csv"])
			}
		}
		if n := len(w.slack.Uploads()); n != 1 {
			t.Errorf("%s: %d files in Slack", language, n)
		}
		w.nextMorning()
		w.work()
		two := o.to("ops@example.com")
		if len(two) != 2 || two[0].id == two[1].id {
			t.Errorf("%s: the next day's mail has no Message-ID of its own: %+v", language, two)
		}
	}
}

func TestAWayThatFailsRepeatsNoOther(t *testing.T) {
	w := newTown(t, 100)
	o := w.mails()
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	w.schedule(dailyByBoth)
	w.nextMorning()
	busy := &smtp.SMTPError{Code: 451, Message: "try later"}
	o.order(func() { o.next = []error{busy, busy, busy} })
	for range 5 {
		w.work()
		w.later(time.Minute)
	}
	if a, b, c := len(w.slack.Uploads()), len(o.to("ops@example.com")), len(o.to("boss@example.com")); a != 1 || b != 1 || c != 1 {
		t.Errorf("%d files in Slack, %d and %d mails; want one each", a, b, c)
	}
}

func TestAMailWhoseAnswerWasLostIsSentUnderTheSameMessageID(t *testing.T) {
	w := newTown(t, 100)
	o := w.mails()
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	w.schedule(`{cron: "0 9 * * *", do: summary, email: ops@example.com}`)
	w.nextMorning()
	o.order(func() { o.lose = true })
	w.work()
	w.later(time.Minute)
	w.work()
	got := o.to("ops@example.com")
	if len(got) != 2 || got[0].id != got[1].id || got[0].id == "" {
		t.Fatalf("got %+v, want the mail twice under one Message-ID", got)
	}
	if !strings.Contains(got[0].parts["text/plain"], "AWS Foundational Security Best Practices") || !strings.Contains(got[0].subject, "– 1 open") || !strings.Contains(got[0].parts["text/html"], "<table>") {
		t.Errorf("got %q: %q", got[0].subject, got[0].parts)
	}
}

func TestEachOwnerGetsItsOwnSummaryInItsLanguage(t *testing.T) {
	w := newTown(t, 100)
	o := w.mails()
	w.rewrite("zesei.yaml", `security: {slack: "#sec"`, `security: {email: [sec@example.com, lead@example.com]`)
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	w.schedule(`{cron: "0 9 * * *", do: summary, owner: "*"}`)
	w.nextMorning()
	o.order(func() { o.next = []error{&smtp.SMTPError{Code: 451, Message: "try later"}} })
	for range 3 {
		w.work()
		w.later(time.Minute)
	}
	said := 0
	for _, m := range w.slack.Messages("#shop-sec") {
		if strings.Contains(m.Text, "検知状況") && strings.Contains(m.Text, "担当: shop") {
			said++
		}
	}
	if said != 1 {
		t.Errorf("shop was told %d times", said)
	}
	for _, to := range []string{"sec@example.com", "lead@example.com"} {
		if got := o.to(to); len(got) != 1 || !strings.Contains(got[0].parts["text/plain"], "for security") {
			t.Errorf("%s got %+v", to, got)
		}
	}
}

func TestAScheduledScore(t *testing.T) {
	w := newTown(t, 100)
	o := w.mails()
	w.cloud.EnableHub(shop, region, "fsbp")
	w.take(w.evaluated(shop, "EC2.19", w.openGroup(shop, "web"), "FAILED"))
	w.schedule(`{cron: "0 9 * * *", do: score, csv: true, language: ja, slack: "#sec", email: ops@example.com}`)
	w.nextMorning()
	w.work()
	got := o.to("ops@example.com")
	if len(got) != 1 || !strings.Contains(got[0].subject, "セキュリティスコア") || !strings.Contains(got[0].parts["text/plain"], "0%(成功 0、失敗 1") {
		t.Fatalf("got %+v", got)
	}
	if csv := got[0].parts["text/csv"]; !strings.Contains(csv, "fsbp,0,EC2.19,") || !strings.HasPrefix(got[0].file, "security-score-") {
		t.Errorf("file %q: %q", got[0].file, csv)
	}
	if up := w.slack.Uploads(); len(up) != 1 || !strings.HasPrefix(up[0].Name, "security-score-") {
		t.Errorf("in Slack: %+v", up)
	}
}

func TestWithoutAWayTheDefaultOwnerGetsTheSummaryOfAll(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	w.schedule(`{cron: "0 9 * * *", do: summary}`)
	w.nextMorning()
	w.slack.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Operation: "chat.postMessage", Times: 1})
	w.work()
	w.later(time.Minute)
	w.work()
	if m := w.slack.Messages("#sec"); len(m) != 1 || !strings.Contains(m[0].Text, "Security Hub on") || !strings.Contains(m[0].Text, "shop: 1") {
		t.Errorf("got %+v", m)
	}
}

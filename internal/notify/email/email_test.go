package email

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/emersion/go-smtp"

	"zesei/internal/finding"
	"zesei/internal/notify"
	"zesei/internal/notify/notifytest"
)

const testPassword = "correct-horse-battery"

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func deliverer(t *testing.T, out Transport) *Deliverer {
	t.Helper()
	templates, err := notify.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Config{From: "zesei <zesei@example.com>", Transport: out, Templates: templates, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (b *mailbox) smtp(security string) SMTP {
	return SMTP{Server: b.addr, Security: security, User: "zesei", Password: testPassword, TLS: &tls.Config{RootCAs: b.roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}}
}

func TestChannelSuite(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Harness {
		b := newMailbox(t, false)
		return notifytest.Harness{
			Channel: deliverer(t, b.smtp("starttls")), Via: notify.Email, Target: "a@example.com,b@example.com", Secret: testPassword, Standing: b.standing,
			Order: func(f notifytest.Fault) {
				switch f {
				case notifytest.Busy:
					b.next = append(b.next, &smtp.SMTPError{Code: 451, Message: "try later"})
				case notifytest.Limited:
					b.next = append(b.next, &smtp.SMTPError{Code: 421, Message: "too many"})
				case notifytest.LostPost:
					b.lose = true
				case notifytest.Refused:
					b.always = &smtp.SMTPError{Code: 554, Message: "policy"}
				}
			},
			Mend: func() { b.always = nil },
		}
	})
}

func message() notify.Message {
	return notify.Message{
		Key: "m-1", Owner: "shop", Via: notify.Email, Target: "a@example.com", Kind: notify.Cases, Language: "en",
		Control: notify.Control{ID: "EC2.19", TitleEN: "Ports <b>&", Severity: finding.High, Remediation: "https://docs.aws.amazon.com/x?a=1&b=2"},
		Cases:   []notify.Case{{Key: "k1", State: notify.Open, Severity: finding.High, AccountID: "111122223333", Region: "eu-west-1", Resource: "r", ResourceName: "<script>x</script>"}},
	}
}

// tell delivers and returns what is told.
func tell(t *testing.T, d *Deliverer, m notify.Message, told notify.Told) (notify.Told, error) {
	t.Helper()
	return d.Deliver(context.Background(), notify.Decide(m, told), told, func(notify.Told) error { return nil })
}

func TestAMailIsPlainAndHTMLAndInAConversation(t *testing.T) {
	b := newMailbox(t, true)
	d := deliverer(t, b.smtp("implicit"))
	m := message()
	told, err := tell(t, d, m, notify.Told{})
	if err != nil {
		t.Fatal(err)
	}
	m.Cases[0].Due = now.Add(time.Hour) // a deadline alone is no news
	if told, err = tell(t, d, m, told); err != nil {
		t.Fatal(err)
	}
	if len(b.letters) != 1 || len(notify.Decide(m, told).List) != 0 {
		t.Fatalf("%d mails, still to do %v", len(b.letters), notify.Decide(m, told).List)
	}
	for _, state := range []notify.State{notify.Closed, notify.Open} {
		m.Cases[0].State = state
		if told, err = tell(t, d, m, told); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.letters) != 3 {
		t.Fatalf("%d mails, want the first, its end and its return", len(b.letters))
	}
	first, second, third := b.letters[0], b.letters[1], b.letters[2]
	root := first.header.Get("Message-ID")
	if got := first.header.Get("Subject"); got != "Severity: HIGH (EC2.19) Ports <b>&" {
		t.Errorf("subject %q", got)
	}
	if !first.secure || first.user != "zesei" || !strings.HasSuffix(root, "@example.com>") || first.header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("secure %v, user %q, id %s, header %v", first.secure, first.user, root, first.header)
	}
	if !strings.Contains(first.html, "&lt;script&gt;") || strings.Contains(first.html, "<script") || !strings.Contains(first.html, `href="https://docs.aws.amazon.com/x?a=1&amp;b=2"`) {
		t.Errorf("html:\n%s", first.html)
	}
	if !strings.Contains(first.plain, "<script>x</script>") || strings.ContainsAny(first.plain, "\x0e\x10") {
		t.Errorf("plain:\n%s", first.plain)
	}
	if second.header.Get("In-Reply-To") != root || second.header.Get("References") != root || !strings.HasPrefix(second.header.Get("Subject"), "Re: Severity") {
		t.Errorf("second: %v", second.header)
	}
	if want := root + " " + second.header.Get("Message-ID"); third.header.Get("References") != want {
		t.Errorf("third refers to %s, want %s", third.header.Get("References"), want)
	}
}

func TestRefusalsOfAServer(t *testing.T) {
	b := newMailbox(t, false)
	wrong := b.smtp("starttls")
	wrong.Password = "wrong-password"
	gone := message()
	gone.Target = "a@example.com,nobody@example.com"
	for name, c := range map[string]struct {
		out  SMTP
		m    notify.Message
		want string
	}{
		"a wrong password":       {wrong, message(), "notify.email.user"},
		"an address that is not": {b.smtp("starttls"), gone, "nobody@example.com"},
	} {
		_, err := tell(t, deliverer(t, c.out), c.m, notify.Told{})
		var no *notify.Permanent
		if !errors.As(err, &no) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), c.out.Password) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if len(b.letters) != 0 {
		t.Errorf("%d mails arrived", len(b.letters))
	}
}

func TestACertificateThatNobodyVouchesForStopsTheMail(t *testing.T) {
	b := newMailbox(t, false)
	s := b.smtp("starttls")
	s.TLS = nil
	if _, err := tell(t, deliverer(t, s), message(), notify.Told{}); err == nil || len(b.letters) != 0 {
		t.Errorf("got %v, %d mails", err, len(b.letters))
	}
}

func TestSES(t *testing.T) {
	var got []letter
	refuse := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse != "" {
			w.Header().Set("X-Amzn-Errortype", refuse)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"message":"no"}`)
			return
		}
		var in struct {
			Content struct{ Raw struct{ Data []byte } }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.URL.Path != "/v2/email/outbound-emails" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		l, err := open(in.Content.Raw.Data)
		if err != nil {
			t.Error(err)
		}
		got = append(got, l)
		_, _ = io.WriteString(w, `{"MessageId":"m-1"}`)
	}))
	defer s.Close()
	d := deliverer(t, NewSES(aws.Config{
		Region: "ap-northeast-1", BaseEndpoint: &s.URL, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	}))
	if _, err := tell(t, d, message(), notify.Told{}); err != nil || len(got) != 1 || got[0].header.Get("To") != "<a@example.com>" {
		t.Errorf("got %v, %v", err, got)
	}
	var no *notify.Permanent
	var wait *notify.RetryAfter
	refuse = "MessageRejected"
	if _, err := tell(t, d, message(), notify.Told{}); !errors.As(err, &no) || !strings.Contains(err.Error(), "verify") {
		t.Errorf("got %v", err)
	}
	refuse = "TooManyRequestsException"
	if _, err := tell(t, d, message(), notify.Told{}); !errors.As(err, &wait) {
		t.Errorf("got %v", err)
	}
}

package intake

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // signature version 1 of SNS is SHA-1
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// SNS opens messages that SNS sends over HTTPS: it verifies whose they are and
// confirms subscriptions of the configured topics.
//
// The rules are those of "Verifying the signatures of Amazon SNS messages", held
// tighter: the certificate may lie only on the host of SNS in the topic's own
// Region. A looser check lets anyone serve a certificate from a bucket.
type SNS struct {
	// Topics are the ARNs of the topics that may deliver.
	Topics []string
	// Client fetches certificates and confirms subscriptions; NewSNSClient.
	Client *http.Client
	// Known says whether a message was taken in before.
	Known func(ctx context.Context, id string) (bool, error)
	Now   func() time.Time
	Log   *slog.Logger

	mu    sync.Mutex
	certs map[string]*x509.Certificate
}

// SNSWindow is how far the Timestamp of a message may be from our clock. Messages
// are remembered at least twice as long.
const SNSWindow = time.Hour

// Types of messages that SNS sends.
const (
	snsNotification = "Notification"
	snsSubscribe    = "SubscriptionConfirmation"
	snsUnsubscribe  = "UnsubscribeConfirmation"
)

// snsRefusal says why a message is not believed; sending it again changes nothing.
type snsRefusal struct{ why string }

func (e *snsRefusal) Error() string { return e.why }

func distrust(format string, args ...any) error { return &snsRefusal{fmt.Sprintf(format, args...)} }

// snsMessage is a message as SNS posts it.
type snsMessage struct {
	Type, TopicArn, Message, Timestamp, Signature, SignatureVersion, SigningCertURL, SubscribeURL, Token string

	MessageID string  `json:"MessageId"`
	Subject   *string // signed where it is there

	sent     time.Time
	repeated bool
}

func (m *snsMessage) id() string { return m.TopicArn + " " + m.MessageID }

// NewSNSClient returns a client that follows no redirects and uses no proxy's
// answer for SNS's.
func NewSNSClient(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// open verifies a message. A *snsRefusal says that it is not to be believed; any
// other error that this cannot be told now. The message is returned as far as it
// could be read, for the log.
func (s *SNS) open(ctx context.Context, body []byte) (m snsMessage, err error) {
	// Names in the wrong case and repeated names are refused: what is verified
	// must be what is read.
	if err := json.Unmarshal(body, &m); err != nil {
		return m, distrust("no message of SNS (is raw message delivery on? then there is no signature): %v", err)
	}
	if !slices.Contains(s.Topics, m.TopicArn) {
		return m, distrust("the topic %q is not in intake.http.topics", m.TopicArn)
	}
	if m.sent, err = time.Parse(time.RFC3339, m.Timestamp); err != nil {
		return m, distrust("the Timestamp %q is no time", m.Timestamp)
	}
	if d := s.Now().Sub(m.sent); d > SNSWindow || d < -SNSWindow {
		return m, distrust("the Timestamp %s is more than an hour off", m.Timestamp)
	}
	cert, err := s.certificate(ctx, &m)
	if err != nil {
		return m, err
	}
	if err := m.verify(cert, s.Now()); err != nil {
		return m, err
	}
	if m.MessageID == "" {
		return m, distrust("the message has no MessageId")
	}
	switch m.Type {
	case snsNotification:
		if m.repeated, err = s.Known(ctx, m.id()); err != nil {
			return m, err
		}
		return m, nil
	case snsSubscribe:
		return m, s.confirm(ctx, &m)
	case snsUnsubscribe:
		s.Log.Warn("a subscription to us was ended", "topic", m.TopicArn)
		return m, nil
	}
	return m, distrust("the Type %q is unknown", m.Type)
}

// host is where SNS lives in the Region of a topic.
func host(topicARN string) string {
	p := strings.Split(topicARN, ":")
	if len(p) != 6 {
		return ""
	}
	suffix := "amazonaws.com"
	if p[1] == "aws-cn" {
		suffix = "amazonaws.com.cn"
	}
	return "sns." + p[3] + "." + suffix
}

var certificatePath = regexp.MustCompile(`^/SimpleNotificationService-[0-9a-f]+\.pem$`)

// ours parses a URL of SNS in the topic's Region: https, exactly that host, no
// port, user or fragment.
func ours(raw, topicARN string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" || u.Host != host(topicARN) || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return nil, distrust("%q does not lie on https://%s", raw, host(topicARN))
	}
	return u, nil
}

// certificate fetches the certificate that a message names, once.
func (s *SNS) certificate(ctx context.Context, m *snsMessage) (*x509.Certificate, error) {
	u, err := ours(m.SigningCertURL, m.TopicArn)
	if err != nil {
		return nil, fmt.Errorf("SigningCertURL: %w", err)
	}
	if !certificatePath.MatchString(u.EscapedPath()) || u.RawQuery != "" || u.ForceQuery {
		return nil, distrust("SigningCertURL %q: expected /SimpleNotificationService-<hexadecimal>.pem", m.SigningCertURL)
	}
	s.mu.Lock()
	cert := s.certs[u.String()]
	s.mu.Unlock()
	if cert != nil {
		return cert, nil
	}
	raw, err := s.get(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("fetching the certificate of SNS: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("fetching the certificate of SNS: no certificate came")
	}
	if cert, err = x509.ParseCertificate(block.Bytes); err != nil {
		return nil, fmt.Errorf("reading the certificate of SNS: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.certs == nil || len(s.certs) >= maxCertificates {
		s.certs = map[string]*x509.Certificate{}
	}
	s.certs[u.String()] = cert
	return cert, nil
}

// maxCertificates bounds the memory of certificates; SNS uses few.
const maxCertificates = 32

// get fetches a small document. A redirect is no answer.
func (s *SNS) get(ctx context.Context, u *url.URL) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.Client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", u.Host, resp.Status)
	}
	return body, nil
}

// text is what the signature covers, in SNS's order.
func (m *snsMessage) text() string {
	var b strings.Builder
	add := func(name, value string) { b.WriteString(name + "\n" + value + "\n") }
	add("Message", m.Message)
	add("MessageId", m.MessageID)
	if m.Type == snsNotification {
		if m.Subject != nil {
			add("Subject", *m.Subject)
		}
		add("Timestamp", m.Timestamp)
	} else {
		add("SubscribeURL", m.SubscribeURL)
		add("Timestamp", m.Timestamp)
		add("Token", m.Token)
	}
	add("TopicArn", m.TopicArn)
	add("Type", m.Type)
	return b.String()
}

// verify checks the signature: version 1 is SHA-1, version 2 SHA-256, both with
// RSA PKCS #1 v1.5.
func (m *snsMessage) verify(cert *x509.Certificate, now time.Time) error {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return distrust("the certificate of SNS holds no RSA key")
	}
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return distrust("the certificate of SNS is not valid now")
	}
	signature, err := base64.StdEncoding.DecodeString(m.Signature)
	if err != nil {
		return distrust("the Signature is not base64")
	}
	switch m.SignatureVersion {
	case "1":
		sum := sha1.Sum([]byte(m.text())) //nolint:gosec // as SNS signs
		err = rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], signature)
	case "2":
		sum := sha256.Sum256([]byte(m.text()))
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	default:
		return distrust("the SignatureVersion %q is unknown", m.SignatureVersion)
	}
	if err != nil {
		return distrust("the Signature does not fit the message")
	}
	return nil
}

// confirm confirms the subscription that a message speaks of.
func (s *SNS) confirm(ctx context.Context, m *snsMessage) error {
	u, err := ours(m.SubscribeURL, m.TopicArn)
	if err != nil {
		return fmt.Errorf("SubscribeURL: %w", err)
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil || u.Path != "/" && u.Path != "" || !only(q, "Action", "ConfirmSubscription") || !only(q, "TopicArn", m.TopicArn) || !only(q, "Token", m.Token) {
		return distrust("SubscribeURL %q does not confirm a subscription to %s", m.SubscribeURL, m.TopicArn)
	}
	if _, err := s.get(ctx, u); err != nil {
		return fmt.Errorf("confirming the subscription to %s: %w", m.TopicArn, err)
	}
	s.Log.Info("the subscription was confirmed", "topic", m.TopicArn)
	return nil
}

func only(q url.Values, name, value string) bool { return len(q[name]) == 1 && q[name][0] == value }

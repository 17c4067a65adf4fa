package app_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/emersion/go-smtp"
)

// heard keeps what arrived at a receiver.
type heard struct {
	mu   sync.Mutex
	said []string
}

func (h *heard) add(s string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, s)
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.said)
}

func (h *heard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	h.add(string(b))
	w.WriteHeader(http.StatusAccepted)
}

// post is a mail server's session.
type post struct {
	*heard
	to string
}

func (p *post) Reset()                               {}
func (p *post) Logout() error                        { return nil }
func (p *post) Mail(string, *smtp.MailOptions) error { return nil }

func (p *post) Rcpt(to string, _ *smtp.RcptOptions) error {
	p.to += to + " "
	return nil
}

func (p *post) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	p.add("to " + p.to + "\n" + string(b))
	return err
}

func mailServer(t *testing.T, h *heard) string {
	t.Helper()
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &post{heard: h}, nil }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	return l.Addr().String()
}

func TestAnOwnerIsToldByEveryChannelAndPagedForWhatIsUrgent(t *testing.T) {
	w := newTown(t, 100)
	w.app.Close()
	var mail, cards, pages heard
	teams, pager := httptest.NewServer(&cards), httptest.NewServer(&pages)
	t.Cleanup(teams.Close)
	t.Cleanup(pager.Close)
	t.Setenv("TOWN_TEAMS", teams.URL)
	t.Setenv("TOWN_PAGER", "routing-key")
	w.rewrite("zesei.yaml", `{slack: "#shop-sec", mention: [taro]`, `{email: [a@example.com, b@example.com], teams: "${env:TOWN_TEAMS}"`)
	w.rewrite("zesei.yaml", `notify: {`, `notify: {email: {from: zesei@example.com, smtp: "`+mailServer(t, &mail)+`", tls: none}, pagerduty: {routing_key: "${env:TOWN_PAGER}", url: "`+pager.URL+`"}, `)
	topics := sns.NewFromConfig(*w.opts.Cloud.Base, func(o *sns.Options) { o.BaseEndpoint = &w.opts.Cloud.BaseEndpoint })
	topic, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("findings")})
	if err != nil {
		t.Fatal(err)
	}
	w.rewrite("zesei.yaml", `notify: {`, `notify: {sns: {topic: "`+*topic.TopicArn+`"}, `)
	w.rewrite("policy.yaml", `  - {severity: [CRITICAL, HIGH], do: track}`, `  - {controls: [EC2.19], do: track, urgent: true}
  - {severity: [CRITICAL, HIGH], do: track}`)
	w.open()

	if got, want := strings.Join(w.app.Directory.Channels("shop"), " "), "email:a@example.com,b@example.com teams:shop sns:"+*topic.TopicArn+" pagerduty:pagerduty"; got != want {
		t.Fatalf("channels %q, want %q", got, want)
	}
	id := w.openGroup(shop, "web")
	w.take(w.evaluated(shop, "EC2.19", id, "FAILED"))
	if got := mail.all(); len(got) != 1 || !strings.HasPrefix(got[0], "to a@example.com b@example.com") || !strings.Contains(got[0], "Message-ID") {
		t.Errorf("mail: %q", got)
	}
	if got := cards.all(); len(got) != 1 || !strings.Contains(got[0], "EC2.19") {
		t.Errorf("cards: %q", got)
	}
	// Programs get every version: a second one once the fix is planned.
	if got := w.cloud.Notifications(*topic.TopicArn); len(got) == 0 || !strings.Contains(got[0].Message, "EC2.19") || got[0].Attributes["id"] == "" {
		t.Errorf("published: %+v", got)
	}
	var page struct {
		Action string `json:"event_action"`
	}
	if got := pages.all(); len(got) != 1 || json.Unmarshal([]byte(got[0]), &page) != nil || page.Action != "trigger" {
		t.Errorf("pages: %q", got)
	}
	// Another control that is tracked and not urgent pages nobody.
	w.take(w.evaluated(shop, "EC2.18", id, "FAILED"))
	if n, m := len(pages.all()), len(mail.all()); n != 1 || m != 2 {
		t.Errorf("%d pages and %d mails after what is not urgent", n, m)
	}
}

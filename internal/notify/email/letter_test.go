package email

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	gomail "github.com/wneessen/go-mail"

	"zesei/internal/notify"
)

// kept is a Transport that keeps what it is given.
type kept struct {
	raw [][]byte
	err error
}

func (k *kept) Send(_ context.Context, m *gomail.Msg) error {
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return err
	}
	k.raw = append(k.raw, b.Bytes())
	return k.err
}

var report = Letter{To: "ops@example.com", Subject: "未対応の違反 2 件\r\nBcc: everyone@example.com", Text: "一覧は添付です。", HTML: "<p>一覧</p>", Key: "run|1", Files: []File{
	{Name: "list.csv", Type: "text/csv; charset=utf-8", Content: []byte("\ufeffリソース\r\n")},
}}

func header(t *testing.T, raw []byte) mail.Header {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header
}

func TestALetterHasTheSameMessageIDWhenItIsSentAgain(t *testing.T) {
	k := &kept{err: errors.New("no answer")}
	d := deliverer(t, k)
	l := report
	l.Date = time.Date(2026, 11, 22, 9, 0, 0, 0, time.FixedZone("JST", 9*3600))
	for range 2 {
		if err := d.Write(t.Context(), l); err == nil {
			t.Fatal("a lost answer is not reported")
		}
	}
	if string(header(t, k.raw[0]).Get("Message-ID")) != header(t, k.raw[1]).Get("Message-ID") || header(t, k.raw[0]).Get("Date") != header(t, k.raw[1]).Get("Date") {
		t.Error("a repetition has another Message-ID or date")
	}
	seen := map[string]bool{header(t, k.raw[0]).Get("Message-ID"): true}
	for _, change := range []func(*Letter){func(l *Letter) { l.Key = "run|2" }, func(l *Letter) { l.To = "boss@example.com" }} {
		other := report
		change(&other)
		_ = d.Write(t.Context(), other)
		id := header(t, k.raw[len(k.raw)-1]).Get("Message-ID")
		if seen[id] {
			t.Errorf("another letter has the same Message-ID %s", id)
		}
		seen[id] = true
	}
}

func TestALetterCarriesTextPageAndFile(t *testing.T) {
	k := &kept{}
	if err := deliverer(t, k).Write(t.Context(), report); err != nil {
		t.Fatal(err)
	}
	h := header(t, k.raw[0])
	subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil || subject != "未対応の違反 2 件  Bcc: everyone@example.com" || h.Get("Bcc") != "" {
		t.Errorf("subject %q (%v), Bcc %q", subject, err, h.Get("Bcc"))
	}
	raw := string(k.raw[0])
	for _, want := range []string{"multipart/mixed", "multipart/alternative", "text/html", "text/csv; charset=utf-8", `filename="list.csv"`, base64.StdEncoding.EncodeToString(report.Files[0].Content), "Auto-Submitted: auto-generated"} {
		if !strings.Contains(raw, want) {
			t.Errorf("no %q in\n%s", want, raw)
		}
	}
	var no *notify.Permanent
	if err := deliverer(t, k).Write(t.Context(), Letter{To: "nobody"}); !errors.As(err, &no) || no.Scope != notify.TargetOnly {
		t.Errorf("an address that is none: %v", err)
	}
}

func TestSESTakesALetterWithItsFile(t *testing.T) {
	var got []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Content struct{ Raw struct{ Data []byte } }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		got = in.Content.Raw.Data
		_, _ = io.WriteString(w, `{"MessageId":"m-1"}`)
	}))
	defer s.Close()
	d := deliverer(t, NewSES(aws.Config{
		Region: "ap-northeast-1", BaseEndpoint: &s.URL, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	}))
	if err := d.Write(t.Context(), report); err != nil || !strings.Contains(string(got), `filename="list.csv"`) {
		t.Errorf("%v:\n%s", err, got)
	}
}

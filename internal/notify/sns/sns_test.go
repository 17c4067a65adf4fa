package sns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"zesei/internal/notify"
	"zesei/internal/notify/notifytest"
	"zesei/internal/notify/webhook"
)

var now = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

const topicName = "arn:aws:sns:ap-northeast-1:111122223333:findings"

// topic is a topic with a subscriber that drops repeated ids and keeps the newest
// version of each key.
type topic struct {
	*httptest.Server
	t      *testing.T
	mu     sync.Mutex
	ids    map[string]bool
	order  []string
	latest map[string]webhook.Payload
	forms  []map[string][]string
	next   []func(http.ResponseWriter, func())
	always string // error code
}

func (s *topic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := r.ParseForm(); err != nil || r.Form.Get("Action") != "Publish" {
		s.t.Errorf("%v, action %q", err, r.Form.Get("Action"))
	}
	do := func() {
		var p webhook.Payload
		if err := json.Unmarshal([]byte(r.Form.Get("Message")), &p); err != nil {
			s.t.Error(err)
		}
		s.forms = append(s.forms, r.Form)
		if s.ids[p.ID] || s.latest[p.Key].Version >= p.Version {
			return
		}
		s.ids[p.ID] = true
		if _, known := s.latest[p.Key]; !known {
			s.order = append(s.order, p.Key)
		}
		s.latest[p.Key] = p
	}
	switch {
	case s.always != "":
		refuse(w, http.StatusForbidden, s.always)
	case len(s.next) > 0:
		fault := s.next[0]
		s.next = s.next[1:]
		fault(w, do)
	default:
		do()
		_, _ = fmt.Fprint(w, `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>`)
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>no</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`, code)
}

func open(t *testing.T) (*topic, *Deliverer) {
	t.Helper()
	s := &topic{t: t, ids: map[string]bool{}, latest: map[string]webhook.Payload{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	templates, err := notify.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Config{Templates: templates, Now: func() time.Time { return now }, AWS: aws.Config{
		Region: "ap-northeast-1", BaseEndpoint: &s.URL, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s, d
}

func TestChannelSuite(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Harness {
		s, d := open(t)
		return notifytest.Harness{
			Channel: d, Via: notify.SNS, Target: topicName,
			Standing: func() []string {
				s.mu.Lock()
				defer s.mu.Unlock()
				var out []string
				for _, k := range s.order {
					out = append(out, s.latest[k].Text)
				}
				return out
			},
			Order: func(f notifytest.Fault) {
				switch f {
				case notifytest.Busy:
					s.next = append(s.next, func(w http.ResponseWriter, _ func()) { refuse(w, http.StatusInternalServerError, "InternalError") })
				case notifytest.Limited:
					s.next = append(s.next, func(w http.ResponseWriter, _ func()) { refuse(w, http.StatusTooManyRequests, "Throttled") })
				case notifytest.LostPost:
					s.next = append(s.next, func(w http.ResponseWriter, do func()) {
						do()
						if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
							conn.Close()
						}
					})
				case notifytest.Refused:
					s.always = "AuthorizationError"
				}
			},
			Mend: func() { s.always = "" },
		}
	})
}

func tell(t *testing.T, d *Deliverer, m notify.Message) error {
	t.Helper()
	_, err := d.Deliver(context.Background(), notify.Decide(m, notify.Told{}), notify.Told{}, func(notify.Told) error { return nil })
	return err
}

func TestAFIFOTopicGetsTheMessagesKeyAndId(t *testing.T) {
	s, d := open(t)
	m := notify.Message{Key: "k", Via: notify.SNS, Target: topicName + ".fifo", Kind: notify.Cases, Cases: []notify.Case{{Key: "c", State: notify.Open}}}
	if err := tell(t, d, m); err != nil {
		t.Fatal(err)
	}
	f := s.forms[0]
	if f["MessageGroupId"][0] != "k" || f["MessageDeduplicationId"][0] != s.latest["k"].ID {
		t.Errorf("group %v, deduplication id %v, id %s", f["MessageGroupId"], f["MessageDeduplicationId"], s.latest["k"].ID)
	}
}

func TestCasesThatDoNotFitAreCounted(t *testing.T) {
	s, d := open(t)
	m := notify.Message{Key: "k", Via: notify.SNS, Target: topicName, Kind: notify.Cases, Language: "ja"}
	for i := range 400 {
		m.Cases = append(m.Cases, notify.Case{Key: fmt.Sprint("c", i), State: notify.Open, Title: strings.Repeat("長", 400)})
	}
	if err := tell(t, d, m); err != nil {
		t.Fatal(err)
	}
	p := s.latest["k"]
	if n := len(s.forms[0]["Message"][0]); n > maxMessage || len(p.Cases) == 0 || len(p.Cases)+p.More != 400 {
		t.Errorf("%d bytes, %d cases and %d more", n, len(p.Cases), p.More)
	}
}

func TestATopicThatIsNotThereIsPermanent(t *testing.T) {
	s, d := open(t)
	s.always = "NotFound"
	var no *notify.Permanent
	err := tell(t, d, notify.Message{Key: "k", Via: notify.SNS, Target: topicName, Kind: notify.Cases, Cases: []notify.Case{{Key: "c", State: notify.Open}}})
	if !errors.As(err, &no) || !strings.Contains(err.Error(), "notify.sns.topic") {
		t.Errorf("got %v", err)
	}
}

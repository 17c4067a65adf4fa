package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake"
)

const (
	topic   = "arn:aws:sns:ap-northeast-1:111122223333:findings"
	snsHost = "sns.ap-northeast-1.amazonaws.com"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// post office: a verifier, the twin that signs, and every URL that was fetched.
type office struct {
	*SNS
	cloud   *fake.Cloud
	fetched []string
	answer  func(*http.Request) *http.Response // nil: the certificate
}

func newOffice() *office {
	o := &office{cloud: fake.NewCloud(fake.Options{Seed: 1})}
	known := map[string]bool{topic + " known": true}
	o.SNS = &SNS{Topics: []string{topic}, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
		Known:  func(_ context.Context, id string) (bool, error) { return known[id], nil },
		Client: NewSNSClient(o)}
	return o
}

func (o *office) RoundTrip(r *http.Request) (*http.Response, error) {
	o.fetched = append(o.fetched, r.URL.String())
	if o.answer != nil {
		if resp := o.answer(r); resp != nil {
			return resp, nil
		}
	}
	return reply(200, o.cloud.SNSCertificate()), nil
}

func reply(status int, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}
}

// note is a notification before it is signed.
func note(change ...func(map[string]string)) map[string]string {
	m := map[string]string{"Type": "Notification", "MessageId": "m1", "TopicArn": topic, "Message": "{}", "Subject": "s", "Timestamp": noon.Format(time.RFC3339)}
	for _, c := range change {
		c(m)
	}
	return m
}

func subscription(url string) func(map[string]string) {
	return func(m map[string]string) {
		m["Type"], m["Token"], m["SubscribeURL"] = "SubscriptionConfirmation", "tok", url
		delete(m, "Subject")
	}
}

func set(name, value string) func(map[string]string) {
	return func(m map[string]string) { m[name] = value }
}

func (o *office) signed(version string, m map[string]string, after ...func(map[string]string)) []byte {
	s := o.cloud.SignSNS("ap-northeast-1", version, m)
	for _, c := range after {
		c(s)
	}
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestBothSignatureVersionsAreVerified(t *testing.T) {
	for _, version := range []string{"1", "2"} {
		for name, m := range map[string]map[string]string{"with a subject": note(), "without": note(func(m map[string]string) { delete(m, "Subject") })} {
			o := newOffice()
			got, err := o.open(context.Background(), o.signed(version, m))
			if err != nil || got.Message != "{}" || got.repeated {
				t.Errorf("version %s %s: %v", version, name, err)
			}
			if _, err := o.open(context.Background(), o.signed(version, m)); err != nil || len(o.fetched) != 1 {
				t.Errorf("the certificate was fetched %d times (%v)", len(o.fetched), err)
			}
		}
	}
}

// TestForgeriesAreRefused before anything but SNS's own host is asked.
func TestForgeriesAreRefused(t *testing.T) {
	confirm := "https://" + snsHost + "/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=tok"
	certificate := func(url string) func(map[string]string) { return set("SigningCertURL", url) }
	pem := "/SimpleNotificationService-0123456789abcdef.pem"
	cases := map[string]struct {
		m       map[string]string
		after   []func(map[string]string)
		fetches int // of SNS's own certificate
	}{
		"another topic":                      {m: note(set("TopicArn", "arn:aws:sns:ap-northeast-1:444455556666:findings"))},
		"a certificate in a bucket":          {m: note(), after: []func(map[string]string){certificate("https://s3.ap-northeast-1.amazonaws.com/sns" + pem)}},
		"a bucket that looks like SNS":       {m: note(), after: []func(map[string]string){certificate("https://sns.ap-northeast-1.s3.amazonaws.com" + pem)}},
		"another host that ends like it":     {m: note(), after: []func(map[string]string){certificate("https://evil-" + snsHost + pem)}},
		"SNS's name before another's":        {m: note(), after: []func(map[string]string){certificate("https://" + snsHost + ".example.com" + pem)}},
		"SNS as a user of another host":      {m: note(), after: []func(map[string]string){certificate("https://" + snsHost + "@example.com" + pem)}},
		"a port":                             {m: note(), after: []func(map[string]string){certificate("https://" + snsHost + ":444" + pem)}},
		"another Region":                     {m: note(), after: []func(map[string]string){certificate("https://sns.us-east-1.amazonaws.com" + pem)}},
		"another partition":                  {m: note(), after: []func(map[string]string){certificate("https://" + snsHost + ".cn" + pem)}},
		"plain http":                         {m: note(), after: []func(map[string]string){certificate("http://" + snsHost + pem)}},
		"another path":                       {m: note(), after: []func(map[string]string){certificate("https://" + snsHost + "/x" + pem)}},
		"a path that escapes":                {m: note(), after: []func(map[string]string){certificate("https://" + snsHost + "/..%2f" + pem[1:])}},
		"a query":                            {m: note(), after: []func(map[string]string){certificate("https://" + snsHost + pem + "?x")}},
		"a changed message":                  {m: note(), after: []func(map[string]string){set("Message", "{ }")}, fetches: 1},
		"a subject put in":                   {m: note(func(m map[string]string) { delete(m, "Subject") }), after: []func(map[string]string){set("Subject", "x")}, fetches: 1},
		"no signature":                       {m: note(), after: []func(map[string]string){set("Signature", "")}, fetches: 1},
		"a signature version of its own":     {m: note(), after: []func(map[string]string){set("SignatureVersion", "0")}, fetches: 1},
		"the other version's name":           {m: note(), after: []func(map[string]string){set("SignatureVersion", "1")}, fetches: 1},
		"an old message":                     {m: note(set("Timestamp", noon.Add(-61*time.Minute).Format(time.RFC3339)))},
		"a message of the future":            {m: note(set("Timestamp", noon.Add(61*time.Minute).Format(time.RFC3339)))},
		"a type of its own":                  {m: note(set("Type", "Notice")), fetches: 1},
		"a foreign SubscribeURL":             {m: note(subscription(strings.Replace(confirm, snsHost, "example.com", 1))), fetches: 1},
		"a SubscribeURL of another Region":   {m: note(subscription(strings.Replace(confirm, "ap-northeast-1.", "us-east-1.", 1))), fetches: 1},
		"a SubscribeURL to another action":   {m: note(subscription(strings.Replace(confirm, "ConfirmSubscription", "DeleteTopic", 1))), fetches: 1},
		"a SubscribeURL to another topic":    {m: note(subscription(strings.Replace(confirm, "findings", "others", 1))), fetches: 1},
		"a SubscribeURL with two topics":     {m: note(subscription(confirm + "&TopicArn=x")), fetches: 1},
		"a SubscribeURL with another token":  {m: note(subscription(strings.Replace(confirm, "tok", "other", 1))), fetches: 1},
		"a SubscribeURL to another document": {m: note(subscription(strings.Replace(confirm, "/?", "/x?", 1))), fetches: 1},
		"no MessageId":                       {m: note(set("MessageId", "")), fetches: 1},
	}
	for name, c := range cases {
		o := newOffice()
		_, err := o.open(context.Background(), o.signed("2", c.m, c.after...))
		var refused *snsRefusal
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
		if len(o.fetched) != c.fetches {
			t.Errorf("%s: fetched %q", name, o.fetched)
		}
		for _, u := range o.fetched {
			if !strings.HasPrefix(u, "https://"+snsHost+"/SimpleNotificationService-") {
				t.Errorf("%s: fetched %s", name, u)
			}
		}
	}
}

func TestWhatIsVerifiedIsWhatIsRead(t *testing.T) {
	for name, change := range map[string]func([]byte) []byte{
		"a repeated member":    func(b []byte) []byte { return bytes.Replace(b, []byte(`{`), []byte(`{"Message":"[]",`), 1) },
		"raw message delivery": func([]byte) []byte { return []byte(`[1]`) },
	} {
		o := newOffice()
		_, err := o.open(context.Background(), change(o.signed("2", note())))
		var refused *snsRefusal
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := newOffice() // a name in another case is another name
	m, err := o.open(context.Background(), bytes.Replace(o.signed("2", note()), []byte(`{`), []byte(`{"message":"[]",`), 1))
	if err != nil || m.Message != "{}" {
		t.Errorf("%q %v", m.Message, err)
	}
}

func TestARepeatedMessageIsKnown(t *testing.T) {
	o := newOffice()
	if m, err := o.open(context.Background(), o.signed("2", note(set("MessageId", "known")))); err != nil || !m.repeated {
		t.Error(m.repeated, err)
	}
}

func TestASubscriptionIsConfirmedOnItsOwnHost(t *testing.T) {
	url := "https://" + snsHost + "/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=tok"
	o := newOffice()
	if _, err := o.open(context.Background(), o.signed("2", note(subscription(url)))); err != nil || len(o.fetched) != 2 || o.fetched[1] != url {
		t.Error(o.fetched, err)
	}
}

// TestRedirectsAreNotFollowed and are no answer; it may be asked again.
func TestRedirectsAreNotFollowed(t *testing.T) {
	o := newOffice()
	o.answer = func(*http.Request) *http.Response {
		r := reply(302, nil)
		r.Header.Set("Location", "https://example.com/x.pem")
		return r
	}
	_, err := o.open(context.Background(), o.signed("2", note()))
	var refused *snsRefusal
	if err == nil || errors.As(err, &refused) || len(o.fetched) != 1 {
		t.Error(err, o.fetched)
	}
	o.answer = nil
	if _, err := o.open(context.Background(), o.signed("2", note())); err != nil {
		t.Errorf("after it could be fetched: %v", err)
	}
}

func TestTheHostOfATopic(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:sns:us-east-1:111122223333:t":            "sns.us-east-1.amazonaws.com",
		"arn:aws-cn:sns:cn-north-1:111122223333:t":        "sns.cn-north-1.amazonaws.com.cn",
		"arn:aws-us-gov:sns:us-gov-west-1:111122223333:t": "sns.us-gov-west-1.amazonaws.com",
		"findings": "",
	} {
		if got := host(arn); got != want {
			t.Errorf("%s: %q, want %q", arn, got, want)
		}
	}
}

func FuzzSNS(f *testing.F) {
	o := newOffice()
	f.Add(o.signed("2", note()))
	f.Add(o.signed("1", note(subscription("https://"+snsHost+"/?Action=ConfirmSubscription&TopicArn="+topic+"&Token=tok"))))
	f.Add([]byte(`{"Type":"Notification"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		fresh := newOffice()
		fresh.cloud = o.cloud
		m, err := fresh.open(context.Background(), body)
		if err == nil && m.TopicArn != topic {
			t.Fatalf("%s was believed", m.TopicArn)
		}
		for _, u := range fresh.fetched {
			if !strings.HasPrefix(u, "https://"+snsHost+"/") {
				t.Fatalf("%s was fetched", u)
			}
		}
	})
}

package awscloud

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const (
	home   = "111122223333"
	member = "444455556666"
	region = "ap-northeast-1"
)

// wire is an AWS without a network, so that tests may run on synthetic time. It
// knows STS: the account stands in the access key id, as AKIA<account>.
type wire struct {
	partition string
	refuse    map[string]bool   // role ARNs that may not be assumed
	leads     map[string]string // role ARN → account where its session lands
	// answer, when set, goes before STS; nil leaves the call to STS.
	answer func(*http.Request, url.Values) (*http.Response, error)

	mu    sync.Mutex
	calls []url.Values
	seen  []*http.Request
}

func (w *wire) Do(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	form, _ := url.ParseQuery(string(body))
	w.mu.Lock()
	w.calls = append(w.calls, form)
	w.seen = append(w.seen, req)
	w.mu.Unlock()
	if w.answer != nil {
		if resp, err := w.answer(req, form); resp != nil || err != nil {
			return resp, err
		}
	}
	switch form.Get("Action") {
	case "GetCallerIdentity":
		return w.identity(req), nil
	case "AssumeRole":
		return w.assume(form), nil
	}
	return reply(404, "", "not served here"), nil
}

var keyID = regexp.MustCompile(`Credential=A[SK]IA([0-9]{12})`)

func (w *wire) identity(req *http.Request) *http.Response {
	account := keyID.FindStringSubmatch(req.Header.Get("Authorization"))[1]
	return reply(200, "", fmt.Sprintf(`<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:%s:iam::%s:user/u</Arn><UserId>U</UserId><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
		w.partition, account, account))
}

func (w *wire) assume(form url.Values) *http.Response {
	role := form.Get("RoleArn")
	if w.refuse[role] {
		return stsError(403, "AccessDenied")
	}
	account := regexp.MustCompile(`::([0-9]{12}):`).FindStringSubmatch(role)[1]
	if to := w.leads[role]; to != "" {
		account = to
	}
	return reply(200, "", fmt.Sprintf(`<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA%s</AccessKeyId><SecretAccessKey>ROLESECRET</SecretAccessKey><SessionToken>TOKEN</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, account))
}

func (w *wire) count(action string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, c := range w.calls {
		if c.Get("Action") == action {
			n++
		}
	}
	return n
}

func (w *wire) last() (url.Values, *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[len(w.calls)-1], w.seen[len(w.seen)-1]
}

func reply(status int, header, body string) *http.Response {
	h := http.Header{"X-Amzn-Requestid": {"req-1"}}
	if header != "" {
		h.Set("Retry-After", header)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewBufferString(body))}
}

func stsError(status int, code string) *http.Response {
	return reply(status, "", fmt.Sprintf(`<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>`, code))
}

// over makes a Cloud whose ambient credentials are of the account home.
func over(t *testing.T, w *wire, change func(*Config)) *Cloud {
	t.Helper()
	if w.partition == "" {
		w.partition = "aws"
	}
	cfg := Config{
		Base: &aws.Config{
			Region: region, HTTPClient: w,
			Credentials: credentials.NewStaticCredentialsProvider("AKIA"+home, "HOMESECRET", ""),
		},
		Limits: Unlimited,
	}
	if change != nil {
		change(&cfg)
	}
	return New(cfg)
}

package fake_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"zesei/internal/fake"
)

const (
	shop   = "111122223333"
	bank   = "444455556666"
	audit  = "777788889999"
	tokyo  = "ap-northeast-1"
	oregon = "us-west-2"
)

// clock is a clock that stands until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// world is a twin with a server in front and keys for three accounts.
type world struct {
	*fake.Cloud
	url   string
	clock *clock
	keys  map[string]fake.Keys
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c := &clock{at: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)}
	w := &world{Cloud: fake.NewCloud(fake.Options{Now: c.now, Seed: 7}), clock: c, keys: map[string]fake.Keys{}}
	for _, id := range []string{shop, bank, audit} {
		w.keys[id] = w.AddAccount(fake.Account{ID: id, Name: "account-" + id, Trail: true})
	}
	server := httptest.NewServer(w.Cloud)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// as is the configuration of a client with an account's keys.
func (w *world) as(account, region string) aws.Config { return config(w.url, region, w.keys[account]) }

func config(url, region string, k fake.Keys) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: aws.String(url), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(k.AccessKeyID, k.SecretAccessKey, k.SessionToken),
	}
}

// clients are the services that twin and emulator are compared on.
type clients struct {
	ec2     *ec2.Client
	s3      *s3.Client
	sts     *sts.Client
	sqs     *sqs.Client
	secrets *secretsmanager.Client
}

func newClients(c aws.Config) clients {
	return clients{
		ec2: ec2.NewFromConfig(c), sts: sts.NewFromConfig(c), sqs: sqs.NewFromConfig(c), secrets: secretsmanager.NewFromConfig(c),
		s3: s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true }),
	}
}

func (w *world) hub(account string) *securityhub.Client {
	return securityhub.NewFromConfig(w.as(account, tokyo))
}

// code is the error code of a refused call, "" for none.
func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	if err != nil {
		return "not an API error: " + err.Error()
	}
	return ""
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	if got := code(err); got != want {
		t.Fatalf("error code %q, want %q (%v)", got, want, err)
	}
}

var ctx = context.Background()

package awscloud

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"zesei/internal/fake"
)

// listen serves handler on this machine and gives a Cloud that calls it.
func listen(t *testing.T, handler http.HandlerFunc) *Cloud {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return New(Config{
		Base:         &aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider("AKIA"+home, "S", "")},
		BaseEndpoint: strings.Replace(server.URL, "127.0.0.1", "localhost", 1),
		Limits:       Unlimited, MaxAttempts: 1,
	})
}

func TestOnThisMachineBucketAndAccountAreNotInTheHost(t *testing.T) {
	var host, path, account string
	c := listen(t, func(w http.ResponseWriter, r *http.Request) {
		host, path, account = r.Host, r.URL.Path, r.Header.Get("X-Amz-Account-Id")
		w.WriteHeader(http.StatusOK)
	})
	cfg, err := c.Ambient(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := S3(cfg).GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: aws.String("logs")}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(host, "localhost:") || path != "/logs" && path != "/logs/" {
		t.Errorf("S3 went to %s%s", host, path)
	}
	if _, err := S3Control(cfg).GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: aws.String(home)}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(host, "localhost:") || account != home {
		t.Errorf("S3 Control went to %s for account %q", host, account)
	}
}

func TestElsewhereTheHostIsAWSs(t *testing.T) {
	w := &wire{answer: func(*http.Request, url.Values) (*http.Response, error) { return reply(200, "", ""), nil }}
	cfg, err := over(t, w, nil).Ambient(t.Context(), "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := S3Control(cfg).GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: aws.String(home)}); err != nil {
		t.Fatal(err)
	}
	if _, req := w.last(); req.URL.Host != home+".s3-control.eu-west-1.amazonaws.com" {
		t.Errorf("S3 Control went to %s", req.URL.Host)
	}
	for endpoint, want := range map[string]bool{
		"http://127.0.0.1:1": true, "http://[::1]:1": true, "http://localhost": true, "http://aws.localhost:4566": true,
		"https://example.com": false, "http://10.0.0.1": false, "": false, "::": false,
	} {
		if got := loopback(aws.String(endpoint)); got != want {
			t.Errorf("loopback(%q) = %t", endpoint, got)
		}
	}
}

func TestSecrets(t *testing.T) {
	const arn = "arn:aws:secretsmanager:us-west-2:111122223333:secret:slack-AbCdEf"
	var scope string
	c := listen(t, func(w http.ResponseWriter, r *http.Request) {
		scope = r.Header.Get("Authorization")
		var in struct {
			SecretID       string `json:"SecretId"`
			Name           string
			WithDecryption bool
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		switch {
		case in.SecretID == arn:
			_, _ = w.Write([]byte(`{"SecretString":"{\"token\":\"xoxb-1\",\"n\":5}"}`))
		case in.SecretID == "plain":
			_, _ = w.Write([]byte(`{"SecretString":"whole"}`))
		case in.Name == "/zesei/key" && in.WithDecryption:
			_, _ = w.Write([]byte(`{"Parameter":{"Name":"/zesei/key","Value":"k-1"}}`))
		default:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"__type":"ResourceNotFoundException","message":"no"}`))
		}
	})
	s := NewSecrets(c)
	for _, r := range []struct{ kind, ref, want, failure string }{
		{"secretsmanager", arn + "#token", "xoxb-1", ""},
		{"secretsmanager", "plain", "whole", ""},
		{"ssm", "/zesei/key", "k-1", ""},
		{"secretsmanager", arn + "#password", "", `has no key "password"`},
		{"secretsmanager", arn + "#n", "", `the value of key "n" is not a string`},
		{"secretsmanager", "plain#token", "", "without #token"},
		{"secretsmanager", "absent", "", "read secret absent"},
		{"ssm", "absent", "", "read parameter absent"},
		{"vault", "x", "", `unknown kind "vault"`},
	} {
		got, err := s.Resolve(t.Context(), r.kind, r.ref)
		if got != r.want || (err == nil) != (r.failure == "") || err != nil && !strings.Contains(err.Error(), r.failure) {
			t.Errorf("%s:%s: %q, %v", r.kind, r.ref, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "xoxb") {
			t.Errorf("the error holds the secret: %v", err)
		}
		if r.ref == arn+"#token" && !strings.Contains(scope, "/us-west-2/secretsmanager/") {
			t.Errorf("asked in %s, want the Region of the ARN", scope)
		}
	}
}

func TestRolesOnTheTwin(t *testing.T) {
	twin := fake.NewCloud(fake.Options{Seed: 1})
	keys := twin.AddAccount(fake.Account{ID: home})
	twin.AddAccount(fake.Account{ID: member})
	twin.PutRole(fake.Role{ARN: readRole, ExternalID: "shared"})
	server := httptest.NewServer(twin)
	defer server.Close()
	id := "shared"
	c := New(Config{
		Base:         &aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, "")},
		BaseEndpoint: server.URL,
		Accounts:     func(string) Account { return Account{ReadRole: readRole, WriteRole: writeRole, ExternalID: id} },
	})
	cfg, err := c.For(t.Context(), member, "us-west-2", Read, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := S3(cfg).ListBuckets(t.Context(), &s3.ListBucketsInput{}); err != nil {
		t.Fatal(err)
	}
	if n := twin.Journal().Count(fake.Query{Operation: "ListBuckets", Account: member, Session: "zesei-read", Region: "us-west-2"}); n != 1 {
		t.Errorf("%d calls arrived in the member account", n)
	}
	_, err = c.For(t.Context(), member, region, Write, "zesei-1")
	noAccess(t, err, "role "+writeRole+" may not be assumed")
	id = "wrong"
	_, err = New(c.cfg).For(t.Context(), member, region, Read, "")
	noAccess(t, err, "check its trust policy and external id")
}

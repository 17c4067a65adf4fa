package awscloud

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// step is what the wire does with one attempt.
type step func(*http.Request) (*http.Response, error)

func code(status int, code string) step {
	return func(*http.Request) (*http.Response, error) { return stsError(status, code), nil }
}

func silence(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func cut(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

func noRoute(*http.Request) (*http.Response, error) {
	return nil, &url.Error{Op: "Post", URL: "http://x", Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
}

func fine(*http.Request) (*http.Response, error) { return nil, nil } // STS answers

// script plays steps, one an attempt, then the last again.
func script(steps ...step) *wire {
	i := 0
	return &wire{answer: func(req *http.Request, _ url.Values) (*http.Response, error) {
		s := steps[min(i, len(steps)-1)]
		i++
		return s(req)
	}}
}

// call makes one call through the Cloud's instruments.
func call(ctx context.Context, c *Cloud) error {
	base, err := c.ambient(ctx)
	if err != nil {
		return err
	}
	_, err = sts.NewFromConfig(c.instrument(base, home, region, "zesei-7")).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	return err
}

func TestAnErrorSaysWhatItPermitsToConclude(t *testing.T) {
	for _, c := range []struct {
		name     string
		steps    []step
		want     Kind
		attempts int
	}{
		{"throttled, then answered", []step{code(400, "Throttling"), code(400, "Throttling"), fine}, "", 3},
		{"throttled to the end", []step{code(400, "Throttling")}, Throttled, 4},
		{"denied at once", []step{code(403, "AccessDenied")}, Denied, 1},
		{"invalid at once", []step{code(400, "ValidationError")}, Invalid, 1},
		{"no answer within the time", []step{silence}, InDoubt, 1},
		{"connection cut to the end", []step{cut}, InDoubt, 4},
		{"server error to the end", []step{code(500, "InternalError")}, InDoubt, 4},
		{"cut, then throttled: perhaps done", []step{cut, code(400, "Throttling")}, InDoubt, 4},
		{"cut, then denied: perhaps done", []step{cut, code(403, "AccessDenied")}, InDoubt, 2},
		{"cut, then duplicate: it was done", []step{cut, code(400, "InvalidPermission.Duplicate")}, Duplicate, 2},
		{"cut, then not found: it was done", []step{cut, code(400, "InvalidPermission.NotFound")}, NotFound, 2},
		{"nobody listens", []step{noRoute}, Unsent, 0},
		{"nobody listens, then denied", []step{noRoute, code(403, "AccessDenied")}, Denied, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []Call
				cloud := over(t, script(c.steps...), func(cfg *Config) { cfg.Recorder = func(k Call) { got = append(got, k) } })
				err := call(t.Context(), cloud)
				if k := Classify(err); k != c.want {
					t.Errorf("%v is %q, want %q", err, k, c.want)
				}
				if len(got) != 1 || got[0].Attempts != c.attempts || got[0].Kind != c.want {
					t.Errorf("recorded %+v, want %d attempts", got, c.attempts)
				}
			})
		})
	}
}

func TestADeadlineInTheBudgetSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		c := over(t, w, func(cfg *Config) {
			cfg.Limits = func(string, string) (string, Limit) { return "", Limit{Rate: 0.1, Burst: 1} }
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := call(ctx, c); err != nil {
			t.Fatal(err)
		}
		if err := call(ctx, c); Classify(err) != Unsent {
			t.Errorf("%v is %s", err, Classify(err))
		}
		if w.count("GetCallerIdentity") != 1 {
			t.Error("the second call went out")
		}
	})
}

func TestBudgetsArePerAccountRegionAndService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBuckets(DocumentedLimits)
		take := func(account, region, service, operation string, n int) time.Duration {
			start := time.Now()
			for range n {
				if err := b.wait(t.Context(), account, region, service, operation); err != nil {
					t.Fatal(err)
				}
			}
			return time.Since(start)
		}
		if d := take("1", "a", "SecurityHub", "GetFindings", 6); d != 0 {
			t.Errorf("the burst of GetFindings took %s", d)
		}
		if d := take("1", "a", "SecurityHub", "GetFindings", 3); d < 999*time.Millisecond || d > 1001*time.Millisecond {
			t.Errorf("three more GetFindings took %s, want a second", d)
		}
		for _, other := range [][4]string{
			{"2", "a", "SecurityHub", "GetFindings"},
			{"1", "b", "SecurityHub", "GetFindings"},
			{"1", "a", "SecurityHub", "DescribeHub"},
			{"1", "a", "EC2", "DescribeSecurityGroups"},
		} {
			if d := take(other[0], other[1], other[2], other[3], 6); d != 0 {
				t.Errorf("%v waited %s for another's budget", other, d)
			}
		}
	})
}

func TestWritesHaveTheirOwnBudget(t *testing.T) {
	for operation, want := range map[string]string{
		"DescribeSecurityGroups": "", "RevokeSecurityGroupIngress": "write", "AuthorizeSecurityGroupIngress": "write",
	} {
		if bucket, _ := DocumentedLimits("EC2", operation); bucket != want {
			t.Errorf("%s is in bucket %q", operation, bucket)
		}
	}
	if _, l := DocumentedLimits("SecurityHub", "BatchUpdateFindings"); l != (Limit{10, 30}) {
		t.Errorf("BatchUpdateFindings %v", l)
	}
	if _, l := DocumentedLimits("Some Service", "X"); l != otherLimit {
		t.Errorf("an unlisted service %v", l)
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	answer := func(header, date string) error {
		h := http.Header{}
		if header != "" {
			h.Set("Retry-After", header)
		}
		if date != "" {
			h.Set("Date", date)
		}
		return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 503, Header: h}}, Err: errors.New("busy")}
	}
	r := &regional{AdaptiveMode: retry.NewAdaptiveMode()}
	for _, c := range []struct {
		err      error
		min, max time.Duration
	}{
		{answer("30", ""), 30 * time.Second, 30 * time.Second},
		{answer("86400", ""), maxRetryAfter, maxRetryAfter},
		{answer("Sun, 01 Nov 2026 00:00:45 GMT", "Sun, 01 Nov 2026 00:00:00 GMT"), 45 * time.Second, 45 * time.Second},
		{answer("Sun, 01 Nov 2026 00:00:45 GMT", ""), 0, 20 * time.Second},
		{answer("soon", ""), 0, 20 * time.Second},
		{answer("-5", ""), 0, 20 * time.Second},
		{errors.New("no answer"), 0, 20 * time.Second},
	} {
		if d, err := r.RetryDelay(1, c.err); err != nil || d < c.min || d > c.max {
			t.Errorf("%v: %s, %v; want %s to %s", c.err, d, err, c.min, c.max)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := script(func(*http.Request) (*http.Response, error) {
			r := stsError(400, "Throttling")
			r.Header.Set("Retry-After", "40")
			return r, nil
		}, fine)
		if err := call(t.Context(), over(t, w, nil)); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d < 40*time.Second || d > 62*time.Second {
			t.Errorf("came again after %s", d)
		}
	})
}

func TestAThrottledServiceDoesNotSlowAnother(t *testing.T) {
	r := newRetryers(4)
	one := r.of(home, region, "EC2")
	if r.of(home, region, "EC2") != one {
		t.Error("the send rate is forgotten between clients")
	}
	for _, other := range [][3]string{{home, region, "S3"}, {home, "us-east-1", "EC2"}, {member, region, "EC2"}} {
		if r.of(other[0], other[1], other[2]) == one {
			t.Errorf("%v shares the retryer of another", other)
		}
	}
	if one.MaxAttempts() != 4 {
		t.Errorf("%d attempts", one.MaxAttempts())
	}
}

func TestACallIsRecordedWithoutSecrets(t *testing.T) {
	var log bytes.Buffer
	var got []Call
	w := &wire{}
	c := over(t, w, func(cfg *Config) {
		withRoles(Account{ReadRole: readRole, ExternalID: "EXTERNALSECRET"})(cfg)
		cfg.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		cfg.Recorder = func(k Call) { got = append(got, k) }
	})
	if _, err := c.For(t.Context(), member, region, Read, ""); err != nil {
		t.Fatal(err)
	}
	if err := call(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Operation != "AssumeRole" || got[1].Account != member || got[1].Session != "zesei-read" ||
		got[2].Service != "STS" || got[2].Region != region || got[2].RequestID != "req-1" || got[2].Attempts != 1 {
		t.Errorf("%+v", got)
	}
	if n := strings.Count(log.String(), `"msg":"aws call"`); n != 3 {
		t.Errorf("%d lines: %s", n, log.String())
	}
	for _, secret := range []string{"HOMESECRET", "ROLESECRET", "EXTERNALSECRET", "TOKEN", "AKIA", "ASIA"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
	if _, req := w.last(); !strings.Contains(req.Header.Get("User-Agent"), "zesei/zesei-7") {
		t.Errorf("user agent %q does not tell whose call it was", req.Header.Get("User-Agent"))
	}
}

func TestClassify(t *testing.T) {
	answered := func(status int, code string) error {
		_, err := sts.NewFromConfig(aws.Config{
			Region: region, Credentials: aws.AnonymousCredentials{},
			HTTPClient: script(func(*http.Request) (*http.Response, error) { return stsError(status, code), nil }),
			Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
		}).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		return err
	}
	for _, c := range []struct {
		status int
		code   string
		want   Kind
	}{
		{400, "RequestLimitExceeded", Throttled},
		{503, "SlowDown", Throttled},
		{429, "TooManyRequestsException", Throttled},
		{503, "ThrottlingException", Throttled},
		{403, "UnauthorizedOperation", Denied},
		{400, "AccessDeniedException", Denied},
		{400, "ExpiredToken", Denied},
		{400, "InvalidGroup.NotFound", NotFound},
		{404, "NoSuchBucket", NotFound},
		{400, "ResourceNotFoundException", NotFound},
		{400, "InvalidPermission.Duplicate", Duplicate},
		{409, "BucketAlreadyOwnedByYou", Duplicate},
		{409, "OperationAborted", Conflict},
		{400, "DependencyViolation", Conflict},
		{400, "InvalidParameterValue", Invalid},
		{400, "RulesPerSecurityGroupLimitExceeded", Invalid},
		{503, "ServiceUnavailable", InDoubt},
		{500, "", InDoubt},
		{404, "", Other},
	} {
		err := answered(c.status, c.code)
		if got := Classify(err); got != c.want {
			t.Errorf("%d %s is %s, want %s (%v)", c.status, c.code, got, c.want, err)
		}
		if Status(err) != c.status {
			t.Errorf("%d %s: status %d", c.status, c.code, Status(err))
		}
	}
	if Classify(nil) != "" || Classify(errors.New("x")) != Other || Code(errors.New("x")) != "" {
		t.Error("errors that are not AWS's")
	}
}

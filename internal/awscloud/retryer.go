package awscloud

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxRetryAfter is the longest that a Retry-After header is obeyed within one
// call; a caller that must wait longer sees the throttle and comes again.
const maxRetryAfter = time.Minute

// retryers holds one adaptive retryer per account, Region and service. The
// SDK's adaptive mode keeps its send rate in the retryer, so one shared by all
// services would let a throttle of one slow every other, and one per client
// would forget.
type retryers struct {
	attempts int
	mu       sync.Mutex
	byKey    map[[3]string]*retry.AdaptiveMode
}

func newRetryers(attempts int) *retryers {
	return &retryers{attempts: attempts, byKey: map[[3]string]*retry.AdaptiveMode{}}
}

func (r *retryers) of(account, region, service string) *retry.AdaptiveMode {
	key := [3]string{account, region, service}
	r.mu.Lock()
	defer r.mu.Unlock()
	a, ok := r.byKey[key]
	if !ok {
		a = retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
			o.FailOnNoAttemptTokens = true // regional waits, by its own clock
			o.StandardOptions = append(o.StandardOptions, func(s *retry.StandardOptions) { s.MaxAttempts = r.attempts })
		})
		r.byKey[key] = a
	}
	return a
}

// regional is the retryer of one account and Region: it finds the service's own
// by the context of the call. What does not depend on the service is asked of
// any.
type regional struct {
	*retry.AdaptiveMode
	all             *retryers
	account, region string
}

var _ aws.RetryerV2 = (*regional)(nil)

// tokenPause is how long an attempt waits before it asks for a send token again.
const tokenPause = 20 * time.Millisecond

// GetAttemptToken waits for the send rate of the service. The SDK's own wait
// rounds its last nanosecond to nothing and spins until the clock moves.
func (r *regional) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	limiter := r.all.of(r.account, r.region, awsmiddleware.GetServiceID(ctx))
	for {
		release, err := limiter.GetAttemptToken(ctx)
		if err == nil {
			return release, nil
		}
		select {
		case <-time.After(tokenPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (r *regional) GetRetryToken(ctx context.Context, opErr error) (func(error) error, error) {
	return r.all.of(r.account, r.region, awsmiddleware.GetServiceID(ctx)).GetRetryToken(ctx, opErr)
}

// RetryDelay is the SDK's backoff with jitter, or longer where the service says
// Retry-After (RFC 9110, section 10.2.3).
func (r *regional) RetryDelay(attempt int, opErr error) (time.Duration, error) {
	delay, err := r.AdaptiveMode.RetryDelay(attempt, opErr)
	if err != nil {
		return 0, err
	}
	return max(delay, min(retryAfter(opErr), maxRetryAfter)), nil
}

// retryAfter reads the header of the answer behind err; 0 where there is none.
// A date is measured from the answer's own Date, so that clocks need not agree.
func retryAfter(err error) time.Duration {
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil || answer.Response.Response == nil {
		return 0
	}
	h := answer.Response.Header
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(min(seconds, 3600)) * time.Second
	}
	then, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(0, then.Sub(now))
}

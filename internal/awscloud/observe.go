package awscloud

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// Call is one finished call of an AWS operation, with all its attempts.
type Call struct {
	Service   string // the SDK's service id: "EC2", "S3 Control"
	Operation string
	Account   string // "" for calls of the ambient identity
	Region    string
	Session   string // role session name; "" for ambient calls
	Start     time.Time
	Duration  time.Duration // with waiting and retries
	Attempts  int           // sent; 0 when nothing left
	Code      string        // AWS's error code, "" on success or without an answer
	Kind      Kind          // of the error; "" on success
	RequestID string        // of the last answer
}

// passage is what is known of a call while it runs.
type passage struct {
	sent    int
	inDoubt bool // some attempt was sent and nobody knows what came of it
}

type passageKey struct{}

// instrument gives a copy of base the Region, budget, retries, deadline and
// recording of one account and Region.
func (c *Cloud) instrument(base aws.Config, account, region, session string) aws.Config {
	cfg := base.Copy()
	cfg.Region = region
	cfg.Retryer = func() aws.Retryer {
		return &regional{AdaptiveMode: c.retryers.of(account, region, ""), all: c.retryers, account: account, region: region}
	}
	o := &observer{cloud: c, account: account, region: region, session: session}
	cfg.APIOptions = append(append([]func(*middleware.Stack) error(nil), base.APIOptions...), o.add)
	if session != "" {
		// Ambient credentials carry no session name of ours: the user agent in
		// CloudTrail then still tells whose call it was.
		cfg.APIOptions = append(cfg.APIOptions, awsmiddleware.AddUserAgentKeyValue("zesei", session))
	}
	return cfg
}

// observer is the pair of middlewares around the SDK's retry loop: one sees the
// call, one sees each attempt.
type observer struct {
	cloud                    *Cloud
	account, region, session string
}

func (o *observer) add(stack *middleware.Stack) error {
	call := middleware.InitializeMiddlewareFunc("zeseiCall", o.call)
	if err := stack.Initialize.Add(call, middleware.Before); err != nil {
		return err
	}
	attempt := middleware.FinalizeMiddlewareFunc("zeseiAttempt", o.attempt)
	return stack.Finalize.Insert(attempt, "Retry", middleware.After)
}

func (o *observer) call(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	start := time.Now() // a duration on the monotonic clock, not a time that is kept or compared
	p := &passage{}
	ctx = middleware.WithStackValue(ctx, passageKey{}, p)
	out, metadata, err := next.HandleInitialize(ctx, in)
	err = p.judge(err)
	call := Call{
		// Some of the SDK's clients name the call for the whole stack, some only
		// for what comes after us.
		Service:   cmp.Or(awsmiddleware.GetServiceID(ctx), middleware.GetServiceID(ctx)),
		Operation: cmp.Or(awsmiddleware.GetOperationName(ctx), middleware.GetOperationName(ctx)),
		Account:   o.account, Region: o.region, Session: o.session,
		Start: start, Duration: time.Since(start), Attempts: p.sent,
		Code: Code(err), Kind: Classify(err),
	}
	call.RequestID, _ = awsmiddleware.GetRequestIDMetadata(metadata)
	o.cloud.cfg.Logger.LogAttrs(ctx, slog.LevelDebug, "aws call",
		slog.String("service", call.Service), slog.String("operation", call.Operation),
		slog.String("account", call.Account), slog.String("region", call.Region),
		slog.Duration("duration", call.Duration), slog.Int("attempts", call.Attempts),
		slog.String("code", call.Code), slog.String("kind", string(call.Kind)), slog.String("request", call.RequestID))
	if o.cloud.cfg.Recorder != nil {
		o.cloud.cfg.Recorder(call)
	}
	return out, metadata, err
}

func (o *observer) attempt(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
	if err := o.cloud.buckets.wait(ctx, o.account, o.region, service, operation); err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, err
	}
	if !streams(service, operation) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.cloud.cfg.Timeout)
		defer cancel()
	}
	out, metadata, err := next.HandleFinalize(ctx, in)
	if p, ok := middleware.GetStackValue(ctx, passageKey{}).(*passage); ok && !neverLeft(err) {
		p.sent++
		p.inDoubt = p.inDoubt || (err != nil && classifyAnswer(err) == InDoubt)
	}
	return out, metadata, err
}

// streams says whether the answer's body is read after the call returns: a
// deadline would cut it.
func streams(service, operation string) bool {
	return service == "S3" && (operation == "GetObject" || operation == "SelectObjectContent")
}

// judge marks an error with what the attempts before it left behind. An answer
// that states how things are (not found, duplicate, invalid) stands; a throttle
// after an attempt that nobody answered does not say that nothing was done.
func (p *passage) judge(err error) error {
	if err == nil {
		return nil
	}
	if p.sent == 0 {
		return &UnsentError{Err: err}
	}
	switch classifyAnswer(err) {
	case NotFound, Duplicate, Conflict, Invalid:
		return err
	}
	var known *InDoubtError
	if p.inDoubt && !errors.As(err, &known) {
		return &InDoubtError{Err: err}
	}
	return err
}

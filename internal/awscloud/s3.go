package awscloud

import (
	"context"
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// S3 makes an S3 client. An endpoint on this machine has no name per bucket, so
// the bucket then goes into the path.
func S3(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		if loopback(o.BaseEndpoint) {
			o.UsePathStyle = true
		}
	})
}

// S3Control makes an S3 Control client. The SDK puts the account id before the
// host; on this machine no such host exists, so the host is put back.
func S3Control(cfg aws.Config) *s3control.Client {
	return s3control.NewFromConfig(cfg, func(o *s3control.Options) {
		if !loopback(o.BaseEndpoint) {
			return
		}
		host := hostOf(o.BaseEndpoint)
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			back := middleware.FinalizeMiddlewareFunc("zeseiLoopbackHost",
				func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
					if req, ok := in.Request.(*smithyhttp.Request); ok {
						req.URL.Host = host
					}
					return next.HandleFinalize(ctx, in)
				})
			return stack.Finalize.Insert(back, "Signing", middleware.Before)
		})
	})
}

func hostOf(endpoint *string) string {
	u, err := url.Parse(aws.ToString(endpoint))
	if err != nil {
		return ""
	}
	return u.Host
}

// loopback says whether an endpoint is on this machine.
func loopback(endpoint *string) bool {
	host := hostOf(endpoint)
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

package securityhub

import (
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// tee keeps the bytes of a call's last answer: the SDK's types do not print ASFF
// as it came.
type tee struct{ body []byte }

func (t *tee) add(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("zeseiTee", t.handle), middleware.After)
}

func (t *tee) handle(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	resp, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || resp.StatusCode != 200 {
		return out, metadata, err
	}
	var kept bytes.Buffer
	_, err = kept.ReadFrom(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return out, metadata, &smithyhttp.RequestSendError{Err: err} // cut off: tried again like a lost answer
	}
	t.body = kept.Bytes()
	resp.Body = io.NopCloser(bytes.NewReader(t.body))
	return out, metadata, nil
}

// regionOf is the Region in an ARN.
func regionOf(arn string) string {
	if p := strings.SplitN(arn, ":", 6); len(p) == 6 {
		return p[3]
	}
	return ""
}
